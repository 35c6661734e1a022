//! Wrappers that are kept alive in one way: the path to one of them, step by step.

use crate::explain::growth::Growth;
use heap::EdgeKind;
use serde::Serialize;

/// Wrappers that are kept alive in the same way: the path of one of them stands for all.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct KeptGroup {
    /// `WasmObject #1`: the one with this path.
    pub wrapper: String,
    /// How many there are.
    pub count: u64,
    /// Their numbers, in the order of birth.
    #[serde(skip)]
    pub numbers: Vec<u64>,
    #[serde(flatten)]
    pub growth: Growth,
    /// The start of the path: `global`, or `root: ` with the engine's name for it and its target.
    pub root: String,
    pub steps: Vec<Step>,
    pub linear_memory: Option<LinearMemory>,
}

/// A step: an edge, and its target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub kind: EdgeKind,
    /// `table`, `.objects`, `[0]`, `slot [0]`, `held value`.
    pub label: String,
    /// The class of the object, `function`, or the engine's name for it.
    pub node: String,
    /// The source of a function.
    pub source: Option<String>,
    /// The place of the source of the function, or of the object's class.
    pub place: Option<String>,
    /// The closure for which a captured variable is kept, if it is another one.
    pub captured_for: Option<OtherClosure>,
    /// The steps up to this one are there several times, one after the other.
    pub repeat: Option<Repeat>,
}

/// A closure of the same scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherClosure {
    pub source: String,
    pub place: String,
}

/// A run of steps that is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Repeat {
    /// How many steps it has.
    pub steps: usize,
    /// How many times it is there.
    pub times: usize,
}

/// The reference of the wrapper's object in linear memory: no collector sees it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct LinearMemory {
    /// The field of the wrapper that holds the address.
    pub field: String,
    pub address: u64,
    /// The size of the block that it is in, in bytes, if the guest's allocator is known.
    pub bytes: Option<u64>,
    /// The thing that the guest holds by a handle: `callback`, `element in closure`.
    pub what: String,
    /// The handle: its index in the table.
    pub handle: Option<u32>,
    /// The step that is the table's slot of this handle, which closes the cycle.
    pub closes: Option<usize>,
}
