//! What must be the same of a module and of what is made of it.

pub mod random;
pub mod stand_in;

use instrument::{Instrumented, REPORT_MODULE};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

/// What differs between a module and what was made of it, in words; nothing, if all is well.
pub fn differences(before: &[u8], made: &Instrumented) -> Vec<String> {
    let mut found = Vec::new();
    if validate(before).is_ok()
        && let Err(why) = validate(&made.module)
    {
        found.push(format!("the module is valid, and the result is not: {why}"));
    }
    let (old, new) = (Outline::of(before), Outline::of(&made.module));
    if old.exports != new.exports {
        found.push("the exports differ".to_owned());
    }
    if old.imports != new.imports {
        found.push("the module's own imports differ".to_owned());
    }
    if new.reports != made.reports.len() {
        found.push(format!(
            "{} reports are imported, not {}",
            new.reports,
            made.reports.len()
        ));
    }
    if old.custom != new.custom {
        found.push("the custom sections differ".to_owned());
    }
    if old.data != new.data {
        found.push("the data differ".to_owned());
    }
    found.extend(strays(before, made));
    found
}

/// By all proposals.
pub fn validate(module: &[u8]) -> wasmparser::Result<()> {
    Validator::new_with_features(WasmFeatures::all()).validate_all(module)?;
    Ok(())
}

/// What has to stay as it is.
#[derive(Debug, Default)]
struct Outline<'a> {
    exports: Vec<String>,
    imports: Vec<String>,
    reports: usize,
    /// Those without indices of functions, whole, and the names of the others.
    custom: Vec<(&'a str, &'a [u8])>,
    data: Vec<&'a [u8]>,
}

impl<'a> Outline<'a> {
    fn of(module: &'a [u8]) -> Outline<'a> {
        let mut outline = Outline::default();
        let mut parser = Parser::new(0);
        parser.set_features(WasmFeatures::all());
        for payload in parser.parse_all(module).map_while(Result::ok) {
            match payload {
                Payload::ExportSection(exports) => {
                    let exports = exports.into_iter().flatten();
                    let shown = exports.map(|export| format!("{} {:?}", export.name, export.kind));
                    outline.exports.extend(shown);
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports().flatten() {
                        match import.module == REPORT_MODULE {
                            true => outline.reports += 1,
                            false => outline.imports.push(format!("{import:?}")),
                        }
                    }
                }
                Payload::CustomSection(custom) => {
                    let has_functions = custom.name() == "name" || custom.name().starts_with("metadata.code.");
                    let data = if has_functions { &[] } else { custom.data() };
                    outline.custom.push((custom.name(), data));
                }
                Payload::DataSection(data) => outline.data.extend(data.into_iter().flatten().map(|each| each.data)),
                _ => {}
            }
        }
        outline
    }
}

/// Instructions that do not lead back to where they were: each byte of code that was copied has to be the same as
/// the one it is copied from, indices of functions aside.
fn strays(before: &[u8], made: &Instrumented) -> Option<String> {
    let mut parser = Parser::new(0);
    parser.set_features(WasmFeatures::all());
    let mut wrappers = 0;
    for payload in parser.parse_all(&made.module).map_while(Result::ok) {
        let Payload::CodeSectionEntry(body) = payload else {
            continue;
        };
        let start = body.range().start as u32;
        let Some(origin) = made.origins.offset(start) else {
            wrappers += 1;
            continue;
        };
        let mut operators = body.get_operators_reader().ok()?;
        while !operators.eof() {
            let (_, at) = operators.read_with_offset().ok()?;
            let Some(from) = made.origins.offset(at as u32).filter(|from| *from >= origin) else {
                return Some(format!("the instruction at 0x{at:x} leads to none"));
            };
            if before.get(from as usize) != made.module.get(at as usize) {
                return Some(format!(
                    "the instruction at 0x{at:x} is another than that at 0x{from:x}"
                ));
            }
        }
    }
    (wrappers != made.wrapped.len()).then(|| format!("{wrappers} wrappers, not {}", made.wrapped.len()))
}
