//! The numbers that are printed, by tables of telemetry.

use super::{START, counts, rounds};
use crate::measure::numbers::numbers;
use crate::measure::telemetry::{Counts, RunStart, TelemetryEvent};
use crate::measure::verdict::Verdict;

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
    assert_eq!(numbers.peak_pages, Some(10));
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
fn the_slope_is_that_of_the_later_half() {
    for (rounds, wanted) in [
        (&[][..], None),
        (&[(1000, 1000)], None),
        (&[(1000, 0), (2000, 1000)], Some(1.0)),
        // Of fewer than four rounds all count.
        (&[(1000, 0), (2000, 0), (3000, 1000)], Some(0.5)),
        (&[(1000, 0), (2000, 1000), (3000, 1000), (4000, 1000)], Some(0.0)),
        (
            &[(1000, 0), (2000, 1000), (3000, 1000), (4000, 1000), (5000, 1000)],
            Some(0.0),
        ),
        // What stays the same is 0, to the last digit.
        (&[(1000, 1000), (2000, 1000), (4000, 1000)], Some(0.0)),
    ] {
        let round = |(allocated, live): &(u64, u64)| TelemetryEvent::Round(counts(*allocated, *live, 3));
        let events: Vec<TelemetryEvent> = rounds.iter().map(round).collect();
        assert_eq!(numbers(&events).slope, wanted, "{rounds:?}");
    }
}

#[test]
fn what_shrinks_by_next_to_nothing_does_not_grow() {
    let mut events = rounds(&[1001, 1000, 1000, 1000]);
    events.push(TelemetryEvent::Settled(counts(4000, 0, 3)));
    let mut numbers = numbers(&events);
    numbers.slope = Some(-0.001);
    assert!(numbers.to_string().contains("growing by 0.00 per"), "{numbers}");
    numbers.slope = Some(-0.25);
    assert!(numbers.to_string().contains("growing by -0.25 per"), "{numbers}");
}

#[test]
fn memory_that_does_not_grow_with_objects_lasts_for_ever() {
    let run = |made: fn(u64) -> u64, pages: fn(u64) -> u64| {
        let round = |round| TelemetryEvent::Round(counts(made(round), 0, pages(round)));
        let events: Vec<TelemetryEvent> = [TelemetryEvent::Start(START)]
            .into_iter()
            .chain((1..=10).map(round))
            .collect();
        let numbers = numbers(&events);
        let grew = numbers.to_string().contains("linear memory grew");
        (grew, numbers.bytes_per_object, numbers.rounds_lasted)
    };
    let each = |round| 1000 * round;
    let bytes = 65_536.0 / 1000.0;
    assert_eq!(run(each, |round| 2 + round), (true, Some(bytes), Some(8.0)));
    assert_eq!(run(each, |_| 2), (false, None, None));
    // It grows without objects; it is let go of, and grows again.
    assert_eq!(run(|_| 1000, |round| 2 + round), (true, None, None));
    assert_eq!(run(each, |round| 2 + round % 2), (false, Some(0.0), None));
}

#[test]
fn a_heap_that_grows_while_nothing_is_made_has_no_bytes_per_object() {
    let run = |made: fn(u64) -> u64| {
        let round = |round: u64| Counts {
            collections: round,
            heap: Some(48_000 * round),
            ..counts(made(round), 0, 3)
        };
        let rounds = (1..=100).map(|number| TelemetryEvent::Round(round(number)));
        numbers(&rounds.collect::<Vec<_>>()).heap_per_object
    };
    assert_eq!(run(|round| 1000 * round), Some(48.0));
    assert_eq!(run(|_| 1000), None);
}

#[test]
fn no_number_is_too_large() {
    let most = Counts {
        allocated: u64::MAX,
        live: u64::MAX,
        slots: u64::MAX,
        pages: u64::MAX,
        memories: u64::MAX,
        full: u64::MAX,
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

#[test]
fn what_was_cut_short_says_so() {
    let mut events = rounds(&[1000; 4]);
    events.push(TelemetryEvent::CutShort { round: 4, planned: 100 });
    events.push(TelemetryEvent::Settled(counts(4000, 0, 3)));
    let numbers = numbers(&events);
    assert_eq!((numbers.verdict, numbers.cut_short), (Verdict::Collected, Some(100)));
    let text = numbers.to_string();
    assert!(text.contains("of 100 rounds 4 before the time was up"), "{text}");
}
