//! What a module has that an allocator could be found by.

use std::fmt;

/// How many exports are listed.
pub(crate) const LISTED_EXPORTS: usize = 100;

/// What there was to find an allocator by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeenFunctions {
    /// How many functions there are, with the imported ones.
    pub functions: u32,
    /// How many of them have a name in the section of names.
    pub named: u32,
    /// Whether there is a section of names.
    pub has_names: bool,
    /// The functions that are exported, by name: the first hundred.
    pub exports: Vec<String>,
    /// How many functions are exported.
    pub exported: u32,
    /// Functions that are named like an allocator's, and were not taken.
    pub not_taken: Vec<NotTaken>,
}

/// A function that is named like an allocator's, and was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTaken {
    /// Its index.
    pub function: u32,
    /// Its name, as people read it.
    pub name: String,
    /// Why not, as the end of a sentence.
    pub why: NotTakenReason,
}

/// Why a function that is named like an allocator's was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTakenReason {
    /// It has other parameters or results than such a function.
    Signature,
    /// Its names promise different things.
    Names,
    /// It is imported.
    Imported,
    /// It works on top of others, which are taken.
    Outer,
    /// The blocks that it returns are a collector's.
    Collected,
    /// Only scripts allocate by it.
    ForScripts,
    /// No function was found that allocates what it frees.
    Alone,
}

impl fmt::Display for NotTakenReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            NotTakenReason::Signature => "it has other parameters or results than its name promises",
            NotTakenReason::Names => "its names promise different things",
            NotTakenReason::Imported => "it is imported",
            NotTakenReason::Outer => "it works on top of functions that were taken",
            NotTakenReason::Collected => "a collector takes its blocks back",
            NotTakenReason::ForScripts => "only scripts allocate by it",
            NotTakenReason::Alone => "nothing was found that allocates what it frees",
        })
    }
}

impl fmt::Display for SeenFunctions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.has_names {
            true => write!(out, "{} of {} functions have names", self.named, self.functions)?,
            false => write!(out, "there is no section of names")?,
        }
        write!(out, ", {} functions are exported", self.exported)?;
        for other in &self.not_taken {
            write!(out, "; `{}` was not taken: {}", other.name, other.why)?;
        }
        Ok(())
    }
}
