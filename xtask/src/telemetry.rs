//! Telemetry: the lines that begin with `@ `, one JSON object each, by which
//! `js/runtime.js` tells the numbers. They are no part of the transcript.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const MARK: &str = "@ ";

/// What a cell printed, telemetry apart.
#[derive(Debug, Default)]
pub struct Printed {
    pub transcript: Vec<String>,
    /// As it came.
    pub telemetry: Vec<Value>,
    /// As far as it is understood.
    pub events: Vec<Event>,
}

/// A line of telemetry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// A round is over; its objects are not yet collected.
    Round(Counts),
    /// All rounds are over, and the collector had its last chances.
    Final(Counts),
    /// Linear memory could not grow.
    OutOfMemory(Counts),
    /// The script ends, and asks to exit with this status.
    Quit { status: i32 },
    /// Something for another reader.
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Objects made since the start.
    pub allocated: u64,
    /// Those that are not finalized.
    pub live: u64,
}

/// Parts the lines into transcript and telemetry. A telemetry line that cannot be read is an error.
pub fn part(lines: Vec<String>) -> Result<Printed> {
    let mut printed = Printed::default();
    for (index, line) in lines.into_iter().enumerate() {
        let Some(json) = line.strip_prefix(MARK) else {
            printed.transcript.push(line);
            continue;
        };
        let what = || format!("line {} of its output begins with `@ `, but is no telemetry", index + 1);
        let value: Value = serde_json::from_str(json).with_context(what)?;
        printed.events.push(Event::deserialize(&value).with_context(what)?);
        printed.telemetry.push(value);
    }
    Ok(printed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telemetry_is_no_part_of_the_transcript() {
        let lines = [
            "a",
            "@ {\"type\":\"round\",\"allocated\":2,\"live\":1,\"pages\":3}",
            "@b",
            "@ {\"type\":\"new\"}",
        ];
        let printed = part(lines.map(str::to_owned).into()).unwrap();
        assert_eq!(printed.transcript, ["a", "@b"]);
        assert_eq!(
            printed.events,
            [Event::Round(Counts { allocated: 2, live: 1 }), Event::Other]
        );
        assert_eq!(printed.telemetry[0]["pages"], 3);
    }

    #[test]
    fn what_only_looks_like_telemetry_is_an_error() {
        for line in ["@ x", "@ 1", "@ {}", "@ {\"type\":\"round\"}"] {
            let error = part(vec!["a".to_owned(), line.to_owned()]).unwrap_err();
            assert!(error.to_string().starts_with("line 2 "), "{line}: {error}");
        }
    }
}
