//! `cargo xtask test`: runs cases on engines and compares with what is expected.

use crate::base::directories::Checkout;
use crate::base::file;
use crate::base::output::{self, Status};
use crate::case::places::{self as case, Case};
use crate::cell::cell::{Cell, Times};
use crate::command::flags::TestFlags;
use crate::command::prepare::prepare;
use crate::engine::search::Found;
use crate::install::installer as install;
use crate::results::document as results;
use crate::results::repeat::{Repeated, group};
use crate::run::interrupt::Interrupt;
use crate::run::process::Limits;
use crate::run::progress::Progress;
use crate::run::schedule;
use crate::show::failure::failure;
use crate::show::table::{summary, table};
use anyhow::{Context, Result, ensure};
use std::num::NonZeroUsize;
use std::time::Instant;

pub fn test(flags: TestFlags, interrupt: &Interrupt) -> Result<Status> {
    let started = Instant::now();
    interrupt.listen()?;
    let checkout = Checkout::find()?;
    let cases = case::read(&checkout, &flags.cases)?;
    ensure!(
        !cases.is_empty(),
        "there is no case to run in `{}`",
        checkout.js().display()
    );
    if let Some(path) = &flags.json {
        file::can_be_written(path, "--json")?;
    }
    if flags.install {
        install::install(&checkout, &cases, &flags.engines.engines, interrupt)?;
    }

    let progress = Progress::default();
    let (guests, found) = prepare(&checkout, &cases, &flags.engines.engines, &progress, interrupt)?;
    let cells = cells(&cases, &found, flags.repeat);
    let times = Times::read(&checkout)?;
    let limits = Limits::of_case(flags.timeout);
    let jobs = flags.jobs.unwrap_or_else(schedule::cores);
    let facts = schedule::all(
        &cells,
        |cell| times.of(cell),
        jobs,
        interrupt,
        |cell| {
            let line = progress.begin_cell(cell);
            let facts = cell.run(&checkout, &guests, limits, interrupt)?;
            drop(line);
            if interrupt.signal().is_none() {
                progress.end_cell(&facts);
            }
            Ok(facts)
        },
    )?;
    if interrupt.signal().is_some() {
        let done = facts.iter().filter(|facts| facts.judgement.numbers.is_some()).count();
        output::note(&format!("interrupted: {done} of {} cells had ended", cells.len()));
        return Ok(Status::NoAnswer);
    }
    if let Err(error) = times.write(&facts) {
        output::warn(&format!("{error:#}"));
    }
    report(&group(facts, flags.repeat.get()), &found, &flags, started)
}

/// The plan: case by case, each on every program, as often as asked.
fn cells<'a>(cases: &'a [Case], found: &'a Found, repeat: NonZeroUsize) -> Vec<Cell<'a>> {
    let row = |case| found.programs.iter().map(move |program| Cell { case, program });
    let again = |cell| std::iter::repeat_n(cell, repeat.get());
    cases.iter().flat_map(row).flat_map(again).collect()
}

/// Prints the table on standard output, and all else on standard error.
fn report(cells: &[Repeated<'_>], found: &Found, flags: &TestFlags, started: Instant) -> Result<Status> {
    output::print(&table(cells, &found.programs, &found.missing))?;
    for text in cells.iter().filter_map(failure) {
        output::note(&format!("\n{}", text.trim_end()));
    }
    if !found.missing.is_empty() {
        output::note("\nengines are missing; `cargo xtask engines` says how to get them");
    }
    let missing = cells.len() / found.programs.len().max(1) * found.missing.len();
    output::note(&format!(
        "\n{}",
        summary(cells, missing, started.elapsed().as_secs_f64())
    ));
    // Last, for what was found is worth more than what can be kept of it.
    if let Some(path) = &flags.json {
        let json = results::json(cells, &found.programs, &found.missing);
        file::write(path, &json.context("failed to put the results into JSON")?)?;
    }
    let fine = cells.iter().all(|cell| cell.outcome().is_fine());
    Ok(if fine { Status::Expected } else { Status::Unexpected })
}
