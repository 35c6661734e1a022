//! Telemetry: lines that begin with `@ `, one JSON object each, in which
//! `js/lib/runtime.js` reports the numbers. They are not part of the transcript.

use serde::Deserialize;
use serde_json::Value;

const MARK: &str = "@ ";

/// The output of a cell, split into transcript and telemetry.
#[derive(Debug, Default)]
pub struct Printed {
    pub transcript: Vec<String>,
    /// The lines as printed.
    pub telemetry: Vec<Value>,
    /// The same lines, parsed.
    pub events: Vec<TelemetryEvent>,
    /// The error of the first line that looks like telemetry and cannot be parsed.
    pub malformed: Option<String>,
}

/// A line of telemetry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum TelemetryEvent {
    /// The first round is about to begin.
    Start(RunStart),
    /// A round is over; its objects are not yet collected.
    Round(Counts),
    /// Linear memory could not grow: nothing more is allocated.
    OutOfMemory(Counts),
    /// The guest trapped, as some do when memory cannot grow.
    Trapped(Counts),
    /// Everything is released, and the collector had its last chances.
    Settled(Counts),
    /// Memory ran out, nothing remains, and there is still no room for another round.
    StillFull(Counts),
    /// The canary's report: why the engine cannot be judged, or null.
    Canary { reason: Option<String> },
    /// The wrappers that `js/lib/explain.js` asks about.
    Wrappers(Wrappers),
    /// What scripts can reach, where the engine's snapshot does not have it.
    Reachable(Reachable),
    /// What became of linear memory while wrappers died.
    Memory(MemoryGrowth),
    /// The heap is written to this file of the stage.
    Snapshot { file: String },
    /// Why the heap cannot be written.
    NoSnapshot { reason: String },
    /// The script ends, and asks to exit with this status.
    Quit { status: i32 },
    /// Something for another reader.
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct RunStart {
    /// Objects made in a round.
    pub objects: u64,
    /// Pages of linear memory, of 64 KiB: at first, and at most.
    pub initial: u64,
    pub maximum: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Counts {
    /// Objects made since the start.
    pub allocated: u64,
    /// Objects that are not finalized.
    pub live: u64,
    /// Used slots of the table that holds callbacks, wherever it is kept.
    #[serde(default)]
    pub slots: u64,
    /// Pages of linear memory.
    pub pages: u64,
}

/// The wrappers that should have died and have not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Wrappers {
    /// How many were made, and how many of them were not collected.
    pub made: u64,
    pub alive: u64,
    /// How many were made by the end of each round.
    pub rounds: Vec<u64>,
    /// The class of the first one.
    pub class: Option<String>,
    /// Those that are asked about, in the order of birth.
    pub objects: Vec<AskedWrapper>,
    /// The content of some of them in linear memory.
    pub linear: Vec<LinearObject>,
    /// Slots in use of the table that holds callbacks; whether the case counts them itself.
    pub slots: u64,
    pub own_slots: bool,
}

/// A wrapper that should have died.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AskedWrapper {
    /// From 1, in the order of birth.
    pub number: u64,
    pub class: String,
    /// Its address in the engine's memory, if the engine reports it.
    #[serde(default)]
    pub address: Option<String>,
}

/// What scripts can reach, by address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Reachable {
    pub references: Vec<ReachableReference>,
    /// Functions, each with the number of its source.
    pub functions: Vec<(String, usize)>,
    pub sources: Vec<String>,
}

/// What an object holds; in a line of telemetry an array.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReachableReference {
    pub from: String,
    pub to: String,
    pub kind: String,
    /// Its name: a key in a Map, an index, a property.
    pub label: Option<String>,
    /// The WeakMap that a value is in.
    pub map: Option<String>,
}

/// Linear memory, while more objects were made and died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct MemoryGrowth {
    /// Pages at first, and in the end.
    pub from: u64,
    pub to: u64,
    /// The objects that were made meanwhile.
    pub objects: u64,
    /// Whether it ran out, and whether it grew again and again.
    pub full: bool,
    pub grows: bool,
}

/// The wrapper's object in linear memory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LinearObject {
    /// The wrapper's number.
    #[serde(default)]
    pub number: u64,
    /// The field of the wrapper that has its address.
    pub field: String,
    pub address: u64,
    /// The thing that the guest holds by a handle: `callback`.
    pub what: String,
    /// The handle; below 0 if there is none.
    pub handle: i64,
    /// The path of names to the table that the handle indexes; empty if the table is private to the guest.
    pub table: Vec<String>,
}

/// Splits the lines into transcript and telemetry.
pub fn split(lines: Vec<String>) -> Printed {
    let mut printed = Printed::default();
    for (index, line) in lines.into_iter().enumerate() {
        let Some(json) = line.strip_prefix(MARK) else {
            printed.transcript.push(line);
            continue;
        };
        match parse_line(json) {
            Ok((value, event)) => {
                printed.telemetry.push(value);
                printed.events.push(event);
            }
            Err(error) => {
                let place = index + 1;
                let message = || format!("line {place} of its output begins with `@ ` but is not telemetry: {error}");
                printed.malformed.get_or_insert_with(message);
            }
        }
    }
    printed
}

fn parse_line(json: &str) -> serde_json::Result<(Value, TelemetryEvent)> {
    let value: Value = serde_json::from_str(json)?;
    let event = TelemetryEvent::deserialize(&value)?;
    Ok((value, event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telemetry_is_no_part_of_the_transcript() {
        let lines = [
            "a",
            "@ {\"type\":\"round\",\"allocated\":2,\"live\":1,\"pages\":3,\"slots\":7,\"ms\":5}",
            "@b",
            "@ {\"type\":\"new\"}",
        ];
        let printed = split(lines.map(str::to_owned).into());
        assert_eq!(printed.malformed, None);
        assert_eq!(printed.transcript, ["a", "@b"]);
        assert_eq!(
            printed.events,
            [
                TelemetryEvent::Round(Counts {
                    allocated: 2,
                    live: 1,
                    slots: 7,
                    pages: 3
                }),
                TelemetryEvent::Other
            ]
        );
        assert_eq!(printed.telemetry[0]["ms"], 5);
    }

    #[test]
    fn what_only_looks_like_telemetry_is_an_error() {
        for line in ["@ x", "@ 1", "@ {}", "@ {\"type\":\"round\"}"] {
            let printed = split(["a", line, "b"].map(str::to_owned).into());
            let malformed = printed.malformed.unwrap();
            assert!(malformed.starts_with("line 2 "), "{line}: {malformed}");
            assert_eq!(printed.transcript, ["a", "b"]);
        }
    }
}
