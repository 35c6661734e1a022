//! One cell of a command: it is run, with a progress line.

use crate::cell::limits::GivenLimits;
use crate::cell::run::Cell;
use crate::guest::guests::Guests;
use crate::results::cell_row::{CellRow, PlanPlace};
use crate::run::session::Session;
use anyhow::Result;

/// Runs a cell; `None` if the command was interrupted meanwhile.
pub fn run_cell(
    cell: Cell<'_>,
    place: PlanPlace,
    guests: &Guests,
    given: &GivenLimits,
    session: &Session,
) -> Result<Option<CellRow>> {
    let line = session.progress.begin(&name_of(cell));
    let facts = cell.run(guests, given, session)?;
    drop(line);
    if session.is_interrupted() {
        return Ok(None);
    }
    Ok(Some(CellRow::of(facts, place)))
}

/// A cell in a line of its own: `m0 on v8`.
pub fn name_of(cell: Cell<'_>) -> String {
    format!("{} on {}", cell.case.title, cell.program.label())
}
