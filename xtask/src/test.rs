//! `cargo xtask test`: runs cases on engines and compares with what is expected.

use crate::case::{self, Case};
use crate::cell::{Cell, Facts, Times};
use crate::checkout::Checkout;
use crate::failure::failure;
use crate::file;
use crate::find::{self, Found};
use crate::flags::TestFlags;
use crate::guest;
use crate::install::{self, hint};
use crate::interrupt::Interrupt;
use crate::output::{self, Status};
use crate::process::Limits;
use crate::progress::Progress;
use crate::recipe::Need;
use crate::results;
use crate::schedule;
use crate::table::{summary, table};
use anyhow::{Context, Result, bail, ensure};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

/// How much a cell may print, in bytes.
const OUTPUT: u64 = 16 << 20;

pub fn test(flags: TestFlags, interrupt: &Interrupt) -> Result<Status> {
    let started = Instant::now();
    interrupt.listen()?;
    let checkout = Checkout::find()?;
    let cases = case::choose(case::all(&checkout)?, &flags.cases, &checkout)?;
    ensure!(
        !cases.is_empty(),
        "there is no case to run in `{}`",
        checkout.js().display()
    );
    if let Some(path) = &flags.json {
        let directory = file::directory(path);
        ensure!(
            directory.is_dir(),
            "`{}` is no directory to write `{}` to",
            directory.display(),
            path.display()
        );
    }
    if flags.install {
        install::install(&checkout, &flags.engines.engines, interrupt)?;
    }

    let progress = Progress::default();
    let (guest, found) = prepare(&checkout, &flags, &progress, interrupt)?;
    found.passed_over.iter().for_each(|word| output::warn(word));
    enough(&found, &flags)?;

    let cells = cells(&cases, &found);
    let times = Times::read(&checkout)?;
    let limits = Limits {
        time: flags.timeout,
        output: OUTPUT,
    };
    let jobs = flags
        .jobs
        .or(thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN);
    let facts = schedule::all(&cells, &times, jobs, interrupt, |cell| {
        let line = progress.begin_cell(cell);
        let facts = cell.run(&checkout, &guest, limits, interrupt);
        drop(line);
        progress.end_cell(&facts);
        facts
    });
    if interrupt.signal().is_some() {
        let done = facts.iter().filter(|facts| facts.judgement.verdict.is_some()).count();
        output::note(&format!("interrupted: {done} of {} cells had ended", cells.len()));
        return Ok(Status::NoAnswer);
    }
    if let Err(error) = times.write(&facts) {
        output::warn(&format!("{error:#}"));
    }
    report(&facts, &found, &flags, started)
}

/// Builds the guest and finds the engines, side by side.
fn prepare(
    checkout: &Checkout,
    flags: &TestFlags,
    progress: &Progress,
    interrupt: &Interrupt,
) -> Result<(PathBuf, Found)> {
    let (guest, found) = thread::scope(|scope| {
        let found = scope.spawn(|| find::find(checkout, &flags.engines.engines, interrupt));
        let guest = guest::build(checkout, progress, interrupt);
        (guest, found.join())
    });
    let Ok(found) = found else {
        bail!("the search for engines panicked");
    };
    // What is wrong with the command line is more to the point than what is wrong with the guest.
    let found = found?;
    Ok((guest?, found))
}

/// An engine that was asked for by name has to be there, and there has to be one at all.
fn enough(found: &Found, flags: &TestFlags) -> Result<()> {
    let named = !flags.engines.engines.is_empty();
    if found.missing.is_empty() || !(named || found.programs.is_empty()) {
        return Ok(());
    }
    let names: Vec<&str> = found.missing.iter().map(|engine| engine.title).collect();
    let needs: Vec<Need> = found.missing.iter().map(|engine| Need::Shell(engine)).collect();
    bail!("no engine was found for {}{}", names.join(", "), hint(&needs));
}

/// The plan: case by case, each on every program.
fn cells<'a>(cases: &'a [Case], found: &'a Found) -> Vec<Cell<'a>> {
    let row = |case| found.programs.iter().map(move |program| Cell { case, program });
    cases.iter().flat_map(row).collect()
}

/// Prints the table on standard output, and all else on standard error.
fn report(facts: &[Facts<'_>], found: &Found, flags: &TestFlags, started: Instant) -> Result<Status> {
    if let Some(path) = &flags.json {
        write_json(path, facts, found)?;
    }
    output::print(&table(facts, &found.programs, &found.missing))?;
    for text in facts.iter().filter_map(failure) {
        output::note(&format!("\n{}", text.trim_end()));
    }
    if !found.missing.is_empty() {
        let needs: Vec<Need> = found.missing.iter().map(|engine| Need::Shell(engine)).collect();
        output::note(&format!("\nengines are missing{}", hint(&needs)));
    }
    let missing = facts.len() / found.programs.len().max(1) * found.missing.len();
    output::note(&format!(
        "\n{}",
        summary(facts, missing, started.elapsed().as_secs_f64())
    ));
    let fine = facts.iter().all(|facts| facts.judgement.outcome.is_fine());
    Ok(if fine { Status::Expected } else { Status::Unexpected })
}

fn write_json(path: &Path, facts: &[Facts<'_>], found: &Found) -> Result<()> {
    let json = results::json(facts, &found.programs, &found.missing).context("failed to put the results into JSON")?;
    file::write(path, &json)
}
