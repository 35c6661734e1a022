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
        settle(&mut kind.classes, series.noted, per_call);
    }
    Some(KindGrowth {
        kind,
        per_call,
        fit: growth::fit(calls, values),
    })
}

/// Settles how many grow of each class, by what was noted in some calls more, the most frequent first.
///
/// If fewer were noted than grow, the classes get shares of what grows: of code that V8 14 has compiled it misses some objects,
/// when it counts them, or when it notes them, and the more is true. Of several classes of which it noted a whole number in each
/// call it has missed none: what is missing is something else.
///
/// If more were noted, others than grow may be among them: V8 knows an object by its address, and what it does not note may come
/// to lie where one died. There are few of these, and never as many in each call.
fn settle(classes: &mut Vec<(String, f64)>, noted: f64, per_call: f64) {
    let is_whole = |(_, rate): &(String, f64)| rate.fract() == 0.0;
    classes.sort_by(|one, other| other.1.total_cmp(&one.1));
    if noted < per_call {
        let are_whole = classes.len() > 1 && classes.iter().all(is_whole);
        if noted > 0.0 && !are_whole {
            classes.iter_mut().for_each(|(_, rate)| *rate *= per_call / noted);
        }
        return;
    }
    let mut before = 0.0;
    classes.retain(|class| {
        let is_beside = before >= ALL * per_call && !is_whole(class);
        before += class.1;
        !is_beside
    });
}

/// So much of what grows is all of it.
const ALL: f64 = 0.95;

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
    fn classes_are_those_of_what_grows() {
        for (rates, noted, per_call, expected) in [
            (&[2.5, 0.5][..], 3.0, 3.0, &[2.5, 0.5][..]),
            (&[0.5, 2.5], 1.5, 3.0, &[5.0, 1.0]),
            (&[2.5, 0.5], 3.0, 2.5, &[2.5]),
            (&[2.5, 0.5], 0.0, 3.0, &[2.5, 0.5]),
            // All of these were noted, and what grows beside them was not.
            (&[2.0, 1.0], 3.0, 6.0, &[2.0, 1.0]),
            (&[1.0], 1.0, 2.0, &[2.0]),
            // What lies where others have died.
            (&[1.0, 0.57, 0.29, 0.14], 2.0, 1.0, &[1.0]),
            (&[1.0, 1.0], 2.0, 1.0, &[1.0, 1.0]),
            (&[0.6, 0.4, 0.3], 1.3, 1.0, &[0.6, 0.4]),
        ] {
            let mut classes: Vec<(String, f64)> = rates.iter().map(|rate| (String::new(), *rate)).collect();
            settle(&mut classes, noted, per_call);
            let found: Vec<f64> = classes.into_iter().map(|(_, rate)| rate).collect();
            assert_eq!(found, expected, "{rates:?}: {noted} of {per_call}");
        }
    }
}
