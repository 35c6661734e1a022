//! What a verdict rests on.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a verdict rests on: nothing else was watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Objects whose finalization was counted.
    pub objects: u64,
    /// Rounds in which they were made.
    pub rounds: usize,
    /// Slots of the table of callbacks, when they were most.
    pub slots: u64,
    /// Linear memories, by their pages; when they were most.
    pub memories: u64,
    /// WebAssembly tables, by their length; when they were most.
    pub tables: u64,
    /// The bytes of the JavaScript heap, by so many readings.
    #[serde(default)]
    pub heap: usize,
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: u64, one: &str, more: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{count} {more}"),
        };
        let mut watched = vec![plural(self.objects, "object", "objects")];
        if self.slots > 0 {
            watched.push("slots of callbacks".to_owned());
        }
        if self.memories > 0 {
            watched.push(plural(self.memories, "linear memory", "linear memories"));
        }
        if self.tables > 0 {
            watched.push(plural(self.tables, "table", "tables"));
        }
        if self.heap > 0 {
            watched.push("the JavaScript heap".to_owned());
        }
        write!(f, "watched: {}", watched.join(", "))
    }
}
