//! Asks an engine what keeps the first wrapper of a case alive: has it run one
//! small round, and write down its heap.

use crate::cell::Cell;
use crate::checkout::Checkout;
use crate::guest::Guests;
use crate::heap::{Heap, Id, Wanted};
use crate::interrupt::Interrupt;
use crate::judge::broke;
use crate::process::{self, Limits};
use crate::sources::Sources;
use crate::telemetry::{self, Event, Printed, Wrapper};
use anyhow::{Result, anyhow, ensure};

/// Loaded after the runtime, before the case.
const SCRIPT: &str = "js/explain.js";

/// The global variable by which `js/explain.js` has a WeakRef to the wrapper.
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
    let how = broke(run.ended());
    let stderr = run.stderr.clone();
    let printed = telemetry::part(run.lines);
    if let Some(how) = how.or_else(|| printed.malformed.clone()) {
        return Err(with_last_line(&how, &printed, &stderr));
    }
    let told = Told::of(&printed);
    if let Some(reason) = told.no_snapshot {
        return Ok(Answer::CannotTell(reason));
    }
    let Some(wrapper) = told.wrapper else {
        return Err(with_last_line(
            "the case ended before it could be asked: it did not call `main`, or did not come to its end",
            &printed,
            &stderr,
        ));
    };
    ensure!(
        wrapper.made > 0,
        "the case has no wrapper to ask about: in a round of ten objects no constructor called `born(this)`"
    );
    let Some(file) = told.snapshot else {
        return match told.finished {
            true => Ok(Answer::Nothing(wrapper)),
            false => Err(with_last_line("it stopped before it wrote its heap", &printed, &stderr)),
        };
    };
    let wanted = match &wrapper.address {
        Some(address) => Wanted::Address(address),
        None => Wanted::WeakRef(VARIABLE),
    };
    let heap = program.engine.snapshot.read(&stage.path().join(file), wanted)?;
    if !heap.target.is_some_and(|target| is_it(&heap, target, &wrapper)) {
        // It was only late: the engine collects before it writes.
        ensure!(
            wrapper.alive == 1,
            "the first of {} wrappers that were left died while the engine wrote its heap; ask again",
            wrapper.alive
        );
        return Ok(Answer::Nothing(wrapper));
    }
    Ok(Answer::Kept(Box::new(Kept {
        wrapper,
        heap,
        sources: Sources::read(&stage, &scripts)?,
    })))
}

/// What `js/explain.js` told.
#[derive(Debug, Default)]
struct Told {
    wrapper: Option<Wrapper>,
    snapshot: Option<String>,
    no_snapshot: Option<String>,
    finished: bool,
}

impl Told {
    fn of(printed: &Printed) -> Told {
        let mut told = Told::default();
        for event in &printed.events {
            match event {
                Event::Wrapper(wrapper) => told.wrapper = Some(wrapper.clone()),
                Event::Snapshot { file } => told.snapshot = Some(file.clone()),
                Event::NoSnapshot { reason } => told.no_snapshot = Some(reason.clone()),
                Event::Quit { status } => told.finished = *status == 0,
                _ => {}
            }
        }
        told
    }
}

/// Whether a node is the wrapper; at an address there may be something else by now.
fn is_it(heap: &Heap, target: Id, wrapper: &Wrapper) -> bool {
    wrapper.address.is_none() || wrapper.class.as_deref().is_none_or(|class| class == heap.name(target))
}

/// An error with the most telling thing that was said: the runtime's word of an
/// error, or a line that names one, or the last.
fn with_last_line(what: &str, printed: &Printed, stderr: &str) -> anyhow::Error {
    let lines: Vec<&str> = printed
        .transcript
        .iter()
        .map(String::as_str)
        .chain(stderr.lines())
        .collect();
    let mut from_the_end = lines.iter().rev();
    let line = from_the_end
        .find(|line| line.starts_with("error: "))
        // Of several the first is the case's own; others are of what loaded it.
        .or_else(|| lines.iter().find(|line| line.contains("Error: ")))
        .or_else(|| lines.iter().rev().find(|line| !line.trim().is_empty()));
    match line {
        Some(line) => anyhow!("{what}; it said `{}`", crate::failure::clip(line)),
        None => anyhow!("{what}; it said nothing"),
    }
}
