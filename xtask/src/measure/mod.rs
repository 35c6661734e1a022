//! What the numbers are, and what they decide.
//!
//! In: the lines that a script printed. Out: transcript, telemetry, a verdict.
//! All of it is pure. It knows no program, no case and no file.

pub mod block_findings;
pub mod block_growth;
pub mod block_notes;
pub mod census;
pub mod census_events;
pub mod census_places;
pub mod census_seen;
pub mod dom_growth;
pub mod growth;
pub mod kind_growth;
pub mod numbers;
pub mod replaced;
pub mod stack_text;
pub mod seen;
pub mod telemetry;
#[cfg(test)]
mod tests;
pub mod trend;
pub mod verdict;
pub mod watched;
