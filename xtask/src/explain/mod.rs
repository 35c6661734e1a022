//! What keeps an object alive: gets a heap snapshot from an engine, finds the path, describes it.
//!
//! In: a cell, a snapshot of an engine's heap. Out: explanations, in the same words for every engine.
//! It knows no results, and not how an explanation is drawn.

pub mod answer;
mod cutting;
pub mod explanation;
pub mod growth;
pub mod heaps;
pub mod keeping;
pub mod kept;
pub mod leak;
pub mod leaks;
pub mod made_scripts;
mod main_group;
pub mod merging;
pub mod place;
pub mod program_files;
pub mod question;
pub mod repeats;
pub mod script_text;
pub mod snapshots;
pub mod sources;
mod storage;
pub mod words;
