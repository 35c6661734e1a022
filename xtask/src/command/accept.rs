//! `test --accept`: writes the expectations that fit what came.

use crate::base::status::Status;
use crate::base::text::inert;
use crate::base::{file, output};
use crate::case::Case;
use crate::case::scope::ExpectationScope;
use crate::cell::accepted::{fitting_lines, rewritten, with_verdict};
use crate::cell::judge::unexpected_verdict;
use crate::cell::transcript::compare;
use crate::command::flags::AcceptFlag;
use crate::measure::verdict::Verdict;
use crate::results::cell_row::{CellRow, DepartureRow, OutcomeName};
use crate::results::document::Results;
use crate::results::repeated::group;
use crate::show::difference::difference;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Writes what is expected of these cases, or says why not. The status is 1 if a case is not
/// as expected and was not accepted.
pub fn accept(cases: &[Case], results: &Results, how: AcceptFlag) -> Result<Status> {
    let mut files = BTreeSet::new();
    let mut status = Status::Expected;
    for case in cases {
        let path = case.expectation_file(None);
        ensure!(
            files.insert(path.clone()),
            "`{}` would be the expectation of two scripts: accept them one by one, each in a directory of its own",
            path.display()
        );
        let rows: Vec<&CellRow> = results
            .cells
            .iter()
            .filter(|row| row.case == case.name && row.outcome != OutcomeName::Skipped)
            .collect();
        if !accept_case(case, &rows, results, how)? {
            status = Status::Unexpected;
        }
    }
    Ok(status)
}

/// Whether the case is as expected from now on.
fn accept_case(case: &Case, rows: &[&CellRow], results: &Results, how: AcceptFlag) -> Result<bool> {
    let title = inert(&case.title).into_owned();
    if rows.is_empty() {
        output::note(&format!("\n{title}: nothing to accept, for it ran nowhere"));
        return Ok(true);
    }
    if let Some(why) = rows
        .iter()
        .find_map(|row| obstacle(row, results))
        .or_else(|| mixed(case, results))
    {
        output::note(&format!("\n{title}: not accepted: {}", inert(&why)));
        return Ok(false);
    }
    let Some(changes) = changes(case, rows, results)? else {
        output::note(&format!(
            "\n{title}: not accepted: no expectation fits the lines of all programs"
        ));
        return Ok(false);
    };
    if changes.is_empty() {
        output::note(&format!("\n{title}: as expected already"));
        return Ok(true);
    }
    for change in &changes {
        let (path, old) = (change.path.display().to_string(), change.old.as_deref().unwrap_or(""));
        output::note(&format!("\n{}\n{}", inert(&path), difference(old, &change.new)));
    }
    let stands = case.expectation_file(None).exists() || changes.iter().any(|change| change.old.is_some());
    if stands && how != AcceptFlag::Overwrite {
        output::note(&format!(
            "\n{title}: not accepted: what is expected stands already, and `--accept=overwrite` replaces it"
        ));
        return Ok(false);
    }
    for change in &changes {
        file::write(&change.path, change.new.as_bytes())?;
        output::note(&format!("wrote {}", inert(&change.path.display().to_string())));
    }
    Ok(true)
}

/// Why a run cannot be what is expected from now on.
fn obstacle(row: &CellRow, results: &Results) -> Option<String> {
    let on = &results.program(row).title;
    let other = || {
        row.departures.iter().find_map(|departure| match departure {
            DepartureRow::Other { text } if Some(text) != unexpected(row).as_ref() => Some(text.clone()),
            _ => None,
        })
    };
    let why = match (row.outcome, row.verdict) {
        (OutcomeName::Broke | OutcomeName::Inconclusive, _) => row.reason.clone().unwrap_or_default(),
        _ => match (other(), row.verdict) {
            (Some(other), _) => other,
            (None, Some(verdict)) if verdict != Verdict::Inconclusive => return None,
            (None, _) => "there is no verdict".to_owned(),
        },
    };
    Some(format!("on {on}: {why}"))
}

/// What the judge says of a verdict that was not expected.
fn unexpected(row: &CellRow) -> Option<String> {
    unexpected_verdict(row.verdict?, &row.expected_verdicts)
}

/// Runs of one cell with different verdicts.
fn mixed(case: &Case, results: &Results) -> Option<String> {
    let groups = group(&results.cells);
    let mut own = groups.iter().filter(|cell| cell.runs[0].case == case.name);
    own.find_map(|cell| {
        let verdicts: BTreeSet<Verdict> = cell.runs.iter().filter_map(|row| row.verdict).collect();
        let on = &results.program(cell.runs[0]).title;
        (verdicts.len() > 1).then(|| format!("on {on}: the verdicts are mixed: {}", cell.verdicts()))
    })
}

/// An expectation that is to be written.
#[derive(Debug)]
struct Change {
    path: PathBuf,
    /// `None` if there is no such file.
    old: Option<String>,
    new: String,
}

/// The runs on programs for which one file is, or would be.
struct OfPrograms<'a> {
    scope: ExpectationScope,
    rows: Vec<&'a CellRow>,
}

impl OfPrograms<'_> {
    fn verdicts(&self) -> BTreeSet<Verdict> {
        self.rows.iter().filter_map(|row| row.verdict).collect()
    }
}

/// The files that have to change; `None` if no expectation fits.
fn changes(case: &Case, rows: &[&CellRow], results: &Results) -> Result<Option<Vec<Change>>> {
    let mut own: Vec<OfPrograms<'_>> = Vec::new();
    let mut shared: Vec<OfPrograms<'_>> = Vec::new();
    for row in rows {
        let program = results.program(row);
        let usual = ExpectationScope::usual(program.identity());
        let (groups, scope) = match (case.expectations().scope(program.identity()), usual) {
            (Some(scope), _) => (&mut own, scope.clone()),
            (None, Some(usual)) => (&mut shared, usual),
            (None, None) => continue,
        };
        match groups.iter_mut().find(|group| group.scope == scope) {
            Some(group) => group.rows.push(row),
            None => groups.push(OfPrograms { scope, rows: vec![row] }),
        }
    }
    let shared_verdicts = shared_verdicts(case, &shared);
    let (shared, deviating): (Vec<_>, Vec<_>) = shared
        .into_iter()
        .partition(|of| of.verdicts().is_subset(&shared_verdicts));
    let base: Vec<&CellRow> = shared.iter().flat_map(|of| of.rows.iter().copied()).collect();
    let mut all = Vec::new();
    if !base.is_empty() {
        all.push((None, base));
    }
    all.extend(own.into_iter().chain(deviating).map(|of| (Some(of.scope), of.rows)));
    let mut changes = Vec::new();
    for (scope, rows) in all {
        match change(case, scope.as_ref(), &rows)? {
            Fitting::Change(change) => changes.push(change),
            Fitting::AsItIs => {}
            Fitting::None => return Ok(None),
        }
    }
    Ok(Some(changes))
}

/// The verdicts of the file that all engines share: those that it has, if an engine keeps to
/// them; else those of most engines, and of these the first.
fn shared_verdicts(case: &Case, engines: &[OfPrograms<'_>]) -> BTreeSet<Verdict> {
    let expected: BTreeSet<Verdict> = case.expectations().shared().verdicts.iter().copied().collect();
    let is_there = !case.expectations().shared().is_default;
    if is_there && engines.iter().any(|of| of.verdicts().is_subset(&expected)) {
        return expected;
    }
    let all: Vec<BTreeSet<Verdict>> = engines.iter().map(OfPrograms::verdicts).collect();
    let count = |verdicts: &BTreeSet<Verdict>| all.iter().filter(|other| *other == verdicts).count();
    let most = all.iter().map(count).max();
    let of_most = all.iter().find(|verdicts| Some(count(verdicts)) == most);
    of_most.cloned().unwrap_or_default()
}

enum Fitting {
    AsItIs,
    Change(Change),
    None,
}

/// The change of the file for some programs, or of the one for all, to what these runs showed.
fn change(case: &Case, scope: Option<&ExpectationScope>, rows: &[&CellRow]) -> Result<Fitting> {
    let path = case.expectation_file(scope);
    let read = |path: &PathBuf| -> Result<Option<String>> {
        if !path.exists() {
            return Ok(None);
        }
        let text = String::from_utf8(file::read(path)?);
        Ok(Some(
            text.with_context(|| format!("`{}` is not UTF-8", path.display()))?,
        ))
    };
    let old = read(&path)?;
    let own = scope.and_then(|scope| case.expectations().of_scope(scope));
    let expectation = own.unwrap_or(case.expectations().shared());
    let transcripts: Vec<&[String]> = rows.iter().map(|row| row.transcript.as_slice()).collect();
    let fits = |transcript: &&[String]| compare(&expectation.lines, transcript).is_ok();
    let keeps_lines = !expectation.is_default && transcripts.iter().all(fits);
    let verdicts: BTreeSet<Verdict> = rows.iter().filter_map(|row| row.verdict).collect();
    let allowed: BTreeSet<Verdict> = expectation.verdicts.iter().copied().collect();
    let keeps_verdict = !expectation.is_default && verdicts.is_subset(&allowed);
    if old.is_some() && keeps_lines && keeps_verdict {
        return Ok(Fitting::AsItIs);
    }
    let lines = match keeps_lines {
        true => None,
        false => match fitting_lines(&transcripts) {
            Some(lines) => Some(lines),
            None => return Ok(Fitting::None),
        },
    };
    // A file for one engine begins with the directives of the one that it replaces there.
    let from = match &old {
        Some(old) => Some(old.clone()),
        None => read(&case.expectation_file(None))?,
    };
    let new = match from {
        Some(from) => rewritten(&from, (!keeps_verdict).then_some(&verdicts), lines.as_deref()),
        None => with_verdict(&verdicts, &lines.unwrap_or_default()),
    };
    Ok(Fitting::Change(Change { path, old, new }))
}
