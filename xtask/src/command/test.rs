//! `test`: runs cases on programs and compares them with their expectations.

use crate::base::status::Status;
use crate::base::{invocation, output, text};
use crate::case::Case;
use crate::case::checkout::MissingExpectation;
use crate::cell::run::Cell;
use crate::command::flags::{MessageFormat, TestFlags};
use crate::command::one_cell::{name_of, run_cell};
use crate::command::planned::{PlannedCell, planned};
use crate::command::status_flags::StatusLevel;
use crate::command::{accept, choice, events, list, part, plan, report, reports};
use crate::engine::found::Found;
use crate::engine::wanted::WantedEngine;
use crate::guest::guests::Guests;
use crate::install::installer::{install_engines, install_tools};
use crate::measure::block_findings::BlockOwners;
use crate::measure::census::Census;
use crate::measure::verdict::Verdict;
use crate::results::cell_row::{CellRow, PlanPlace};
use crate::results::document::Results;
use crate::results::expected_times::ExpectedTimes;
use crate::results::program_row::ProgramRow;
use crate::results::record::Record;
use crate::results::repeated::group;
use crate::results::times::Times;
use crate::run::commit::checked_out;
use crate::run::keys::PressedKeys;
use crate::run::schedule;
use crate::run::session::Session;
use crate::show::census_text::findings;
use crate::show::failure::failures;
use crate::show::flips_text::flips_text;
use crate::show::table::{repeated_line, status_line, summary, table};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

pub fn test(flags: &TestFlags, session: &Session) -> Result<Status> {
    let started = Instant::now();
    let missing = match flags.accept {
        Some(_) => MissingExpectation::Allowed,
        None => MissingExpectation::Refused,
    };
    let mut cases = plan::cases_with("test", &flags.cases, missing, session)?;
    choice::without_excluded(&mut cases, &flags.filters.cells)?;
    reports::check(flags)?;
    let times = match flags.part.partition.is_some() || flags.filters.quick {
        true => part::expected_times(&flags.part, session)?,
        false => ExpectedTimes::default(),
    };
    let engines = flags.engines.selection();
    if flags.install {
        install_engines(engines, session)?;
    }
    let mut found = plan::find(engines, session)?;
    plan::without_pages(&mut cases, &flags.cases, &found);
    let quick = flags.filters.quick.then_some(&times);
    let Some(choice) = choice::choose(&flags.filters.cells, &mut cases, &mut found, quick, session)? else {
        return Ok(Status::Expected);
    };
    if flags.filters.list {
        let (cells, results) = begin(
            planned(&cases, &found, &choice, flags.repeat.get()),
            &found,
            &times,
            flags,
        );
        return list::list(&cells, &results, flags.reports.message_format);
    }
    if flags.install {
        install_tools(&cases, session)?;
    }
    let (guests, found) = plan::prepare_found(&cases, found, session)?;
    let (cells, mut results) = begin(
        planned(&cases, &found, &choice, flags.repeat.get()),
        &found,
        &times,
        flags,
    );
    results.commit = checked_out(&tree_of(&cases, session), session);
    let (results, record, error) = run(&cells, results, &guests, flags, session)?;
    let status = report(&results, flags, session, started);
    let status = events::ended(&results, flags.reports.message_format, started).and(status);
    let page_cells = planned(&cases, &found, &choice, 1);
    let status = write_page(&results, &page_cells, &guests, flags, session).and(status);
    if results.not_run() > 0 {
        let why = if session.is_interrupted() {
            "interrupted"
        } else {
            "stopped"
        };
        let (ended, planned) = (results.cells.len(), results.planned);
        output::note(&format!(
            "{why}: {ended} of {planned} runs of cells ended, {} did not; the record is `{}`",
            results.not_run(),
            text::inert(&record.path().display().to_string())
        ));
    }
    match error {
        // What ended is shown; but this is no answer.
        Some(error) => Err(error),
        None if session.is_interrupted() || results.not_run() > 0 => status,
        None => match flags.accept {
            Some(how) => status.and_then(|_| accept::accept(&cases, &results, how)),
            None => status,
        },
    }
}

/// The cells to run, those of the part if there is one, and the results before any has run.
fn begin<'a>(
    whole: Vec<PlannedCell<'a>>,
    found: &Found,
    times: &ExpectedTimes,
    flags: &TestFlags,
) -> (Vec<PlannedCell<'a>>, Results) {
    let programs: Vec<ProgramRow> = found.programs.iter().map(ProgramRow::of).collect();
    let (cells, partition) = match flags.part.partition {
        Some(partition) => {
            let (cells, row) = part::chosen(whole, &programs, partition, times);
            (cells, Some(row))
        }
        None => (whole, None),
    };
    let missing = found.missing.iter().map(WantedEngine::name).collect();
    let mut results = Results::begin(programs, missing, cells.len());
    results.partition = partition;
    (cells, results)
}

/// Runs all cells, and records each as it ends. After an interrupt or an error, which is
/// returned beside them, the results are the cells that ended.
fn run(
    cells: &[PlannedCell<'_>],
    mut results: Results,
    guests: &Guests,
    flags: &TestFlags,
    session: &Session,
) -> Result<(Results, Record, Option<anyhow::Error>)> {
    let directory = session.directories.scratch("runs")?;
    let key = |planned: &PlannedCell<'_>| {
        let program = results.programs[planned.program].program.clone();
        (planned.cell.case.name.clone(), program)
    };
    let keys: Vec<(String, String)> = cells.iter().map(key).collect();
    let former = Times::read(&directory, &keys);
    let record = Record::begin(&directory, &results).map_err(|error| session.directories.advise(error))?;
    let recorded = AtomicBool::new(true);
    let jobs = flags.jobs.unwrap_or_else(schedule::cores);
    let given = flags.limits.given(jobs.get());
    events::started(&results, flags.reports.message_format)?;
    session.progress.plan(cells.len());
    let keys = PressedKeys::listen(&session.progress);
    let began = Instant::now();
    let scheduled = schedule::all(
        cells,
        |planned| {
            let (case, program) = key(&planned);
            former.of(&case, &program)
        },
        jobs,
        session,
        |planned| {
            let place = PlanPlace {
                number: planned.number,
                program: planned.program,
                run: planned.run,
                began: began.elapsed().as_secs_f64(),
            };
            events::cell_started(&planned.cell.case.name, place, flags.reports.message_format)?;
            let Some(row) = run_cell(planned.cell, place, guests, &given, session)? else {
                return Ok(None);
            };
            // A failure to write the record must not lose the results.
            if let Err(error) = record.append(&row)
                && recorded.swap(false, Ordering::SeqCst)
            {
                output::warn(&format!("{error:#}; the results are printed, but not recorded"));
            }
            session.progress.cell_ended();
            show_line(&row, planned.cell, flags.status.status_level, session);
            events::cell_ended(&row, flags.reports.message_format)?;
            let is_needed = !row.outcome.is_fine() || reports::have_output(flags);
            Ok(Some(if is_needed { row } else { row.without_output() }))
        },
    );
    drop(keys);
    session.progress.cells_over();
    results.cells = scheduled.outcomes.into_iter().flatten().collect();
    Ok((results, record, scheduled.error))
}

/// A directory of the tree whose commit counts: that of the first script of a user's own, else the checkout.
fn tree_of(cases: &[Case], session: &Session) -> PathBuf {
    let own = cases.iter().find(|case| case.own().is_some());
    let checkout = session.directories.checkout().unwrap_or(Path::new("."));
    own.map_or(checkout, Case::root).to_owned()
}

/// Writes the page of the run, if it is wanted, with what keeps alive what leaked.
fn write_page(
    results: &Results,
    planned: &[PlannedCell<'_>],
    guests: &Guests,
    flags: &TestFlags,
    session: &Session,
) -> Result<()> {
    let Some(path) = &flags.reports.report else {
        return Ok(());
    };
    let leaks = |planned: &PlannedCell<'_>| {
        let is_it = |row: &&CellRow| row.case == planned.cell.case.name && row.program == planned.program;
        let leaked = |row: &CellRow| row.verdict == Some(Verdict::Leaks);
        results.cells.iter().filter(is_it).any(leaked)
    };
    let leaking = planned.iter().filter(|planned| leaks(planned));
    let cells: Vec<Cell<'_>> = leaking.map(|planned| planned.cell).collect();
    let answers = report::explanations(&cells, &flags.limits, guests, session)?;
    let path = path.clone().map_or_else(|| report::usual(session), Ok)?;
    report::write_run(&path, results, &answers)?;
    output::note(&format!("the report is `{}`", text::inert(&path.display().to_string())));
    Ok(())
}

/// Prints the line of a cell that has ended, if it gets one.
fn show_line(row: &CellRow, cell: Cell<'_>, level: Option<StatusLevel>, session: &Session) {
    let line = status_line(row.outcome, &name_of(cell), row.seconds);
    match level {
        None => session.progress.keep(&line),
        Some(level) if level.shows(row.outcome) => session.progress.print(&line),
        Some(_) => {}
    }
}

/// The command that explains the first script of a user's that leaks; none if none does. Of blocks that no
/// object keeps there is nothing to explain.
fn to_explain(results: &Results) -> Option<String> {
    let is_by_objects =
        |census: &Census| !matches!(census.blocks.owner, Some(BlockOwners::Gone | BlockOwners::Collector));
    let leaks = |row: &&CellRow| {
        let census = row.census.as_ref();
        census.is_some_and(|census| census.verdict == Verdict::Leaks && is_by_objects(census))
    };
    let row = results.cells.iter().find(leaks)?;
    Some(format!(
        "{} explain {}",
        invocation::name(),
        text::shell_word(&row.case)
    ))
}

/// Prints the table on standard output and everything else on standard error.
fn report(results: &Results, flags: &TestFlags, session: &Session, started: Instant) -> Result<Status> {
    // The file is written even if standard output cannot be.
    let printed = match flags.reports.message_format {
        MessageFormat::Text => {
            let table = table(results, output::width());
            output::print(&format!("{table}{}{}", flips_text(results), findings(results)))
        }
        MessageFormat::Json => Ok(()),
    };
    let groups = group(&results.cells);
    for text in failures(&groups, results, invocation::name()) {
        output::note(&format!("\n{}", text.trim_end()));
    }
    if let Some(command) = to_explain(results) {
        output::note(&format!("\n`{command}` tells what keeps it alive"));
    }
    if !results.missing.is_empty() {
        output::note(&format!(
            "\nengines are missing; `{} engines` shows how to install them",
            invocation::name()
        ));
    }
    let final_lines = groups
        .iter()
        .filter(|cell| flags.status.final_status_level.shows(cell.outcome()));
    let final_lines: Vec<String> = final_lines.map(|cell| repeated_line(cell, results)).collect();
    if !final_lines.is_empty() {
        output::note(&format!("\n{}", final_lines.join("\n")));
    }
    output::note(&format!("\n{}", summary(results, started.elapsed().as_secs_f64())));
    reports::write(results, flags, session, started)?;
    printed?;
    let fine = groups.iter().all(|cell| cell.outcome().is_fine());
    Ok(if fine { Status::Expected } else { Status::Unexpected })
}
