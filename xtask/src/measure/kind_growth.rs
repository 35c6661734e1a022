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
    let per_call = per_call(calls, values);
    let mut kind = Kind::of_series(series, what);
    if what == What::Objects {
        share(&mut kind.classes, series.noted, per_call);
    }
    Some(KindGrowth {
        kind,
        per_call,
        fit: growth::fit(calls, values),
    })
}

/// Makes shares of what grows of the classes that were noted in some calls more, if fewer were noted than grow. Of code
/// that V8 14 has compiled it misses some objects, when it counts them, or when it notes them: the more is true.
fn share(classes: &mut [(String, f64)], noted: f64, per_call: f64) {
    if noted > 0.0 && noted < per_call {
        classes.iter_mut().for_each(|(_, rate)| *rate *= per_call / noted);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_shares_of_what_grows_if_fewer_were_noted() {
        for (noted, per_call, expected) in [
            (3.0, 3.0, [2.0, 1.0]),
            (1.5, 3.0, [4.0, 2.0]),
            (3.0, 2.0, [2.0, 1.0]),
            (0.0, 3.0, [2.0, 1.0]),
        ] {
            let mut classes = [("A".to_owned(), 2.0), ("B".to_owned(), 1.0)];
            share(&mut classes, noted, per_call);
            assert_eq!(classes.map(|(_, rate)| rate), expected, "{noted} of {per_call}");
        }
    }
}
