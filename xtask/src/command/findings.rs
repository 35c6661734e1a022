//! `findings`: writes `docs/findings.md`, the verdict of each program on each
//! case of the checkout, from the results kept in `docs/findings.jsonl`.

use crate::base::status::Status;
use crate::base::{file, output};
use crate::case::Case;
use crate::case::checkout::{self, MissingExpectation};
use crate::command::flags::FindingsFlags;
use crate::results::cell_row::CellRow;
use crate::results::document::Results;
use crate::results::merge::merge;
use crate::results::record;
use crate::run::session::Session;
use crate::show::findings_page::{CaseClaim, page};
use anyhow::{Result, bail};
use std::ffi::OsString;

const KEPT: &str = "docs/findings.jsonl";
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
    let kept = root.join(KEPT);
    let mut all = match kept.is_file() {
        true => Some(record::read(&kept)?),
        false => None,
    };
    for path in &flags.results {
        let newer = record::read(path)?;
        all = Some(match all {
            Some(all) => merge(all, newer),
            None => newer,
        });
    }
    let Some(all) = all else {
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
        file::write(&kept, &lines(all)?)?;
    }
    file::write(&path, text.as_bytes())?;
    Ok(Status::Expected)
}

fn claim(case: &Case) -> CaseClaim<'_> {
    CaseClaim {
        case: &case.name,
        shows: case.shows(),
        claim: case.claim(),
    }
}

/// The results as a record, without fields that the page does not need or that depend on the machine.
fn lines(mut results: Results) -> serde_json::Result<Vec<u8>> {
    let cells = std::mem::take(&mut results.cells);
    for program in &mut results.programs {
        program.program.clone_from(&program.shell);
        program.option.clone_from(&program.engine);
    }
    let mut lines = serde_json::to_vec(&results)?;
    lines.push(b'\n');
    for cell in cells {
        let short = CellRow {
            arguments: Vec::new(),
            departures: Vec::new(),
            transcript: Vec::new(),
            telemetry: Vec::new(),
            stderr: String::new(),
            ..cell
        };
        lines.extend(serde_json::to_vec(&short)?);
        lines.push(b'\n');
    }
    Ok(lines)
}
