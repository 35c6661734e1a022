//! Runs one case on one program, and judges it.

use crate::case::Case;
use crate::cell::judge::{Judgement, Outcome, judge};
use crate::engine::feature::Feature;
use crate::engine::host::{self, Performance};
use crate::engine::library::{self, RUNTIME, TREND, WATCH};
use crate::engine::program::Program;
use crate::guest::guests::Guests;
use crate::measure::telemetry::{self, TelemetryEvent};
use crate::run::lifeline::End;
use crate::run::process::{Finished, Limits, Stop};
use crate::run::session::Session;
use crate::run::stage::Stage;
use anyhow::Result;
use serde_json::Value;

/// The names on a stage of a guest, and of its glue from wasm-bindgen.
const GUEST: &str = "guest.wasm";
const GLUE: &str = "guest.js";

/// One case on one program.
#[derive(Debug, Clone, Copy)]
pub struct Cell<'a> {
    pub case: &'a Case,
    pub program: &'a Program,
}

/// The facts of a cell that ran, and its judgement.
#[derive(Debug)]
pub struct Facts<'a> {
    pub cell: Cell<'a>,
    pub judgement: Judgement,
    /// The arguments of the program.
    pub arguments: Vec<String>,
    pub transcript: Vec<String>,
    pub telemetry: Vec<Value>,
    /// The end of standard error.
    pub stderr: String,
    pub end: Option<End>,
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub peak_bytes: u64,
}

impl<'a> Cell<'a> {
    /// Runs the cell and judges it. It is not run if the program failed its canary
    /// or lacks a feature that the case needs. An error is trouble of the checkout or of the
    /// machine, not of the engine.
    pub fn run(self, guests: &Guests, limits: Limits, session: &Session) -> Result<Facts<'a>> {
        let mut performance = self.performance(guests, &[])?;
        performance.options = self.options(limits);
        let not_run = |outcome| Facts {
            cell: self,
            judgement: Judgement::of(outcome),
            arguments: host::arguments(self.program, &performance),
            transcript: Vec::new(),
            telemetry: Vec::new(),
            stderr: String::new(),
            end: None,
            seconds: 0.0,
            cpu_seconds: 0.0,
            peak_bytes: 0,
        };
        if let Some(doubt) = &self.program.doubt {
            return Ok(not_run(Outcome::Inconclusive(doubt.clone())));
        }
        if let Some(feature) = self.lacks() {
            return Ok(not_run(Outcome::Skipped(feature)));
        }
        let stage = self.stage(guests, session)?;
        let not_run = not_run(Outcome::Ok);
        let key = host::new_key();
        performance.key = Some(key.clone());
        Ok(match host::run(self.program, &performance, &stage, limits, session)? {
            Ok(finished) => not_run.with(finished, &key),
            Err(error) => Facts {
                judgement: Judgement::of(Outcome::Broke(error.to_string())),
                ..not_run
            },
        })
    }

    /// The values for `js/lib/runtime.js`. It begins no round after four fifths of the time,
    /// so that what was seen until then is judged.
    pub fn options(self, limits: Limits) -> Vec<String> {
        let expectation = self.case.expectation(self.program.engine);
        let rounds = expectation.rounds.map(|rounds| format!("rounds={rounds}"));
        let objects = expectation.objects.map(|objects| format!("objects={objects}"));
        let milliseconds = limits.time.as_millis() / 5 * 4;
        let time = format!("milliseconds={milliseconds}");
        rounds.into_iter().chain(objects).chain([time]).collect()
    }

    /// A feature that the case needs and the engine lacks, if any.
    pub fn lacks(self) -> Option<Feature> {
        let needs = &self.case.expectation(self.program.engine).needs;
        let has = |feature: &&Feature| self.program.features.contains(feature);
        needs.iter().find(|feature| !has(feature)).copied()
    }

    /// The guest and the scripts of the case, with `more` scripts before its own.
    pub fn performance(self, guests: &Guests, more: &[&'static str]) -> Result<Performance> {
        let glue = guests.built(self.case.guest())?.glue.as_ref().map(|_| GLUE);
        let first = [WATCH, TREND].into_iter().chain(glue).chain([RUNTIME]);
        let shared = first.chain(more.iter().copied());
        Ok(Performance {
            guest: Some(GUEST.to_owned()),
            scripts: shared.map(str::to_owned).chain(self.case.scripts()).collect(),
            ..Performance::default()
        })
    }

    /// A stage with all files that the case needs.
    pub fn stage(self, guests: &Guests, session: &Session) -> Result<Stage> {
        let stage = Stage::new(session)?;
        let built = guests.built(self.case.guest())?;
        stage.copy(&built.module, GUEST)?;
        if let Some(glue) = &built.glue {
            stage.copy(glue, GLUE)?;
        }
        library::put(&session.directories, &stage, &[WATCH, TREND, RUNTIME])?;
        for file in self.case.files()? {
            stage.copy(&file.path, &file.name)?;
        }
        Ok(stage)
    }
}

impl Facts<'_> {
    /// Adds the facts of the run, and judges it.
    fn with(mut self, finished: Finished, key: &str) -> Self {
        let ending = finished.ending();
        let printed = telemetry::split(finished.lines, Some(key));
        let program = self.cell.program;
        let expectation = self.cell.case.expectation(program.engine);
        self.judgement = judge(ending, &printed, &finished.stderr, expectation, program);
        if let Outcome::Broke(how) = &mut self.judgement.outcome
            && let Some(Stop::TimedOut(_)) = ending.stop
        {
            *how += &seen(&printed.events);
        }
        self.end = finished.end;
        self.seconds = finished.seconds;
        self.cpu_seconds = finished.cpu_seconds;
        self.peak_bytes = finished.peak_bytes;
        self.stderr = finished.stderr;
        self.transcript = printed.transcript;
        self.telemetry = printed.telemetry;
        self
    }
}

/// What a program reported before it was killed, as the end of a sentence.
fn seen(events: &[TelemetryEvent]) -> String {
    let mut rounds = events.iter().filter_map(|event| match event {
        TelemetryEvent::Round(counts) => Some(counts),
        _ => None,
    });
    match (rounds.clone().count(), rounds.next_back()) {
        (0, _) | (_, None) => "; no round had ended".to_owned(),
        (number, Some(last)) => format!(
            "; {number} rounds had ended, with {} of {} objects live",
            last.live, last.allocated
        ),
    }
}
