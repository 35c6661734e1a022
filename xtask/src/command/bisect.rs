//! `bisect`: between which two versions of an engine the verdict of a case flips.

use crate::base::status::Status;
use crate::base::text::inert;
use crate::base::{file, invocation, output};
use crate::case::Case;
use crate::cell::run::Cell;
use crate::command::bisect_flags::BisectFlags;
use crate::command::{one_cell, plan};
use crate::engine::canary;
use crate::engine::program::Program;
use crate::engine::search;
use crate::engine::version_order::version_order;
use crate::guest::guests::Guests;
use crate::results::bisection::{Bisection, BisectionStep};
use crate::results::cell_row::{CellRow, PlanPlace};
use crate::results::document::Results;
use crate::results::program_row::ProgramRow;
use crate::results::record::Record;
use crate::run::commit::checked_out;
use crate::run::session::Session;
use crate::show::bisection_text::{answer_text, run_line};
use anyhow::{Context, Result, bail, ensure};
use std::time::Instant;

pub fn bisect(flags: &BisectFlags, session: &Session) -> Result<Status> {
    let started = Instant::now();
    if let Some(path) = &flags.json {
        file::can_be_written(path, "--json")?;
    }
    let cases = plan::cases("bisect", std::slice::from_ref(&flags.case), session)?;
    let [case] = &cases[..] else {
        let names: Vec<&str> = cases.iter().map(|case| case.title.as_str()).collect();
        bail!(
            "`bisect` takes one case; these are {}: {}",
            cases.len(),
            names.join(", ")
        );
    };
    let mut programs = versions(flags, session)?;
    let shells: Vec<_> = programs.iter().map(|program| program.shell).collect();
    let guests = plan::guests_for(&cases, &shells, session)?;
    let rows: Vec<ProgramRow> = programs.iter().map(ProgramRow::of).collect();
    let mut results = Results::begin(rows, Vec::new(), programs.len());
    results.commit = checked_out(case.root(), session);
    let step = search(case, &mut programs, &mut results, &guests, flags, session)?;
    output::note(&format!(
        "\n{} of {} versions ran, in {:.1} s",
        results.cells.len(),
        results.programs.len(),
        started.elapsed().as_secs_f64()
    ));
    results.planned = results.cells.len();
    if let Some(path) = &flags.json {
        let json = results.to_json().context("failed to put the results into JSON")?;
        file::write(path, &json)?;
    }
    output::print(&answer_text(step, &results))?;
    Ok(match step {
        BisectionStep::Flips { .. } => Status::Expected,
        BisectionStep::Same { .. } => Status::Unexpected,
        _ => Status::NoAnswer,
    })
}

/// The programs of the engine, the oldest version first.
fn versions(flags: &BisectFlags, session: &Session) -> Result<Vec<Program>> {
    let found = search::find_versions(&flags.engines, session)?;
    found.warnings.iter().for_each(|warning| output::warn(warning));
    let mut programs = found.programs;
    programs.sort_by_key(|program| version_order(program.own_version()));
    if let Some(other) = programs.iter().find(|program| program.engine != programs[0].engine) {
        bail!(
            "`bisect` is about versions of one engine; these are programs of {} and {}",
            programs[0].engine.title,
            other.engine.title
        );
    }
    let titles: Vec<String> = programs
        .iter()
        .map(|program| inert(&program.to_string()).into_owned())
        .collect();
    ensure!(
        programs.len() > 1,
        "`bisect` needs two versions of an engine or more; found: {}; `{} bisect {} --engine NAME --engine NAME=PATH` adds one by its path",
        if titles.is_empty() {
            "none".to_owned()
        } else {
            titles.join(", ")
        },
        invocation::name(),
        crate::base::text::shell_word(&flags.case),
    );
    Ok(programs)
}

/// Runs versions until the answer is there. Each is put to the canary first.
fn search(
    case: &Case,
    programs: &mut [Program],
    results: &mut Results,
    guests: &Guests,
    flags: &BisectFlags,
    session: &Session,
) -> Result<BisectionStep> {
    let directory = session.directories.scratch("runs")?;
    let record = Record::begin(&directory, results).map_err(|error| session.directories.advise(error))?;
    let given = flags.limits.given(1);
    let began = Instant::now();
    let mut bisection = Bisection::of(programs.len());
    loop {
        let version = match bisection.next() {
            BisectionStep::Run(version) => version,
            answer => return Ok(answer),
        };
        let warnings = canary::test(&mut programs[version..=version], session)?;
        warnings.iter().for_each(|warning| output::warn(warning));
        let cell = Cell {
            case,
            program: &programs[version],
        };
        let place = PlanPlace {
            number: results.cells.len(),
            program: version,
            run: 1,
            began: began.elapsed().as_secs_f64(),
        };
        let row: Option<CellRow> = one_cell::run_cell(cell, place, guests, &given, session)?;
        let Some(row) = row else {
            bail!("{} of {} versions had run", results.cells.len(), programs.len());
        };
        record.append(&row)?;
        session.progress.print(&run_line(&row, &results.programs[version]));
        bisection.answered(version, row.verdict);
        results.cells.push(row);
    }
}
