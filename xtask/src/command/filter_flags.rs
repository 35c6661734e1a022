//! The flags that choose which cells of a plan run.

use crate::engine::feature::Feature;
use crate::measure::verdict::Verdict;
use clap::Args;
use glob::Pattern;

/// Filters of `test`, and whether the cells are only listed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which cells run")]
pub struct FilterFlags {
    /// Print which cells would run, a line each, and run none
    #[arg(long, conflicts_with_all = ["install", "accept", "json", "junit", "report"])]
    pub list: bool,

    #[command(flatten)]
    pub cells: CellFilters,

    /// Only cells that took at most two seconds when they last ran here, or take as long by the times that --partition
    /// uses
    #[arg(long)]
    pub quick: bool,
}

/// Filters of cells: a cell runs if it passes each of them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which cells run")]
pub struct CellFilters {
    /// Leave out the cases whose name matches this pattern; may be repeated
    #[arg(long, value_name = "GLOB", value_parser = pattern)]
    pub not: Vec<Pattern>,

    /// Only cases that need this feature of the engine; of several, all
    #[arg(long, value_enum, value_name = "FEATURE", hide_possible_values = true)]
    pub needs: Vec<Feature>,

    /// Only cells of which this verdict is expected; of several, one
    #[arg(long, value_enum, value_name = "VERDICT", value_delimiter = ',')]
    pub verdict: Vec<Verdict>,

    /// Only cells that were neither ok nor skipped when `test` last ran them, by the records of the last eight runs
    #[arg(long)]
    pub failed: bool,
}

fn pattern(text: &str) -> Result<Pattern, String> {
    Pattern::new(text).map_err(|error| format!("it is no pattern: {error}; expected one such as 'wasm-gc*'"))
}
