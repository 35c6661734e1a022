//! Asks an engine what keeps the first wrapper of a case alive: makes it run one
//! small round, and write a heap snapshot.

use crate::base::file;
use crate::base::text::clip;
use crate::cell::judge::broke;
use crate::cell::run::Cell;
use crate::engine::host;
use crate::engine::library::{self, EXPLAIN};
use crate::explain::sources::Sources;
use crate::guest::guests::Guests;
use crate::measure::telemetry::{self, Printed, TelemetryEvent, Wrapper};
use crate::run::process::Limits;
use crate::run::session::Session;
use anyhow::{Context, Result, anyhow, ensure};
use heap::{Heap, MEMORY_LIMIT, SnapshotFormat, TargetHint};
use std::io::BufReader;
use std::path::Path;

/// The global variable in which `js/lib/explain.js` keeps a WeakRef to the wrapper.
const VARIABLE: &str = "explainTarget";

/// The answer of an engine, before it is described.
#[derive(Debug)]
pub enum HeapAnswer {
    /// Nothing keeps it alive.
    Nothing(Wrapper),
    /// It is in this heap.
    Kept(Box<WrapperInHeap>),
    /// The engine has no way to answer, for this reason.
    CannotTell(String),
}

#[derive(Debug)]
pub struct WrapperInHeap {
    pub wrapper: Wrapper,
    pub heap: Heap,
    pub sources: Sources,
}

/// Asks the cell's engine; an error says why an expected answer is missing.
pub fn ask_engine(cell: Cell<'_>, guests: &Guests, limits: Limits, session: &Session) -> Result<HeapAnswer> {
    let program = cell.program;
    if let Some(doubt) = &program.doubt {
        return Ok(HeapAnswer::CannotTell(doubt.clone()));
    }
    if let Some(feature) = cell.lacks() {
        return Ok(HeapAnswer::CannotTell(format!(
            "it has no {feature}, which the case needs"
        )));
    }
    let stage = cell.stage(guests, session)?;
    library::put(&session.directories, &stage, &[EXPLAIN])?;
    let mut performance = cell.performance(guests, &[EXPLAIN])?;
    performance.writes_heap = true;
    let finished = host::run(program, &performance, &stage, limits, session)??;
    let output = QuestionOutput {
        broke: broke(finished.ending()),
        stderr: finished.stderr,
        printed: telemetry::split(finished.lines, None),
    };
    match output.report()? {
        QuestionReport::NoSnapshot(reason) => Ok(HeapAnswer::CannotTell(clip(&reason))),
        QuestionReport::Dead(wrapper) => Ok(HeapAnswer::Nothing(wrapper)),
        QuestionReport::Alive(wrapper, file) => {
            let sources = Sources::read(&stage, &performance.scripts)?;
            let path = stage.path().join(file);
            find_wrapper(wrapper, program.engine.snapshot, &path, sources)
        }
    }
}

/// Finds the wrapper in the snapshot.
fn find_wrapper(wrapper: Wrapper, format: SnapshotFormat, path: &Path, sources: Sources) -> Result<HeapAnswer> {
    let target = match &wrapper.address {
        Some(address) => TargetHint::Address(address),
        None => TargetHint::WeakRef(VARIABLE),
    };
    let heap = parse_snapshot(format, path, target).context("failed to read the heap snapshot that it wrote")?;
    if heap.target.is_some() {
        return Ok(HeapAnswer::Kept(Box::new(WrapperInHeap { wrapper, heap, sources })));
    }
    // It died late: the engine collects before it writes.
    ensure!(
        wrapper.alive == 1,
        "the first of {} remaining wrappers died while the engine wrote its heap; run the command again",
        wrapper.alive
    );
    Ok(HeapAnswer::Nothing(wrapper))
}

/// Reads a snapshot's file, unless that would take too much memory.
fn parse_snapshot(format: SnapshotFormat, path: &Path, target: TargetHint<'_>) -> Result<Heap> {
    let file = file::open(path)?;
    format.check_size(file.metadata()?.len(), MEMORY_LIMIT)?;
    format.parse(BufReader::with_capacity(1 << 16, file), target)
}

/// The output of the run.
struct QuestionOutput {
    broke: Option<String>,
    printed: Printed,
    stderr: String,
}

/// The report of `js/lib/explain.js`.
enum QuestionReport {
    NoSnapshot(String),
    Dead(Wrapper),
    /// The wrapper is in the snapshot, a file of this name.
    Alive(Wrapper, String),
}

impl QuestionOutput {
    fn report(&self) -> Result<QuestionReport> {
        if let Some(how) = self.broke.as_ref().or(self.printed.malformed.as_ref()) {
            return Err(self.error(how));
        }
        let (mut wrapper, mut file, mut finished) = (None, None, false);
        for event in &self.printed.events {
            match event {
                // The last one counts: those before died late.
                TelemetryEvent::Wrapper(reported) => wrapper = Some(reported.clone()),
                TelemetryEvent::Snapshot { file: reported } => file = Some(reported.clone()),
                TelemetryEvent::NoSnapshot { reason } => return Ok(QuestionReport::NoSnapshot(reason.clone())),
                TelemetryEvent::Quit { status } => finished = *status == 0,
                _ => {}
            }
        }
        let Some(wrapper) = wrapper else {
            let what = "the case ended before it could be queried: it did not call `main`, or did not finish";
            return Err(self.error(what));
        };
        ensure!(
            wrapper.made > 0,
            "the case made no wrapper: in a round of ten objects no constructor called `born(this)`"
        );
        match file {
            Some(file) => Ok(QuestionReport::Alive(wrapper, file)),
            None if finished && wrapper.alive == 0 => Ok(QuestionReport::Dead(wrapper)),
            None => Err(self.error("it stopped before it wrote its heap")),
        }
    }

    /// An error with the most useful line of output: the runtime's own error, or a
    /// line that names an error, or the last line.
    fn error(&self, what: &str) -> anyhow::Error {
        let transcript = self.printed.transcript.iter().map(String::as_str);
        let lines: Vec<&str> = transcript.chain(self.stderr.lines()).collect();
        let mut from_the_end = lines.iter().rev();
        let line = from_the_end
            .find(|line| line.starts_with("error: "))
            // The first of several is the case's own; others are from the scripts that loaded it.
            .or_else(|| lines.iter().find(|line| line.contains("Error: ")))
            .or_else(|| lines.iter().rev().find(|line| !line.trim().is_empty()));
        match line {
            Some(line) => anyhow!("{what}; it printed `{}`", clip(line)),
            None => anyhow!("{what}; it printed nothing"),
        }
    }
}
