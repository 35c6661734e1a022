//! What was seen of a cell, from its telemetry: series of readings, and what they show.

use crate::measure::telemetry::{Counts, RunStart, TelemetryEvent};
use crate::measure::trend::{self, Trend};
use crate::measure::watched::Watched;

/// How many rounds' worth of objects may be live at once if they are collected promptly.
///
/// One round's worth always is, because it is counted before its objects can be
/// collected. V8 in Node.js sometimes runs finalizers a round later, a `WeakRef`
/// keeps its object for one turn more, and JavaScriptCore keeps an object or two
/// that its conservative scan of the stack finds.
const ROUNDS_LIVE: u64 = 3;

/// Of rounds with fewer objects, what one or two of them do decides nothing.
const A_FEW: u64 = 10;

/// A case that lets go of a batch now and then does so more than once.
const BATCHES: usize = 2;

/// What is set up once takes its memory in fewer steps than this.
const STEPS_TO_FILL: usize = 4;

/// One round cannot show a leak: nothing is collected before its end.
pub const ROUNDS_TO_TELL: usize = 2;

/// The events of a cell that its numbers are made of.
pub struct Seen {
    pub start: Option<RunStart>,
    pub rounds: Vec<Counts>,
    /// When memory ran out.
    pub full: Option<Counts>,
    pub settled: Option<Counts>,
    pub still_full: bool,
    pub cut_short: Option<u64>,
}

impl Seen {
    pub fn of(events: &[TelemetryEvent]) -> Seen {
        let mut seen = Seen {
            start: None,
            rounds: Vec::new(),
            full: None,
            settled: None,
            still_full: false,
            cut_short: None,
        };
        for event in events {
            match event {
                TelemetryEvent::Start(start) => seen.start = seen.start.or(Some(*start)),
                TelemetryEvent::Round(counts) => seen.rounds.push(*counts),
                TelemetryEvent::OutOfMemory(counts)
                | TelemetryEvent::Trapped(counts)
                | TelemetryEvent::NoMoreMemories(counts) => seen.full = Some(*counts),
                TelemetryEvent::Settled(counts) => seen.settled = Some(*counts),
                TelemetryEvent::StillFull(_) => seen.still_full = true,
                TelemetryEvent::CutShort { planned, .. } => seen.cut_short = Some(*planned),
                _ => {}
            }
        }
        seen
    }

    pub fn all(&self) -> impl Iterator<Item = &Counts> {
        self.rounds.iter().chain(&self.full).chain(&self.settled)
    }

    pub fn series(&self, of: fn(&Counts) -> u64) -> Vec<f64> {
        self.rounds.iter().map(|counts| of(counts) as f64).collect()
    }

    pub fn made(&self) -> u64 {
        self.all().map(|counts| counts.allocated).max().unwrap_or(0)
    }

    pub fn watched(&self) -> Watched {
        let most = |of: fn(&Counts) -> u64| self.all().map(of).max().unwrap_or(0);
        Watched {
            objects: self.made(),
            rounds: self.rounds.len(),
            slots: most(|counts| counts.slots),
            memories: most(|counts| counts.memories),
            tables: most(|counts| counts.tables),
            heap: self.heap().len(),
        }
    }

    /// How what remains goes on; a run that ended after a few rounds is judged by its halves.
    pub fn remaining(&self) -> Trend {
        let values = self.series(remaining);
        let made = self.rounds.last().map_or(0, |counts| counts.allocated) as f64;
        match values.len() < trend::ENOUGH {
            true => trend::of_few(&values, made),
            false => trend::of_objects(&values, made),
        }
    }

    /// Objects made in a round, when they were most.
    pub fn round(&self) -> u64 {
        let made = self.rounds.iter().map(|counts| counts.allocated);
        let before = [0].into_iter().chain(made.clone());
        made.zip(before)
            .map(|(after, before)| after.saturating_sub(before))
            .max()
            .unwrap_or(0)
    }

    pub fn peak(&self) -> u64 {
        self.rounds.iter().map(|counts| counts.live).max().unwrap_or(0)
    }

    /// Each round ended with a collection.
    pub fn collected_each_round(&self) -> bool {
        let last = self.rounds.last();
        last.is_some_and(|last| last.collections >= self.rounds.len() as u64 - 1)
    }

    /// More was alive at once than rounds that are collected leave; of many rounds, after
    /// more than one: a conservative scan of the stack may keep much for once.
    pub fn piled_up(&self) -> bool {
        let most = ROUNDS_LIVE.saturating_mul(self.round().max(A_FEW));
        let piles = self.rounds.iter().filter(|counts| counts.live > most).count();
        piles > usize::from(self.rounds.len() >= trend::ENOUGH)
    }

    /// Readings of the JavaScript heap: objects that were made until then, and its bytes.
    pub fn heap(&self) -> Vec<(u64, f64)> {
        let reading = |counts: &Counts| Some((counts.allocated, counts.heap? as f64));
        self.rounds.iter().filter_map(reading).collect()
    }

    /// Bytes of the JavaScript heap for each object made, if it grew with each round that
    /// was collected: of what is not watched by itself.
    pub fn heap_per_object(&self) -> Option<f64> {
        let readings = self.heap();
        let values: Vec<f64> = readings.iter().map(|(_, bytes)| *bytes).collect();
        let trend = trend::of_heap(&values, self.made() as f64, self.rounds.len() as f64);
        // While objects pile up, as when a scan of the stack keeps them, the heap is theirs.
        if trend != Trend::Grows || !self.collected_each_round() || self.piled_up() {
            return None;
        }
        let (middle, last) = (readings.get(readings.len() / 2)?, readings.last()?);
        let made = last.0.checked_sub(middle.0).filter(|made| *made > 0)?;
        Some((last.1 - middle.1) / made as f64)
    }

    /// Memory or a table grew with each round, and not only with the highest pile of
    /// objects that waited for a collection.
    pub fn grew_in_steps(&self) -> bool {
        let steps = [self.series(|counts| counts.pages), self.series(|counts| counts.entries)];
        let grows = steps.iter().any(|values| trend::of_steps(values) == Trend::Grows);
        grows && (self.collected_each_round() || !self.piled_up())
    }

    /// A memory grew, step by step, until it could not, and whatever wanted more went
    /// without. If the guest reports that instead, it is asked for room again.
    pub fn filled_up(&self) -> bool {
        let is_full = self.settled.is_some_and(|settled| settled.full > 0);
        let grew = self.rounds.windows(2).filter(|pair| pair[1].pages > pair[0].pages);
        let steps = grew.count();
        let quarter = self.rounds.len() / 4;
        let early = self.rounds.get(quarter).map_or(0, |counts| counts.pages);
        let late = self.rounds.last().map_or(0, |counts| counts.pages);
        let took_long = late > early;
        let unnoticed = self.full.is_none();
        is_full && unnoticed && steps >= STEPS_TO_FILL && took_long && (self.collected_each_round() || !self.piled_up())
    }

    /// All that is alive was let go of more than once, though each round collected: a batch.
    pub fn comes_in_batches(&self) -> bool {
        let falls = self
            .rounds
            .windows(2)
            .filter(|pair| remaining(&pair[1]) < remaining(&pair[0]) / 2);
        self.collected_each_round() && falls.count() >= BATCHES
    }
}

/// The objects that remain after a round: live objects, or callbacks in the table, whichever are more.
pub fn remaining(counts: &Counts) -> u64 {
    counts.live.max(counts.slots)
}
