//! Places and names of the sources in what a program printed and reported, by the source maps. Pure,
//! but for the maps that are read.

use crate::case::source_maps::SourceMaps;
use regex::{Captures, Regex};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::LazyLock;

impl SourceMaps {
    /// Replaces the places in a text that an engine or a script made, `file:line` or `file:line:column`.
    pub fn in_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        PLACE.replace_all(text, |found: &Captures<'_>| {
            let number = |index: usize| found.get(index).and_then(|number| number.as_str().parse().ok());
            let original = number(2).and_then(|line| {
                let file = self.name_in_text(&found[1]);
                self.original(file, line, number(3).unwrap_or(0), "")
            });
            match original {
                None => found[0].to_owned(),
                Some(place) if found.get(3).is_some() => format!("{}:{}:{}", place.file, place.line, place.column),
                Some(place) => format!("{}:{}", place.file, place.line),
            }
        })
    }

    /// Replaces the places, and the names that stand beside them, in what our own scripts report.
    /// Returns whether anything changed.
    pub fn in_telemetry(&self, value: &mut Value) -> bool {
        match value {
            Value::Object(members) => {
                let mut changed = self.in_place(members);
                for (key, member) in members {
                    changed |= match member {
                        Value::String(text) if TEXTS.contains(&key.as_str()) => {
                            replace(text, self.in_text(text).into_owned())
                        }
                        Value::String(text) if key == "class" => replace(text, self.class(text)),
                        Value::Array(frames) if key == "stack" => self.in_stack(frames),
                        Value::Array(classes) if key == "classes" => self.in_classes(classes),
                        Value::String(_) => false,
                        other => self.in_telemetry(other),
                    };
                }
                changed
            }
            Value::Array(items) => self.in_all(items),
            _ => false,
        }
    }

    fn in_all(&self, items: &mut [Value]) -> bool {
        let changed: Vec<bool> = items.iter_mut().map(|item| self.in_telemetry(item)).collect();
        changed.contains(&true)
    }

    /// An object with a file and a line is a place, and may have the name of a function.
    fn in_place(&self, members: &mut serde_json::Map<String, Value>) -> bool {
        let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| {
            members
                .get(name)
                .and_then(Value::as_u64)
                .and_then(|n| u32::try_from(n).ok())
        };
        let Some(line) = number("line") else { return false };
        let Some(place) = self.original(text("file"), line, number("column").unwrap_or(0), text("name")) else {
            return false;
        };
        members.insert("file".to_owned(), Value::from(place.file));
        members.insert("line".to_owned(), Value::from(place.line));
        members.insert("column".to_owned(), Value::from(place.column));
        if members.contains_key("name") {
            members.insert("name".to_owned(), Value::from(place.name));
        }
        true
    }

    /// The frames of a stack; those in what esbuild adds to a bundle are no places of the user's.
    fn in_stack(&self, frames: &mut Vec<Value>) -> bool {
        let count = frames.len();
        frames.retain(|frame| {
            let text = |name: &str| frame.get(name).and_then(Value::as_str).unwrap_or_default();
            let number = |name: &str| frame.get(name).and_then(Value::as_u64).unwrap_or_default() as u32;
            !self.is_bundle(text("file"))
                || self
                    .original(text("file"), number("line"), number("column"), "")
                    .is_some()
        });
        let changed = self.in_all(frames);
        changed || frames.len() < count
    }

    fn in_classes(&self, classes: &mut [Value]) -> bool {
        let names = classes.iter_mut().filter_map(|class| class.get_mut(0));
        names.fold(false, |changed, name| match name {
            Value::String(text) => replace(text, self.class(text)) || changed,
            _ => changed,
        })
    }

    /// A class, or a function by its place, as `function (app.ts:30)`: its column is not shown.
    fn class(&self, name: &str) -> String {
        let Some(place) = name.strip_prefix("function (").and_then(|rest| rest.strip_suffix(')')) else {
            return self.class_name(name).unwrap_or_else(|| name.to_owned());
        };
        let place = self.in_text(place);
        // A function of WebAssembly has no place.
        if place.split(':').next().is_some_and(|file| self.is_bundle(file)) {
            return "function".to_owned();
        }
        let has_column = place.rsplitn(3, ':').filter(|part| part.parse::<u32>().is_ok()).count() > 1;
        let shown = place
            .rsplit_once(':')
            .filter(|_| has_column)
            .map_or(&*place, |(shown, _)| shown);
        format!("function ({shown})")
    }
}

/// Members of telemetry with texts of engines and scripts, in which there may be places.
const TEXTS: [&str; 4] = ["text", "place", "reason", "stopped"];

/// A place in a text.
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"([^\s()'"`<>@,;:]+|[a-z]+://[^\s()'"`<>@,;:]*):(\d+)(?::(\d+))?"#).expect("the pattern is a constant")
});

fn replace(text: &mut String, new: String) -> bool {
    let changed = *text != new;
    *text = new;
    changed
}

#[cfg(test)]
mod tests {
    use crate::case::source_maps::tests::maps;
    use serde_json::json;

    #[test]
    fn places_in_texts_are_those_of_the_sources() {
        let maps = maps();
        for (text, wanted) in [
            ("at b.mjs:2:7", "at app.ts:3:7"),
            ("Error (/stage/program/leak/b.mjs:2)", "Error (app.ts:3)"),
            (
                "f@file:///stage/program/leak/b.mjs:3:1",
                "f@../node_modules/pkg/a.js:1:1",
            ),
            (
                "program/leak/b.mjs:3:5, b.mjs:2:9",
                "../node_modules/pkg/a.js:1:1, app.ts:3:7",
            ),
            ("b.mjs:1:1 and x:1:2 at 12:30:45", "b.mjs:1:1 and x:1:2 at 12:30:45"),
            ("b.mjs:99999999999:1", "b.mjs:99999999999:1"),
            ("", ""),
        ] {
            assert_eq!(maps.in_text(text), wanted);
        }
    }

    #[test]
    fn what_is_reported_has_places_and_names_of_the_sources() {
        let maps = maps();
        let frame =
            |name: &str, file: &str, line: u32| json!({ "name": name, "file": file, "line": line, "column": 8 });
        let mut kind = json!({
            "type": "kind",
            "class": "Widget2",
            "classes": [["Widget2", 1.0], ["function (b.mjs:2:7)", 2.0], ["function (b.mjs:1:1)", 1.0], ["function (c.js:4:2)", 1.0]],
            "stack": [frame("Widget2", "b.mjs", 2), frame("__require", "b.mjs", 1), frame("test", "c.js", 4)],
        });
        assert!(maps.in_telemetry(&mut kind));
        let found = json!({
            "type": "kind",
            "class": "Widget",
            "classes": [["Widget", 1.0], ["function (app.ts:3)", 2.0], ["function", 1.0], ["function (c.js:4)", 1.0]],
            "stack": [
                { "name": "Widget", "file": "app.ts", "line": 3, "column": 7 },
                frame("test", "c.js", 4),
            ],
        });
        assert_eq!(kind, found);
        let mut other = json!({ "type": "reading", "calls": 5, "text": "x", "list": [1, null] });
        assert!(!maps.in_telemetry(&mut other));
    }
}
