//! The verdict on a case on an engine, from its numbers.

use crate::measure::telemetry::{Counts, RunStart, TelemetryEvent};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All is collected, and promptly.
    Collected,
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

/// The largest share of a round that may be live in the end and count as
/// nothing: a hundredth, so 10 objects of 1,000. The scan of the stack and an
/// engine's own caches keep one or two, however many were made.
const RESIDUE: f64 = 0.01;

/// The smallest share of allocated objects that must stay for a leak: one in two
/// hundred. Both the residue and the growth over the later rounds must reach it:
/// a cache of any size stops growing once it is full.
const SLOPE: f64 = 0.005;

/// One round cannot show a leak: nothing is collected before its end.
const ROUNDS_TO_TELL: usize = 2;

const PAGE: f64 = 65536.0;

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
    /// Bytes of linear memory per live object when memory had grown most; `None` if it did not grow.
    pub bytes_per_object: Option<f64>,
    /// Rounds until retained objects would fill linear memory; `None` if nothing is retained.
    pub rounds_lasted: Option<f64>,
    /// Memory ran out, or the guest trapped.
    pub ran_out: bool,
}

/// Judges telemetry alone.
pub fn numbers(events: &[TelemetryEvent]) -> Numbers {
    let start = events.iter().find_map(|event| match event {
        TelemetryEvent::Start(start) => Some(*start),
        _ => None,
    });
    let rounds: Vec<Counts> = pick_counts(events, |event| match event {
        TelemetryEvent::Round(counts) => Some(*counts),
        _ => None,
    });
    let full = pick_counts(events, |event| match event {
        TelemetryEvent::OutOfMemory(counts) | TelemetryEvent::Trapped(counts) => Some(*counts),
        _ => None,
    });
    let settled = pick_counts(events, |event| match event {
        TelemetryEvent::Settled(counts) => Some(*counts),
        _ => None,
    });
    let (full, settled) = (full.last(), settled.last());
    let residue = settled.map(|counts| counts.live.max(counts.slots));

    let peak = rounds.iter().map(|counts| counts.live).max().unwrap_or(0);
    let slope = growth(&rounds);
    let kept = settled
        .zip(residue)
        .map(|(settled, residue)| residue as f64 / settled.allocated.max(1) as f64);
    let still_full = events.iter().any(|event| matches!(event, TelemetryEvent::StillFull(_)));
    let bytes_per_object = start.and_then(|start| bytes(start, rounds.iter().chain(full)));
    Numbers {
        verdict: match still_full {
            // The leak is not of objects, but of their memory.
            true => Verdict::Leaks,
            false => verdict(start, &rounds, full.is_some(), residue, slope.zip(kept)),
        },
        peak,
        residue,
        slope,
        bytes_per_object,
        rounds_lasted: start.and_then(|start| lasted(start, bytes_per_object?, slope?)),
        ran_out: full.is_some(),
    }
}

fn pick_counts<T>(events: &[TelemetryEvent], pick: impl Fn(&TelemetryEvent) -> Option<T>) -> Vec<T> {
    events.iter().filter_map(pick).collect()
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

fn verdict(
    start: Option<RunStart>,
    rounds: &[Counts],
    ran_out: bool,
    residue: Option<u64>,
    slopes: Option<(f64, f64)>,
) -> Verdict {
    let (Some(start), Some(residue), Some((slope, kept))) = (start, residue, slopes) else {
        return Verdict::Inconclusive;
    };
    if rounds.len() < ROUNDS_TO_TELL {
        return Verdict::Inconclusive;
    }
    if residue as f64 <= RESIDUE * start.objects as f64 {
        let few = |counts: &Counts| remaining(counts) <= ROUNDS_LIVE.saturating_mul(start.objects);
        let prompt = rounds.iter().all(few) && !ran_out;
        return if prompt { Verdict::Collected } else { Verdict::Late };
    }
    if slope >= SLOPE && kept >= SLOPE {
        Verdict::Leaks
    } else {
        Verdict::Inconclusive
    }
}

/// Bytes of linear memory per object, when memory had grown most and was fullest.
fn bytes<'a>(start: RunStart, seen: impl Iterator<Item = &'a Counts>) -> Option<f64> {
    let fullest = seen.max_by_key(|counts| (counts.pages, counts.live))?;
    let grown = fullest.pages.checked_sub(start.initial)? as f64 * PAGE;
    (grown > 0.0 && fullest.live > 0).then(|| grown / fullest.live as f64)
}

fn lasted(start: RunStart, bytes_per_object: f64, slope: f64) -> Option<f64> {
    let room = start.maximum.checked_sub(start.initial)? as f64 * PAGE;
    let a_round = bytes_per_object * slope * start.objects as f64;
    (slope >= SLOPE).then(|| room / a_round)
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
        if let Some(bytes) = self.bytes_per_object {
            write!(f, ", {bytes:.0} bytes of linear memory per object")?;
        }
        if let Some(rounds) = self.rounds_lasted {
            write!(f, ", enough for {rounds:.0} rounds")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: RunStart = RunStart {
        objects: 1000,
        initial: 2,
        maximum: 10,
    };

    fn counts(allocated: u64, live: u64, pages: u64) -> Counts {
        Counts {
            allocated,
            live,
            slots: live,
            pages,
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
                Verdict::Inconclusive,
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
        let numbers = numbers(&events);
        assert_eq!((numbers.peak, numbers.residue), (65_000, Some(65_536)));
        assert_eq!((numbers.slope, numbers.bytes_per_object), (Some(1.0), Some(8.0)));
        assert_eq!(numbers.rounds_lasted, Some(65.536));
        assert!(numbers.ran_out);
        let expected = "at most 65000 live after a round, memory ran out, 65536 remain at the end, growing by 1.00 per allocated object, \
                      8 bytes of linear memory per object, enough for 66 rounds";
        assert_eq!(numbers.to_string(), expected);
    }

    #[test]
    fn what_is_collected_lasts_for_ever() {
        let mut events = rounds(&[1000; 4]);
        events.push(TelemetryEvent::Settled(counts(4000, 0, 3)));
        let numbers = numbers(&events);
        assert_eq!((numbers.slope, numbers.rounds_lasted), (Some(0.0), None));
        assert_eq!(numbers.bytes_per_object, Some(65.536));
    }
}
