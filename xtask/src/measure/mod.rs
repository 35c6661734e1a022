//! What the numbers are, and what they decide.
//!
//! In: the lines that a script printed. Out: transcript, telemetry, a verdict.
//! All of it is pure. It knows no program, no case and no file.

pub mod telemetry;
pub mod trend;
pub mod verdict;
