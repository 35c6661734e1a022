//! What the census of a program amounts to: which kinds grow with its calls, which stay,
//! and the verdict.

use crate::measure::block_findings::{self, BlockNotes};
use crate::measure::census_events::{KindSeries, ModuleSeen, PlaceFrame};
use crate::measure::verdict::Verdict;
use serde::{Deserialize, Serialize};

/// What the census of a program found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Census {
    pub verdict: Verdict,
    /// The engine whose way of counting was used.
    pub reader: String,
    /// Calls in all, and in a round.
    pub calls: u64,
    pub round: u64,
    pub readings: usize,
    /// Readings at which the collector came to no end.
    pub unsettled: usize,
    /// The largest first.
    pub grows: Vec<KindGrowth>,
    pub stays: Vec<KindStay>,
    /// Why the numbers do not decide.
    pub doubt: Option<String>,
    /// What ended the calls early, in the engine's words.
    pub stopped: Option<String>,
    /// What is known of the blocks of linear memory, beside how they grow.
    #[serde(default, skip_serializing_if = "block_findings::is_empty")]
    pub blocks: BlockNotes,
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kind {
    pub what: What,
    /// The class, if the engine reports it.
    pub class: Option<String>,
    /// The classes that it consists of, and how many of each a call.
    #[serde(default)]
    pub classes: Vec<(String, f64)>,
    /// The built-in function that made it, if the engine reports it.
    pub builtin: Option<String>,
    /// Where it was made: the innermost function of the user's files first.
    pub stack: Vec<PlaceFrame>,
    /// The module that it belongs to.
    pub module: Option<ModuleSeen>,
}

/// What is counted, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    Objects,
    Instances,
    TableSlots,
    /// Nodes of a page that are alive, in a document or not.
    DomNodes,
    /// Those in the document and in those of frames.
    NodesInDocument,
    /// Listeners that scripts added.
    Listeners,
    Documents,
    /// Bytes of blocks of linear memory that were asked for and not freed.
    BlockBytes,
    /// How many blocks these are.
    Blocks,
    /// Bytes of linear memory.
    LinearMemory,
    /// Bytes of objects whose number does not grow.
    Bytes,
    /// Bytes of the JavaScript heap.
    Heap,
}

impl What {
    /// Whether it is a number of things; else it is one of bytes.
    pub fn is_number(self) -> bool {
        !matches!(self, What::BlockBytes | What::LinearMemory | What::Bytes | What::Heap)
    }
}

/// A kind that grows with the calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KindGrowth {
    pub kind: Kind,
    pub per_call: f64,
    /// r² of a line through the readings.
    pub fit: Option<f64>,
}

/// A kind of which some stay, and no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KindStay {
    pub kind: Kind,
    /// How many there were at most.
    pub most: f64,
}

impl Kind {
    /// A kind of which nothing more is known.
    pub fn of(what: What) -> Kind {
        Kind {
            what,
            class: None,
            classes: Vec::new(),
            builtin: None,
            stack: Vec::new(),
            module: None,
        }
    }

    /// The kind of a series, of which the objects or their bytes count.
    pub fn of_series(series: &KindSeries, what: What) -> Kind {
        Kind {
            class: series.class.clone(),
            classes: series.classes.clone(),
            builtin: series.builtin.clone().filter(|name| !name.is_empty()),
            stack: series.stack.clone(),
            ..Kind::of(what)
        }
    }
}
