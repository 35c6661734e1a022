//! What grows in a page beside objects of scripts: nodes, listeners, documents.

use crate::measure::census::{Kind, KindGrowth, What};
use crate::measure::census_events::{DomReading, Reading};
use crate::measure::growth::{self, Counted};
use crate::measure::kind_growth::per_call;
use crate::measure::trend::Trend;

/// What is counted of a page.
type DomCount = fn(&DomReading) -> Option<f64>;

const COUNTS: &[(What, DomCount)] = &[
    (What::DomNodes, |dom| dom.nodes),
    (What::NodesInDocument, |dom| dom.attached),
    (What::Listeners, |dom| dom.listeners),
    (What::Documents, |dom| dom.documents),
];

/// What grows at the readings after the first one, which is before any call; `calls` are those of these.
pub fn dom_that_grows(readings: &[&Reading], calls: &[f64]) -> Vec<KindGrowth> {
    let grows = COUNTS.iter().filter_map(|(what, count)| {
        let values = readings.iter().skip(1).map(|reading| count(reading.dom.as_ref()?));
        let values: Vec<f64> = values.collect::<Option<_>>()?;
        (growth::trend(calls, &values, Counted::Objects) == Trend::Grows).then(|| KindGrowth {
            kind: Kind::of(*what),
            per_call: per_call(calls, &values),
            fit: growth::fit(calls, &values),
        })
    });
    grows.collect()
}
