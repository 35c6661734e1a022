//! The results of a run as JSON. `docs/results.md` documents the schema; a
//! change that a reader would notice raises the version.

use crate::cell::Facts;
use crate::engine::Engine;
use crate::failure::in_one_line;
use crate::feature::Feature;
use crate::find::Program;
use crate::judge::{Departure, Outcome};
use crate::lifeline::End;
use crate::verdict::Verdict;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

const SCHEMA: &str = "wasm-cycles/results";
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
    arguments: &'a [String],
    outcome: &'static str,
    reason: Option<String>,
    verdict: Option<Verdict>,
    expected_verdict: Verdict,
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
    fn of(facts: &'a Facts<'a>) -> CellRow<'a> {
        let (case, program) = (facts.cell.case, facts.cell.program);
        CellRow {
            case: &case.name,
            engine: program.engine.name,
            program: program.path.display().to_string(),
            version: program.version.as_deref(),
            flags: &program.flags,
            arguments: &facts.arguments,
            outcome: facts.judgement.outcome.name(),
            reason: reason(facts),
            verdict: facts.judgement.verdict,
            expected_verdict: case.expectation(program.engine).verdict,
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
        Outcome::Failed(Departure::Transcript(mismatch)) => Some(in_one_line(mismatch, expectation, &facts.transcript)),
        Outcome::Failed(Departure::Other(text)) | Outcome::Broke(text) => Some(text.clone()),
        Outcome::Skipped(feature) => Some(format!("the engine has no {feature}")),
    }
}

/// The whole run as JSON.
pub fn json(facts: &[Facts<'_>], programs: &[Program], missing: &[&'static Engine]) -> serde_json::Result<Vec<u8>> {
    let results = Results {
        schema: SCHEMA,
        version: VERSION,
        tool: env!("CARGO_PKG_VERSION"),
        os: std::env::consts::OS,
        arch: std::env::consts::ARCH,
        engines: programs.iter().map(EngineRow::of).collect(),
        missing: missing.iter().map(|engine| engine.name).collect(),
        cells: facts.iter().map(CellRow::of).collect(),
    };
    let mut json = serde_json::to_vec_pretty(&results)?;
    json.push(b'\n');
    Ok(json)
}
