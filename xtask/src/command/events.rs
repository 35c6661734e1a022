//! The events of `test --message-format json`, on standard output.

use crate::base::output;
use crate::command::flags::MessageFormat;
use crate::results::cell_row::{CellRow, PlanPlace};
use crate::results::document::Results;
use crate::results::event::{ListedCell, RunEnd, RunEvent};
use anyhow::{Context, Result};
use std::time::Instant;

/// Before cells that are listed.
pub fn list_started(results: &Results) -> Result<()> {
    print(MessageFormat::Json, || RunEvent::ListStarted(results))
}

pub fn cell_listed(cell: ListedCell<'_>) -> Result<()> {
    print(MessageFormat::Json, || RunEvent::CellListed(cell))
}

pub fn started(results: &Results, format: MessageFormat) -> Result<()> {
    print(format, || RunEvent::RunStarted(results))
}

pub fn cell_started(case: &str, place: PlanPlace, format: MessageFormat) -> Result<()> {
    print(format, || RunEvent::CellStarted {
        number: place.number,
        case,
        program: place.program,
        run: place.run,
    })
}

pub fn cell_ended(cell: &CellRow, format: MessageFormat) -> Result<()> {
    print(format, || RunEvent::CellEnded { cell })
}

/// The last event; the command began at `began`.
pub fn ended(results: &Results, format: MessageFormat, began: Instant) -> Result<()> {
    print(format, || {
        RunEvent::RunEnded(RunEnd::of(results, began.elapsed().as_secs_f64()))
    })
}

fn print<'a>(format: MessageFormat, event: impl FnOnce() -> RunEvent<'a>) -> Result<()> {
    match format {
        MessageFormat::Text => Ok(()),
        // A line is written at once, whichever thread it comes from.
        MessageFormat::Json => output::print_data(&event().line().context("failed to put an event into JSON")?),
    }
}
