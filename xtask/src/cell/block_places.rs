//! Puts functions and places into the stacks of blocks that a program reported: of the guest by the module that
//! asked, of scripts by the engine's words.

use crate::guest::instrumenting::{Instrumenting, KnownModule, ModuleKey};
use crate::measure::census_events::{ModuleSeen, PlaceFrame};
use crate::measure::stack_text::{GuestFrame, StackFrame, frames};
use crate::measure::telemetry::{Printed, TelemetryEvent};
use instrument::{FilePosition, Places, readable_name};
use regex::Regex;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A module that asked, and the places in it.
type ReadModule<'b, 'a> = (&'b KnownModule, &'b Places<'a>);

/// Parts of a path that are shown.
const PARTS: usize = 2;

/// What the name of a function begins with that has none.
const NAMELESS: &str = "function ";

/// Frames that are kept of a stack.
const MOST_FRAMES: usize = 16;

/// What lies between an allocator and the function that wanted a block: in C++, and in Rust's standard library.
static BETWEEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^<?(?:operator new|(?:std|core|alloc|hashbrown|wasm_bindgen::__rt)::|__rust|__rdl|__rg|_+(?:libc_)?(?:malloc|calloc|realloc)$|malloc$|calloc$|realloc$|~lib/rt/|__wbindgen_(?:malloc|realloc)|exchange_malloc)",
    )
    .ok()
});

/// Replaces the stacks in what was reported.
pub fn with_places(mut printed: Printed, instrumenting: &Instrumenting) -> Printed {
    let all = instrumenting.all();
    let mut places: HashMap<ModuleKey, Option<Places<'_>>> = HashMap::new();
    for (value, event) in printed.telemetry.iter_mut().zip(&mut printed.events) {
        if !matches!(event, TelemetryEvent::Blocks(_) | TelemetryEvent::Ledger(_)) {
            continue;
        }
        let key = ModuleSeen::deserialize(&value["module"]).map(|module| (module.size, module.digest));
        let key = key.unwrap_or_default();
        let known = all.get(&key).map(|known| &**known);
        let read = || Places::new(&known?.original).ok();
        let places = places.entry(key).or_insert_with(read);
        if !known.is_some_and(KnownModule::is_complete)
            && let Some(mistakes) = value.get_mut("mistakes")
        {
            *mistakes = json!([]);
        }
        replace(value, known.zip(places.as_ref()));
        if let Ok(changed) = TelemetryEvent::deserialize(&*value) {
            *event = changed;
        }
    }
    printed
}

/// Replaces texts under these keys, wherever they are.
fn replace(value: &mut Value, module: Option<ReadModule<'_, '_>>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if ["stack", "again", "first"].contains(&key.as_str()) => {
                        *value = json!(functions(text, module));
                    }
                    _ => replace(value, module),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|value| replace(value, module)),
        _ => {}
    }
}

/// The functions of a stack, the one first that wanted the block.
fn functions(text: &str, module: Option<ReadModule<'_, '_>>) -> Vec<PlaceFrame> {
    let mut all: Vec<(bool, PlaceFrame)> = Vec::new();
    for frame in frames(text) {
        match (frame, module) {
            (StackFrame::Script(frame), _) => all.push((false, frame)),
            (StackFrame::Guest(frame), Some((known, places))) => {
                all.extend(of_guest(frame, known, places).into_iter().map(|frame| (true, frame)));
            }
            (StackFrame::Guest(_), None) => {}
        }
    }
    let frames = all;
    let is_between = |frame: &(bool, PlaceFrame)| {
        let name = &frame.1.name;
        frame.0 && BETWEEN.as_ref().is_some_and(|between| between.is_match(name))
    };
    // Where nothing else is known, that is better than nothing.
    let skipped = frames.iter().take_while(|frame| is_between(frame)).count();
    let skipped = if skipped == frames.len() { 0 } else { skipped };
    // What has no name says nothing beside what has one.
    let is_named = |(_, frame): &(bool, PlaceFrame)| !frame.name.starts_with(NAMELESS);
    let some_named = frames.iter().skip(skipped).any(is_named);
    let kept = frames
        .into_iter()
        .skip(skipped)
        .filter(|frame| !some_named || is_named(frame))
        .map(|(_, frame)| frame);
    kept.take(MOST_FRAMES).collect()
}

/// A function of the guest, after those that were inlined into it; nothing if it reports blocks, or is not known.
fn of_guest(frame: GuestFrame, known: &KnownModule, places: &Places<'_>) -> Vec<PlaceFrame> {
    let Ok(instrumented) = &known.outcome else {
        return Vec::new();
    };
    let offset = frame.offset.and_then(|offset| u32::try_from(offset).ok());
    let offset = offset.and_then(|offset| instrumented.origins.offset(offset));
    let function = match frame.function {
        Some(function) => instrumented.origins.function(function),
        None => offset.and_then(|offset| places.function_at(offset)),
    };
    let Some(function) = function else {
        return Vec::new();
    };
    if instrumented.wrapped.iter().any(|wrapped| wrapped.function == function) {
        return Vec::new();
    }
    let Some(found) = places.place(function, offset) else {
        return Vec::new();
    };
    let own = found
        .function
        .or_else(|| Some(readable_name(&frame.name?).into_owned()));
    let own = own.unwrap_or_else(|| format!("{NAMELESS}{function}"));
    let inlined = found
        .inlined
        .into_iter()
        .map(|inlined| (inlined.function.unwrap_or_default(), inlined.place));
    inlined
        .chain([(own, found.place)])
        .map(|(name, place)| guest_frame(name, place))
        .collect()
}

fn guest_frame(name: String, place: Option<FilePosition>) -> PlaceFrame {
    let place = place.unwrap_or(FilePosition {
        file: String::new(),
        line: 0,
        column: 0,
    });
    PlaceFrame {
        name,
        file: short(&place.file),
        line: place.line,
        column: place.column,
    }
}

/// The end of a path: compilers write where a file lay when they ran.
fn short(path: &str) -> String {
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    parts[parts.len().saturating_sub(PARTS)..].join("/")
}
