//! Which blocks of linear memory stay, by the place that asked for them. The ledger is exact: what it is not sure of it
//! does not say.

use crate::measure::census::{Kind, KindGrowth, What};
use crate::measure::census_events::{BlockSeries, LedgerTrouble, PlaceFrame};
use crate::measure::growth::{self, Counted};
use crate::measure::kind_growth::per_call;
use crate::measure::trend::Trend;

/// How blocks grow over the calls at all readings: of each place its bytes, and how many blocks they are; of a module
/// whose blocks grow, and those of no place, all together. Of a module of which blocks are freed in a way that is not
/// seen, nothing.
pub fn blocks_that_grow(series: &[&BlockSeries], troubles: &[&LedgerTrouble], calls: &[f64]) -> Vec<KindGrowth> {
    let sure: Vec<&BlockSeries> = series
        .iter()
        .copied()
        .filter(|series| is_sure(series, troubles))
        .collect();
    let (totals, places): (Vec<&BlockSeries>, Vec<&BlockSeries>) =
        sure.into_iter().partition(|series| series.stack.is_none());
    let of_places: Vec<KindGrowth> = merged(&places).iter().flat_map(|place| growths(place, calls)).collect();
    let has_place = |total: &&BlockSeries| {
        of_places
            .iter()
            .any(|growth| growth.kind.module.as_ref() == Some(&total.module))
    };
    let others: Vec<KindGrowth> = totals
        .into_iter()
        .filter(|total| !has_place(total))
        .flat_map(|total| growths(total, calls))
        .collect();
    of_places.into_iter().chain(others).collect()
}

/// Whether all ends of the module's blocks are seen.
pub fn is_sure(series: &BlockSeries, troubles: &[&LedgerTrouble]) -> bool {
    let mut of_module = troubles.iter().filter(|trouble| trouble.module == series.module);
    of_module.all(|trouble| trouble.unseen == 0)
}

/// Whether blocks grow.
pub fn is_block(growth: &KindGrowth) -> bool {
    matches!(growth.kind.what, What::Blocks | What::BlockBytes)
}

/// One series for each place: engines have several stacks for one.
fn merged(all: &[&BlockSeries]) -> Vec<BlockSeries> {
    let mut places: Vec<BlockSeries> = Vec::new();
    for series in all {
        match places.iter_mut().find(|place| is_same_place(place, series)) {
            Some(place) => {
                add(&mut place.counts, &series.counts);
                add(&mut place.bytes, &series.bytes);
            }
            None => places.push((*series).clone()),
        }
    }
    places
}

/// Whether the same lines of the same functions asked for them; columns differ once code is compiled.
fn is_same_place(one: &BlockSeries, other: &BlockSeries) -> bool {
    let (stack, others) = (frames(one), frames(other));
    let is_same = |(frame, other): (&PlaceFrame, &PlaceFrame)| {
        (plain(frame), &frame.file, frame.line) == (plain(other), &other.file, other.line)
    };
    one.module == other.module && stack.len() == others.len() && stack.iter().zip(others).all(is_same)
}

fn frames(series: &BlockSeries) -> &[PlaceFrame] {
    series.stack.as_ref().map_or(&[], |stack| stack.frames())
}

/// The name of a function. V8 says of compiled code not always that it is a constructor.
pub fn plain(frame: &PlaceFrame) -> &str {
    frame.name.strip_prefix("new ").unwrap_or(&frame.name)
}

fn add(sums: &mut [f64], values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// The values after the first reading, which is before any call, with the calls at these readings.
fn later<'a>(calls: &'a [f64], values: &'a [f64]) -> (&'a [f64], &'a [f64]) {
    let count = values.len().min(calls.len().saturating_sub(1));
    (&calls[calls.len() - count..], &values[values.len() - count..])
}

fn growths(series: &BlockSeries, calls: &[f64]) -> Vec<KindGrowth> {
    let values = [
        (What::BlockBytes, Counted::Bytes, &series.bytes),
        (What::Blocks, Counted::Objects, &series.counts),
    ];
    let grows = values.map(|(what, counted, values)| {
        let (calls, values) = later(calls, values);
        (what, growth::trend(calls, values, counted), calls, values)
    });
    if grows.iter().all(|(_, trend, _, _)| *trend != Trend::Grows) {
        return Vec::new();
    }
    let growth = |(what, _, calls, values): (What, Trend, &[f64], &[f64])| KindGrowth {
        kind: Kind {
            stack: frames(series).to_vec(),
            module: Some(series.module.clone()),
            ..Kind::of(what)
        },
        per_call: per_call(calls, values),
        fit: growth::fit(calls, values),
    };
    grows
        .into_iter()
        .map(growth)
        .filter(|growth| growth.per_call > 0.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::census_events::{ModuleSeen, ReportedStack};

    const CALLS: [f64; 9] = [0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 1200.0, 2400.0];

    fn module(digest: u32) -> ModuleSeen {
        ModuleSeen {
            size: 9,
            digest,
            file: None,
        }
    }

    /// Blocks of 8 bytes each, asked for by this function, or all of the module.
    fn series(name: Option<&str>, counts: &[f64]) -> BlockSeries {
        let frame = |name: &str| PlaceFrame {
            name: name.to_owned(),
            file: "a.c".to_owned(),
            line: 3,
            column: 0,
        };
        BlockSeries {
            module: module(1),
            stack: name.map(|name| ReportedStack::Frames(vec![frame(name)])),
            counts: counts.to_vec(),
            bytes: counts.iter().map(|count| 8.0 * count).collect(),
            every: 1,
        }
    }

    /// What grows: each with its place and the number per call.
    fn grown(all: &[BlockSeries], troubles: &[LedgerTrouble]) -> Vec<(What, String, f64)> {
        let all: Vec<&BlockSeries> = all.iter().collect();
        let troubles: Vec<&LedgerTrouble> = troubles.iter().collect();
        let found = blocks_that_grow(&all, &troubles, &CALLS).into_iter().map(|growth| {
            let name = growth
                .kind
                .stack
                .first()
                .map_or(String::new(), |frame| frame.name.clone());
            (growth.kind.what, name, growth.per_call)
        });
        found.collect()
    }

    #[test]
    fn each_place_has_its_bytes_and_blocks() {
        let all = series(None, &CALLS);
        // Places are known from the fifth reading on.
        let later = |share: f64| -> Vec<f64> { CALLS[4..].iter().map(|calls| share * (calls - 400.0)).collect() };
        let both = |name: &str, blocks: f64| {
            [
                (What::BlockBytes, name.to_owned(), 8.0 * blocks),
                (What::Blocks, name.to_owned(), blocks),
            ]
        };
        let places = [
            all.clone(),
            series(Some("f"), &later(0.5)),
            series(Some("new f"), &later(0.25)),
            series(Some("g"), &later(0.25)),
        ];
        assert_eq!(grown(&places, &[]), [both("f", 0.75), both("g", 0.25)].concat());
        // Without a place that is known, all of the module.
        assert_eq!(grown(std::slice::from_ref(&all), &[]), both("", 1.0));
        assert_eq!(grown(&[all.clone(), series(Some("f"), &[7.0; 5])], &[]), both("", 1.0));
        // What is not sure is not said.
        let trouble = |unseen, digest| LedgerTrouble {
            module: module(digest),
            unseen,
            mistaken: 1,
            mistakes: Vec::new(),
        };
        assert_eq!(grown(&places, &[trouble(1, 1)]), []);
        assert_eq!(grown(&places, &[trouble(0, 1), trouble(1, 2)]).len(), 4);
    }

    #[test]
    fn blocks_that_stay_and_get_no_more_are_no_growth() {
        for counts in [
            [5.0; 9],
            [0.0, 9.0, 0.0, 9.0, 0.0, 9.0, 0.0, 9.0, 0.0],
            [0.0, 50.0, 90.0, 99.0, 99.0, 99.0, 99.0, 99.0, 99.0],
        ] {
            assert_eq!(grown(&[series(None, &counts)], &[]), [], "{counts:?}");
        }
    }
}
