//! `test --list`: the cells that would run.

use crate::base::output;
use crate::base::status::Status;
use crate::base::text::inert;
use crate::command::events;
use crate::command::flags::MessageFormat;
use crate::command::planned::PlannedCell;
use crate::results::document::Results;
use crate::results::event::ListedCell;
use crate::show::columns::columns;
use anyhow::Result;

/// Prints a line for each cell of the plan: its case, its program, and what that lacks, if the cell would be skipped.
/// The results have no cells yet.
pub fn list(planned: &[PlannedCell<'_>], results: &Results, format: MessageFormat) -> Result<Status> {
    if format == MessageFormat::Json {
        events::list_started(results)?;
        for cell in planned {
            events::cell_listed(ListedCell {
                number: cell.number,
                case: &cell.cell.case.name,
                program: cell.program,
                run: cell.run,
                lacks: cell.cell.lacks().map(|feature| feature.to_string()),
            })?;
        }
        return Ok(Status::Expected);
    }
    let first_runs = planned.iter().filter(|cell| cell.run == 1);
    let rows: Vec<Vec<String>> = first_runs.map(|cell| row(cell, results)).collect();
    output::print(&columns(&rows))?;
    Ok(Status::Expected)
}

fn row(cell: &PlannedCell<'_>, results: &Results) -> Vec<String> {
    let program = &results.programs[cell.program];
    let skipped = cell.cell.lacks().map(|feature| format!("skipped no {feature}"));
    vec![
        inert(&cell.cell.case.name).into_owned(),
        format!("{}: {}", program.engine, inert(&program.title)),
        skipped.unwrap_or_default(),
    ]
}
