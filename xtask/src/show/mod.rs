//! Results and answers as text: tables, failures, diagrams, pages.
//!
//! In: results, explanations. Out: strings, in which all text from other programs is inert.
//! It knows no case, no program and no path on disk, and prints nothing.

pub mod amounts;
pub mod annotations;
pub mod bisection_text;
pub mod block_text;
pub mod census_text;
pub mod change_text;
pub mod columns;
pub mod comparison_text;
pub mod diagram;
pub mod difference;
pub mod explanation_text;
pub mod failure;
pub mod findings_page;
pub mod flips_text;
pub mod instrument_text;
pub mod junit;
pub mod kind_text;
pub mod leaks_text;
pub mod page;
pub mod path_text;
pub mod place_text;
pub mod program_names;
pub mod summary_page;
pub mod table;
