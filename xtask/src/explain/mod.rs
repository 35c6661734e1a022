//! What keeps an object alive: asks an engine for its heap, finds the path, puts it into words.
//!
//! In: a cell, a snapshot of an engine's heap. Out: explanations, in the same words for every engine.
//! It knows no results, and not how an explanation is drawn.

pub mod answer;
pub mod explanation;
pub mod question;
pub mod sources;
