//! Reads the stacks that engines write, in which functions of scripts and of a guest call each other.

use crate::measure::census_events::PlaceFrame;
use regex::Regex;
use std::sync::LazyLock;

/// A frame of a stack, the innermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StackFrame {
    /// A function of a script.
    Script(PlaceFrame),
    /// A function of a module.
    Guest(GuestFrame),
}

/// A function of a module, as far as the engine tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GuestFrame {
    /// Its name, by the module's name section.
    pub name: Option<String>,
    /// Its index.
    pub function: Option<u32>,
    /// Where it is, in bytes from the start of the module.
    pub offset: Option<u64>,
}

/// What is not the user's: our own scripts, as `js/lib/places.js` shortens them, and modules of a host.
const OTHERS: [&str; 4] = ["ours:", "node:", "ext:", "internal:"];

/// Of functions that were made from text at run time.
const MADE: [&str; 3] = ["(eval at ", " > eval:", " > Function:"];

/// `wasm://wasm/8891a646:wasm-function[1]:0x45`, `<?>:wasm-function[1]`,
/// `t.js line 4 > WebAssembly.Module:wasm-function[1]:0x45`.
static GUEST: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"wasm-function\[(\d+|[^\]]*)\](?::0x([0-9a-f]+))?$").ok());

/// `app.js:12:5`.
static SCRIPT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^(.+?):(\d+)(?::(\d+))?$").ok());

/// The frames of a stack in the words of any engine: V8 (`    at name (place)`), JavaScriptCore and SpiderMonkey
/// (`name@place`). Bun does not tell functions of modules apart: such a frame has nothing.
pub fn frames(stack: &str) -> Vec<StackFrame> {
    stack.lines().filter_map(frame).collect()
}

fn frame(line: &str) -> Option<StackFrame> {
    // What glue makes at run time has no place.
    if MADE.iter().any(|word| line.contains(word)) {
        return None;
    }
    let (name, place) = match line.trim_start().strip_prefix("at ") {
        Some(rest) => of_v8(rest.trim_end()),
        None => line.split_once('@')?,
    };
    if place == "unknown" {
        return Some(StackFrame::Guest(GuestFrame::default()));
    }
    if let Some(found) = GUEST.as_ref()?.captures(place) {
        let offset = found
            .get(2)
            .and_then(|digits| u64::from_str_radix(digits.as_str(), 16).ok());
        let function: Option<u32> = found.get(1).and_then(|digits| digits.as_str().parse().ok());
        return Some(StackFrame::Guest(GuestFrame {
            name: guest_name(name, function),
            // Deno counts each function as the first: where there is an offset, that tells more.
            function: function.filter(|function| offset.is_none() || *function > 0),
            offset,
        }));
    }
    let found = SCRIPT.as_ref()?.captures(place)?;
    let file = found.get(1)?.as_str();
    if OTHERS.iter().any(|prefix| file.starts_with(prefix)) {
        return None;
    }
    Some(StackFrame::Script(PlaceFrame {
        name: script_name(name),
        file: file.to_owned(),
        line: found.get(2)?.as_str().parse().ok()?,
        column: found
            .get(3)
            .and_then(|digits| digits.as_str().parse().ok())
            .unwrap_or(0),
    }))
}

/// `new Widget (app.js:1:2)`, `async test (…)`, `app.js:1:2`.
fn of_v8(rest: &str) -> (&str, &str) {
    let rest = rest.strip_prefix("async ").unwrap_or(rest);
    match rest.strip_suffix(')').and_then(|inner| inner.rsplit_once(" (")) {
        Some((name, place)) => (name, place),
        None => ("", rest),
    }
}

/// The name of a function of a module; engines put its index where it has none.
fn guest_name(name: &str, function: Option<u32>) -> Option<String> {
    let is_index = name.parse::<u32>().is_ok_and(|index| function == Some(index));
    let is_none = name.is_empty() || name == "<anonymous>" || is_index;
    (!is_none).then(|| name.to_owned())
}

/// The name of a function as all engines have it.
fn script_name(name: &str) -> String {
    // SpiderMonkey marks what an await went on with.
    let name = name.rsplit_once('*').map_or(name, |(_, name)| name);
    // `Path.method [as alias]`, of V8.
    let name = name.split(" [as ").next().unwrap_or(name);
    match name {
        "global code" | "module code" | "eval code" | "<anonymous>" | "Object.<anonymous>" => String::new(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(name: &str, function: Option<u32>, offset: Option<u64>) -> StackFrame {
        StackFrame::Guest(GuestFrame {
            name: (!name.is_empty()).then(|| name.to_owned()),
            function,
            offset,
        })
    }

    fn script(name: &str, file: &str, line: u32, column: u32) -> StackFrame {
        StackFrame::Script(PlaceFrame {
            name: name.to_owned(),
            file: file.to_owned(),
            line,
            column,
        })
    }

    #[test]
    fn each_engine_s_stack_has_the_same_frames() {
        let v8 = "Error\n    at noteError (ours:ledger.js:30:12)\n    at malloc (wasm://wasm/8891a646:wasm-function[1]:0x45)\n    \
                  at wasm://wasm/a7888d1a:wasm-function[3]:0x55\n    at new Widget (pkg/t.js:5:44)\n    at test (t.js:6:22)\n    \
                  at t.js:7:3\n    at Module._compile (node:internal/modules/cjs/loader:1521:14)\n";
        let deno = "Error\n    at malloc (wasm://wasm/65376102:wasm-function[0]:0x45)\n    at <anonymous> (wasm://wasm/93b01c32:wasm-function[0]:0x55)\n    \
                    at new Widget (pkg/t.js:5:44)\n    at async test (t.js:6:22)\n    at t.js:7:3";
        let jsc = "noteError@ours:ledger.js:30:12\nmalloc@<?>:wasm-function[1]\n3@<?>:wasm-function[3]\nWidget@pkg/t.js:5:44\n\
                   test@t.js:6:22\nglobal code@t.js:7:3";
        let spidermonkey = "malloc@t.js line 4 > WebAssembly.Module:wasm-function[1]:0x45\n@t.js line 4 > WebAssembly.Module:wasm-function[3]:0x55\n\
                            Widget@pkg/t.js:5:44\nasync*test@t.js:6:22\n@t.js:7:3\n";
        let bun = "Error\n    at unknown\n    at unknown\n    at new Widget (pkg/t.js:5:44)\n    at test (t.js:6:22)\n    at <anonymous> (t.js:7:3)";
        let scripts = |widget: &str| {
            [
                script(widget, "pkg/t.js", 5, 44),
                script("test", "t.js", 6, 22),
                script("", "t.js", 7, 3),
            ]
        };
        let one = [guest("malloc", Some(1), Some(0x45)), guest("", Some(3), Some(0x55))];
        let of_deno = [guest("malloc", None, Some(0x45)), guest("", None, Some(0x55))];
        let of_jsc = [guest("malloc", Some(1), None), guest("", Some(3), None)];
        let of_bun = [guest("", None, None), guest("", None, None)];
        for (text, guests, widget) in [
            (v8, &one, "new Widget"),
            (deno, &of_deno, "new Widget"),
            (jsc, &of_jsc, "Widget"),
            (spidermonkey, &one, "Widget"),
            (bun, &of_bun, "new Widget"),
        ] {
            assert_eq!(frames(text), [&guests[..], &scripts(widget)].concat(), "{text}");
        }
    }

    #[test]
    fn what_is_no_frame_is_left_out() {
        for text in [
            "",
            "    at Path.to (eval at new_ (build/path.js:1:1), <anonymous>:10:7)",
            "to@build/path.js line 1 > Function:10:7",
            "Error: at nothing",
            "@",
            "x@y",
            "    at ",
            "    at a (b)",
            "a@b:c:d",
            "a@ours:x.js:1:2",
            "a@b.js:99999999999:1",
        ] {
            assert_eq!(frames(text), [], "{text}");
        }
    }
}
