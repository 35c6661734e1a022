//! Asks an engine what is new in the heap of a user's own program: makes it write its heap
//! several times, with calls between.

use crate::base::file;
use crate::base::text::clip;
use crate::cell::in_sources::in_sources;
use crate::cell::judge::broke;
use crate::cell::limits::GivenLimits;
use crate::cell::run::Cell;
use crate::cell::script_error::{lacks, script_error};
use crate::engine::host;
use crate::explain::keeping::Keeping;
use crate::explain::question::{lacking, reported};
use crate::explain::sources::Sources;
use crate::guest::guests::Guests;
use crate::measure::census::{Census, What};
use crate::measure::telemetry::{self, Reachable, TelemetryEvent, WrittenHeaps};
use crate::run::session::Session;
use anyhow::{Context, Result, bail};
use heap::births::{Births, EarlierHeap};
use heap::{Heap, MEMORY_LIMIT, NodeKind, ReportedReference, SnapshotFormat, TargetHint, parse_address};
use std::collections::{HashMap, HashSet};
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// The most calls between two snapshots: what is emptied now and then should be so meanwhile.
const MOST_CALLS: f64 = 20_000.0;

/// The most objects, and bytes, that should be leaked between two snapshots.
const MOST_OBJECTS: f64 = 100_000.0;
const MOST_BYTES: f64 = (64 << 20) as f64;

/// Where scripts have to report what collections hold, which they do of so many objects.
const MOST_REPORTED: f64 = 5_000.0;

/// How many times as many calls are made in all as between two snapshots.
const INTERVALS: f64 = 3.0;

/// Calls, where the census does not say.
const ROUND: u64 = 997;

/// A heap, and what is new in it.
#[derive(Debug)]
pub struct ProgramHeap {
    pub heap: Heap,
    pub births: Births,
    /// Calls between the first and the last snapshot; `None` of snapshots that somebody else made.
    pub calls: Option<u64>,
    /// Calls before the last snapshot, in all.
    pub all_calls: u64,
    /// How many snapshots there are.
    pub snapshots: usize,
    pub stopped: Option<String>,
    pub sources: Sources,
    /// The sources of functions by address, where the engine reports no places.
    pub functions: HashMap<u64, String>,
}

/// Makes the calls and reads what the engine writes; the inner error says why it has no way to
/// answer. `keep` is where copies of the snapshots go.
pub fn ask_engine(
    cell: Cell<'_>,
    census: Option<&Census>,
    keep: Option<&Keeping<'_>>,
    guests: &Guests,
    given: &GivenLimits,
    session: &Session,
) -> Result<Result<ProgramHeap, String>> {
    let program = cell.program;
    let format = program.engine.snapshot;
    let limits = cell.limits(given);
    let stage = cell.stage(guests, session)?;
    let mut performance = cell.retaining_performance(guests)?;
    let (calls, round) = calls(census, format);
    performance.options = cell.options(given);
    performance
        .options
        .extend([format!("calls={calls}"), format!("round={round}")]);
    let key = host::new_key();
    performance.key = Some(key.clone());
    let finished = host::run(program, &performance, &stage, limits, session)??;
    if let Some(how) = broke(finished.ending(), &finished.stderr, program.shell) {
        bail!("while it made calls and wrote its heap it {how}");
    }
    let mut printed = telemetry::split(finished.lines, Some(&key));
    if let Some(maps) = guests.source_maps(cell.case) {
        printed = in_sources(printed, maps);
    }
    if let Some(feature) = lacks(&printed, &finished.stderr) {
        return Ok(Err(lacking(feature)));
    }
    if let Some(error) = script_error(&printed) {
        bail!("{}", clip(&error));
    }
    if let Some(malformed) = printed.malformed {
        bail!(malformed);
    }
    let (mut written, mut reachable) = (None, Reachable::default());
    for event in printed.events {
        match event {
            TelemetryEvent::Heaps(heaps) => written = Some(heaps),
            TelemetryEvent::Reachable(reported) => reachable = reported,
            TelemetryEvent::NoSnapshot { reason } => return Ok(Err(clip(&reason))),
            _ => {}
        }
    }
    let written: WrittenHeaps = written.context("it ended before it had written its heap")?;
    let own = performance.own.context("the case is no script of a user's")?;
    let maps = guests.source_maps(cell.case);
    let mut sources = Sources::of_program(&stage, &own, maps.cloned())?;
    let paths: Vec<PathBuf> = written.files.iter().map(|name| stage.path().join(name)).collect();
    for (number, path) in paths.iter().enumerate() {
        keep.map(|keep| keep.copy(cell, path, number)).transpose()?;
    }
    let references: Vec<ReportedReference> = reachable.references.iter().filter_map(reported).collect();
    let (mut heap, births) = read(&paths, format, &references).context("failed to read the heap that it wrote")?;
    if let Some(maps) = maps {
        heap.rename(|name| maps.class_name(name));
    }
    let loaded = loaded(&heap, &sources);
    if !loaded.is_empty() {
        sources.keep_classes_of(&loaded);
    }
    let all_calls = written.calls.last().copied().unwrap_or(0);
    let calls = match written.calls[..] {
        [first, .., last] => last.saturating_sub(first),
        _ => 0,
    };
    let source =
        |(address, source): &(String, usize)| Some((parse_address(address)?, reachable.sources.get(*source)?.clone()));
    let functions = reachable.functions.iter().filter_map(source).collect();
    Ok(Ok(ProgramHeap {
        heap,
        births,
        calls: Some(calls),
        all_calls,
        snapshots: paths.len(),
        stopped: written.stopped,
        sources,
        functions,
    }))
}

/// The files of which there are functions; none where the engine tells no places. A script beside these may define a class
/// that is called as one of the engine's, such as `Text`.
fn loaded(heap: &Heap, sources: &Sources) -> HashSet<String> {
    let functions = (0..).take(heap.node_count());
    let functions = functions.filter(|id| heap.kind(*id) == NodeKind::Function);
    let places = functions.filter_map(|id| sources.place(heap.position(id)?));
    places.map(|place| place.file).collect()
}

/// How many calls to make between two snapshots, and in a round.
fn calls(census: Option<&Census>, format: SnapshotFormat) -> (u64, u64) {
    let Some(census) = census else {
        return (ROUND, ROUND);
    };
    let rate = |counted: fn(What) -> bool| -> f64 {
        let rates = census.grows.iter().filter(|growth| counted(growth.kind.what));
        rates.map(|growth| growth.per_call).sum()
    };
    let objects = rate(|what| matches!(what, What::Objects | What::Instances));
    let bytes = rate(|what| matches!(what, What::Bytes | What::BlockBytes | What::LinearMemory | What::Heap));
    let most_objects = match format.hides() {
        Some(_) => MOST_REPORTED,
        None => MOST_OBJECTS,
    };
    let limits = [
        MOST_CALLS,
        census.calls as f64 / INTERVALS,
        most_objects / objects.max(f64::MIN_POSITIVE),
        MOST_BYTES / bytes.max(f64::MIN_POSITIVE),
    ];
    let calls = limits.into_iter().fold(f64::INFINITY, f64::min).max(1.0) as u64;
    (calls, census.round.clamp(1, calls))
}

/// Reads the last snapshot, and of those before what was there. Of one alone everything is new.
pub fn read(paths: &[PathBuf], format: SnapshotFormat, references: &[ReportedReference]) -> Result<(Heap, Births)> {
    let (last, earlier) = paths.split_last().context("there is no snapshot")?;
    let open = |path: &Path| {
        let file = file::open(path)?;
        format.check_size(file.metadata()?.len(), MEMORY_LIMIT)?;
        anyhow::Ok(BufReader::with_capacity(1 << 16, file))
    };
    let name = |path: &Path| path.file_name().unwrap_or_default().display().to_string();
    let mut known = Vec::new();
    for path in earlier {
        let found = open(path).and_then(|input| format.earlier(input));
        known.push(found.with_context(|| format!("failed to read the heap snapshot `{}`", name(path)))?);
    }
    let heap = open(last).and_then(|input| format.parse(input, TargetHint::Nothing(references)));
    let heap = heap.with_context(|| format!("failed to read the heap snapshot `{}`", name(last)))?;
    if known.is_empty() {
        known.push(EarlierHeap::default());
    }
    let births = Births::of(&heap, &known);
    Ok((heap, births))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::block_findings::BlockNotes;
    use crate::measure::census::{Kind, KindGrowth};
    use crate::measure::verdict::Verdict;

    #[test]
    fn so_many_calls_are_made_as_their_objects_can_be_looked_at() {
        let census = |calls, round, growths: &[(What, f64)]| Census {
            verdict: Verdict::Leaks,
            reader: "v8".to_owned(),
            calls,
            round,
            readings: 7,
            unsettled: 0,
            grows: growths
                .iter()
                .map(|(what, per_call)| KindGrowth {
                    kind: Kind::of(*what),
                    per_call: *per_call,
                    fit: None,
                })
                .collect(),
            stays: Vec::new(),
            doubt: None,
            stopped: None,
            blocks: BlockNotes::default(),
        };
        use SnapshotFormat::{Jsc, V8};
        for (census, format, wanted) in [
            (census(80_000, 997, &[(What::Objects, 1.0)]), V8, (20_000, 997)),
            (census(80_000, 997, &[(What::Objects, 20.0)]), V8, (5_000, 997)),
            (census(80_000, 997, &[(What::Objects, 1.0)]), Jsc, (5_000, 997)),
            (census(600, 11, &[(What::Instances, 1.0)]), V8, (200, 11)),
            (census(80_000, 997, &[(What::Bytes, 1e8)]), V8, (1, 1)),
            (census(0, 0, &[]), V8, (1, 1)),
        ] {
            assert_eq!(calls(Some(&census), format), wanted);
        }
        assert_eq!(calls(None, V8), (ROUND, ROUND));
    }
}
