//! Parts of a plan that take about as long as each other, the same on every machine.

use std::fmt;
use std::str::FromStr;

/// The most parts that a plan is split into.
const MOST: usize = 1_000;

/// A part of a plan: `2/4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// From 1.
    pub number: usize,
    pub of: usize,
}

impl FromStr for Partition {
    type Err = String;

    fn from_str(text: &str) -> Result<Partition, String> {
        let expected = format!("expected K/N, such as 2/4: part K of N, from 1 to N, and N at most {MOST}");
        let whole = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| text.parse().ok())?
        };
        let parts = text
            .split_once('/')
            .and_then(|(number, of)| Some((whole(number)?, whole(of)?)));
        let Some((number, of)) = parts else {
            return Err(expected);
        };
        match (1..=MOST).contains(&of) && (1..=of).contains(&number) {
            true => Ok(Partition { number, of }),
            false => Err(format!("there is no part {number} of {of}; {expected}")),
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// The part of each item, from 1, by the items' lengths: the longest first, each goes to the part that is shortest by
/// then. The same lengths in the same order give the same parts.
pub fn parts(lengths: &[u64], of: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    // The sort is stable.
    order.sort_by_key(|index| std::cmp::Reverse(lengths[*index]));
    // Parts of the same length are filled by the number of their items: even items of no length are spread.
    let mut sums = vec![(0_u64, 0_usize); of.max(1)];
    let mut parts = vec![1; lengths.len()];
    for index in order {
        let shortest = (0..sums.len()).min_by_key(|part| sums[*part]).unwrap_or(0);
        let (length, count) = sums[shortest];
        sums[shortest] = (length.saturating_add(lengths[index]), count + 1);
        parts[index] = shortest + 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_named_by_its_number_and_how_many_there_are() {
        for (text, wanted) in [("1/1", (1, 1)), ("2/4", (2, 4)), ("1000/1000", (1000, 1000))] {
            let partition: Partition = text.parse().unwrap();
            assert_eq!((partition.number, partition.of), wanted);
            assert_eq!(partition.to_string(), text);
        }
        for text in ["5/4", "0/4", "1/0", "0/0", "1/1001"] {
            let error = text.parse::<Partition>().unwrap_err();
            assert!(
                error.starts_with("there is no part ") && error.contains("expected K/N"),
                "{error}"
            );
        }
        for text in [
            "",
            "/",
            "2",
            "a/b",
            "2/",
            "/4",
            "-1/4",
            "+1/4",
            "1/4/4",
            "1.5/4",
            " 1/4",
            "1 / 4",
            "٢/٤",
            "99999999999999999999999/4",
        ] {
            let error = text.parse::<Partition>().unwrap_err();
            assert!(error.starts_with("expected K/N, such as 2/4"), "{text}: {error}");
        }
    }

    #[test]
    fn parts_take_about_as_long_as_each_other() {
        for (lengths, of, wanted) in [
            (vec![5, 4, 3, 3, 3], 2, vec![1, 2, 2, 1, 2]),
            (vec![1, 1, 1, 1], 2, vec![1, 2, 1, 2]),
            (vec![0, 0, 0, 0], 4, vec![1, 2, 3, 4]),
            (vec![100, 1, 1, 1], 2, vec![1, 2, 2, 2]),
            (vec![7], 3, vec![1]),
            (vec![], 3, vec![]),
            (vec![u64::MAX, u64::MAX, 1], 1, vec![1, 1, 1]),
        ] {
            assert_eq!(parts(&lengths, of), wanted, "{lengths:?}");
        }
        // No part is longer than the shortest by more than the longest item.
        let lengths: Vec<u64> = (1..200).map(|number| number * number * 7919 % 10_007).collect();
        let found = parts(&lengths, 7);
        let sum = |part: usize| -> u64 {
            let of_part = found.iter().zip(&lengths).filter(|(of, _)| **of == part);
            of_part.map(|(_, length)| length).sum()
        };
        let sums: Vec<u64> = (1..=7).map(sum).collect();
        assert!(
            sums.iter().max().unwrap() - sums.iter().min().unwrap() <= 10_007,
            "{sums:?}"
        );
    }
}
