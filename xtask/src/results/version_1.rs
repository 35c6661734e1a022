//! Reads results of version 1, `wasm-cycles/results`, as current ones.

use crate::measure::numbers::Numbers;
use crate::measure::verdict::Verdict;
use crate::results::cell_row::{CellRow, OutcomeName};
use crate::results::document::{Results, SCHEMA, VERSION};
use crate::results::program_row::ProgramRow;
use crate::run::lifeline::End;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The schema's name when its version was 1.
const OLD_SCHEMA: &str = "wasm-cycles/results";

#[derive(Debug, Deserialize)]
struct OldResults {
    tool: String,
    os: String,
    arch: String,
    engines: Vec<OldEngine>,
    missing: Vec<String>,
    cells: Vec<OldCell>,
}

#[derive(Debug, Deserialize)]
struct OldEngine {
    engine: String,
    program: String,
    shell: String,
    host: bool,
    version: Option<String>,
    engine_version: Option<String>,
    features: Vec<String>,
    flags: Vec<String>,
    found: String,
}

#[derive(Debug, Deserialize)]
struct OldCell {
    case: String,
    program: String,
    run: usize,
    guest: String,
    arguments: Vec<String>,
    outcome: OutcomeName,
    reason: Option<String>,
    verdict: Option<Verdict>,
    expected_verdicts: Vec<Verdict>,
    numbers: Option<Numbers>,
    end: Option<End>,
    seconds: f64,
    cpu_seconds: f64,
    peak_bytes: u64,
    transcript: Vec<String>,
    telemetry: Vec<Value>,
    stderr: String,
}

/// Parses a document of the old schema.
pub fn parse(schema: &str, version: u32, json: &str) -> Result<Results> {
    ensure!(
        schema == OLD_SCHEMA && version == 1,
        "unknown schema `{schema}`, version {version}"
    );
    let old: OldResults = serde_json::from_str(json)?;
    let program_of = |cell: &OldCell| {
        let index = old.engines.iter().position(|engine| engine.program == cell.program);
        index.with_context(|| format!("a cell names `{}`, which is not among the engines", cell.program))
    };
    let programs: Vec<usize> = old.cells.iter().map(program_of).collect::<Result<_>>()?;
    let cells = old.cells.into_iter().zip(programs).enumerate();
    let cells: Vec<CellRow> = cells
        .map(|(number, (cell, program))| cell.row(number, program))
        .collect();
    Ok(Results {
        schema: SCHEMA.to_owned(),
        version: VERSION,
        tool: old.tool,
        os: old.os,
        arch: old.arch,
        // Version 1 did not record it.
        started: String::new(),
        commit: None,
        partition: None,
        planned: cells.len(),
        programs: old.engines.into_iter().map(OldEngine::row).collect(),
        missing: old.missing,
        cells,
    })
}

impl OldEngine {
    fn row(self) -> ProgramRow {
        let mut title = self.shell.clone();
        match &self.version {
            Some(version) => title += &format!(" {version}"),
            None => title += ", version unknown",
        }
        if let (true, Some(version)) = (self.host, &self.engine_version) {
            title += &format!(", with {} {version}", self.engine);
        }
        ProgramRow {
            name: None,
            title,
            option: self.engine.clone(),
            engine: self.engine,
            program: self.program,
            shell: self.shell,
            host: self.host,
            place: None,
            version: self.version,
            engine_version: self.engine_version,
            features: self.features,
            flags: self.flags,
            environment: BTreeMap::new(),
            found: self.found,
        }
    }
}

impl OldCell {
    fn row(self, number: usize, program: usize) -> CellRow {
        CellRow {
            number,
            case: self.case,
            program,
            run: self.run,
            title: None,
            directory: None,
            script: String::new(),
            expectation: None,
            bug: None,
            guest: Some(self.guest),
            census: None,
            arguments: self.arguments,
            outcome: self.outcome,
            reason: self.reason,
            departures: Vec::new(),
            verdict: self.verdict,
            expected_verdicts: self.expected_verdicts,
            numbers: self.numbers,
            end: self.end,
            began: 0.0,
            seconds: self.seconds,
            cpu_seconds: self.cpu_seconds,
            peak_bytes: self.peak_bytes,
            transcript: self.transcript,
            telemetry: self.telemetry,
            stderr: self.stderr,
            origin: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the program wrote when the version was 1, with most of its lines left out.
    const WRITTEN: &str = include_str!("../../tests/results/version-1.json");

    #[test]
    fn what_was_written_then_is_read() {
        let results = parse(OLD_SCHEMA, 1, WRITTEN).unwrap();
        let titles: Vec<&str> = results.programs.iter().map(|program| program.title.as_str()).collect();
        assert_eq!(
            titles,
            ["d8 10.2.154.26-node.37", "node 20.20.2, with v8 11.3.244.8-node.38"]
        );
        let cells: Vec<_> = results
            .cells
            .iter()
            .map(|cell| (cell.case.as_str(), cell.program, cell.outcome, cell.verdict))
            .collect();
        assert_eq!(
            cells,
            [
                ("m0", 0, OutcomeName::Ok, Some(Verdict::Collected)),
                ("m0", 1, OutcomeName::Ok, Some(Verdict::Collected)),
                ("m1", 0, OutcomeName::Ok, Some(Verdict::Leaks)),
                ("m1", 1, OutcomeName::Ok, Some(Verdict::Leaks)),
                ("wasm-gc", 0, OutcomeName::Skipped, None),
                ("wasm-gc", 1, OutcomeName::Skipped, None),
            ]
        );
        assert!(results.cells[2].numbers.as_ref().unwrap().ran_out);
        assert!(parse("other", 1, WRITTEN).is_err());
        assert!(parse(OLD_SCHEMA, 1, &WRITTEN.replace("/opt/d8\",\n   \"v", "/x\",\n   \"v")).is_err());
    }
}
