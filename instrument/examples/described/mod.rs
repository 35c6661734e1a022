//! What a script has to know of a module to run it: the types of what it imports and exports, which JavaScript
//! does not tell.

use std::fmt::Write;
use wasmparser::{CompositeInnerType, FuncType, Parser, Payload, RefType, TypeRef, ValType, WasmFeatures};

/// A script that sets `types`: `{ imports: [{ module, name, kind, … }], exports: { NAME: [TYPE, …] } }`, in which the
/// exports are those of functions, with their parameters.
pub fn script(module: &[u8]) -> String {
    let types = ModuleTypes::of(module);
    let mut out = "globalThis.types = {\n  imports: [\n".to_owned();
    for (from, name, kind) in &types.imports {
        let _ = writeln!(
            out,
            "    {{ module: {}, name: {}, {kind} }},",
            quoted(from),
            quoted(name)
        );
    }
    out += "  ],\n  exports: [\n";
    for (name, function) in &types.exports {
        let signature = types
            .functions
            .get(*function as usize)
            .and_then(|kind| types.signature(*kind));
        let params = signature.map_or(&[][..], FuncType::params);
        let _ = writeln!(out, "    {{ name: {}, params: {} }},", quoted(name), list(params));
    }
    out + "  ],\n};\n"
}

#[derive(Debug, Default)]
struct ModuleTypes {
    signatures: Vec<Option<FuncType>>,
    /// The type of each function, imported ones first.
    functions: Vec<u32>,
    /// Where from, name, and the rest of the description.
    imports: Vec<(String, String, String)>,
    exports: Vec<(String, u32)>,
}

impl ModuleTypes {
    fn of(module: &[u8]) -> ModuleTypes {
        let mut types = ModuleTypes::default();
        let mut parser = Parser::new(0);
        parser.set_features(WasmFeatures::all());
        for payload in parser.parse_all(module).map_while(Result::ok) {
            match payload {
                Payload::TypeSection(groups) => {
                    let all = groups.into_iter().flatten().flat_map(wasmparser::RecGroup::into_types);
                    types.signatures.extend(all.map(|each| match each.composite_type.inner {
                        CompositeInnerType::Func(signature) => Some(signature),
                        _ => None,
                    }));
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports().flatten() {
                        let kind = types.import(&import.ty);
                        types
                            .imports
                            .push((import.module.to_owned(), import.name.to_owned(), kind));
                    }
                }
                Payload::FunctionSection(functions) => types.functions.extend(functions.into_iter().flatten()),
                Payload::ExportSection(exports) => {
                    let functions = exports
                        .into_iter()
                        .flatten()
                        .filter(|each| each.kind == wasmparser::ExternalKind::Func);
                    types
                        .exports
                        .extend(functions.map(|each| (each.name.to_owned(), each.index)));
                }
                _ => {}
            }
        }
        types
    }

    fn signature(&self, kind: u32) -> Option<&FuncType> {
        self.signatures.get(kind as usize)?.as_ref()
    }

    fn import(&mut self, kind: &TypeRef) -> String {
        match kind {
            TypeRef::Func(kind) | TypeRef::FuncExact(kind) => {
                self.functions.push(*kind);
                let results = self.signature(*kind).map_or(&[][..], FuncType::results);
                format!("kind: 'function', results: {}", list(results))
            }
            TypeRef::Memory(memory) => format!(
                "kind: 'memory', initial: {}, maximum: {}, shared: {}, wide: {}",
                memory.initial,
                option(memory.maximum),
                memory.shared,
                memory.memory64
            ),
            TypeRef::Table(table) => format!(
                "kind: 'table', element: '{}', initial: {}, maximum: {}",
                reference(table.element_type),
                table.initial,
                option(table.maximum)
            ),
            TypeRef::Global(global) => {
                format!(
                    "kind: 'global', value: '{}', mutable: {}",
                    word(global.content_type),
                    global.mutable
                )
            }
            TypeRef::Tag(tag) => {
                let params = self.signature(tag.func_type_idx).map_or(&[][..], FuncType::params);
                format!("kind: 'tag', params: {}", list(params))
            }
        }
    }
}

fn option(value: Option<u64>) -> String {
    value.map_or_else(|| "undefined".to_owned(), |value| value.to_string())
}

fn list(types: &[ValType]) -> String {
    let words: Vec<String> = types.iter().map(|each| format!("'{}'", word(*each))).collect();
    format!("[{}]", words.join(", "))
}

fn word(kind: ValType) -> &'static str {
    match kind {
        ValType::I32 => "i32",
        ValType::I64 => "i64",
        ValType::F32 => "f32",
        ValType::F64 => "f64",
        ValType::V128 => "v128",
        ValType::Ref(kind) => reference(kind),
    }
}

fn reference(kind: RefType) -> &'static str {
    if kind == RefType::FUNCREF {
        "anyfunc"
    } else {
        "externref"
    }
}

/// A string of JavaScript.
fn quoted(text: &str) -> String {
    let mut out = "'".to_owned();
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some(letter) if letter.is_ascii_alphanumeric() || "_$.:/ -".contains(letter) => out.push(letter),
            _ => {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out + "'"
}
