//! `report`: one page of any number of results, and of the explanations of what leaks.

use crate::base::status::Status;
use crate::base::{file, invocation, output, text};
use crate::cell::limits::GivenLimits;
use crate::cell::run::Cell;
use crate::command::limit_flags::LimitFlags;
use crate::command::result_flags::PageFlags;
use crate::command::{reports, result_files};
use crate::explain::answer::{Asking, explain_cell};
use crate::guest::guests::Guests;
use crate::results::document::Results;
use crate::results::explanations::{self, ExplanationRow};
use crate::results::gathered::{Gathered, gather};
use crate::results::partitions;
use crate::results::reduced::ReducedCell;
use crate::run::schedule;
use crate::run::session::Session;
use crate::show::page::cell::Beside;
use crate::show::page::whole::page;
use anyhow::{Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// Reads the files, writes the page, and prints its path.
pub fn report(flags: &PageFlags, session: &Session) -> Result<Status> {
    let out = match &flags.out {
        Some(out) => out.clone(),
        None => usual(session)?,
    };
    file::can_be_written(&out, "--out")?;
    let files = result_files::files(&flags.results)?;
    for path in &files {
        ensure!(
            !is_same(path, &out),
            "`{}` would be replaced by the page: give `--out` another file",
            path.display()
        );
    }
    let read = result_files::read(&files, ReducedCell::of)?;
    ensure!(
        !read.results.is_empty(),
        "there are only explanations: name a file that `test --json` wrote, too"
    );
    let all = gather(read.results);
    for warning in partitions::warnings(&all.runs) {
        output::warn(&warning);
    }
    write(&out, &all, &read.explanations)?;
    if let Some(one) = all.as_one() {
        let seconds = one.cells.iter().map(|cell| cell.seconds).sum();
        reports::summary(&one, seconds).transpose()?;
    }
    output::print(&format!("{}\n", text::inert(&out.display().to_string())))?;
    Ok(Status::Expected)
}

/// Where a page is written if no file is named.
pub fn usual(session: &Session) -> Result<PathBuf> {
    Ok(session.directories.scratch("reports")?.join("report.html"))
}

/// Writes the page of the run that was just made.
pub fn write_run(out: &Path, results: &Results, answers: &[ExplanationRow]) -> Result<()> {
    let mut run = results.clone();
    let cells = std::mem::take(&mut run.cells);
    let run = run.with_cells(cells.into_iter().map(ReducedCell::of).collect());
    write(out, &gather(vec![("this run".to_owned(), run)]), answers)
}

/// Asks what keeps alive what leaks in these cells; an engine that has no answer gives the reason.
pub fn explanations(
    cells: &[Cell<'_>],
    limits: &LimitFlags,
    guests: &Guests,
    session: &Session,
) -> Result<Vec<ExplanationRow>> {
    let jobs = schedule::cores();
    let given = GivenLimits {
        time: limits.timeout,
        ..GivenLimits::usual(jobs.get())
    };
    let ask = |cell: Cell<'_>| {
        let _line = session
            .progress
            .begin(&format!("explain {} on {}", cell.case.title, cell.program.label()));
        Ok(explain_cell(cell, Asking::default(), guests, &given, session))
    };
    let explained = schedule::all(cells, |_| 0.0, jobs, session, ask).outcomes;
    // What a signal cut off is no answer.
    let whole = explained.iter().filter(|_| !session.is_interrupted());
    whole
        .map(|cell| explanations::row(serde_json::to_value(cell)?))
        .collect()
}

fn write(out: &Path, all: &Gathered, explanations: &[ExplanationRow]) -> Result<()> {
    let beside = Beside {
        explanations,
        command: invocation::name(),
    };
    file::write(out, page(all, beside).as_bytes())
}

/// Whether both paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
