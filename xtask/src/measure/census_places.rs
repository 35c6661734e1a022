//! What one place made, whatever the engine calls it: when code is compiled, the built-in
//! function that made an object is no longer told, and what grew under one name grows on
//! under another.

use crate::measure::census::{KindGrowth, What};
use crate::measure::census_events::{KindSeries, PlaceFrame};
use crate::measure::kind_growth::growth_of;
use std::collections::HashMap;

/// The places of which no kind grows, but all that they made together does.
pub fn places_that_grow(kinds: &[&KindSeries], calls: &[f64], found: &[KindGrowth]) -> Vec<KindGrowth> {
    let is_found = |stack: &[PlaceFrame]| {
        let mut of_place = found.iter().filter(|growth| growth.kind.stack == stack);
        of_place.any(|growth| growth.kind.what == What::Objects)
    };
    let mut places: HashMap<&[PlaceFrame], Vec<&KindSeries>> = HashMap::new();
    for kind in kinds
        .iter()
        .filter(|kind| kind.planted.is_empty() && !kind.stack.is_empty())
    {
        places.entry(&kind.stack).or_default().push(kind);
    }
    places.retain(|stack, kinds| kinds.len() > 1 && !is_found(stack));
    let grows = places.values().filter_map(|kinds| growth_of(&together(kinds), calls));
    grows.filter(|growth| growth.kind.what == What::Objects).collect()
}

/// The sum of the kinds; what they do not share is left out.
fn together(kinds: &[&KindSeries]) -> KindSeries {
    let shared = |of: fn(&KindSeries) -> &Option<String>| {
        let first = of(kinds[0]);
        first.clone().filter(|_| kinds.iter().all(|kind| of(kind) == first))
    };
    KindSeries {
        class: shared(|kind| &kind.class),
        builtin: shared(|kind| &kind.builtin),
        stack: kinds[0].stack.clone(),
        counts: sum(kinds.iter().map(|kind| kind.counts.as_slice())),
        bytes: sum(kinds.iter().map(|kind| kind.bytes.as_slice())),
        ..KindSeries::default()
    }
}

fn sum<'a>(series: impl Iterator<Item = &'a [f64]>) -> Vec<f64> {
    let mut total = Vec::new();
    for values in series {
        total.resize(values.len().max(total.len()), 0.0);
        total.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    }
    total
}
