//! What keeps alive what grows in a user's own program.

use crate::explain::kept::KeptGroup;
use crate::measure::census::Census;
use serde::Serialize;

/// What one program's heap tells of what grows.
#[derive(Debug, Serialize)]
pub struct Leaks {
    /// What was counted before, if it was.
    pub census: Option<Census>,
    /// The kind that was asked about, if not all.
    pub asked: Option<String>,
    /// Calls between the first and the last snapshot; `None` of snapshots that somebody else made.
    pub calls: Option<u64>,
    /// How many snapshots there were: of one alone all objects are told, and not what grows.
    pub snapshots: usize,
    /// The most frequent classes, if all objects are told.
    pub classes: Vec<LeakedKind>,
    /// What ended the calls early, in the engine's words.
    pub stopped: Option<String>,
    /// What grows, the largest first.
    pub leaks: Vec<Leak>,
    /// What grows in one object, if no objects grow.
    pub storage: Option<GrowingStorage>,
    /// What is new and grows no more, the largest first.
    pub others: Vec<KeptGroup>,
    /// How many that are new no path leads to, and why that may be.
    pub unexplained: u64,
    pub hidden: Option<&'static str>,
}

/// What is kept in one way, and grows.
#[derive(Debug, Serialize)]
pub struct Leak {
    /// What hangs together, the most frequent first.
    pub kinds: Vec<LeakedKind>,
    /// The path to one of those that stand for all.
    pub group: KeptGroup,
    /// How many of the same class grow, in whatever way.
    pub of: u64,
    pub cut: Option<Cut>,
}

/// One object that takes more and more bytes.
#[derive(Debug, Serialize)]
pub struct GrowingStorage {
    /// What it takes at the last snapshot.
    pub bytes: u64,
    /// The object.
    pub group: KeptGroup,
}

/// A class, and how many of it there are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeakedKind {
    pub class: String,
    pub count: u64,
    pub per_call: Option<f64>,
}

/// The reference without which these objects would die.
#[derive(Debug, Serialize)]
pub struct Cut {
    /// The number of its step on the path.
    pub step: usize,
    /// Whether it is a property that has another name in each of them.
    pub has_many_names: bool,
    /// What is left once it is cut.
    #[serde(flatten)]
    pub left: Left,
    /// What is left once that is cut, too, which kept them alive then; and so on.
    pub further: Vec<Left>,
}

/// What is left of the objects of a leak, once references are cut.
#[derive(Debug, Serialize)]
pub struct Left {
    /// How many of them something else keeps alive, and how one of these.
    pub remaining: u64,
    pub remains: Option<Box<KeptGroup>>,
}

impl Cut {
    /// Whether nothing is left in the end.
    pub fn is_enough(&self) -> bool {
        self.further.last().unwrap_or(&self.left).remaining == 0
    }
}
