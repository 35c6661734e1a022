//! What was found of an allocator.

use crate::role::{AllocatorParameters, Role};
use crate::seen::SeenFunctions;

/// A function of the allocator, which reports its blocks from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedFunction {
    /// Its index in the module before.
    pub function: u32,
    /// The name that it was found by; its index, if it has none.
    pub name: String,
    /// The same as people read it.
    pub readable: String,
    /// What it does.
    pub role: Role,
    /// What its parameters mean.
    pub parameters: AllocatorParameters,
    /// How it was found.
    pub found_by: AllocatorEvidence,
    /// Whether it, or what it calls, calls functions by reference or table. Only if so, a report can
    /// come from within another: of an allocator that is called in that way.
    pub calls_indirectly: bool,
}

/// How a function of an allocator was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AllocatorEvidence {
    /// The caller named it.
    Given,
    /// By the name of an export.
    Export,
    /// By the section of names.
    Name,
    /// By what a function calls that was found by its name.
    Structure,
}

/// What becomes of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockFrees {
    /// They are freed by functions that report it.
    Reported,
    /// No function that frees was found. There may be none, as in an allocator that only ever takes the
    /// next bytes; or it has no name, or compilers inlined it: then blocks that are freed seem to stay.
    Unseen,
    /// A collector takes them back, and does not report it: what is alive cannot be said.
    ByCollector,
}

/// The functions of an allocator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundAllocator {
    /// By index.
    pub(crate) functions: Vec<WrappedFunction>,
    /// What becomes of blocks.
    pub(crate) frees: BlockFrees,
    /// What else there is.
    pub(crate) seen: SeenFunctions,
}
