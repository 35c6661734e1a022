//! What a program may take, and why it was ended.

use crate::run::clock::Overrun;
use crate::run::memory::MemoryOverrun;
use std::time::Duration;

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Processor time; see [`Clock`](crate::run::clock::Clock).
    pub time: Duration,
    /// Bytes on standard output and standard error together.
    pub output: u64,
    /// Bytes in memory, of all its processes together.
    pub memory: u64,
}

/// Why a program was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    TimedOut(Overrun),
    TookMemory(MemoryOverrun),
    /// It printed more than this many bytes, or too many lines.
    Flooded(u64),
    Interrupted,
}
