//! What a cell's telemetry has to plot: what is alive, and the pages of linear memory, against
//! what was made.

use crate::measure::census_events::{KindSeries, Reading, StepSeries, expand};
use crate::measure::telemetry::{Counts, TelemetryEvent};
use serde::Deserialize;
use serde_json::Value;

/// A point: how much was made, and what was counted then.
pub type Point = (f64, f64);

/// The most points of a curve that are kept. A line of a plot has some hundred pixels.
const MOST_POINTS: usize = 120;

/// The kinds of a census that are plotted, those that grow most.
const MOST_KINDS: usize = 3;

/// The largest value that is plotted: beyond it whole numbers are no longer exact.
const LARGEST: f64 = 9e15;

/// The curves of one run of a cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curves {
    /// Whether what was made is counted in calls of `test`, else in objects.
    pub in_calls: bool,
    /// What is alive: of a user's own program a curve for some of its kinds.
    pub alive: Vec<Curve>,
    /// Pages of linear memory.
    pub pages: Vec<Point>,
    /// What remained after the last chances to collect.
    pub settled: Option<Point>,
    /// Where linear memory ended.
    pub memory_end: Option<MemoryEnd>,
}

/// What is alive of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The class, if it is one kind of several.
    pub kind: Option<String>,
    pub points: Vec<Point>,
}

/// How linear memory ended, and how much had been made by then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemoryEnd {
    pub how: &'static str,
    pub made: f64,
}

impl Curves {
    /// Reads the lines of telemetry; others are passed over.
    pub fn of(telemetry: &[Value]) -> Curves {
        let mut curves = Curves::default();
        let mut alive = Vec::new();
        let mut readings: Vec<Reading> = Vec::new();
        let mut kinds: Vec<KindSeries> = Vec::new();
        let mut round = 0.0;
        for line in telemetry {
            match TelemetryEvent::deserialize(line) {
                Ok(TelemetryEvent::Round(counts)) => {
                    alive.push(point(&counts));
                    curves.pages.push(pages(&counts));
                }
                Ok(TelemetryEvent::Settled(counts)) => {
                    curves.settled = Some(point(&counts));
                    curves.pages.push(pages(&counts));
                }
                Ok(TelemetryEvent::OutOfMemory(counts)) => curves.end("memory ran out", &counts),
                Ok(TelemetryEvent::Trapped(counts)) => curves.end("the guest trapped", &counts),
                Ok(TelemetryEvent::NoMoreMemories(counts)) => curves.end("no more memories could be made", &counts),
                Ok(TelemetryEvent::StillFull(counts)) => curves.end("memory was still full", &counts),
                Ok(TelemetryEvent::Census(start)) => {
                    curves.in_calls = true;
                    round = start.round as f64;
                }
                Ok(TelemetryEvent::Reading(reading)) => readings.push(reading),
                Ok(TelemetryEvent::Kind(series)) if series.planted.is_empty() => kinds.push(series),
                Ok(TelemetryEvent::Steps(steps)) => curves.pages = pages_of(&steps, round),
                _ => {}
            }
        }
        if !alive.is_empty() {
            let points = simplified(alive);
            curves.alive.push(Curve { kind: None, points });
        }
        curves.alive.extend(of_kinds(kinds, &readings));
        curves.pages = simplified(std::mem::take(&mut curves.pages));
        curves
    }

    /// The first of these is where it ended.
    fn end(&mut self, how: &'static str, counts: &Counts) {
        let made = plottable(counts.allocated as f64);
        self.memory_end.get_or_insert(MemoryEnd { how, made });
    }
}

/// Objects, or callbacks in the table, whichever are more: each exists for the other.
fn point(counts: &Counts) -> Point {
    (counts.allocated as f64, counts.live.max(counts.slots) as f64)
}

fn pages(counts: &Counts) -> Point {
    (counts.allocated as f64, counts.pages as f64)
}

fn pages_of(steps: &StepSeries, round: f64) -> Vec<Point> {
    let values = expand(&steps.pages, steps.rounds);
    (1..)
        .zip(values)
        .map(|(index, pages)| (f64::from(index) * round, pages))
        .collect()
}

/// The kinds that grow most, from the first reading to the last.
fn of_kinds(mut kinds: Vec<KindSeries>, readings: &[Reading]) -> Vec<Curve> {
    let gain = |series: &KindSeries| match (series.counts.first(), series.counts.last()) {
        (Some(first), Some(last)) => last - first,
        _ => f64::MIN,
    };
    kinds.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
    kinds.truncate(MOST_KINDS);
    let calls = || readings.iter().map(|reading| reading.calls);
    let curve = |series: KindSeries| Curve {
        kind: Some(kind_name(&series)),
        points: simplified(calls().zip(series.counts).collect()),
    };
    kinds.into_iter().map(curve).collect()
}

/// The class, the built-in function that made it, or the place where it was made: some engines report one alone.
fn kind_name(series: &KindSeries) -> String {
    let classes = series.classes.iter().map(|(class, _)| class);
    let mut names = series.class.iter().chain(&series.builtin).chain(classes);
    let name = names.find(|name| !name.is_empty()).cloned();
    let made = || {
        let frame = series.stack.first()?;
        Some(format!("made by {} ({}:{})", frame.name, frame.file, frame.line))
    };
    name.or_else(made).unwrap_or_else(|| "objects".to_owned())
}

fn plottable(value: f64) -> f64 {
    match value.is_finite() {
        true => value.clamp(0.0, LARGEST),
        false => 0.0,
    }
}

/// The same line with fewer points: none on a straight line between its neighbours, and of each
/// stretch of a long one the lowest and the highest.
fn simplified(points: Vec<Point>) -> Vec<Point> {
    let points = points
        .into_iter()
        .map(|(made, count)| (plottable(made), plottable(count)));
    let mut kept: Vec<Point> = Vec::new();
    for point in points {
        if let [.., before, last] = kept[..]
            && is_between(before, last, point)
        {
            kept.pop();
        }
        kept.push(point);
    }
    if kept.len() <= MOST_POINTS {
        return kept;
    }
    let stretch = kept.len().div_ceil(MOST_POINTS / 2);
    let mut fewer = Vec::new();
    for points in kept.chunks(stretch) {
        let by_count = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
        let low = points.iter().min_by(by_count).copied();
        let high = points.iter().max_by(by_count).copied();
        let mut ends: Vec<Point> = low.into_iter().chain(high).collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        ends.dedup();
        fewer.extend(ends);
    }
    fewer
}

/// Whether `b` lies on the line from `a` to `c`, to a thousandth of a step.
fn is_between(a: Point, b: Point, c: Point) -> bool {
    let run = c.0 - a.0;
    if run <= 0.0 {
        return a == b || b == c;
    }
    let expected = a.1 + (c.1 - a.1) * (b.0 - a.0) / run;
    (expected - b.1).abs() <= 0.001 * (c.1 - a.1).abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_straight_line_has_two_points_and_a_long_one_keeps_its_extremes() {
        let line: Vec<Point> = (0..100).map(|at| (f64::from(at), f64::from(at) * 2.0)).collect();
        assert_eq!(simplified(line), [(0.0, 0.0), (99.0, 198.0)]);
        let mut saw: Vec<Point> = (0..10_000).map(|at| (f64::from(at), f64::from(at % 2))).collect();
        saw[5_000].1 = 77.0;
        let fewer = simplified(saw);
        assert!(fewer.len() <= MOST_POINTS, "{}", fewer.len());
        assert!(fewer.contains(&(5_000.0, 77.0)));
        assert_eq!(
            simplified(vec![(f64::NAN, -1.0), (1e300, f64::INFINITY)]),
            [(0.0, 0.0), (LARGEST, 0.0)]
        );
    }

    #[test]
    fn the_curves_are_those_of_the_telemetry() {
        let counts = |kind: &str, allocated: u64, live: u64, pages: u64| {
            json!({
                "type": kind, "allocated": allocated, "finalized": 0, "live": live, "slots": 0, "pages": pages,
                "collections": 0, "ms": 0, "round": 1
            })
        };
        let lines = [
            counts("round", 1000, 1000, 2),
            json!("nonsense"),
            counts("round", 2000, 2000, 5),
            counts("out-of-memory", 2500, 2500, 10),
            counts("still-full", 2500, 2500, 10),
        ];
        let curves = Curves::of(&lines);
        assert_eq!(curves.alive[0].points, [(1000.0, 1000.0), (2000.0, 2000.0)]);
        assert_eq!(curves.pages, [(1000.0, 2.0), (2000.0, 5.0)]);
        assert_eq!(
            curves.memory_end,
            Some(MemoryEnd {
                how: "memory ran out",
                made: 2500.0
            })
        );
        assert_eq!(curves.settled, None);
    }

    #[test]
    fn the_kinds_of_a_census_are_counted_by_calls() {
        let step = json!({"pages": 0.0, "entries": 0.0, "instances": 0.0});
        let reading = |calls: u64| json!({"type": "reading", "calls": calls, "settled": true});
        let kind = |class: &str, planted: &str, counts: [u64; 2]| {
            json!({
                "type": "kind", "class": class, "planted": planted, "counts": counts, "bytes": [0, 0]
            })
        };
        let lines = [
            json!({"type": "census", "reader": "v8", "round": 10, "stays": 5.0, "before": step, "after": step}),
            reading(10),
            reading(20),
            kind("Flat", "", [3, 3]),
            kind("Widget", "", [10, 20]),
            kind("Planted", "leak", [10, 2000]),
            json!({"type": "steps", "rounds": 2, "pages": [[0, 1.0], [1, 4.0]], "entries": [], "instances": []}),
        ];
        let curves = Curves::of(&lines);
        let names: Vec<&str> = curves.alive.iter().filter_map(|curve| curve.kind.as_deref()).collect();
        assert_eq!((curves.in_calls, names), (true, vec!["Widget", "Flat"]));
        assert_eq!(curves.alive[0].points, [(10.0, 10.0), (20.0, 20.0)]);
        assert_eq!(curves.pages, [(10.0, 1.0), (20.0, 4.0)]);
    }

    #[test]
    fn a_kind_without_a_class_is_named_by_what_is_known() {
        for (json, wanted) in [
            (json!({"class": "Widget", "builtin": "Array"}), "Widget"),
            (json!({"class": "", "builtin": "Array"}), "Array"),
            (json!({"builtin": "", "classes": [["Map", 1.0]]}), "Map"),
            (
                json!({"stack": [{"name": "make", "file": "a.js", "line": 3}]}),
                "made by make (a.js:3)",
            ),
            (json!({}), "objects"),
        ] {
            let series: KindSeries = serde_json::from_value(json).unwrap();
            assert_eq!(kind_name(&series), wanted);
        }
    }
}
