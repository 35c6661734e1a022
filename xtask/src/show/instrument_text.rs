//! What `instrument` made, or why it made nothing, as lines.

use crate::base::text::{clip, inert};
use instrument::{AllocatorEvidence, BlockFrees, Instrumented, NotInstrumented, SeenFunctions, WrappedFunction};

/// How many exports are listed, of a module without a known allocator.
const LISTED: usize = 20;

/// The functions that report, a line each.
pub fn wrapped_text(functions: &[WrappedFunction]) -> String {
    let width = functions.iter().map(|each| each.role.word().len()).max().unwrap_or(0);
    let line = |each: &WrappedFunction| {
        let index = format!("function {}", each.function);
        let (name, index) = match each.readable == index {
            true => (index, String::new()),
            false => (clip(&each.readable), format!("{index}, ")),
        };
        format!(
            "  {:width$}  {name} ({index}{})\n",
            each.role.word(),
            found_by(each.found_by)
        )
    };
    functions.iter().map(line).collect()
}

fn found_by(evidence: AllocatorEvidence) -> &'static str {
    match evidence {
        AllocatorEvidence::Given => "as given",
        AllocatorEvidence::Export => "found by its export",
        AllocatorEvidence::Name => "found by its name",
        AllocatorEvidence::Structure => "found by the functions that call it",
    }
}

/// How the script of this name is used.
pub fn usage_text(script: &str) -> String {
    // As JavaScript quotes a text, too.
    let from = serde_json::Value::from(format!("./{script}"));
    format!(
        "  import {{ watchBlocks }} from {};
  const blocks = watchBlocks();
  const {{ instance }} = await WebAssembly.instantiate(bytes, {{ ...imports, ...blocks.imports }});
  console.log(blocks.living());
{}/blob/main/docs/instrument.md has the rest\n",
        inert(&from.to_string()),
        env!("CARGO_PKG_REPOSITORY")
    )
}

/// What may be missing from the numbers.
pub fn warnings(made: &Instrumented) -> Vec<String> {
    let is_given = made
        .wrapped
        .iter()
        .any(|each| each.found_by == AllocatorEvidence::Given);
    let mut found = Vec::new();
    match (made.frees, is_given) {
        (BlockFrees::Unseen, true) => {
            found.push("none of the functions that are given frees: each block will seem to live for ever".to_owned());
        }
        (BlockFrees::Unseen, false) => found.push(
            "no function was found that frees: blocks that were freed may seem to live; if there is one, name all \
             functions of the allocator by `--allocator`, such as `--allocator 'malloc free=#12'`"
                .to_owned(),
        ),
        _ => {}
    }
    let SeenFunctions { functions, named, .. } = made.seen;
    if !is_given && named < functions {
        found.push(format!(
            "{} of {functions} functions have no name: if one of them allocates, resizes or frees blocks, that is not \
             reported; {ADVICE}",
            functions - named
        ));
    }
    if let Some(each) = made.wrapped.iter().find(|each| each.calls_indirectly) {
        found.push(format!(
            "`{}` calls functions by references: if they are the allocator's own, what they do is reported, too, and a \
             block that was freed twice may have been freed once",
            clip(&each.readable)
        ));
    }
    found
}

/// How to build so that an allocator is found.
const ADVICE: &str = "build with names (Emscripten: `-g2` or `--profiling-funcs`; Rust: `debug = 1` in the profile, and \
                      `wasm-bindgen --keep-debug`; clang: no `-s` or `--strip-all`; `wasm-opt -g`)";

/// Why a module stays as it is, and what to do next. `file` is its path as a word of a shell.
pub fn refusal_text(why: &NotInstrumented, file: &str) -> String {
    let next = match why {
        NotInstrumented::NoModule { .. } => "name a file that a compiler made for WebAssembly".to_owned(),
        NotInstrumented::Component => format!("`wasm-tools component unbundle {file}` takes them out"),
        NotInstrumented::Undecodable { .. } => {
            format!("make it anew if it is damaged, which `wasm-tools validate {file}` checks")
        }
        NotInstrumented::TooLarge { .. } => "build it smaller, or without debug information".to_owned(),
        NotInstrumented::Already => "take the module that it was made from".to_owned(),
        NotInstrumented::Given { .. } => {
            format!("`wasm-tools print {file}` shows the functions, with their indices, exports and parameters")
        }
        NotInstrumented::Imported { .. } => "take the module that exports them".to_owned(),
        NotInstrumented::NoAllocator { seen, .. } => format!(
            "{ADVICE}, or export the allocator (clang: `-Wl,--export=malloc,--export=free`), or name its functions by \
             `--allocator`, such as `--allocator 'allocate=take free=#12'`{}",
            exports(seen)
        ),
    };
    format!("{}; {next}", inert(&why.to_string()))
}

fn exports(seen: &SeenFunctions) -> String {
    if seen.exports.is_empty() {
        return String::new();
    }
    let names: Vec<String> = seen
        .exports
        .iter()
        .take(LISTED)
        .map(|name| format!("`{}`", clip(name)))
        .collect();
    let more = match (seen.exported as usize).saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("\nit exports the functions {}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use instrument::{AllocatorParameters, ImportedAllocator, NoAllocatorReason, Role, instrument};

    fn function(readable: &str, function: u32, role: Role, found_by: AllocatorEvidence) -> WrappedFunction {
        WrappedFunction {
            function,
            name: readable.to_owned(),
            readable: readable.to_owned(),
            role,
            parameters: AllocatorParameters::default(),
            found_by,
            calls_indirectly: false,
        }
    }

    #[test]
    fn a_function_is_shown_with_how_it_was_found() {
        let functions = [
            function("malloc", 3, Role::Allocate, AllocatorEvidence::Export),
            function("function 4", 4, Role::AllocateZeroed, AllocatorEvidence::Given),
            function("a\u{202e}b", 5, Role::Free, AllocatorEvidence::Structure),
        ];
        assert_eq!(
            wrapped_text(&functions),
            "  allocate         malloc (function 3, found by its export)\n  \
             allocate-zeroed  function 4 (as given)\n  \
             free             a\\u{202e}b (function 5, found by the functions that call it)\n"
        );
    }

    #[test]
    fn a_script_may_have_any_name() {
        assert!(usage_text("it's \"x\".mjs").starts_with("  import { watchBlocks } from \"./it's \\\"x\\\".mjs\";\n"));
    }

    #[test]
    fn what_may_be_missing_is_said() {
        let bytes = wat::parse_str(
            r#"(module
                (func $malloc (export "malloc") (param i32) (result i32) (i32.const 8))
                (func $free (export "free") (param i32)))"#,
        );
        let made = instrument(&bytes.unwrap(), &[]).unwrap();
        assert_eq!(warnings(&made), [] as [String; 0]);
        let with = |change: fn(&mut Instrumented)| {
            let mut made = made.clone();
            change(&mut made);
            let found = warnings(&made);
            assert_eq!(found.len(), 1, "{found:?}");
            found[0].clone()
        };
        for (found, expected) in [
            (
                with(|made| made.frees = BlockFrees::Unseen),
                "no function was found that frees",
            ),
            (
                with(|made| {
                    made.frees = BlockFrees::Unseen;
                    made.wrapped[0].found_by = AllocatorEvidence::Given;
                }),
                "none of the functions that are given frees",
            ),
            (with(|made| made.seen.named = 0), "2 of 2 functions have no name"),
            (
                with(|made| made.wrapped[1].calls_indirectly = true),
                "`free` calls functions by references",
            ),
        ] {
            assert!(found.starts_with(expected), "{found}");
        }
    }

    #[test]
    fn each_refusal_has_what_to_do_next() {
        let seen = SeenFunctions {
            functions: 25,
            exports: (0..25).map(|number| format!("f{number}")).collect(),
            exported: 25,
            ..SeenFunctions::default()
        };
        let malloc = ImportedAllocator {
            function: 0,
            module: "env".to_owned(),
            name: "malloc".to_owned(),
            role: Role::Allocate,
        };
        let why = String::from;
        for (refused, expected) in [
            (
                NotInstrumented::NoModule { why: why("x") },
                "name a file that a compiler made",
            ),
            (NotInstrumented::Component, "`wasm-tools component unbundle a.wasm`"),
            (
                NotInstrumented::Undecodable {
                    why: why("x"),
                    offset: 8,
                },
                "`wasm-tools validate a.wasm`",
            ),
            (
                NotInstrumented::TooLarge {
                    what: "bytes",
                    count: 2,
                    limit: 1,
                },
                "without debug information",
            ),
            (NotInstrumented::Already, "take the module that it was made from"),
            (
                NotInstrumented::Given {
                    name: why("take"),
                    why: why("x"),
                },
                "`wasm-tools print a.wasm`",
            ),
            (
                NotInstrumented::Imported {
                    functions: vec![malloc],
                    seen: seen.clone(),
                },
                "imported `env.malloc`; take the module that exports them",
            ),
            (
                NotInstrumented::NoAllocator {
                    why: NoAllocatorReason::NoName,
                    seen: seen.clone(),
                },
                "`--allocator 'allocate=take free=#12'`\nit exports the functions `f0`, `f1`,",
            ),
            (
                NotInstrumented::NoAllocator {
                    why: NoAllocatorReason::NamesLie,
                    seen,
                },
                "`f19` and 5 more",
            ),
        ] {
            let found = refusal_text(&refused, "a.wasm");
            assert!(found.contains(expected), "{found}");
        }
    }
}
