//! `findings`: writes `docs/findings.md`, the verdict of each program on each case of the checkout.
//!
//! The page is made from `docs/findings.jsonl` alone: of each cell the runs of the newest results that were ever given.

use crate::base::status::Status;
use crate::base::{file, output};
use crate::case::Case;
use crate::case::checkout::{self, MissingExpectation};
use crate::command::result_files;
use crate::command::result_flags::FindingsFlags;
use crate::results::cell_row::CellRow;
use crate::results::document::Results;
use crate::results::gathered::GatheredRun;
use crate::results::merge::merge;
use crate::results::partitions;
use crate::run::session::Session;
use crate::show::findings_page::{CaseClaim, page};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

/// What the page is made from.
pub const KEPT: &str = "docs/findings.jsonl";
const PAGE: &str = "docs/findings.md";

/// Merges the given results into the kept ones, and writes the page; with `--check`, only compares it.
pub fn findings(flags: &FindingsFlags, session: &Session) -> Result<Status> {
    let root = session.directories.need_checkout("findings")?;
    let cases = checkout::read(
        &session.directories,
        "findings",
        &[] as &[OsString],
        MissingExpectation::Refused,
    )?;
    let kept = kept(root)?;
    let given = given(flags, &cases)?;
    if kept.is_none() && root.join(PAGE).exists() {
        all_cases(&given, &cases)?;
    }
    let Some(all) = kept.into_iter().chain(given).reduce(merge) else {
        bail!("there is no `{KEPT}`, and no results are given: name a file that `test --json` wrote");
    };
    let text = page(&cases.iter().map(claim).collect::<Vec<_>>(), &all);
    let path = root.join(PAGE);
    if flags.check {
        let is_current = file::read(&path)? == text.as_bytes();
        if !is_current {
            output::warn(&format!(
                "`{PAGE}` is out of date with `{KEPT}`; run `cargo xtask findings`"
            ));
        }
        return Ok(if is_current {
            Status::Expected
        } else {
            Status::Unexpected
        });
    }
    if !flags.results.is_empty() {
        file::write(&root.join(KEPT), &lines(all)?)?;
    }
    file::write(&path, text.as_bytes())?;
    Ok(Status::Expected)
}

/// The results of which the page was made until now.
pub fn kept(root: &Path) -> Result<Option<Results>> {
    let path = root.join(KEPT);
    if !path.is_file() {
        return Ok(None);
    }
    let read = result_files::read(&[path], CellRow::without_output)?.results;
    Ok(read.into_iter().map(|(_, results)| results).next())
}

/// The results of the command line, without cells of other cases; what is left out is named.
fn given(flags: &FindingsFlags, cases: &[Case]) -> Result<Vec<Results>> {
    let files = result_files::files(&flags.results)?;
    let mut read = result_files::read(&files, CellRow::without_output)?.results;
    let runs: Vec<GatheredRun> = read
        .iter()
        .map(|(name, results)| GatheredRun::of(name, results))
        .collect();
    for warning in partitions::warnings(&runs) {
        output::warn(&warning);
    }
    let known: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    for (name, results) in &mut read {
        let (own, others): (Vec<CellRow>, Vec<CellRow>) = std::mem::take(&mut results.cells)
            .into_iter()
            .partition(|cell| known.contains(cell.case.as_str()));
        results.cells = own;
        let others: BTreeSet<&str> = others.iter().map(|cell| cell.case.as_str()).collect();
        if !others.is_empty() {
            ensure!(
                !results.cells.is_empty(),
                "`{name}` has no cell of a case of this checkout"
            );
            let others: Vec<&str> = others.into_iter().collect();
            output::warn(&format!(
                "`{name}` has cells of no case of this checkout, which are left out: {}",
                others.join(", ")
            ));
        }
    }
    Ok(read.into_iter().map(|(_, results)| results).collect())
}

/// Without the kept results, a page is begun anew only by results of all cases: none of its rows may be lost.
fn all_cases(given: &[Results], cases: &[Case]) -> Result<()> {
    let known: BTreeSet<&str> = given
        .iter()
        .flat_map(|results| &results.cells)
        .map(|cell| cell.case.as_str())
        .collect();
    let missing = cases.iter().filter(|case| !known.contains(case.name.as_str())).count();
    if missing > 0 && !known.is_empty() {
        bail!(
            "`{PAGE}` was made from `{KEPT}`, which is missing, and the results given lack {missing} of {} cases: \
             restore it, or remove the page to begin another one",
            cases.len()
        );
    }
    Ok(())
}

fn claim(case: &Case) -> CaseClaim<'_> {
    CaseClaim {
        case: &case.name,
        shows: case.shows(),
        claim: case.claim(),
        sources: case.reports(),
        is_of_page: case.needs_document(),
    }
}

/// The results as a record, without what depends on the machine.
fn lines(mut results: Results) -> Result<Vec<u8>> {
    let what = "failed to put the findings into JSON";
    let cells = std::mem::take(&mut results.cells);
    for program in &mut results.programs {
        program.program.clone_from(&program.shell);
        program.option = program.usual_option();
    }
    let mut lines = serde_json::to_vec(&results).context(what)?;
    lines.push(b'\n');
    for cell in cells {
        lines.extend(serde_json::to_vec(&cell).context(what)?);
        lines.push(b'\n');
    }
    Ok(lines)
}
