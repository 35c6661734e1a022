//! What `js/lib/census.js` reports, in lines of telemetry.

use serde::{Deserialize, Serialize};

/// The census begins its rounds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CensusStart {
    /// The engine whose way of counting is used.
    pub reader: String,
    /// Whether it counts objects that were made before it began, too.
    #[serde(default, rename = "countsAll")]
    pub counts_all: bool,
    /// Calls in a round.
    pub round: u64,
    /// So many objects of a kind stay of programs that keep none.
    pub stays: f64,
    /// Before the first call, and after some.
    pub before: StepCounts,
    pub after: StepCounts,
}

/// What is measured after each round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct StepCounts {
    /// Pages of all linear memories, slots of all tables, instances that are alive.
    pub pages: f64,
    pub entries: f64,
    pub instances: f64,
}

/// What is alive was counted after so many calls; each kind reports its own values.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reading {
    pub calls: f64,
    /// Two counts after one another agreed.
    pub settled: bool,
    /// Bytes of the JavaScript heap, if the engine reports them.
    #[serde(default)]
    pub heap: Option<f64>,
    /// Bytes of linear memory that were ever written, if that could be looked at.
    #[serde(default)]
    pub touched: Option<f64>,
}

/// The objects of a kind at each reading.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct KindSeries {
    pub class: Option<String>,
    /// The built-in function that made them.
    pub builtin: Option<String>,
    /// `leak`, `cache` or `batch` if they are of `js/lib/planted.js`; else empty.
    pub planted: String,
    /// Their classes, and how many a call, if the engine was asked about these once more.
    pub classes: Vec<(String, f64)>,
    pub stack: Vec<PlaceFrame>,
    pub counts: Vec<f64>,
    pub bytes: Vec<f64>,
}

/// A function of the user's that called the next inner one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlaceFrame {
    /// The function's name, if it has one.
    pub name: String,
    /// The file, relative to the directory of the script.
    pub file: String,
    pub line: u32,
    #[serde(default)]
    pub column: u32,
}

/// What was measured after each of so many rounds: `[round, value]` where a value changes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct StepSeries {
    pub rounds: usize,
    pub pages: Vec<(usize, f64)>,
    pub entries: Vec<(usize, f64)>,
    pub instances: Vec<(usize, f64)>,
    /// Whose memories and tables these are, with what they had before the first call and in
    /// the end.
    pub owners: Vec<MemoryOwner>,
}

/// A module, and how its memories and tables changed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MemoryOwner {
    /// `None` for what scripts made.
    #[serde(default)]
    pub module: Option<ModuleSeen>,
    pub pages: (f64, f64),
    pub entries: (f64, f64),
}

/// A module, by the size of its bytes and their digest (FNV-1a, 32 bits).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleSeen {
    pub size: u64,
    pub digest: u32,
    /// The file that has these bytes.
    #[serde(default)]
    pub file: Option<String>,
}

/// The most rounds that a series is expanded to: more are not run.
const MOST_ROUNDS: usize = 2_000_000;

/// A value for each of so many rounds, from its changes.
pub fn expand(changes: &[(usize, f64)], rounds: usize) -> Vec<f64> {
    let mut values = Vec::new();
    let mut value = 0.0;
    let mut next = changes.iter().peekable();
    for round in 0..rounds.min(MOST_ROUNDS) {
        while let Some((_, changed)) = next.next_if(|(at, _)| *at <= round) {
            value = *changed;
        }
        values.push(value);
    }
    values
}

/// The digest of a module's bytes, as `js/lib/memories.js` makes it.
pub fn digest(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash: u32, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_become_a_value_for_each_round() {
        assert_eq!(expand(&[(0, 1.0), (2, 5.0)], 4), [1.0, 1.0, 5.0, 5.0]);
        assert_eq!(expand(&[], 2), [0.0, 0.0]);
        assert_eq!(expand(&[(3, 1.0)], 2), [0.0, 0.0]);
        assert_eq!(expand(&[(0, 1.0)], 0), [0.0; 0]);
        assert_eq!(expand(&[(0, 1.0)], usize::MAX).len(), MOST_ROUNDS);
    }

    #[test]
    fn the_digest_is_fnv_1a() {
        // As published with the algorithm, by Fowler, Noll and Vo.
        assert_eq!(digest(b""), 0x811c_9dc5);
        assert_eq!(digest(b"foobar"), 0xbf9c_f968);
    }
}
