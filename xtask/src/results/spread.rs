//! What several runs of a cell measured, and by how much it has to differ from others not to be chance: one rule for
//! comparisons and for the versions of an engine.

use crate::measure::census::What;
use std::cmp::Ordering;

/// The least that runs measured, and the most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub least: f64,
    pub most: f64,
}

/// What is chance: a difference by a smaller factor, or by less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    factor: f64,
    floor: f64,
}

/// The objects that stay for each one made, of which fewer are no leak to the verdict either: one in two hundred.
pub const LEAST_SLOPE: f64 = 0.005;

/// Objects that a scan of the stack and an engine's own caches keep, as for the verdict.
pub const FEW_OBJECTS: f64 = 10.0;

/// A page may have been begun for a single byte.
const PAGE: f64 = 65_536.0;

impl Noise {
    /// Of rates of growth. Those of counted objects and of linear memory differ by some hundredths from run to run; bytes of
    /// the JavaScript heap by more: V8 kept 47 and 71 for each object of one case, and the storage of an array grows in
    /// steps.
    pub fn of_growth(what: What) -> Noise {
        let (factor, floor) = match what {
            what if what.is_number() => (1.25, LEAST_SLOPE),
            What::Bytes | What::Heap => (2.0, 1.0),
            _ => (1.25, 1.0),
        };
        Noise { factor, floor }
    }

    /// Of peaks, where a round makes so many objects, if that is known. Whether the finalizers of the round before have run
    /// when objects are counted is chance: deno counted 1,000 in 6 of 15 runs of one case and 2,000 in 9. Without `gc()`
    /// node collected at 20,000 to 29,000 objects.
    pub fn of_peak(what: What, round: f64) -> Noise {
        let floor = match what.is_number() {
            true => round + FEW_OBJECTS,
            false => PAGE,
        };
        Noise { factor: 1.5, floor }
    }
}

impl Spread {
    /// That of a single run.
    pub fn of(value: f64) -> Spread {
        Spread {
            least: value,
            most: value,
        }
    }

    /// That of the runs of both.
    pub fn with(self, other: Spread) -> Spread {
        Spread {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    /// Whether all of these are larger, or smaller, than all of those before beyond chance.
    pub fn against(self, before: Spread, noise: Noise) -> Ordering {
        let is_above =
            |one: Spread, other: Spread| one.least > other.most * noise.factor && one.least - other.most > noise.floor;
        match (is_above(self, before), is_above(before, self)) {
            (true, _) => Ordering::Greater,
            (_, true) => Ordering::Less,
            _ => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering::{Equal, Greater, Less};

    fn spread(values: &[f64]) -> Spread {
        values.iter().copied().map(Spread::of).reduce(Spread::with).unwrap()
    }

    #[test]
    fn only_what_is_beyond_all_other_runs_differs() {
        let objects = Noise::of_growth(What::Objects);
        for (new, old, wanted) in [
            (&[2.0][..], &[1.0][..], Greater),
            (&[1.0], &[2.0], Less),
            (&[1.2], &[1.0], Equal),
            (&[2.0, 2.1], &[1.0, 1.1], Greater),
            (&[2.0, 1.1], &[1.0], Equal),
            (&[2.0], &[1.0, 1.9], Equal),
            // Less than a verdict would notice.
            (&[0.004], &[0.001], Equal),
            (&[f64::NAN], &[1.0], Equal),
        ] {
            assert_eq!(spread(new).against(spread(old), objects), wanted, "{new:?} {old:?}");
        }
    }

    #[test]
    fn each_kind_has_its_noise() {
        let (kib, round) = (1024.0, 1000.0);
        for (noise, new, old, wanted) in [
            (Noise::of_growth(What::LinearMemory), 10.0, 7.0, Greater),
            (Noise::of_growth(What::LinearMemory), 1.5, 1.0, Equal),
            (Noise::of_growth(What::Bytes), 26.5, 20.7, Equal),
            (Noise::of_growth(What::Heap), 71.0, 47.0, Equal),
            (Noise::of_growth(What::Heap), 99.0, 47.0, Greater),
            // A round's finalizers more or less.
            (Noise::of_peak(What::Objects, round), 2_001.0, 1_000.0, Equal),
            (Noise::of_peak(What::Objects, round), 3_000.0, 1_000.0, Greater),
            (Noise::of_peak(What::Objects, round), 29_000.0, 20_000.0, Equal),
            (Noise::of_peak(What::Objects, round), 28_000.0, 55_000.0, Less),
            // Where a round makes one object, what a scan of the stack keeps.
            (Noise::of_peak(What::Objects, 1.0), 4.0, 1.0, Equal),
            (Noise::of_peak(What::Objects, 0.0), 800.0, 500.0, Greater),
            (
                Noise::of_peak(What::LinearMemory, round),
                128.0 * kib,
                64.0 * kib,
                Equal,
            ),
            (
                Noise::of_peak(What::LinearMemory, round),
                256.0 * kib,
                128.0 * kib,
                Greater,
            ),
        ] {
            let found = Spread::of(new).against(Spread::of(old), noise);
            assert_eq!(found, wanted, "{new} {old}");
        }
    }
}
