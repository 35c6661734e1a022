//! The axis of a plot: round numbers, and where they lie.

use crate::show::amounts::thousands;

/// The most numbers along an axis, besides 0.
const NUMBERS: f64 = 5.0;

/// An axis from 0 on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// The value at its end.
    pub end: f64,
    /// From each number to the next.
    pub step: f64,
}

impl Axis {
    /// The axis for values up to the largest of these.
    pub fn up_to(values: impl Iterator<Item = f64>) -> Axis {
        let largest = values.fold(0.0, f64::max);
        if largest <= 0.0 {
            return Axis { end: 1.0, step: 1.0 };
        }
        let power = 10_f64.powf((largest / NUMBERS).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = steps.into_iter().find(|step| largest / step <= NUMBERS);
        // Counts are whole.
        let step = step.unwrap_or(10.0 * power).max(1.0);
        Axis {
            end: (largest / step).ceil() * step,
            step,
        }
    }

    /// The numbers along it.
    pub fn numbers(self) -> impl Iterator<Item = f64> {
        let count = (self.end / self.step).round().min(NUMBERS + 1.0) as u32;
        (0..=count).map(move |index| f64::from(index) * self.step)
    }

    /// Where a value lies on a line of this length.
    pub fn place(self, value: f64, length: f64) -> f64 {
        value / self.end * length
    }
}

/// `1,000`, `25k`, `3M`
pub fn short(number: f64) -> String {
    let scaled = |unit: f64, name: &str| {
        let text = format!("{:.1}", number / unit);
        format!("{}{name}", text.trim_end_matches(".0"))
    };
    match number {
        _ if number < 10_000.0 => thousands(number as u64),
        _ if number < 1e6 => scaled(1e3, "k"),
        _ if number < 1e9 => scaled(1e6, "M"),
        _ => scaled(1e9, "G"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_round_and_few() {
        for (largest, step, end) in [
            (0.0, 1.0, 1.0),
            (1.0, 1.0, 1.0),
            (3.0, 1.0, 3.0),
            (9.0, 2.0, 10.0),
            (1_000.0, 200.0, 1_000.0),
            (100_000.0, 20_000.0, 100_000.0),
            (28_671.0, 10_000.0, 30_000.0),
        ] {
            let axis = Axis::up_to([largest].into_iter());
            assert_eq!(axis, Axis { end, step }, "{largest}");
            assert_eq!(axis.numbers().last(), Some(end));
        }
        assert!(Axis::up_to([9e15].into_iter()).numbers().count() <= 7);
        for (number, text) in [
            (0.0, "0"),
            (9_500.0, "9,500"),
            (20_000.0, "20k"),
            (1.5e6, "1.5M"),
            (2e9, "2G"),
        ] {
            assert_eq!(short(number), text);
        }
    }
}
