//! Recipes for missing tools, and their installation with `--install`.
//!
//! In: missing tools. Out: commands, shown or run.
//! It knows no case by name, and does not decide which tools are missing.

pub mod installer;
pub mod recipes;
