//! Which cells of a plan run: those that pass every filter of the command line.

use crate::base::suggest::did_you_mean;
use crate::base::{invocation, output, text};
use crate::case::{Case, wildcard};
use crate::command::filter_flags::CellFilters;
use crate::engine::found::Found;
use crate::engine::program::Program;
use crate::results::expected_times::ExpectedTimes;
use crate::results::last_outcomes::{CellKey, LastOutcomes};
use crate::results::program_row::ProgramRow;
use crate::results::times::Times;
use crate::run::session::Session;
use anyhow::{Result, bail};
use std::collections::HashSet;

/// A cell that takes longer is not quick, in seconds.
const QUICK: f64 = 2.0;

/// The chosen cells, by the name of the case and the index of the program.
#[derive(Debug)]
pub struct Choice(HashSet<(String, usize)>);

impl Choice {
    /// Whether the cell runs.
    pub fn has(&self, case: &Case, program: usize) -> bool {
        self.0.contains(&(case.name.clone(), program))
    }
}

/// Takes out the cases that `--not` names. A pattern that matches none is reported: it may be misspelled.
pub fn without_excluded(cases: &mut Vec<Case>, flags: &CellFilters) -> Result<()> {
    for pattern in &flags.not {
        let before = cases.len();
        let names: Vec<String> = cases.iter().map(|case| case.name.clone()).collect();
        cases.retain(|case| {
            ![&case.name, &case.title]
                .iter()
                .any(|name| pattern.matches_with(name, wildcard::OPTIONS))
        });
        let flag = format!("--not {}", text::shell_word(pattern.as_str()));
        if cases.is_empty() {
            bail!("{}", nothing_left(&flag, before, "case"));
        }
        if cases.len() == before {
            let similar = did_you_mean(pattern.as_str(), names.iter().map(String::as_str));
            output::warn(&format!("`{}` leaves out no case{similar}", text::inert(&flag)));
        }
    }
    Ok(())
}

/// Chooses cells; with times only those that take two seconds at most. What has none is taken out of the cases and the programs. `None` if `--failed` finds that all of
/// them were as expected; an error if another filter leaves no cell, or if `--failed` knows none.
pub fn choose(
    flags: &CellFilters,
    cases: &mut Vec<Case>,
    found: &mut Found,
    quick: Option<&ExpectedTimes>,
    session: &Session,
) -> Result<Option<Choice>> {
    let Some(kept) = passing(flags, cases, &found.programs, quick, session)? else {
        return Ok(None);
    };
    let programs: Vec<usize> = (0..found.programs.len())
        .filter(|index| kept.iter().any(|(_, program)| program == index))
        .collect();
    let place = |program: usize| programs.iter().position(|kept| *kept == program);
    let named = kept
        .iter()
        .filter_map(|(case, program)| Some((cases[*case].name.clone(), place(*program)?)));
    let choice = Choice(named.collect());
    let mut index = 0..;
    cases.retain(|_| {
        index
            .next()
            .is_some_and(|index| kept.iter().any(|(case, _)| *case == index))
    });
    let mut index = 0..;
    found
        .programs
        .retain(|_| index.next().is_some_and(|index| programs.contains(&index)));
    Ok(Some(choice))
}

/// A cell, by the indices of its case and its program.
type CellIndex = (usize, usize);

/// The cells that pass every filter.
fn passing(
    flags: &CellFilters,
    cases: &[Case],
    programs: &[Program],
    quick: Option<&ExpectedTimes>,
    session: &Session,
) -> Result<Option<Vec<CellIndex>>> {
    let rows = |case| (0..programs.len()).map(move |program| (case, program));
    let mut cells: Vec<CellIndex> = (0..cases.len()).flat_map(rows).collect();
    let expectation = |(case, program): CellIndex| cases[case].expectation(&programs[program]);
    for feature in &flags.needs {
        let needs = |cell| expectation(cell).needs.contains(feature);
        cells = filtered(cells, &format!("--needs {feature}"), needs)?;
    }
    if !flags.verdict.is_empty() {
        let names: Vec<String> = flags
            .verdict
            .iter()
            .map(|verdict| format!("--verdict {verdict}"))
            .collect();
        let has = |cell| {
            expectation(cell)
                .verdicts
                .iter()
                .any(|verdict| flags.verdict.contains(verdict))
        };
        cells = filtered(cells, &names.join(" "), has)?;
    }
    let rows: Vec<ProgramRow> = programs.iter().map(ProgramRow::of).collect();
    let key = |(case, program): CellIndex| (cases[case].name.clone(), rows[program].program.clone());
    if flags.failed {
        let with_flags = |cell: CellIndex| {
            let (case, program) = key(cell);
            (case, program, rows[cell.1].called_with())
        };
        let Some(failed) = failed(cells, with_flags, session)? else {
            return Ok(None);
        };
        cells = failed;
    }
    if let Some(times) = quick {
        let keys: Vec<(String, String)> = cells.iter().map(|cell| key(*cell)).collect();
        let here = Times::read(&session.directories.scratch("runs")?, &keys);
        let seconds = |cell: CellIndex| {
            let (case, program) = key(cell);
            let known = Some(here.of(&case, &program)).filter(|seconds| seconds.is_finite());
            known.unwrap_or_else(|| times.milliseconds(&case, &rows[cell.1]) as f64 / 1000.0)
        };
        cells = filtered(cells, "--quick", |cell| seconds(cell) <= QUICK)?;
    }
    Ok(Some(cells))
}

/// The cells that were not as expected when they last ran; `None` if all that ran were.
fn failed(
    mut cells: Vec<CellIndex>,
    key: impl Fn(CellIndex) -> CellKey,
    session: &Session,
) -> Result<Option<Vec<CellIndex>>> {
    let keys: Vec<CellKey> = cells.iter().map(|cell| key(*cell)).collect();
    let last = LastOutcomes::read(&session.directories.scratch("runs")?, &keys);
    let planned = cells.len();
    let known = keys.iter().filter(|key| last.was_fine(key).is_some()).count();
    if known == 0 {
        bail!(
            "`--failed` finds no record of a run of {}; run `{} test` without it first",
            counted(planned, "cell"),
            invocation::name()
        );
    }
    cells.retain(|cell| last.was_fine(&key(*cell)) == Some(false));
    if cells.is_empty() {
        output::note(&format!(
            "nothing to run again: of {}, {known} ran, and none failed; run `{} test` without `--failed` to run all",
            counted(planned, "cell"),
            invocation::name()
        ));
        return Ok(None);
    }
    Ok(Some(cells))
}

/// The cells that pass a filter; an error if none does.
fn filtered(mut cells: Vec<CellIndex>, flag: &str, passes: impl Fn(CellIndex) -> bool) -> Result<Vec<CellIndex>> {
    let before = cells.len();
    cells.retain(|cell| passes(*cell));
    if cells.is_empty() {
        bail!("{}", nothing_left(flag, before, "cell"));
    }
    Ok(cells)
}

fn nothing_left(flag: &str, before: usize, noun: &str) -> String {
    format!(
        "`{}` leaves none of {}; `{} test --list` without it shows which there are",
        text::inert(flag),
        counted(before, noun),
        invocation::name()
    )
}

fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}
