//! Objects that replace others: those were made before the readings began, and so are not
//! counted. The heap does not grow with them. By the same rule as `js/lib/readings.js`, which
//! takes more readings meanwhile.

use crate::measure::census::{KindGrowth, What};
use crate::measure::census_events::Reading;

/// No object takes fewer bytes of the heap.
const OBJECT_BYTES: f64 = 16.0;

/// Of fewer bytes it cannot be told: the heap has noise of its own.
const LEAST_BYTES: f64 = 262_144.0;

/// So much of what the objects take at least has to be there in the heap.
const SHARE: f64 = 0.25;

/// The engine that counts all objects, whenever they were made.
const COUNTS_ALL: &str = "jsc";

/// Whether these objects, of which there are more at each reading after the warm-up, take no
/// more of the heap.
pub fn is_replaced(grows: &[KindGrowth], readings: &[&Reading], reader: &str) -> bool {
    let (Some(first), Some(last)) = (readings.get(1), readings.last()) else {
        return false;
    };
    let (Some(before), Some(after)) = (first.heap, last.heap) else {
        return false;
    };
    let objects = grows.iter().filter(|growth| growth.kind.what == What::Objects);
    let rate: f64 = objects.map(|growth| growth.per_call).sum();
    let least = rate * (last.calls - first.calls) * OBJECT_BYTES;
    reader != COUNTS_ALL && least >= LEAST_BYTES && after - before < least * SHARE
}
