//! `compare`: what changed from the results of one run, or of several, to those of another.

use crate::base::status::Status;
use crate::base::text::json_without_commands;
use crate::base::{output, text};
use crate::command::result_files;
use crate::command::result_flags::{CompareFlags, ComparisonFormat};
use crate::results::cell_row::CellRow;
use crate::results::compared_side::ComparedSide;
use crate::results::comparison::compare as compare_sides;
use crate::results::partitions;
use crate::show::comparison_text::comparison_text;
use anyhow::{Context, Result, bail};
use std::path::Path;

/// Reads both sides, and prints what changed. The status is that of what got worse.
pub fn compare(flags: &CompareFlags) -> Result<Status> {
    let old = side(&flags.old)?;
    let new = side(&flags.new)?;
    for (path, side) in [(&flags.old, &old), (&flags.new, &new)] {
        for warning in partitions::warnings(&side.all.runs) {
            output::warn(&format!("{}: {warning}", path.display()));
        }
    }
    let comparison = compare_sides(&old, &new);
    match flags.format {
        ComparisonFormat::Text => output::print(&comparison_text(&comparison))?,
        ComparisonFormat::Json => {
            let json = serde_json::to_string_pretty(&comparison).context("failed to put the comparison into JSON")?;
            output::print_data(&format!("{}\n", json_without_commands(&json)))?;
        }
    }
    if comparison.cells.is_empty() {
        bail!(
            "`{}` and `{}` have no cell in common: give results of the same cases and engines",
            text::inert(&flags.old.display().to_string()),
            text::inert(&flags.new.display().to_string())
        );
    }
    Ok(match comparison.worse {
        true => Status::Unexpected,
        false => Status::Expected,
    })
}

fn side(path: &Path) -> Result<ComparedSide> {
    let files = result_files::files(&[path.to_owned()])?;
    let read = result_files::read(&files, CellRow::without_output)?;
    Ok(ComparedSide::of(read.results, read.explanations))
}
