//! Asks an engine what keeps the wrappers of a case alive: makes it run some small
//! rounds, and write a heap snapshot.

use crate::base::file;
use crate::base::text::clip;
use crate::cell::judge::broke;
use crate::cell::limits::GivenLimits;
use crate::cell::run::Cell;
use crate::cell::script_error::{lacks, script_error};
use crate::engine::feature::Feature;
use crate::engine::host;
use crate::engine::library::{self, BLOCK_SIZES, EXPLAIN, LEDGER, REACH, SNAPSHOT};
use crate::explain::keeping::Keeping;
use crate::explain::sources::Sources;
use crate::guest::guests::Guests;
use crate::guest::instrumenting::{ANSWERS, StageAnswers};
use crate::measure::telemetry::{self, MemoryGrowth, Printed, Reachable, ReachableReference, TelemetryEvent, Wrappers};

use crate::run::session::Session;
use crate::run::stage::Stage;
use anyhow::{Context, Result, anyhow, bail, ensure};
use heap::{EdgeKind, Heap, MEMORY_LIMIT, ReportedReference, SnapshotFormat, TargetHint, parse_address};
use std::collections::HashMap;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

/// The global variable in which `js/lib/explain.js` keeps WeakRefs to the wrappers.
const VARIABLE: &str = "explainTarget";

/// The scripts that ask, in the order in which they are loaded.
const SCRIPTS: &[&str] = &[SNAPSHOT, REACH, EXPLAIN];

/// Those before them that know the sizes of blocks, if the guest's allocator is known.
const SIZES: &[&str] = &[LEDGER, BLOCK_SIZES];

/// The answer of an engine, before it is described.
#[derive(Debug)]
pub enum HeapAnswer {
    /// Nothing keeps any of them alive.
    Nothing(Wrappers, Option<MemoryGrowth>),
    /// They are in this heap.
    Kept(Box<WrappersInHeap>),
    /// The engine has no way to answer, for this reason.
    CannotTell(String),
}

/// Wrappers in the heap that they are in.
#[derive(Debug)]
pub struct WrappersInHeap {
    pub wrappers: Wrappers,
    pub heap: Heap,
    pub sources: Sources,
    /// The sources of functions by address, where the engine reports no places.
    pub functions: HashMap<u64, String>,
    pub memory: Option<MemoryGrowth>,
}

/// Asks the cell's engine; an error says why an expected answer is missing.
///
/// `keep` copies the snapshot before the stage is gone.
pub fn ask_engine(
    cell: Cell<'_>,
    keep: Option<&Keeping<'_>>,
    guests: &Guests,
    given: &GivenLimits,
    session: &Session,
) -> Result<HeapAnswer> {
    let program = cell.program;
    if let Some(doubt) = &program.doubt {
        return Ok(HeapAnswer::CannotTell(doubt.clone()));
    }
    if let Some(feature) = cell.lacks() {
        return Ok(HeapAnswer::CannotTell(lacking(feature)));
    }
    let stage = cell.stage(guests, session)?;
    library::put(&session.directories, &stage, SCRIPTS)?;
    let sizes = match reports_blocks(cell, guests, &stage)? {
        true => SIZES,
        false => &[],
    };
    library::put(&session.directories, &stage, sizes)?;
    let mut performance = cell.performance(guests, sizes, SCRIPTS)?;
    performance.options = cell.options(given);
    performance.writes_heap = true;
    let key = host::new_key();
    performance.key = Some(key.clone());
    let finished = host::run(program, &performance, &stage, cell.limits(given), session)??;
    let output = QuestionOutput {
        broke: broke(finished.ending(), &finished.stderr, program.shell),
        stderr: finished.stderr,
        printed: telemetry::split(finished.lines, Some(&key)),
    };
    if let Some(feature) = lacks(&output.printed, &output.stderr) {
        return Ok(HeapAnswer::CannotTell(lacking(feature)));
    }
    match output.report()? {
        QuestionReport::NoSnapshot(reason) => Ok(HeapAnswer::CannotTell(clip(&reason))),
        QuestionReport::Dead(wrappers, memory) => Ok(HeapAnswer::Nothing(wrappers, memory)),
        QuestionReport::Alive(alive) => {
            let sources = Sources::read(&stage, &performance.scripts)?;
            let path = stage.path().join(&alive.file);
            keep.map(|keep| keep.copy(cell, &path, 0)).transpose()?;
            find_wrappers(alive, program.engine.snapshot, &path, sources)
        }
    }
}

/// Puts a guest on the stage that reports its blocks of linear memory; whether there is one. An error if it has not
/// the allocator that the case names.
fn reports_blocks(cell: Cell<'_>, guests: &Guests, stage: &Stage) -> Result<bool> {
    let instrumenting = guests.instrumenting(cell.case);
    let module = file::read(guests.of_case(cell.case)?.module()?)?;
    let answers = StageAnswers::new(stage.path(), "", Arc::clone(&instrumenting));
    stage.write(&format!("{ANSWERS}/readme"), b"The guest that reports its blocks.\n")?;
    let is_put = answers.give(module);
    match instrumenting.refused() {
        Some(why) => bail!("`#: allocator` does not name the guest's allocator: {why}"),
        None => Ok(is_put),
    }
}

pub fn lacking(feature: Feature) -> String {
    format!("it has no {feature}, which the case needs")
}

/// Finds the wrappers in the snapshot.
fn find_wrappers(alive: AliveWrappers, format: SnapshotFormat, path: &Path, sources: Sources) -> Result<HeapAnswer> {
    let AliveWrappers {
        mut wrappers,
        reachable,
        memory,
        ..
    } = alive;
    let address = |text: &Option<String>| parse_address(text.as_deref()?);
    let addresses: Vec<u64> = wrappers
        .objects
        .iter()
        .filter_map(|object| address(&object.address))
        .collect();
    let references: Vec<ReportedReference> = reachable.references.iter().filter_map(reported).collect();
    let target = match addresses.is_empty() {
        false => TargetHint::Address(&addresses, &references),
        true => TargetHint::WeakRef(VARIABLE),
    };
    let mut heap = parse_snapshot(format, path, target).context("failed to read the heap snapshot that it wrote")?;
    // Some die late: the engine collects before it writes.
    heap.targets.resize(wrappers.objects.len(), None);
    let mut there = heap.targets.iter().map(Option::is_some);
    wrappers.objects.retain(|_| there.next() == Some(true));
    let late = (heap.targets.len() - wrappers.objects.len()) as u64;
    wrappers.alive = wrappers.alive.saturating_sub(late);
    heap.targets.retain(Option::is_some);
    if heap.targets.is_empty() {
        wrappers.alive = 0;
        return Ok(HeapAnswer::Nothing(wrappers, memory));
    }
    let source =
        |(address, source): &(String, usize)| Some((parse_address(address)?, reachable.sources.get(*source)?.clone()));
    let functions = reachable.functions.iter().filter_map(source).collect();
    Ok(HeapAnswer::Kept(Box::new(WrappersInHeap {
        wrappers,
        heap,
        sources,
        functions,
        memory,
    })))
}

/// A reference as `js/lib/reach.js` reports it.
pub fn reported(reference: &ReachableReference) -> Option<ReportedReference> {
    Some(ReportedReference {
        from: parse_address(&reference.from)?,
        to: parse_address(&reference.to)?,
        kind: match reference.kind.as_str() {
            "map-value" => EdgeKind::MapValue,
            "map-key" => EdgeKind::MapKey,
            "set-element" => EdgeKind::SetElement,
            "weak-map-value" => EdgeKind::WeakMapValue,
            "table-slot" => EdgeKind::TableSlot,
            "property" => EdgeKind::Property,
            _ => EdgeKind::Internal,
        },
        label: reference.label.clone(),
        map: reference.map.as_deref().and_then(parse_address),
    })
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
    Dead(Wrappers, Option<MemoryGrowth>),
    Alive(AliveWrappers),
}

/// Wrappers that are in the snapshot, a file of this name.
struct AliveWrappers {
    wrappers: Wrappers,
    reachable: Reachable,
    memory: Option<MemoryGrowth>,
    file: String,
}

impl QuestionOutput {
    fn report(&self) -> Result<QuestionReport> {
        if let Some(how) = self.broke.as_ref().or(self.printed.malformed.as_ref()) {
            return Err(self.error(how));
        }
        if let Some(error) = script_error(&self.printed) {
            bail!("the case ended with {}", clip(&error));
        }
        let (mut wrappers, mut file, mut finished) = (None, None, false);
        let (mut reachable, mut memory) = (Reachable::default(), None);
        for event in &self.printed.events {
            match event {
                // The last one counts: those before died late.
                TelemetryEvent::Wrappers(reported) => wrappers = Some(reported.clone()),
                TelemetryEvent::Reachable(reported) => reachable = reported.clone(),
                TelemetryEvent::Memory(reported) => memory = Some(*reported),
                TelemetryEvent::Snapshot { file: reported } => file = Some(reported.clone()),
                TelemetryEvent::NoSnapshot { reason } => return Ok(QuestionReport::NoSnapshot(reason.clone())),
                TelemetryEvent::Quit { status } => finished = *status == 0,
                _ => {}
            }
        }
        let Some(wrappers) = wrappers else {
            let what = "the case ended before it could be queried: it did not call `main`, or did not finish";
            return Err(self.error(what));
        };
        ensure!(
            wrappers.made > 0,
            "the case made no wrapper: in some rounds of some hundred objects no constructor called `born(this)`"
        );
        match file {
            Some(file) => Ok(QuestionReport::Alive(AliveWrappers {
                wrappers,
                reachable,
                memory,
                file,
            })),
            None if finished && wrappers.alive == 0 => Ok(QuestionReport::Dead(wrappers, memory)),
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
