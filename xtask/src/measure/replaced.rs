//! Objects that replace others: those were made before the readings began, and so are not
//! counted. The heap does not grow with them. By the same rule as `js/lib/readings.js`, which
//! takes more readings meanwhile.

use crate::measure::census::{KindGrowth, What};
use crate::measure::census_events::{CensusStart, Reading};

/// No object takes fewer bytes of the heap.
const OBJECT_BYTES: f64 = 16.0;

/// Of fewer bytes it cannot be told: the heap has noise of its own.
const LEAST_BYTES: f64 = 262_144.0;

/// So much of what the objects take at least has to be there in the heap.
const SHARE: f64 = 0.25;

/// Whether these objects, of which there are more at each reading after the warm-up, take no
/// more of the heap.
pub fn are_replaced(grows: &[KindGrowth], readings: &[&Reading], start: &CensusStart) -> bool {
    let objects = grows.iter().filter(|growth| growth.kind.what == What::Objects);
    let rate: f64 = objects.map(|growth| growth.per_call).sum();
    let calls = |reading: Option<&&Reading>| reading.map_or(0.0, |reading| reading.calls);
    take_no_heap(
        rate * (calls(readings.last()) - calls(readings.get(1))),
        readings,
        start,
    )
}

/// Whether the heap did not grow by so many objects, between the reading after the warm-up and
/// the last one.
pub fn take_no_heap(objects: f64, readings: &[&Reading], start: &CensusStart) -> bool {
    let (Some(first), Some(last)) = (readings.get(1), readings.last()) else {
        return false;
    };
    let (Some(before), Some(after)) = (first.heap, last.heap) else {
        return false;
    };
    let least = objects * OBJECT_BYTES;
    !start.counts_all && least >= LEAST_BYTES && after - before < least * SHARE
}
