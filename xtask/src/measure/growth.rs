//! How a kind of object grows with the calls of a program: by the same rule as
//! `js/lib/growth.js`, which takes more readings while it is not clear.

use crate::measure::trend::Trend;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Objects,
    /// Strings, which have no place, and of which engines make their own.
    Texts,
    /// Bytes of the objects of a kind.
    Bytes,
    /// Bytes of the JavaScript heap as a whole, which has noise of its own: code as it is
    /// compiled, fragments.
    Heap,
    /// Bytes of linear memory that were ever written.
    Touched,
}

impl Counted {
    /// The least growth of a leak in all, and for each call.
    fn least(self) -> (f64, f64) {
        match self {
            Counted::Objects => (16.0, 0.0002),
            Counted::Texts => (4096.0, 0.0002),
            Counted::Bytes => (16_384.0, 0.5),
            Counted::Heap => (262_144.0, 2.0),
            Counted::Touched => (32_768.0, 0.02),
        }
    }
}

/// The least rate over the later half of the calls, against that over the earlier one.
const STEADY: f64 = 0.8;
const SLOWING: f64 = 0.3;

/// The least of the last two rates against the one before, if the rate was higher only at first.
const STEADY_NOW: f64 = 0.9;

/// So much of what grew has to be there at the last reading but one: memory that grew at the
/// last reading alone, as a table does that doubles when finalizers are late, shows no rate.
const LAST_BUT_ONE: f64 = 0.1;

/// Fewer objects than these are an engine's own, unless there are so many for each call:
/// code and feedback come late, and are few.
const FEW: f64 = 48.0;
const RATE_OF_FEW: f64 = 0.02;

/// So few objects, or so little of the heap, have to come at one rate: code that is compiled anew, ever
/// more rarely, leaves as much at its places.
const LITTLE: [(Counted, f64); 2] = [(Counted::Objects, 256.0), (Counted::Heap, 1_048_576.0)];
const FIT_OF_LITTLE: f64 = 0.9;

/// Fewer strings than [`Counted::least`] are a leak too if there are so many in all and for each call, and a line fits so
/// well: an engine makes its own at no such rate.
const STEADY_TEXTS: (f64, f64) = (256.0, 0.5);
const FIT_OF_TEXTS: f64 = 0.999;

/// Fewer readings decide nothing.
pub const LEAST_READINGS: usize = 4;

/// How values change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Flat,
    /// It grows at one rate, or at one rate by now.
    Grows,
    /// It grew, and hardly does now.
    Slows,
    /// It still grows, but ever more slowly.
    GoesOn,
    /// The readings do not tell.
    Unclear,
}

/// The trend of values at readings after so many calls each. What is let go of now and
/// then is compared by its least values: it grows if all that is left at last is more than
/// there ever was before. Memory of a kind may grow in fewer, larger steps.
pub fn trend(calls: &[f64], values: &[f64], counted: Counted) -> Trend {
    match shape(calls, values, counted) {
        Shape::Flat => Trend::Flat,
        Shape::Grows => Trend::Grows,
        Shape::Slows => Trend::Slows,
        Shape::GoesOn | Shape::Unclear => Trend::Unclear,
    }
}

/// Whether objects still get more at the last reading, but ever fewer a call: a line does not
/// fit, and no end is in sight.
pub fn goes_on(calls: &[f64], values: &[f64]) -> bool {
    shape(calls, values, Counted::Objects) == Shape::GoesOn
}

fn shape(calls: &[f64], values: &[f64], counted: Counted) -> Shape {
    let (Some((&last, before)), true) = (values.split_last(), values.len() == calls.len()) else {
        return Shape::Unclear;
    };
    if values.len() < LEAST_READINGS {
        return Shape::Unclear;
    }
    let (mut least, mut least_rate) = counted.least();
    let end = values.len() - 1;
    let grown = last - values[0];
    if counted == Counted::Objects && grown < FEW {
        least_rate = RATE_OF_FEW;
    }
    if counted == Counted::Texts && grown < least && fit(calls, values) >= Some(FIT_OF_TEXTS) {
        (least, least_rate) = STEADY_TEXTS;
    }
    let enough = grown >= least && rate(calls, values, 0, end) >= least_rate;
    if !enough || last <= most(before) {
        return Shape::Flat;
    }
    let (earlier, latest) = values.split_at(values.len() - values.len() / 3);
    if latest.iter().copied().fold(f64::INFINITY, f64::min) <= most(earlier) {
        return Shape::Unclear;
    }
    let is_little = LITTLE.iter().any(|(of, most)| *of == counted && grown < *most);
    if is_little && fit(calls, values) < Some(FIT_OF_LITTLE) {
        return Shape::Unclear;
    }
    let middle = middle(calls);
    let share = rate(calls, values, middle, end) / rate(calls, values, 0, middle);
    let (before, now) = latest_rates(calls, values, middle);
    match counted {
        Counted::Objects | Counted::Texts if share >= STEADY => Shape::Grows,
        Counted::Objects | Counted::Texts if share >= SLOWING && now >= STEADY_NOW * before => Shape::Grows,
        Counted::Objects | Counted::Texts if share >= SLOWING || now >= STEADY * before => Shape::GoesOn,
        Counted::Bytes | Counted::Heap | Counted::Touched if values[end - 1] - values[0] < LAST_BUT_ONE * grown => {
            Shape::Unclear
        }
        Counted::Bytes | Counted::Heap | Counted::Touched if share >= SLOWING => Shape::Grows,
        _ => Shape::Slows,
    }
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn rate(calls: &[f64], values: &[f64], from: usize, to: usize) -> f64 {
    (values[to] - values[from]) / (calls[to] - calls[from])
}

/// The last two rates: of the first and the second part of the later half. The rate falls once, and
/// stays, where an engine compiles code that then makes fewer objects a call.
fn latest_rates(calls: &[f64], values: &[f64], middle: usize) -> (f64, f64) {
    let end = values.len() - 1;
    let (from, to) = match end - middle {
        // One interval is the later half: the one before it tells.
        1 => (middle - 1, middle),
        _ => (middle, middle + self::middle(&calls[middle..])),
    };
    (rate(calls, values, from, to), rate(calls, values, to, end))
}

/// The reading at which about half of the calls had been made.
fn middle(calls: &[f64]) -> usize {
    let half = (calls[0] + calls[calls.len() - 1]) / 2.0;
    let mut found = 1;
    while found + 2 < calls.len() && calls[found + 1] <= half {
        found += 1;
    }
    found
}

/// How well a line fits the values: r², from 0 to 1; `None` for values that do not vary.
pub fn fit(calls: &[f64], values: &[f64]) -> Option<f64> {
    let count = calls.len().min(values.len()) as f64;
    let mean = |all: &[f64]| all.iter().sum::<f64>() / count;
    let (x, y) = (mean(calls), mean(values));
    let sum = |of: &dyn Fn(f64, f64) -> f64| calls.iter().zip(values).map(|(a, b)| of(a - x, b - y)).sum::<f64>();
    let (both, calls_only, values_only) = (sum(&|a, b| a * b), sum(&|a, _| a * a), sum(&|_, b| b * b));
    let product = calls_only * values_only;
    (product > 0.0).then(|| both * both / product)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readings after so many calls, as `js/lib/census.js` takes them.
    fn calls(readings: usize) -> Vec<f64> {
        let mut all: Vec<f64> = (2..9).map(|round| f64::from(round) * 1000.0).collect();
        while all.len() < readings {
            all.push((all[all.len() - 1] * 2.15).floor());
        }
        all.truncate(readings);
        all
    }

    fn of(readings: usize, value: impl Fn(f64) -> f64) -> Trend {
        let calls = calls(readings);
        let values: Vec<f64> = calls.iter().map(|calls| value(*calls).floor()).collect();
        trend(&calls, &values, Counted::Objects)
    }

    #[test]
    fn what_stays_of_each_call_grows() {
        for share in [3.0, 1.0, 0.1, 0.01] {
            assert_eq!(of(9, |calls| share * calls), Trend::Grows, "{share}");
        }
        assert_eq!(of(12, |calls| 0.001 * calls), Trend::Grows);
        // Of too few; and so few are the engine's, unless each second call makes one.
        assert_eq!(of(10, |calls| 0.0004 * calls), Trend::Flat);
        let few = [10.0, 20.0, 30.0, 40.0, 50.0];
        assert_eq!(
            trend(&few, &few.map(|calls| calls / 2.0), Counted::Objects),
            Trend::Grows
        );
        assert_eq!(of(7, |calls| 0.001 * calls), Trend::Flat);
        assert_eq!(of(12, |_| 1000.0), Trend::Flat);
        assert_eq!(of(3, |calls| calls), Trend::Unclear);
    }

    #[test]
    fn caches_fill_and_batches_are_emptied() {
        for most in [1000.0, 3000.0, 5000.0, 20_000.0] {
            assert_ne!(of(12, |calls| calls.min(most)), Trend::Grows, "{most}");
        }
        let slowly = |calls: f64| 50_000.0 * (1.0 - (-calls / 50_000.0).exp());
        assert_ne!(of(11, slowly), Trend::Grows);
        for batch in (20..6000).step_by(7) {
            assert_ne!(of(14, |calls| calls % f64::from(batch)), Trend::Grows, "{batch}");
        }
        // A leak beside a batch shows when it is larger than the batch.
        assert_eq!(of(9, |calls| calls % 5000.0 + calls / 10.0), Trend::Unclear);
        assert_eq!(of(14, |calls| calls % 5000.0 + calls / 10.0), Trend::Grows);
    }

    #[test]
    fn a_vector_that_doubles_grows_in_bytes() {
        let calls = calls(12);
        let capacity = |most: f64| -> Vec<f64> {
            let of = |calls: &f64| 8.0 * 2.0_f64.powf(calls.min(most).log2().ceil());
            calls.iter().map(of).collect()
        };
        assert_eq!(trend(&calls, &capacity(f64::INFINITY), Counted::Bytes), Trend::Grows);
        assert_ne!(trend(&calls, &capacity(20_000.0), Counted::Bytes), Trend::Grows);
        assert_eq!(trend(&calls, &capacity(f64::INFINITY), Counted::Heap), Trend::Grows);
        assert_eq!(trend(&calls, &[0.0], Counted::Heap), Trend::Unclear);
    }

    #[test]
    fn the_fit_is_that_of_a_line() {
        assert_eq!(fit(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]), Some(1.0));
        assert_eq!(fit(&[1.0, 2.0, 3.0], &[5.0, 5.0, 5.0]), None);
        assert_eq!(fit(&[], &[]), None);
        assert!(fit(&[1.0, 2.0, 3.0, 4.0], &[0.0, 3.0, 0.0, 3.0]).unwrap() < 0.5);
    }

    /// `js/lib/growth.js` is asked the same, on each engine, by a test that runs engines.
    #[test]
    fn the_table_of_series_holds() {
        let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../tests/growths.json")).unwrap();
        for row in rows {
            let values = |name: &str| -> Vec<f64> { serde_json::from_value(row[name].clone()).unwrap() };
            let counted = match row["of"].as_str().unwrap() {
                "objects" => Counted::Objects,
                "bytes" => Counted::Bytes,
                "touched" => Counted::Touched,
                "texts" => Counted::Texts,
                _ => Counted::Heap,
            };
            let name = format!("{:?}", trend(&values("calls"), &values("values"), counted)).to_lowercase();
            assert_eq!(row["expected"], name.as_str(), "{row}");
        }
    }
}
