//! The limits of a cell: those of the command line; else those that its case has of its own; else the usual ones.

use crate::case::expectation::Expectation;
use crate::run::limits::Limits;
use crate::run::memory;
use std::time::Duration;

/// The processor time of a cell where none is given.
pub const USUAL_SECONDS: u64 = 60;

/// The most output of a cell, in bytes.
const OUTPUT: u64 = 16 << 20;

/// The limits that the command line gives.
#[derive(Debug, Clone, Copy, Default)]
pub struct GivenLimits {
    pub time: Option<Duration>,
    /// MiB.
    pub memory: Option<u32>,
    pub rounds: Option<u32>,
    pub objects: Option<u32>,
    /// Of how many blocks of linear memory the stack of one is taken.
    pub blocks: Option<u32>,
    /// The limit of memory where none is given, in bytes.
    pub usual_memory: u64,
}

impl GivenLimits {
    /// No limits but the usual ones, if this many cells run at once.
    pub fn usual(jobs: usize) -> GivenLimits {
        GivenLimits {
            usual_memory: memory::default_limit(jobs),
            ..GivenLimits::default()
        }
    }

    /// The limits of a program that runs a case with this expectation.
    pub fn of(&self, expectation: &Expectation) -> Limits {
        let own = expectation.timeout.map(|seconds| Duration::from_secs(seconds.into()));
        let memory = self.memory.or(expectation.memory);
        Limits {
            time: self.time.or(own).unwrap_or(Duration::from_secs(USUAL_SECONDS)),
            output: OUTPUT,
            memory: memory.map_or(self.usual_memory, |mebibytes| u64::from(mebibytes) << 20),
        }
    }

    /// The values for `js/lib/runtime.js` and `census.js`. They begin no round after four fifths
    /// of the time, so that what was seen until then is judged.
    pub fn options(&self, expectation: &Expectation) -> Vec<String> {
        let rounds = self.rounds.or(expectation.rounds);
        let objects = self.objects.or(expectation.objects);
        let time = format!("milliseconds={}", self.of(expectation).time.as_millis() / 5 * 4);
        let rounds = rounds.map(|rounds| format!("rounds={rounds}"));
        let objects = objects.map(|objects| format!("objects={objects}"));
        let blocks = self.blocks.map(|every| format!("blocks={every}"));
        rounds.into_iter().chain(objects).chain(blocks).chain([time]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_comes_before_the_case_and_that_before_what_is_usual() {
        let given = GivenLimits {
            time: Some(Duration::from_secs(5)),
            memory: Some(7),
            rounds: Some(8),
            objects: Some(9),
            blocks: None,
            usual_memory: 1 << 30,
        };
        let usual = GivenLimits {
            usual_memory: 1 << 30,
            ..GivenLimits::default()
        };
        let own = "#: verdict = leaks\n#: timeout = 10\n#: memory = 20\n#: rounds = 30\n#: objects = 40";
        for (given, text, seconds, memory, options) in [
            (usual, "#: verdict = leaks", 60, 1 << 30, "milliseconds=48000"),
            (usual, own, 10, 20 << 20, "rounds=30 objects=40 milliseconds=8000"),
            (given, own, 5, 7 << 20, "rounds=8 objects=9 milliseconds=4000"),
        ] {
            let expectation = Expectation::parse(text, "e.txt").unwrap();
            let limits = given.of(&expectation);
            assert_eq!((limits.time.as_secs(), limits.memory), (seconds, memory), "{text}");
            assert_eq!(given.options(&expectation).join(" "), options, "{text}");
        }
    }
}
