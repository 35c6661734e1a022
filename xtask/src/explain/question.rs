//! Asks an engine what keeps the first wrapper of a case alive: has it run one
//! small round, and write down its heap.

use crate::base::directories::Checkout;
use crate::cell::cell::Cell;
use crate::cell::judge::broke;
use crate::explain::sources::Sources;
use crate::guest::guests::Guests;
use crate::measure::telemetry::{self, Event, Printed, Wrapper};
use crate::run::interrupt::Interrupt;
use crate::run::process::{self, Limits};
use anyhow::{Context, Result, anyhow, ensure};
use heap::{Heap, MEMORY_LIMIT, SnapshotFormat, TargetHint};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Loaded after the runtime, before the case.
const SCRIPT: &str = "js/lib/explain.js";

/// The global variable by which `js/lib/explain.js` has a WeakRef to the wrapper.
const VARIABLE: &str = "explainTarget";

/// What an engine answers.
#[derive(Debug)]
pub enum Answer {
    /// Nothing keeps it alive.
    Nothing(Wrapper),
    /// It is in this heap.
    Kept(Box<Kept>),
    /// The engine has no way to tell, for this reason.
    CannotTell(String),
}

#[derive(Debug)]
pub struct Kept {
    pub wrapper: Wrapper,
    pub heap: Heap,
    pub sources: Sources,
}

/// Asks; an error says why there is no answer where there should be one.
pub fn ask(
    cell: Cell<'_>,
    checkout: &Checkout,
    guests: &Guests,
    limits: Limits,
    interrupt: &Interrupt,
) -> Result<Answer> {
    let program = cell.program;
    if let Some(doubt) = &program.doubt {
        return Ok(Answer::CannotTell(doubt.clone()));
    }
    if let Some(feature) = cell.lacks() {
        return Ok(Answer::CannotTell(format!("it has no {feature}, which the case needs")));
    }
    let stage = cell.stage(checkout, guests)?;
    stage.add(&checkout.root().join(SCRIPT), SCRIPT)?;
    let scripts = cell.scripts(guests, &[SCRIPT])?;
    let flag = program.shell.snapshot_flag.map(str::to_owned);
    let arguments = cell.arguments(&scripts, flag);
    let run = process::run(&program.path, &arguments, &stage, limits, interrupt)?;
    let said = Said {
        broke: broke(run.ended()),
        stderr: run.stderr,
        printed: telemetry::part(run.lines),
    };
    match said.told()? {
        Told::NoSnapshot(reason) => Ok(Answer::CannotTell(reason)),
        Told::Dead(wrapper) => Ok(Answer::Nothing(wrapper)),
        Told::Alive(wrapper, file) => {
            let sources = Sources::read(&stage, &scripts)?;
            let path = stage.path().join(file);
            read(wrapper, program.engine.snapshot, &path, sources)
        }
    }
}

/// Finds the wrapper in the snapshot.
fn read(wrapper: Wrapper, format: SnapshotFormat, path: &Path, sources: Sources) -> Result<Answer> {
    let target = match &wrapper.address {
        Some(address) => TargetHint::Address(address),
        None => TargetHint::WeakRef(VARIABLE),
    };
    let heap = parse_snapshot(format, path, target).context("failed to read the heap snapshot that it wrote")?;
    if heap.target.is_some() {
        return Ok(Answer::Kept(Box::new(Kept { wrapper, heap, sources })));
    }
    // It was only late: the engine collects before it writes.
    ensure!(
        wrapper.alive == 1,
        "the first of {} wrappers that were left died while the engine wrote its heap; ask again",
        wrapper.alive
    );
    Ok(Answer::Nothing(wrapper))
}

/// Reads a snapshot's file, unless that would take too much memory.
fn parse_snapshot(format: SnapshotFormat, path: &Path, target: TargetHint<'_>) -> Result<Heap> {
    let file = File::open(path)?;
    format.check_size(file.metadata()?.len(), MEMORY_LIMIT)?;
    format.parse(BufReader::with_capacity(1 << 16, file), target)
}

/// What came of the run.
struct Said {
    broke: Option<String>,
    printed: Printed,
    stderr: String,
}

/// What `js/lib/explain.js` told.
enum Told {
    NoSnapshot(String),
    Dead(Wrapper),
    /// The wrapper is in the snapshot, a file of this name.
    Alive(Wrapper, String),
}

impl Said {
    fn told(&self) -> Result<Told> {
        if let Some(how) = self.broke.as_ref().or(self.printed.malformed.as_ref()) {
            return Err(self.error(how));
        }
        let (mut wrapper, mut file, mut finished) = (None, None, false);
        for event in &self.printed.events {
            match event {
                // The last one counts: those before were only late to die.
                Event::Wrapper(told) => wrapper = Some(told.clone()),
                Event::Snapshot { file: told } => file = Some(told.clone()),
                Event::NoSnapshot { reason } => return Ok(Told::NoSnapshot(reason.clone())),
                Event::Quit { status } => finished = *status == 0,
                _ => {}
            }
        }
        let Some(wrapper) = wrapper else {
            let what = "the case ended before it could be asked: it did not call `main`, or did not come to its end";
            return Err(self.error(what));
        };
        ensure!(
            wrapper.made > 0,
            "the case has no wrapper to ask about: in a round of ten objects no constructor called `born(this)`"
        );
        match file {
            Some(file) => Ok(Told::Alive(wrapper, file)),
            None if finished && wrapper.alive == 0 => Ok(Told::Dead(wrapper)),
            None => Err(self.error("it stopped before it wrote its heap")),
        }
    }

    /// An error with the most telling thing that was said: the runtime's word of an
    /// error, or a line that names one, or the last.
    fn error(&self, what: &str) -> anyhow::Error {
        let transcript = self.printed.transcript.iter().map(String::as_str);
        let lines: Vec<&str> = transcript.chain(self.stderr.lines()).collect();
        let mut from_the_end = lines.iter().rev();
        let line = from_the_end
            .find(|line| line.starts_with("error: "))
            // Of several the first is the case's own; others are of what loaded it.
            .or_else(|| lines.iter().find(|line| line.contains("Error: ")))
            .or_else(|| lines.iter().rev().find(|line| !line.trim().is_empty()));
        match line {
            Some(line) => anyhow!("{what}; it said `{}`", crate::show::failure::clip(line)),
            None => anyhow!("{what}; it said nothing"),
        }
    }
}
