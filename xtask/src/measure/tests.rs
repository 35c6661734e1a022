//! The verdicts, by tables of telemetry.

mod censuses;
mod figures;

use crate::measure::numbers::numbers;
use crate::measure::telemetry::{Counts, RunStart, TelemetryEvent};
use crate::measure::verdict::Verdict;

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
        full: 0,
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
    let every_tenth: Vec<u64> = (1..=100).map(|round| 1000 + 100 * round).collect();
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
        // It grew to the end, but less than one in two hundred is left.
        (&every_tenth, vec![settled(19)], Verdict::Inconclusive),
        (&every_tenth, vec![settled(20)], Verdict::Leaks),
        // One pile in many rounds is a whim of the collector.
        (
            &[1000, 1000, 1000, 1000, 3300, 1000, 1000, 1000],
            vec![settled(0)],
            Verdict::Collected,
        ),
        (
            &[1000, 1000, 1000, 3300, 3300, 1000, 1000, 1000],
            vec![settled(0)],
            Verdict::Late,
        ),
        // Half at once is no batch; more is.
        (&[4000, 2000].repeat(6), vec![settled(0)], Verdict::Late),
        (&[4000, 1999].repeat(6), vec![settled(0)], Verdict::Bounded),
        (
            &[4000, 4000, 4000, 4000, 4000, 4000, 4000, 1999],
            vec![settled(0)],
            Verdict::Late,
        ),
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
    assert_eq!(run(|_| 1, |round| round, 3), Verdict::Bounded);
    // One in a hundred, and more.
    assert_eq!(run(|_| 1, |round| 10 * round, 4), Verdict::Collected);
    assert_eq!(run(|_| 1, |round| 10 * round, 5), Verdict::Bounded);
    // Less than half, and half.
    assert_eq!(run(|_| 1, |round| round.min(4), 1), Verdict::Collected);
    assert_eq!(run(|_| 1, |round| round.min(4), 2), Verdict::Bounded);
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
    // The later half counts.
    let faster = |round: u64| Some(1_000_000 + 48_000 * round + 48_000 * round.saturating_sub(50));
    assert_eq!(run(|round| round - 1, faster), (Verdict::Leaks, Some(96.0), 100));
    let some = |round: u64| round.is_multiple_of(4).then_some(1_000_000 + 48_000 * round);
    assert_eq!(run(|round| round - 1, some), (Verdict::Leaks, Some(48.0), 25));
}

#[test]
fn a_heap_that_grows_with_a_pile_of_objects_is_no_leak() {
    let run = |live: u64| {
        let mut events = vec![TelemetryEvent::Start(START)];
        events.extend((1..=100).map(|round| {
            let counts = Counts {
                collections: round,
                heap: Some(1_000_000 + 48_000 * round),
                ..counts(1000 * round, if (50..60).contains(&round) { live } else { 1000 }, 3)
            };
            TelemetryEvent::Round(counts)
        }));
        events.push(TelemetryEvent::Settled(counts(100_000, 0, 3)));
        numbers(&events).verdict
    };
    assert_eq!(run(1000), Verdict::Leaks);
    assert_ne!(run(32_000), Verdict::Leaks);
}

#[test]
fn memory_that_grows_until_it_cannot_is_a_leak() {
    // It grows by a page a round until this round, and may have ten more than at first.
    let run = |until: u64, steps: u64, full: u64, ran_out: bool, collections: fn(u64) -> u64| {
        let mut events = vec![TelemetryEvent::Start(START)];
        let pages = |round: u64| 3 + round.min(until) * steps / until;
        let round = |round: u64| Counts {
            collections: collections(round),
            ..counts(1000 * round, 1000, pages(round))
        };
        events.extend((1..=100).map(|number| TelemetryEvent::Round(round(number))));
        if ran_out {
            events.push(TelemetryEvent::OutOfMemory(counts(100_000, 1000, 13)));
        }
        let settled = Counts {
            full,
            ..counts(100_000, 0, 13)
        };
        events.push(TelemetryEvent::Settled(settled));
        numbers(&events).verdict
    };
    let each: fn(u64) -> u64 = |round| round - 1;
    assert_eq!(run(40, 10, 1, false, each), Verdict::Leaks);
    // No pile of objects explains it.
    assert_eq!(run(40, 10, 1, false, |_| 0), Verdict::Leaks);
    // It may grow on.
    assert_eq!(run(40, 10, 0, false, each), Verdict::Collected);
    // What is set up at once, or in few steps.
    assert_eq!(run(20, 10, 1, false, each), Verdict::Collected);
    assert_eq!(run(40, 3, 1, false, each), Verdict::Collected);
    // There was room again.
    assert_eq!(run(40, 10, 1, true, each), Verdict::Late);
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
