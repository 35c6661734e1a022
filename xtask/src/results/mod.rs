//! The record of a run: owned, versioned, written as cells end, read back as a whole.
//!
//! In: the facts of cells; files that this program wrote, of any version. Out: `Results`, the source of everything
//! that is shown. It knows no stage, no process, and not how results are shown.

pub mod bisection;
pub mod cell_changes;
pub mod cell_growth;
pub mod cell_peaks;
pub mod cell_row;
pub mod compared_side;
pub mod comparison;
pub mod curves;
pub mod document;
pub mod event;
pub mod expected_times;
pub mod explanations;
pub mod fingerprint;
pub mod flips;
pub mod gathered;
pub mod last_outcomes;
pub mod merge;
pub mod pairing;
pub mod partitions;
pub mod program_order;
pub mod program_row;
pub mod reading;
pub mod record;
pub mod reduced;
pub mod repeated;
pub mod spread;
pub mod times;
pub mod version_1;
