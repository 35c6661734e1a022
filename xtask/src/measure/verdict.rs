//! The verdict on a case on an engine, from its numbers.

use crate::measure::telemetry::{Counts, RunStart, TelemetryEvent};
use crate::measure::trend::{self, SLOPE, Trend};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All is collected, and promptly.
    Collected,
    /// Something stays, or is let go of now and then, and what stays grows no more.
    Bounded,
    /// All is collected in the end, but only after memory ran out, or after too much was live at once.
    Late,
    /// Uncollected objects grow with the number of allocated ones.
    Leaks,
    /// The numbers do not decide.
    Inconclusive,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().unwrap_or_default().get_name())
    }
}

/// How many rounds' worth of objects may be live at once if they are collected promptly.
///
/// One round's worth always is, because it is counted before its objects can be
/// collected. V8 in Node.js sometimes runs finalizers a round later, a `WeakRef`
/// keeps its object for one turn more, and JavaScriptCore keeps an object or two
/// that its conservative scan of the stack finds.
const ROUNDS_LIVE: u64 = 3;

/// The most objects that may be live in the end and count as nothing: the scan of the
/// stack and an engine's own caches keep one or two, however many were made.
const RESIDUE: f64 = 10.0;

/// Nor may they be more than this share of what was made, once that is over `FEW`.
const RESIDUE_SHARE: f64 = 0.01;
const FEW: f64 = 2.0;

/// Of rounds with fewer objects, what one or two of them do decides nothing.
const A_FEW: u64 = 10;

/// A case that lets go of a batch now and then does so more than once.
const BATCHES: usize = 2;

/// One round cannot show a leak: nothing is collected before its end.
const ROUNDS_TO_TELL: usize = 2;

/// Bytes of an object are measured where linear memory grew in at least so many steps.
const STEPS_TO_MEASURE: usize = 4;

const PAGE: f64 = 65536.0;

/// What a verdict rests on: nothing else was watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Objects whose finalization was counted.
    pub objects: u64,
    /// Rounds in which they were made.
    pub rounds: usize,
    /// Slots of the table of callbacks, when they were most.
    pub slots: u64,
    /// Linear memories, by their pages; when they were most.
    pub memories: u64,
    /// WebAssembly tables, by their length; when they were most.
    pub tables: u64,
    /// The bytes of the JavaScript heap, by so many readings.
    #[serde(default)]
    pub heap: usize,
}

/// The numbers of a cell, from its telemetry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    pub verdict: Verdict,
    /// The most objects that were live after a round.
    pub peak: u64,
    /// The objects live after the last chances to collect, or the callbacks that
    /// are still in the table, whichever are more: each exists for the other.
    pub residue: Option<u64>,
    /// Objects retained for each allocated: the growth of the remaining ones over
    /// the later half of the rounds.
    pub slope: Option<f64>,
    /// Bytes of linear memory that grew for each object that was made; `None` if it grew in too few steps to tell.
    pub bytes_per_object: Option<f64>,
    /// Bytes of the JavaScript heap that stayed for each object that was made, over the later
    /// half of the readings; `None` if it does not grow with each round.
    #[serde(default)]
    pub heap_per_object: Option<f64>,
    /// Rounds until linear memory is full at that rate; `None` if that is not known.
    pub rounds_lasted: Option<f64>,
    /// Memory ran out, or the guest trapped.
    pub ran_out: bool,
    /// Pages of linear memory that it grew by from the first round to the last.
    #[serde(default)]
    pub pages_grown: i64,
    /// The rounds that were planned, if the time was up before they were over.
    #[serde(default)]
    pub cut_short: Option<u64>,
    #[serde(default)]
    pub watched: Watched,
}

/// The events of a cell that its numbers are made of.
struct Seen {
    start: Option<RunStart>,
    rounds: Vec<Counts>,
    /// When memory ran out.
    full: Option<Counts>,
    settled: Option<Counts>,
    still_full: bool,
    cut_short: Option<u64>,
}

impl Seen {
    fn of(events: &[TelemetryEvent]) -> Seen {
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

    fn all(&self) -> impl Iterator<Item = &Counts> {
        self.rounds.iter().chain(&self.full).chain(&self.settled)
    }

    fn series(&self, of: fn(&Counts) -> u64) -> Vec<f64> {
        self.rounds.iter().map(|counts| of(counts) as f64).collect()
    }

    fn made(&self) -> u64 {
        self.all().map(|counts| counts.allocated).max().unwrap_or(0)
    }

    fn watched(&self) -> Watched {
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
    fn remaining(&self) -> Trend {
        let values = self.series(remaining);
        let made = self.rounds.last().map_or(0, |counts| counts.allocated) as f64;
        match trend::of_objects(&values, made) {
            Trend::Unclear if (ROUNDS_TO_TELL..8).contains(&values.len()) => {
                let (first, last) = (values[0], values[values.len() - 1]);
                let later = last - values[(values.len() - 1) / 2];
                let enough = (SLOPE * made).max(1.0);
                match last - first >= enough && later >= enough / 2.0 && last > values[values.len() - 2] {
                    true => Trend::Grows,
                    false => Trend::Unclear,
                }
            }
            trend => trend,
        }
    }

    /// Objects made in a round, when they were most.
    fn round(&self) -> u64 {
        let made = self.rounds.iter().map(|counts| counts.allocated);
        let before = [0].into_iter().chain(made.clone());
        made.zip(before)
            .map(|(after, before)| after.saturating_sub(before))
            .max()
            .unwrap_or(0)
    }

    fn peak(&self) -> u64 {
        self.rounds.iter().map(|counts| counts.live).max().unwrap_or(0)
    }

    /// Each round ended with a collection.
    fn collected_each_round(&self) -> bool {
        let last = self.rounds.last();
        last.is_some_and(|last| last.collections >= self.rounds.len() as u64 - 1)
    }

    /// More was alive at once than rounds that are collected leave.
    fn piled_up(&self) -> bool {
        self.peak() > ROUNDS_LIVE.saturating_mul(self.round().max(A_FEW))
    }

    /// Readings of the JavaScript heap: objects that were made until then, and its bytes.
    fn heap(&self) -> Vec<(u64, f64)> {
        let reading = |counts: &Counts| Some((counts.allocated, counts.heap? as f64));
        self.rounds.iter().filter_map(reading).collect()
    }

    /// Bytes of the JavaScript heap for each object made, if it grew with each round that
    /// was collected: of what is not watched by itself.
    fn heap_per_object(&self) -> Option<f64> {
        let readings = self.heap();
        let values: Vec<f64> = readings.iter().map(|(_, bytes)| *bytes).collect();
        let trend = trend::of_heap(&values, self.made() as f64, self.rounds.len() as f64);
        if trend != Trend::Grows || !self.collected_each_round() {
            return None;
        }
        let (middle, last) = (readings.get(readings.len() / 2)?, readings.last()?);
        let made = last.0.checked_sub(middle.0).filter(|made| *made > 0)?;
        Some((last.1 - middle.1) / made as f64)
    }

    /// Memory or a table grew with each round, and not only with the highest pile of
    /// objects that waited for a collection.
    fn grew_in_steps(&self) -> bool {
        let steps = [self.series(|counts| counts.pages), self.series(|counts| counts.entries)];
        let grows = steps.iter().any(|values| trend::of_steps(values) == Trend::Grows);
        grows && (self.collected_each_round() || !self.piled_up())
    }

    /// All that is alive was let go of more than once, though each round collected: a batch.
    fn comes_in_batches(&self) -> bool {
        let falls = self
            .rounds
            .windows(2)
            .filter(|pair| remaining(&pair[1]) < remaining(&pair[0]) / 2);
        self.collected_each_round() && falls.count() >= BATCHES
    }

    fn verdict(&self) -> Verdict {
        if self.still_full {
            // The leak is of linear memory, whatever remains of the objects.
            return Verdict::Leaks;
        }
        let Some((settled, _)) = self.settled.zip(self.start) else {
            return Verdict::Inconclusive;
        };
        if self.rounds.len() < ROUNDS_TO_TELL {
            return Verdict::Inconclusive;
        }
        // Where objects grow as well, it is theirs, and what becomes of them decides.
        if self.remaining() != Trend::Grows && (self.grew_in_steps() || self.heap_per_object().is_some()) {
            return Verdict::Leaks;
        }
        if settled.allocated == 0 {
            // Nothing was watched.
            return Verdict::Inconclusive;
        }
        let (residue, made) = (remaining(&settled) as f64, settled.allocated as f64);
        if residue > 0.0 && residue > by_chance(made) {
            return match self.remaining() {
                Trend::Grows if residue >= SLOPE * made => Verdict::Leaks,
                Trend::Flat | Trend::Slows => Verdict::Bounded,
                _ => Verdict::Inconclusive,
            };
        }
        match self.full.is_some() || self.piled_up() {
            true if self.full.is_none() && self.comes_in_batches() => Verdict::Bounded,
            true => Verdict::Late,
            false => Verdict::Collected,
        }
    }
}

/// The most objects that may remain of those made and count as nothing; never half of them.
fn by_chance(made: f64) -> f64 {
    (made * RESIDUE_SHARE).clamp(FEW, RESIDUE).min((made - 1.0) / 2.0)
}

/// Judges telemetry alone.
pub fn numbers(events: &[TelemetryEvent]) -> Numbers {
    let seen = Seen::of(events);
    let slope = growth(&seen.rounds);
    let bytes_per_object = bytes(&seen);
    let pages = |counts: Option<&Counts>| counts.map_or(0, |counts| i64::try_from(counts.pages).unwrap_or(i64::MAX));
    Numbers {
        verdict: seen.verdict(),
        peak: seen.peak(),
        residue: seen.settled.as_ref().map(remaining),
        slope,
        bytes_per_object,
        heap_per_object: seen.heap_per_object(),
        rounds_lasted: lasted(&seen, bytes_per_object),
        ran_out: seen.full.is_some(),
        pages_grown: pages(seen.all().last()).saturating_sub(pages(seen.rounds.first())),
        cut_short: seen.cut_short,
        watched: seen.watched(),
    }
}

/// The objects that remain after a round: live objects, or callbacks in the table, whichever are more.
fn remaining(counts: &Counts) -> u64 {
    counts.live.max(counts.slots)
}

/// The slope, by least squares, of remaining against allocated objects, over the
/// later half of the rounds; `None` for fewer than two.
fn growth(rounds: &[Counts]) -> Option<f64> {
    let later = if rounds.len() < 4 {
        rounds
    } else {
        &rounds[rounds.len() / 2..]
    };
    let count = later.len() as f64;
    let mean = |of: fn(&Counts) -> u64| later.iter().map(|counts| of(counts) as f64).sum::<f64>() / count;
    let (x, y) = (mean(|counts| counts.allocated), mean(remaining));
    let from = |counts: &Counts| (counts.allocated as f64 - x, remaining(counts) as f64 - y);
    let squares: f64 = later.iter().map(|counts| from(counts).0.powi(2)).sum();
    let products: f64 = later.iter().map(|counts| from(counts).0 * from(counts).1).sum();
    (squares > 0.0).then(|| products / squares)
}

/// Bytes for each object made, between the first and the last round in which memory
/// grew: so a page that is not full is not counted.
fn bytes(seen: &Seen) -> Option<f64> {
    let grew: Vec<&Counts> = seen
        .rounds
        .windows(2)
        .filter(|pair| pair[1].pages > pair[0].pages)
        .map(|pair| &pair[1])
        .collect();
    let (first, last) = (grew.first()?, grew.last()?);
    let made = last.allocated.checked_sub(first.allocated).filter(|made| *made > 0)?;
    let pages = last.pages.checked_sub(first.pages)?;
    (grew.len() >= STEPS_TO_MEASURE).then(|| pages as f64 * PAGE / made as f64)
}

fn lasted(seen: &Seen, bytes_per_object: Option<f64>) -> Option<f64> {
    let start = seen.start?;
    let room = start.maximum?.checked_sub(start.pages)? as f64 * PAGE;
    let a_round = bytes_per_object? * seen.round() as f64;
    (a_round > 0.0).then(|| room / a_round)
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} live after a round", self.peak)?;
        if self.ran_out {
            f.write_str(", memory ran out")?;
        }
        if let (Some(residue), Some(slope)) = (self.residue, self.slope) {
            write!(
                f,
                ", {residue} remain at the end, growing by {slope:.2} per allocated object"
            )?;
        }
        if self.pages_grown > 0 {
            write!(f, ", linear memory grew by {} pages", self.pages_grown)?;
        }
        if let Some(bytes) = self.bytes_per_object {
            write!(f, ", by about {bytes:.0} bytes per object")?;
        }
        if let Some(bytes) = self.heap_per_object {
            write!(f, ", the JavaScript heap by about {bytes:.0} bytes per object")?;
        }
        if let Some(rounds) = self.rounds_lasted {
            write!(f, ", enough for {rounds:.0} rounds")?;
        }
        if let Some(planned) = self.cut_short {
            write!(
                f,
                ", of {planned} rounds {} before the time was up",
                self.watched.rounds
            )?;
        }
        write!(f, "; {}", self.watched)
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: u64, one: &str, more: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{count} {more}"),
        };
        let mut watched = vec![plural(self.objects, "object", "objects")];
        if self.slots > 0 {
            watched.push("slots of callbacks".to_owned());
        }
        if self.memories > 0 {
            watched.push(plural(self.memories, "linear memory", "linear memories"));
        }
        if self.tables > 0 {
            watched.push(plural(self.tables, "table", "tables"));
        }
        if self.heap > 0 {
            watched.push("the JavaScript heap".to_owned());
        }
        write!(f, "watched: {}", watched.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: RunStart = RunStart {
        objects: 1000,
        pages: 2,
        maximum: Some(10),
    };

    fn counts(allocated: u64, live: u64, pages: u64) -> Counts {
        Counts {
            allocated,
            live,
            slots: live,
            pages,
            memories: 1,
            entries: 0,
            tables: 0,
            collections: (allocated / 1000).saturating_sub(1),
            heap: None,
        }
    }

    /// Rounds of 1000 objects, by how many are live after each.
    fn rounds(live: &[u64]) -> Vec<TelemetryEvent> {
        let round = |(index, live): (usize, &u64)| TelemetryEvent::Round(counts(1000 * (index as u64 + 1), *live, 3));
        let rounds = live.iter().enumerate().map(round);
        [TelemetryEvent::Start(START)].into_iter().chain(rounds).collect()
    }

    #[test]
    fn the_numbers_decide() {
        let full = TelemetryEvent::OutOfMemory(counts(4500, 4500, 10));
        let settled = |live| TelemetryEvent::Settled(counts(4000, live, 10));
        let leak = &[1000, 2000, 3000, 4000][..];
        let batch: Vec<u64> = (1..=100).map(|round| 1000 + 1000 * round % 8400).collect();
        for (live, rest, expected) in [
            (&[1000; 4][..], vec![settled(0)], Verdict::Collected),
            // Objects that a conservative scan keeps.
            (&[1000, 1001, 1002, 1001], vec![settled(2)], Verdict::Collected),
            (&[1000; 4], vec![settled(10)], Verdict::Collected),
            // Noise: finalizers that come a round or two late.
            (&[1000, 2000, 1000, 2000], vec![settled(0)], Verdict::Collected),
            (&[1000, 2000, 3000, 3000], vec![settled(0)], Verdict::Collected),
            (&[0, 0, 0, 0], vec![settled(0)], Verdict::Collected),
            // Too much at once, though all is collected in the end.
            (&[1000, 2000, 3000, 3001], vec![settled(0)], Verdict::Late),
            (leak, vec![settled(0)], Verdict::Late),
            (leak, vec![full.clone(), settled(0)], Verdict::Late),
            (&[1000; 4], vec![full.clone(), settled(3)], Verdict::Late),
            // All stay, half stay, one in ten stays, one in a hundred stays.
            (leak, vec![full.clone(), settled(4000)], Verdict::Leaks),
            (leak, vec![settled(4000)], Verdict::Leaks),
            (&[1000, 1500, 2000, 2500], vec![settled(2000)], Verdict::Leaks),
            (&[1000, 1100, 1200, 1300], vec![settled(400)], Verdict::Leaks),
            (&[1000, 1010, 1020, 1030], vec![settled(40)], Verdict::Leaks),
            // Too much to be chance, but it does not grow: a cache of one round, or of three.
            (&[1000; 4], vec![settled(11)], Verdict::Inconclusive),
            (&[1000, 2000, 2000, 2000], vec![settled(1000)], Verdict::Inconclusive),
            (
                &[1000, 2000, 3000, 4000, 4000, 4000, 4000, 4000],
                vec![settled(3000)],
                Verdict::Bounded,
            ),
            // Room is wanted again, and there is none.
            (
                leak,
                vec![full.clone(), settled(0), TelemetryEvent::StillFull(counts(4600, 0, 10))],
                Verdict::Leaks,
            ),
            // Missing numbers, or too few.
            (&[1000; 4], vec![], Verdict::Inconclusive),
            (leak, vec![full], Verdict::Inconclusive),
            (&[1000], vec![settled(1000)], Verdict::Inconclusive),
            (&[], vec![settled(0)], Verdict::Inconclusive),
            // A batch that is flushed now and then; in the end, too.
            (&batch, vec![settled(0)], Verdict::Bounded),
            (&batch, vec![settled(3000)], Verdict::Bounded),
        ] {
            let mut events = rounds(live);
            events.extend(rest);
            assert_eq!(numbers(&events).verdict, expected, "{events:?}");
        }
        // Without a start event the size of a round is unknown.
        let headless = [rounds(&[1000; 4])[1..].to_vec(), vec![settled(0)]].concat();
        assert_eq!(numbers(&headless).verdict, Verdict::Inconclusive);
    }

    #[test]
    fn a_callback_that_stays_in_the_table_is_retained() {
        let mut events = rounds(&[1000; 4]);
        let settled = |slots| {
            TelemetryEvent::Settled(Counts {
                slots,
                ..counts(4000, 0, 3)
            })
        };
        events.push(settled(10));
        assert_eq!(numbers(&events).verdict, Verdict::Collected);
        events.push(settled(4000));
        assert_eq!(numbers(&events).verdict, Verdict::Inconclusive);
        for (index, event) in events.iter_mut().enumerate() {
            if let TelemetryEvent::Round(counts) = event {
                counts.slots = 1000 * index as u64;
            }
        }
        assert_eq!(numbers(&events).verdict, Verdict::Leaks);
    }

    #[test]
    fn a_leak_is_measured() {
        let live: Vec<u64> = (1..=65).map(|round| round * 1000).collect();
        let mut events = rounds(&live);
        events.push(TelemetryEvent::OutOfMemory(counts(65_536, 65_536, 10)));
        events.push(TelemetryEvent::Settled(counts(65_536, 65_536, 10)));
        for (index, event) in events.iter_mut().enumerate() {
            if let TelemetryEvent::Round(counts) = event {
                counts.pages = 2 + index as u64 * 8000 / 65_536;
            }
        }
        let numbers = numbers(&events);
        assert_eq!((numbers.peak, numbers.residue), (65_000, Some(65_536)));
        assert_eq!(numbers.slope, Some(1.0));
        let bytes = numbers.bytes_per_object.unwrap();
        assert!((bytes - 8.0).abs() < 0.2, "{bytes}");
        let lasted = numbers.rounds_lasted.unwrap();
        assert!((lasted - 66.0).abs() < 2.0, "{lasted}");
        assert!(numbers.ran_out);
        let text = numbers.to_string();
        for part in [
            "at most 65000 live after a round, memory ran out, 65536 remain at the end, growing by 1.00 per allocated object",
            "linear memory grew by 8 pages, by about 8 bytes per object",
            "watched: 65536 objects, slots of callbacks, 1 linear memory",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn what_is_left_is_held_against_what_was_made() {
        // One object a round; so many are left after each, and in the end.
        let run = |live: fn(u64) -> u64, made: fn(u64) -> u64, residue| {
            let mut events = vec![TelemetryEvent::Start(START)];
            let round = |round| TelemetryEvent::Round(counts(made(round), live(round), 3));
            events.extend((1..=40).map(round));
            events.push(TelemetryEvent::Settled(counts(made(40), residue, 3)));
            numbers(&events).verdict
        };
        assert_eq!(run(|round| round, |round| round, 40), Verdict::Leaks);
        assert_eq!(run(|round| round / 4, |round| round / 4, 10), Verdict::Leaks);
        assert_eq!(run(|_| 1, |round| round, 2), Verdict::Collected);
        assert_eq!(run(|_| 10, |_| 10, 10), Verdict::Bounded);
        // Nothing was counted.
        assert_eq!(run(|_| 0, |_| 0, 0), Verdict::Inconclusive);
    }

    #[test]
    fn memory_that_grows_is_a_leak_though_all_objects_are_collected() {
        let run = |pages: fn(u64) -> u64, entries: fn(u64) -> u64| {
            let mut events = rounds(&[1000; 100]);
            events.push(TelemetryEvent::Settled(counts(100_000, 0, 10)));
            let mut round = 0;
            for event in &mut events {
                if let TelemetryEvent::Round(counts) = event {
                    round += 1;
                    (counts.pages, counts.entries) = (pages(round), entries(round));
                }
            }
            numbers(&events).verdict
        };
        assert_eq!(run(|_| 3, |_| 0), Verdict::Collected);
        assert_eq!(run(|round| 3 + round / 16, |_| 0), Verdict::Leaks);
        assert_eq!(run(|round| 3 + round.min(10), |_| 0), Verdict::Collected);
        assert_eq!(run(|_| 3, |round| 16 * round), Verdict::Leaks);
    }

    #[test]
    fn a_heap_that_grows_is_a_leak_of_what_was_not_watched_by_itself() {
        let run = |collections: fn(u64) -> u64, heap: fn(u64) -> Option<u64>| {
            let mut events = vec![TelemetryEvent::Start(START)];
            let round = |round: u64| Counts {
                collections: collections(round),
                heap: heap(round),
                ..counts(1000 * round, 1000, 3)
            };
            events.extend((1..=100).map(|number| TelemetryEvent::Round(round(number))));
            events.push(TelemetryEvent::Settled(counts(100_000, 0, 3)));
            let numbers = numbers(&events);
            (numbers.verdict, numbers.heap_per_object, numbers.watched.heap)
        };
        let grows = |round| Some(1_000_000 + 48_000 * round);
        assert_eq!(run(|round| round - 1, grows), (Verdict::Leaks, Some(48.0), 100));
        assert_eq!(
            run(|round| round - 1, |round| Some(1_000_000 + 7_000 * round)),
            (Verdict::Collected, None, 100)
        );
        // Without a collection after each round the heap says nothing.
        assert_eq!(run(|_| 0, grows), (Verdict::Collected, None, 100));
        assert_eq!(run(|round| round - 1, |_| None), (Verdict::Collected, None, 0));
        let some = |round: u64| round.is_multiple_of(4).then_some(1_000_000 + 48_000 * round);
        assert_eq!(run(|round| round - 1, some), (Verdict::Leaks, Some(48.0), 25));
    }

    #[test]
    fn memory_that_grows_with_a_pile_of_objects_is_no_leak() {
        // Of 100 rounds, so many collected; each pile is higher than the one before.
        let run = |collections: fn(u64) -> u64| {
            let mut events = vec![TelemetryEvent::Start(START)];
            let round = |round: u64| Counts {
                collections: collections(round),
                ..counts(1000 * round, 1000 * (round % (3 + round / 10)), 3 + round / 10)
            };
            events.extend((1..=100).map(|number| TelemetryEvent::Round(round(number))));
            events.push(TelemetryEvent::Settled(counts(100_000, 0, 13)));
            numbers(&events).verdict
        };
        assert_eq!(run(|_| 0), Verdict::Late);
        assert_eq!(run(|round| round - 1), Verdict::Leaks);
    }

    #[test]
    fn no_number_is_too_large() {
        let most = Counts {
            allocated: u64::MAX,
            live: u64::MAX,
            slots: u64::MAX,
            pages: u64::MAX,
            memories: u64::MAX,
            entries: u64::MAX,
            tables: u64::MAX,
            collections: u64::MAX,
            heap: Some(u64::MAX),
        };
        let start = RunStart {
            objects: u64::MAX,
            pages: u64::MAX,
            maximum: Some(u64::MAX),
        };
        let mut events = vec![TelemetryEvent::Start(start)];
        for rounds in 0..12 {
            numbers(&events).to_string();
            events.push(TelemetryEvent::Settled(most));
            numbers(&events).to_string();
            events.pop();
            let collections = if rounds % 2 == 0 { u64::MAX } else { 0 };
            events.push(TelemetryEvent::Round(Counts { collections, ..most }));
        }
    }

    #[test]
    fn what_is_collected_lasts_for_ever() {
        let mut events = rounds(&[1000; 4]);
        events.push(TelemetryEvent::Settled(counts(4000, 0, 3)));
        let numbers = numbers(&events);
        assert_eq!((numbers.slope, numbers.rounds_lasted), (Some(0.0), None));
        assert_eq!(numbers.bytes_per_object, None);
    }
}
