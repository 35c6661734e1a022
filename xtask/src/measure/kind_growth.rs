//! How one kind grows: its objects, or their bytes.

use crate::measure::census::{Kind, KindGrowth, What};
use crate::measure::census_events::KindSeries;
use crate::measure::growth::{self, Counted};
use crate::measure::trend::Trend;

/// The values of the readings after the warm-up.
pub fn later(values: &[f64]) -> &[f64] {
    values.get(1..).unwrap_or_default()
}

/// How one kind grows over these calls; `None` if it does not.
pub fn growth_of(series: &KindSeries, calls: &[f64]) -> Option<KindGrowth> {
    let candidates = [
        (What::Objects, counted(series), later(&series.counts)),
        (What::Bytes, Counted::Bytes, later(&series.bytes)),
    ];
    let (what, _, values) = candidates
        .into_iter()
        .find(|(_, counted, values)| growth::trend(calls, values, *counted) == Trend::Grows)?;
    // More strings have more bytes; only where they do not get more is it one that gets longer.
    let gets_more = || growth::trend(calls, later(&series.counts), Counted::Objects) != Trend::Flat;
    if what == What::Bytes && counted(series) == Counted::Texts && gets_more() {
        return None;
    }
    Some(KindGrowth {
        kind: Kind::of_series(series, what),
        per_call: per_call(calls, values),
        fit: growth::fit(calls, values),
    })
}

/// Whether objects of the kind get more, and more slowly.
pub fn fills(series: &KindSeries, calls: &[f64]) -> bool {
    let trend = growth::trend(calls, later(&series.counts), counted(series));
    matches!(trend, Trend::Slows | Trend::Unclear)
}

/// What the counts of the kind are counts of.
pub fn counted(series: &KindSeries) -> Counted {
    match series.class.as_deref() == Some("string") && series.stack.is_empty() {
        true => Counted::Texts,
        false => Counted::Objects,
    }
}

/// The growth from the first reading to the last, by calls.
pub fn per_call(calls: &[f64], values: &[f64]) -> f64 {
    match (calls.first(), calls.last(), values.first(), values.last()) {
        (Some(first), Some(last), Some(before), Some(after)) if last > first => (after - before) / (last - first),
        _ => 0.0,
    }
}
