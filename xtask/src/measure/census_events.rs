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
    /// What a page has beside objects of scripts.
    #[serde(default)]
    pub dom: Option<DomReading>,
}

/// What a page has beside objects of scripts; `None` where a browser does not count it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DomReading {
    /// Nodes that are alive, in a document or not.
    pub nodes: Option<f64>,
    /// Nodes in the document and in those of frames, without shadow trees.
    pub attached: Option<f64>,
    /// Listeners that scripts added.
    pub listeners: Option<f64>,
    pub documents: Option<f64>,
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
    /// How many a call the engine told of then, of whatever class: it may miss some.
    pub noted: f64,
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

/// The blocks of a module that were alive at each reading: all, or those that one place asked for. Places are known from
/// some reading on: these are the last ones.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BlockSeries {
    pub module: ModuleSeen,
    pub stack: Option<ReportedStack>,
    pub counts: Vec<f64>,
    pub bytes: Vec<f64>,
    /// Of how many blocks the stack of one was taken, which stands for all of them: if more than one, these are estimates.
    #[serde(default)]
    pub every: u32,
}

/// What is wrong with a ledger of blocks.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LedgerTrouble {
    pub module: ModuleSeen,
    /// Blocks whose end was not seen: their addresses were given to others.
    pub unseen: u64,
    /// How often a block was freed that was none.
    #[serde(default)]
    pub mistaken: u64,
    /// Some of these.
    #[serde(default)]
    pub mistakes: Vec<BlockMistake>,
}

/// A block was freed that was none.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BlockMistake {
    /// It was one, and had been freed shortly before.
    pub twice: bool,
    /// Where it was freed.
    pub again: ReportedStack,
    /// Where it had been freed before, if that is known.
    #[serde(default)]
    pub first: Option<ReportedStack>,
}

impl BlockMistake {
    /// What was wrong, with the functions that did it.
    pub fn text(&self) -> String {
        let by = words(self.again.frames());
        match (self.twice, &self.first) {
            (true, Some(first)) => format!(
                "a block of linear memory was freed twice: by {by}; and before by {}",
                words(first.frames())
            ),
            (true, None) => format!("a block of linear memory was freed twice: by {by}"),
            (false, _) => format!("what is no block of linear memory was freed, by {by}"),
        }
    }
}

/// Functions of a stack that are told.
const TOLD: usize = 4;

/// `release (guest.c:22) < Widget.free (test.js:4)`
fn words(frames: &[PlaceFrame]) -> String {
    let word = |frame: &PlaceFrame| match (frame.file.is_empty(), frame.line) {
        (true, _) => frame.name.clone(),
        (false, 0) => format!("{} ({})", frame.name, frame.file),
        (false, line) => format!("{} ({}:{line})", frame.name, frame.file),
    };
    let words: Vec<String> = frames.iter().take(TOLD).map(word).collect();
    match words.is_empty() {
        true => "functions that the engine does not name".to_owned(),
        false => words.join(" < "),
    }
}

/// A stack as the engine wrote it, or the functions in it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum ReportedStack {
    Text(String),
    Frames(Vec<PlaceFrame>),
}

impl ReportedStack {
    /// The functions; none of what nobody has read yet.
    pub fn frames(&self) -> &[PlaceFrame] {
        match self {
            ReportedStack::Text(_) => &[],
            ReportedStack::Frames(frames) => frames,
        }
    }
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
