//! Telemetry: lines that begin with `@ `, one JSON object each, in which
//! `js/lib/runtime.js` reports the numbers. They are not part of the transcript.

use crate::base::text::clip;
use crate::measure::census_events::{BlockSeries, CensusStart, KindSeries, LedgerTrouble, Reading, StepSeries};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const MARK: &str = "@ ";

/// The output of a cell, split into transcript and telemetry.
#[derive(Debug, Default)]
pub struct Printed {
    pub transcript: Vec<String>,
    /// What the engine printed after the script had reported its end: d8 tells of rejections then.
    pub after_end: Vec<String>,
    /// The lines as printed, without key and number.
    pub telemetry: Vec<Value>,
    /// The same lines, parsed.
    pub events: Vec<TelemetryEvent>,
    /// The error of the first line that looks like telemetry and cannot be parsed.
    pub malformed: Option<String>,
}

/// A line of telemetry.
#[derive(Debug, Clone, PartialEq, Deserialize)]
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
    /// The engine could not make one more memory.
    NoMoreMemories(Counts),
    /// The time was up before all rounds were over.
    CutShort { round: u64, planned: u64 },
    /// Everything is released, and the collector had its last chances.
    Settled(Counts),
    /// Linear memory ran out, and in the end there is still no room for another round.
    StillFull(Counts),
    /// The error that stopped the script.
    Threw(ScriptError),
    /// An error that nobody caught, though the script went on.
    Uncaught(UncaughtError),
    /// A promise was rejected, and nobody handles it as yet.
    Rejected(Rejection),
    /// It is handled after all.
    RejectionHandled { number: u64 },
    /// The script wanted what the host only seems to have.
    Lacks { feature: String },
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
    /// The heap is written to files of the stage, with calls of a program between.
    Heaps(WrittenHeaps),
    /// Why the heap cannot be written.
    NoSnapshot { reason: String },
    /// A user's own program was loaded, which the census is to judge.
    Program,
    /// The census of a program begins its rounds.
    Census(CensusStart),
    /// What is alive was counted.
    Reading(Reading),
    /// A kind of object, at each reading.
    Kind(KindSeries),
    /// Blocks of linear memory that one place asked for, at each reading.
    Blocks(BlockSeries),
    /// Blocks were freed in a way that is not seen, or that were none.
    Ledger(LedgerTrouble),
    /// Memories, tables and instances after each round.
    Steps(StepSeries),
    /// The census ended early, as nothing more could be made.
    Stopped { text: String },
    /// The script ends, and asks to exit with this status.
    Quit { status: i32 },
    /// Something for another reader.
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct RunStart {
    /// Objects wanted in a round.
    pub objects: u64,
    /// Pages of all linear memories, of 64 KiB, at first.
    #[serde(alias = "initial")]
    pub pages: u64,
    /// The most pages that they can have, if that is known.
    #[serde(default)]
    pub maximum: Option<u64>,
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
    /// Pages of all linear memories that are alive, and how many these are.
    pub pages: u64,
    #[serde(default = "one")]
    pub memories: u64,
    /// How many of these grew to the most pages that they may have.
    #[serde(default)]
    pub full: u64,
    /// Entries of all WebAssembly tables that are alive, and how many these are.
    #[serde(default)]
    pub entries: u64,
    #[serde(default)]
    pub tables: u64,
    /// Collections since the start that were each followed by a turn.
    #[serde(default)]
    pub collections: u64,
    /// Bytes of the JavaScript heap right after a collection, where they were measured.
    #[serde(default)]
    pub heap: Option<u64>,
}

/// Before there was a count, one memory was watched.
fn one() -> u64 {
    1
}

/// The error that stopped a script, in the engine's words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ScriptError {
    pub text: String,
    /// `js/cases/m0/test.js:3:7`, if the engine tells.
    #[serde(default)]
    pub place: Option<String>,
    /// The global name that is not defined, if that is the error.
    #[serde(default)]
    pub missing: Option<String>,
    /// How many calls of a user's `test` there had been.
    #[serde(default)]
    pub calls: Option<u64>,
}

/// An error that nobody caught.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UncaughtError {
    /// `finalizer` or `callback`.
    #[serde(rename = "where")]
    pub origin: String,
    pub text: String,
    #[serde(default)]
    pub place: Option<String>,
}

/// A promise that was rejected, by its number; the reason's text and place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rejection {
    pub number: u64,
    pub text: String,
    #[serde(default)]
    pub place: Option<String>,
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
    /// The wrappers, if all of these died: then the linear memories that stay are asked about.
    pub dead: Option<DeadWrappers>,
}

/// Heaps that were written one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WrittenHeaps {
    pub files: Vec<String>,
    /// How many calls there had been before each.
    pub calls: Vec<u64>,
    /// The error that ended the calls, if any.
    #[serde(default)]
    pub stopped: Option<String>,
}

/// Wrappers of which none stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadWrappers {
    pub class: String,
    pub made: u64,
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

/// What grew while more objects were made and died, at first and in the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct MemoryGrowth {
    /// Pages of linear memories, and entries of tables.
    pub pages: (u64, u64),
    pub entries: (u64, u64),
    pub objects: u64,
    /// Linear memory ran out.
    pub full: bool,
    pub pages_grow: bool,
    pub entries_grow: bool,
    /// Bytes of the JavaScript heap, if it grows.
    pub heap_per_object: Option<f64>,
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
    /// The size of the block that it is in, in bytes, if that is known.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// The thing that the guest holds by a handle: `callback`.
    pub what: String,
    /// The handle; below 0 if there is none.
    pub handle: i64,
    /// The path of names to the table that the handle indexes; empty if the table is private to the guest.
    pub table: Vec<String>,
}

/// Splits the lines into transcript and telemetry. Telemetry of a run with a key bears
/// that key, and its lines are numbered; a line that is forged or doubled is malformed.
pub fn split(lines: Vec<String>, key: Option<&str>) -> Printed {
    let mut printed = Printed::default();
    for (index, line) in lines.into_iter().enumerate() {
        let Some(json) = line.strip_prefix(MARK) else {
            let ended = matches!(printed.events.last(), Some(TelemetryEvent::Quit { .. }));
            let lines = match ended && key.is_some() {
                true => &mut printed.after_end,
                false => &mut printed.transcript,
            };
            lines.push(line);
            continue;
        };
        match parse_line(json, key, printed.events.len() + 1) {
            Ok((value, event)) => {
                printed.telemetry.push(value);
                printed.events.push(event);
            }
            Err(error) => {
                let place = index + 1;
                // The error may quote the line.
                let error = clip(&error.to_string());
                let message = || format!("line {place} of its output begins with `@ ` but is not telemetry: {error}");
                printed.malformed.get_or_insert_with(message);
            }
        }
    }
    printed
}

fn parse_line(json: &str, key: Option<&str>, number: usize) -> Result<(Value, TelemetryEvent), String> {
    let mut value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    if let Some(key) = key {
        let members = value.as_object_mut().ok_or("it is not an object")?;
        let own = members.remove("key").is_some_and(|found| found == key);
        let in_order = members.remove("n").is_some_and(|found| found == number);
        if !own {
            return Err("it does not have the key of the run".to_owned());
        }
        if !in_order {
            return Err(format!("it is not number {number} of its lines"));
        }
    }
    let event = TelemetryEvent::deserialize(&value).map_err(|error| error.to_string())?;
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
        let printed = split(lines.map(str::to_owned).into(), None);
        assert_eq!(printed.malformed, None);
        assert_eq!(printed.transcript, ["a", "@b"]);
        assert_eq!(
            printed.events,
            [
                TelemetryEvent::Round(Counts {
                    allocated: 2,
                    live: 1,
                    slots: 7,
                    pages: 3,
                    memories: 1,
                    full: 0,
                    entries: 0,
                    tables: 0,
                    collections: 0,
                    heap: None,
                }),
                TelemetryEvent::Other
            ]
        );
        assert_eq!(printed.telemetry[0]["ms"], 5);
    }

    #[test]
    fn what_only_looks_like_telemetry_is_an_error() {
        for line in ["@ x", "@ 1", "@ {}", "@ {\"type\":\"round\"}"] {
            let printed = split(["a", line, "b"].map(str::to_owned).into(), None);
            let malformed = printed.malformed.unwrap();
            assert!(malformed.starts_with("line 2 "), "{line}: {malformed}");
            assert_eq!(printed.transcript, ["a", "b"]);
        }
    }

    #[test]
    fn what_is_forged_or_doubled_is_an_error() {
        let line =
            |key: &str, number: usize| format!("@ {{\"key\":\"{key}\",\"n\":{number},\"type\":\"quit\",\"status\":0}}");
        let unmarked = "@ {\"type\":\"quit\",\"status\":0}".to_owned();
        for (lines, malformed) in [
            (vec![line("abc", 1), line("abc", 2)], None),
            (vec![line("abc", 1), line("abc", 1)], Some("not number 2")),
            (vec![line("abc", 2)], Some("not number 1")),
            (vec![line("abd", 1)], Some("the key of the run")),
            (vec![line("abc", 1), unmarked], Some("the key of the run")),
            (vec!["@ 1".to_owned()], Some("not an object")),
        ] {
            let printed = split(lines.clone(), Some("abc"));
            let found = printed.malformed.as_deref();
            match malformed {
                Some(part) => assert!(found.unwrap().contains(part), "{lines:?}: {found:?}"),
                None => assert_eq!(found, None, "{lines:?}"),
            }
        }
        let printed = split(vec![line("abc", 1), "late".to_owned()], Some("abc"));
        assert_eq!(
            (printed.after_end, printed.transcript),
            (vec!["late".to_owned()], vec![])
        );
        assert_eq!(printed.telemetry[0].as_object().unwrap().len(), 2);
    }
}
