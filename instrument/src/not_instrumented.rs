//! Why a module was left as it was.

use crate::role::Role;
use crate::seen::SeenFunctions;
use std::error::Error;
use std::fmt;

/// Why there is no module that reports its blocks. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotInstrumented {
    /// It does not begin like a module.
    NoModule {
        /// In the words of the decoder.
        why: String,
    },
    /// It is a component; the modules in it can be instrumented.
    Component,
    /// It is cut short, malformed, or uses what this version does not know.
    Undecodable {
        /// In the words of the decoder.
        why: String,
        /// The position in the module, in bytes.
        offset: u64,
    },
    /// It is, or would be, larger than engines take.
    TooLarge {
        /// What there is too much of: `bytes`, `functions`.
        what: &'static str,
        /// How much of it.
        count: usize,
        /// How much engines take.
        limit: usize,
    },
    /// It reports its blocks already.
    Already,
    /// What the caller named as the allocator cannot be wrapped.
    Given {
        /// What was named: an export, or an index.
        name: String,
        /// Why not, as the end of a sentence.
        why: String,
    },
    /// The allocator is in another module. Blocks can be counted there, or where this one imports it.
    Imported {
        /// The functions that are imported.
        functions: Vec<ImportedAllocator>,
        /// What else there is.
        seen: SeenFunctions,
    },
    /// No allocator was found.
    NoAllocator {
        /// Why, as a sentence.
        why: NoAllocatorReason,
        /// What there is.
        seen: SeenFunctions,
    },
}

/// A function of an allocator that a module imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedAllocator {
    /// Its index.
    pub function: u32,
    /// The module that it is imported from.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// What it does.
    pub role: Role,
}

/// Why no allocator was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAllocatorReason {
    /// No function has a name that is known.
    NoName,
    /// Only functions were found through which scripts allocate (`__wbindgen_malloc`). The module
    /// itself allocates by another way, which has no name, and whose structure leaves doubts.
    OnlyForScripts,
    /// More functions than any allocator has are named like one.
    NamesLie,
}

impl NotInstrumented {
    pub(crate) fn undecodable(why: &str, offset: usize) -> NotInstrumented {
        NotInstrumented::Undecodable {
            why: why.to_owned(),
            offset: offset as u64,
        }
    }
}

impl From<wasmparser::Error> for NotInstrumented {
    fn from(error: wasmparser::Error) -> NotInstrumented {
        NotInstrumented::Undecodable {
            why: error.message().to_owned(),
            offset: error.offset(),
        }
    }
}

impl fmt::Display for NoAllocatorReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            NoAllocatorReason::NoName => "no function has the name of an allocator's",
            NoAllocatorReason::OnlyForScripts => {
                "only the functions through which scripts allocate have names, and the structure of the module does not \
                 decide which ones it uses itself"
            }
            NoAllocatorReason::NamesLie => "more functions are named like an allocator's than any allocator has",
        })
    }
}

impl fmt::Display for NotInstrumented {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotInstrumented::NoModule { why } => write!(out, "it is no WebAssembly module: {why}"),
            NotInstrumented::Component => {
                out.write_str("it is a component, not a module; the modules in it can be instrumented")
            }
            NotInstrumented::Undecodable { why, offset } => {
                write!(out, "the module cannot be decoded at offset 0x{offset:x}: {why}")
            }
            NotInstrumented::TooLarge { what, count, limit } => {
                write!(out, "it has {count} {what}, and engines take {limit}")
            }
            NotInstrumented::Already => out.write_str("the module reports its blocks already"),
            NotInstrumented::Given { name, why } => write!(out, "`{name}` cannot be wrapped: {why}"),
            NotInstrumented::Imported { functions, .. } => {
                out.write_str("the allocator is in another module: imported")?;
                for (index, function) in functions.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(out, "{comma} `{}.{}`", function.module, function.name)?;
                }
                Ok(())
            }
            NotInstrumented::NoAllocator { why, seen } => write!(out, "no allocator was found: {why}; {seen}"),
        }
    }
}

impl Error for NotInstrumented {}
