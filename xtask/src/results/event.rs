//! What happens in a run, as it happens: an event is a JSON object in one line.

use crate::base::text::json_without_commands;
use crate::results::cell_row::{CellRow, OutcomeName};
use crate::results::document::Results;
use crate::results::repeated::{cases, group};
use serde::Serialize;
use std::collections::BTreeMap;

/// An event of `test --message-format json`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RunEvent<'a> {
    /// The results without cells, before cells that are listed and do not run.
    ListStarted(&'a Results),
    /// A run of a cell that would run.
    CellListed(ListedCell<'a>),
    /// The results without cells.
    RunStarted(&'a Results),
    /// A run of a cell begins.
    CellStarted {
        number: usize,
        case: &'a str,
        program: usize,
        run: usize,
    },
    /// It has ended, as the results have it.
    CellEnded { cell: &'a CellRow },
    /// No more cells run.
    RunEnded(RunEnd),
}

/// A run of a cell in a plan that does not run.
#[derive(Debug, Serialize)]
pub struct ListedCell<'a> {
    pub number: usize,
    pub case: &'a str,
    pub program: usize,
    pub run: usize,
    /// The feature for lack of which it would be skipped.
    pub lacks: Option<String>,
}

/// What came of a run.
#[derive(Debug, Serialize)]
pub struct RunEnd {
    planned: usize,
    /// The runs of cells that ended.
    ended: usize,
    /// How many cells have which outcome; an engine that is missing counts once for each case.
    outcomes: BTreeMap<String, usize>,
    /// Whether all that were planned ended as expected.
    expected: bool,
    /// From the start of the command.
    seconds: f64,
}

impl RunEnd {
    /// The end of a run that took so many seconds.
    pub fn of(results: &Results, seconds: f64) -> RunEnd {
        let groups = group(&results.cells);
        let mut outcomes = BTreeMap::new();
        for name in OutcomeName::ALL {
            let count = groups.iter().filter(|cell| cell.outcome() == name).count();
            outcomes.insert(name.to_string(), count);
        }
        let missing = cases(&results.cells).len() * results.missing.len();
        outcomes.insert("missing".to_owned(), missing);
        RunEnd {
            planned: results.planned,
            ended: results.cells.len(),
            outcomes,
            expected: results.not_run() == 0 && groups.iter().all(|cell| cell.outcome().is_fine()),
            seconds,
        }
    }
}

impl RunEvent<'_> {
    /// The line, with its line feed.
    pub fn line(&self) -> serde_json::Result<String> {
        Ok(json_without_commands(&serde_json::to_string(self)?) + "\n")
    }
}
