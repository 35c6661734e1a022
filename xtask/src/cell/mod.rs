//! A cell: one case on one program, run and judged.
//!
//! In: cases, programs, built guests. Out: the facts of each cell, and its judgement.
//! It builds no command lines, and does not know how its facts are kept or shown.

pub mod accepted;
pub mod block_places;
pub mod in_sources;
pub mod judge;
pub mod limits;
pub mod line_set;
pub mod needs;
pub mod run;
pub mod script_error;
pub mod transcript;
