//! The results of a run as JSON. `docs/results.md` documents the schema; a
//! change that a reader would notice raises the version.

use crate::cell::cell::Facts;
use crate::cell::judge::{Departure, Outcome};
use crate::engine::feature::Feature;
use crate::engine::search::Program;
use crate::engine::table::Engine;
use crate::measure::verdict::{Numbers, Verdict};
use crate::results::repeat::Repeated;
use crate::run::lifeline::End;
use crate::show::failure::in_one_line;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

const SCHEMA: &str = "wasm-leaks/results";
const VERSION: u32 = 1;

#[derive(Debug, Serialize)]
pub struct Results<'a> {
    schema: &'static str,
    version: u32,
    tool: &'static str,
    os: &'static str,
    arch: &'static str,
    engines: Vec<EngineRow<'a>>,
    missing: Vec<&'static str>,
    cells: Vec<CellRow<'a>>,
}

/// An engine that was found.
#[derive(Debug, Serialize)]
pub struct EngineRow<'a> {
    engine: &'static str,
    program: String,
    shell: &'static str,
    host: bool,
    version: Option<&'a str>,
    engine_version: Option<&'a str>,
    features: &'a BTreeSet<Feature>,
    flags: &'a [String],
    found: String,
}

#[derive(Debug, Serialize)]
struct CellRow<'a> {
    case: &'a str,
    engine: &'static str,
    program: String,
    version: Option<&'a str>,
    flags: &'a [String],
    /// Which of the runs of the cell, from 1.
    run: usize,
    guest: &'a str,
    arguments: &'a [String],
    outcome: &'static str,
    reason: Option<String>,
    verdict: Option<Verdict>,
    expected_verdicts: &'a [Verdict],
    numbers: Option<&'a Numbers>,
    end: Option<End>,
    seconds: f64,
    cpu_seconds: f64,
    peak_bytes: u64,
    transcript: &'a [String],
    telemetry: &'a [Value],
    stderr: &'a str,
}

impl<'a> EngineRow<'a> {
    pub fn of(program: &'a Program) -> EngineRow<'a> {
        EngineRow {
            engine: program.engine.name,
            program: program.path.display().to_string(),
            shell: program.shell.name,
            host: program.shell.host,
            version: program.version.as_deref(),
            engine_version: program.engine_version.as_deref(),
            features: &program.features,
            flags: &program.flags,
            found: program.how.to_string(),
        }
    }
}

impl<'a> CellRow<'a> {
    fn of(facts: &'a Facts<'a>, run: usize) -> CellRow<'a> {
        let (case, program) = (facts.cell.case, facts.cell.program);
        CellRow {
            case: &case.name,
            engine: program.engine.name,
            program: program.path.display().to_string(),
            version: program.version.as_deref(),
            flags: &program.flags,
            run,
            guest: case.guest(),
            arguments: &facts.arguments,
            outcome: facts.judgement.outcome.name(),
            reason: reason(facts),
            verdict: facts.judgement.verdict(),
            expected_verdicts: &case.expectation(program.engine).verdicts,
            numbers: facts.judgement.numbers.as_ref(),
            end: facts.end,
            seconds: facts.seconds,
            cpu_seconds: facts.cpu_seconds,
            peak_bytes: facts.peak_bytes,
            transcript: &facts.transcript,
            telemetry: &facts.telemetry,
            stderr: &facts.stderr,
        }
    }
}

fn reason(facts: &Facts<'_>) -> Option<String> {
    let cell = facts.cell;
    let expectation = cell.case.expectation(cell.program.engine);
    match &facts.judgement.outcome {
        Outcome::Ok => None,
        Outcome::Failed(departures) => {
            let in_words = |departure: &Departure| match departure {
                Departure::Transcript(mismatch) => in_one_line(mismatch, expectation, &facts.transcript),
                Departure::Other(text) => text.clone(),
            };
            Some(departures.iter().map(in_words).collect::<Vec<_>>().join("; "))
        }
        Outcome::Broke(text) | Outcome::Inconclusive(text) => Some(text.clone()),
        Outcome::Skipped(feature) => Some(format!("the engine has no {feature}")),
    }
}

/// The whole run as JSON.
pub fn json(cells: &[Repeated<'_>], programs: &[Program], missing: &[&'static Engine]) -> serde_json::Result<Vec<u8>> {
    let results = Results {
        schema: SCHEMA,
        version: VERSION,
        tool: env!("CARGO_PKG_VERSION"),
        os: std::env::consts::OS,
        arch: std::env::consts::ARCH,
        engines: programs.iter().map(EngineRow::of).collect(),
        missing: missing.iter().map(|engine| engine.name).collect(),
        cells: cells
            .iter()
            .flat_map(|cell| {
                cell.runs
                    .iter()
                    .enumerate()
                    .map(|(index, facts)| CellRow::of(facts, index + 1))
            })
            .collect(),
    };
    let mut json = serde_json::to_vec_pretty(&results)?;
    json.push(b'\n');
    Ok(json)
}
