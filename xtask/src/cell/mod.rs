//! A cell: one case on one program, run and judged.
//!
//! In: cases, programs, guests that are built. Out: the facts of each cell, and what they amount to.
//! It builds no command lines, and knows nothing of how its facts are kept or shown.

pub mod judge;
pub mod run;
pub mod transcript;
