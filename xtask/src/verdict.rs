//! The verdict: what the numbers say of a case on an engine.

use crate::telemetry::{Counts, Event};
use serde::Serialize;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Collected,
    Late,
    Leaks,
    Inconclusive,
}

/// Every verdict, with its name.
pub const VERDICTS: &[(Verdict, &str)] = &[
    (Verdict::Collected, "collected"),
    (Verdict::Late, "late"),
    (Verdict::Leaks, "leaks"),
    (Verdict::Inconclusive, "inconclusive"),
];

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = VERDICTS.iter().find(|(verdict, _)| verdict == self);
        f.write_str(name.map_or("unknown", |(_, name)| name))
    }
}

/// How many rounds' worth of objects may be live at once if they are collected.
///
/// One round's worth always is, for it is counted before its objects can go.
/// V8 in Node.js sometimes runs finalizers a round later, and JavaScriptCore
/// keeps what its conservative scan takes for a pointer: one object, as a rule.
const ROUNDS_LIVE: u64 = 3;

/// One round cannot tell a leak: nothing is collected before its end.
const ROUNDS_TO_TELL: usize = 2;

/// Judges telemetry alone: `collected` if no round's live count passed three
/// rounds' worth and in the end nothing was live, `leaks` if in every round
/// everything was.
pub fn verdict(events: &[Event]) -> Verdict {
    let rounds: Vec<&Counts> = events
        .iter()
        .filter_map(|event| match event {
            Event::Round(counts) => Some(counts),
            _ => None,
        })
        .collect();
    let last = events.iter().rev().find_map(|event| match event {
        Event::Final(counts) | Event::OutOfMemory(counts) => Some((counts.live, matches!(event, Event::Final(_)))),
        _ => None,
    });
    if rounds.len() < ROUNDS_TO_TELL {
        return Verdict::Inconclusive;
    }
    let a_round = rounds[0].allocated;
    let few_live = rounds.iter().all(|counts| counts.live <= ROUNDS_LIVE * a_round);
    let all_live = rounds.iter().all(|counts| counts.live == counts.allocated);
    match last {
        Some((0, true)) if few_live => Verdict::Collected,
        Some((1.., _)) if all_live => Verdict::Leaks,
        _ => Verdict::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(allocated: u64, live: u64) -> Counts {
        Counts { allocated, live }
    }

    /// Rounds of 10 objects, by how many are live after each.
    fn rounds(live: &[u64]) -> Vec<Event> {
        let round = |(index, live): (usize, &u64)| Event::Round(counts(10 * (index as u64 + 1), *live));
        live.iter().enumerate().map(round).collect()
    }

    #[test]
    fn the_numbers_decide() {
        let done = |live| Event::Final(counts(40, live));
        let full = |live| Event::OutOfMemory(counts(45, live));
        for (live, last, wanted) in [
            (&[10, 10, 10, 10][..], Some(done(0)), Verdict::Collected),
            (&[10, 11, 11, 11], Some(done(0)), Verdict::Collected),
            (&[10, 20, 10, 20], Some(done(0)), Verdict::Collected),
            (&[10, 20, 30, 30], Some(done(0)), Verdict::Collected),
            (&[10, 20, 30, 31], Some(done(0)), Verdict::Inconclusive),
            (&[10, 10, 10, 10], Some(done(1)), Verdict::Inconclusive),
            (&[10, 10, 10, 10], None, Verdict::Inconclusive),
            (&[10, 10, 10, 10], Some(full(45)), Verdict::Inconclusive),
            (&[10, 20, 30, 40], Some(full(45)), Verdict::Leaks),
            (&[10, 20, 30, 40], Some(done(40)), Verdict::Leaks),
            (&[10, 20, 30, 39], Some(full(44)), Verdict::Inconclusive),
            (&[10, 20, 30, 40], None, Verdict::Inconclusive),
            (&[10, 20], Some(done(0)), Verdict::Collected),
            (&[10], Some(full(15)), Verdict::Inconclusive),
            (&[], Some(done(0)), Verdict::Inconclusive),
            (&[], None, Verdict::Inconclusive),
        ] {
            let mut events = rounds(live);
            events.extend(last);
            assert_eq!(verdict(&events), wanted, "{events:?}");
        }
    }
}
