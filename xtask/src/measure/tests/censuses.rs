//! What a census decides, from its series.

use crate::measure::census::{Census, What};
use crate::measure::census_seen::census;
use crate::measure::telemetry::split;
use crate::measure::verdict::Verdict;
use serde_json::{Value, json};

/// Calls at the readings, of which the first is before any.
fn calls() -> Vec<f64> {
    let mut all = vec![0.0];
    all.extend((2..9).map(|round| f64::from(round) * 999.0));
    all.extend([17_982.0, 37_962.0, 79_920.0]);
    all
}

/// A kind of which so many are alive after so many calls.
fn kind(planted: &str, class: &str, count: impl Fn(f64) -> f64) -> Value {
    let counts: Vec<f64> = calls().into_iter().map(|calls| count(calls).floor()).collect();
    let bytes: Vec<f64> = counts.iter().map(|count| count * 32.0).collect();
    json!({"type": "kind", "class": class, "planted": planted, "counts": counts, "bytes": bytes})
}

/// The controls, as they have to come out.
fn planted() -> Vec<Value> {
    vec![
        kind("leak", "L", |calls| calls / 100.0),
        kind("cache", "C", |calls| calls.min(400.0)),
        kind("batch", "B", |calls| calls % 3001.0),
    ]
}

fn judged(kinds: Vec<Value>, heap: impl Fn(f64) -> f64, touched: impl Fn(f64) -> f64, steps: Value) -> Census {
    let start = json!({"type": "census", "reader": "jsc", "countsAll": true, "round": 997, "stays": 32, "before": {}, "after": {}});
    let mut lines = vec![start];
    for calls in calls() {
        let reading =
            json!({"type": "reading", "calls": calls, "settled": true, "heap": heap(calls), "touched": touched(calls)});
        lines.push(reading);
    }
    lines.extend(kinds);
    lines.push(steps);
    let lines = lines.iter().map(|line| format!("@ {line}")).collect();
    census(&split(lines, None).events).unwrap()
}

/// Pages after each round, by this many pages every so many rounds.
fn steps(pages: usize, every: usize) -> Value {
    let pages: Vec<(usize, usize)> = (0..80)
        .step_by(every)
        .map(|round| (round, 1 + round / every * pages))
        .collect();
    json!({"type": "steps", "rounds": 80, "pages": pages})
}

fn with(more: Vec<Value>) -> Census {
    let kinds = planted().into_iter().chain(more).collect();
    judged(kinds, |_| 1e6, |_| 65_536.0, json!({"type": "steps"}))
}

fn found(census: &Census) -> Vec<What> {
    census.grows.iter().map(|growth| growth.kind.what).collect()
}

#[test]
fn kinds_that_grow_or_stay_make_the_verdict() {
    type Row = (&'static str, fn(f64) -> f64, Verdict);
    let rows: [Row; 7] = [
        ("Widget", |calls| calls, Verdict::Leaks),
        ("Widget", |calls| calls / 100.0, Verdict::Leaks),
        ("Widget", |calls| calls.min(1000.0), Verdict::Bounded),
        ("Widget", |calls| calls.min(20.0), Verdict::Collected),
        // So many of them an engine makes by itself.
        ("string", |calls| calls.min(400.0), Verdict::Collected),
        ("string", |calls| calls / 40.0, Verdict::Bounded),
        ("string", |calls| calls / 4.0, Verdict::Leaks),
    ];
    for (class, count, verdict) in rows {
        assert_eq!(with(vec![kind("", class, count)]).verdict, verdict, "{class}");
    }
    assert_eq!(with(Vec::new()).verdict, Verdict::Collected);
}

#[test]
fn what_is_there_at_one_reading_does_not_stay() {
    let once = |calls: f64| {
        if (17_000.0..18_000.0).contains(&calls) {
            5000.0
        } else {
            0.0
        }
    };
    assert_eq!(with(vec![kind("", "Object", once)]).verdict, Verdict::Collected);
}

#[test]
fn a_control_that_is_judged_wrong_is_a_doubt() {
    for (role, count) in [
        ("leak", (|_| 5.0) as fn(f64) -> f64),
        ("cache", |calls| calls),
        ("batch", |calls| calls),
    ] {
        let mut kinds = planted();
        kinds.retain(|kind| kind["planted"] != role);
        let missing = judged(kinds.clone(), |_| 1e6, |_| 0.0, json!({"type": "steps"}));
        assert!(missing.doubt.unwrap().contains(role));
        kinds.push(kind(role, "X", count));
        let wrong = judged(kinds, |_| 1e6, |_| 0.0, json!({"type": "steps"}));
        assert_eq!(wrong.verdict, Verdict::Inconclusive, "{role}");
        assert!(wrong.doubt.unwrap().contains(role));
    }
}

#[test]
fn linear_memory_grows_by_pages_or_within_them() {
    let none = |_: f64| 1e6;
    let by_pages = judged(planted(), none, |_| 0.0, steps(1, 1));
    assert_eq!(found(&by_pages), [What::LinearMemory]);
    // A page a round of 997 calls, and two more.
    assert!((by_pages.grows[0].per_call - 65_536.0 / 999.0).abs() < 0.01);
    let within = judged(planted(), none, |calls| calls * 500.0, json!({"type": "steps"}));
    assert_eq!(found(&within), [What::LinearMemory]);
    assert!((within.grows[0].per_call - 500.0).abs() < 0.01);
    // Buffers are the same memory once more.
    let mut kinds = planted();
    let mut buffer = kind("", "ArrayBuffer", |_| 1.0);
    buffer["bytes"] = json!(calls().iter().map(|calls| calls * 65.6).collect::<Vec<f64>>());
    kinds.push(buffer);
    assert_eq!(found(&judged(kinds, none, |_| 0.0, steps(1, 1))), [What::LinearMemory]);
}

#[test]
fn the_heap_decides_only_where_nothing_else_does() {
    let heap = |calls: f64| 1e6 + 10.0 * calls;
    let alone = judged(planted(), heap, |_| 0.0, json!({"type": "steps"}));
    assert_eq!(found(&alone), [What::Heap]);
    let mut kinds = planted();
    kinds.push(kind("", "Widget", |calls| calls));
    assert_eq!(
        found(&judged(kinds, heap, |_| 0.0, json!({"type": "steps"}))),
        [What::Objects]
    );
    // What fills more and more slowly takes heap as well.
    let mut kinds = planted();
    kinds.push(kind("", "Widget", |calls| calls.sqrt() * 25.0));
    assert_eq!(
        judged(kinds, heap, |_| 0.0, json!({"type": "steps"})).verdict,
        Verdict::Bounded
    );
}

/// What was made before the first reading is not counted, and so is not missed.
#[test]
fn objects_that_take_no_more_of_the_heap_replace_others() {
    type Of = fn(f64) -> f64;
    let all: Of = |calls| calls;
    let fewer: Of = |calls| calls.sqrt() * 250.0;
    let judged_by = |reader: &str, count: Of, heap: Of| {
        let start = json!({"type": "census", "reader": reader, "countsAll": reader == "jsc", "round": 997, "stays": 32, "before": {}, "after": {}});
        let reading = |calls: f64| json!({"type": "reading", "calls": calls, "settled": true, "heap": heap(calls)});
        let mut lines = vec![start];
        lines.extend(calls().into_iter().map(reading));
        lines.extend(planted());
        lines.push(kind("", "Row", count));
        lines.push(json!({"type": "steps"}));
        census(&split(lines.iter().map(|line| format!("@ {line}")).collect(), None).events).unwrap()
    };
    let grows: Of = |calls| 1e6 + calls * 16.0;
    let flat: Of = |calls| 1e6 + calls;
    let shrinks: Of = |calls| 9e6 - calls;
    for (reader, count, heap, verdict) in [
        ("v8", all, grows, Verdict::Leaks),
        ("v8", all, flat, Verdict::Bounded),
        ("spidermonkey", all, shrinks, Verdict::Bounded),
        ("v8", fewer, grows, Verdict::Inconclusive),
        ("v8", fewer, flat, Verdict::Bounded),
        // It counts them all.
        ("jsc", all, flat, Verdict::Leaks),
        ("jsc", fewer, flat, Verdict::Inconclusive),
    ] {
        let found = judged_by(reader, count, heap);
        assert_eq!(found.verdict, verdict, "{reader} {}", heap(1.0));
    }
}

/// Nobody knows whether it ends.
#[test]
fn what_goes_on_more_slowly_is_in_doubt() {
    for (class, count, verdict) in [
        (
            "Widget",
            (|calls| calls.sqrt() * 50.0) as fn(f64) -> f64,
            Verdict::Inconclusive,
        ),
        // Of an engine's own kind, few.
        ("Structure", |calls| calls.sqrt() * 10.0, Verdict::Bounded),
        // It ends.
        (
            "Widget",
            |calls| 8000.0 * (1.0 - (-calls / 8000.0).exp()),
            Verdict::Bounded,
        ),
        ("Widget", |calls| calls.min(30_000.0), Verdict::Bounded),
        // It was more at first.
        ("Widget", |calls| calls.min(5000.0) * 2.0 + calls, Verdict::Leaks),
    ] {
        let found = with(vec![kind("", class, count)]);
        assert_eq!(found.verdict, verdict, "{class} {:?}", count(79_920.0));
        assert_eq!(found.doubt.is_some(), verdict == Verdict::Inconclusive);
    }
    // What grows beside it is an answer.
    let both = with(vec![
        kind("", "A", |calls| calls.sqrt() * 50.0),
        kind("", "B", |calls| calls),
    ]);
    assert_eq!(both.verdict, Verdict::Leaks);
}

#[test]
fn a_few_readings_decide_nothing() {
    let lines = [
        r#"@ {"type":"census","reader":"jsc","round":1,"stays":32,"before":{},"after":{}}"#,
        r#"@ {"type":"reading","calls":0,"settled":true}"#,
    ];
    let found = census(&split(lines.map(str::to_owned).into(), None).events).unwrap();
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(found.doubt.unwrap().contains("only 0 readings"));
    assert_eq!(census(&[]), None);
}

/// When code is compiled, what grew under one name grows on under another.
#[test]
fn what_a_place_makes_is_counted_together() {
    let made = |place: &str, builtin: &str, count: fn(f64) -> f64| {
        let mut kind = kind("", "Object", count);
        kind["stack"] = json!([{"name": "test", "file": place, "line": 2}]);
        kind["builtin"] = builtin.into();
        kind
    };
    let before = |calls: f64| calls.min(20_000.0);
    let after = |calls: f64| (calls - 20_000.0).max(0.0);
    // Neither is steady.
    for builtin in [("Array", before as fn(f64) -> f64), ("", after)] {
        let census = with(vec![made("a.js", builtin.0, builtin.1)]);
        assert_eq!(found(&census), [], "{builtin:?}");
    }
    let census = with(vec![made("a.js", "Array", before), made("a.js", "", after)]);
    assert_eq!((census.verdict, found(&census)), (Verdict::Leaks, vec![What::Objects]));
    let growth = &census.grows[0];
    assert!((growth.per_call - 1.0).abs() < 0.01, "{growth:?}");
    assert_eq!(
        (growth.kind.class.as_deref(), growth.kind.builtin.as_deref()),
        (Some("Object"), None)
    );
    assert!(census.stays.is_empty(), "{:?}", census.stays);
    // Of two places it is none, nor if what one gets the other loses.
    let census = with(vec![made("a.js", "Array", before), made("b.js", "", after)]);
    assert_eq!(found(&census), []);
    let lost = |calls: f64| (20_000.0 - calls).max(0.0);
    let census = with(vec![made("a.js", "Array", before), made("a.js", "", lost)]);
    assert_eq!((census.verdict, found(&census)), (Verdict::Bounded, vec![]));
}
