//! The functions that an instrumented module imports, by which it reports its blocks.

/// The module that they are imported from.
pub const REPORT_MODULE: &str = "wasm-leaks";

/// What an instrumented module reports, and so the functions that it may import: each only if one of
/// its wrappers needs it. All parameters are numbers (`f64`): addresses and sizes in bytes, never
/// negative; none is a BigInt, in modules with addresses of 64 bits either. Nothing is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockReport {
    /// `allocated(pointer, size)`
    Allocated,
    /// `freed(pointer)`
    Freed,
    /// `reallocating(pointer)`
    Reallocating,
    /// `reallocated(before, pointer, size)`
    Reallocated,
}

impl BlockReport {
    /// All of them, in the order in which they are imported.
    pub const ALL: [BlockReport; 4] = [
        BlockReport::Allocated,
        BlockReport::Freed,
        BlockReport::Reallocating,
        BlockReport::Reallocated,
    ];

    /// The name of the import.
    pub fn name(self) -> &'static str {
        match self {
            BlockReport::Allocated => "allocated",
            BlockReport::Freed => "freed",
            BlockReport::Reallocating => "reallocating",
            BlockReport::Reallocated => "reallocated",
        }
    }

    /// How many numbers it takes.
    pub fn parameters(self) -> usize {
        match self {
            BlockReport::Freed | BlockReport::Reallocating => 1,
            BlockReport::Allocated => 2,
            BlockReport::Reallocated => 3,
        }
    }
}
