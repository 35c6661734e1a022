//! Whether the objects that are kept alive in one way get more and more: told from
//! when they were made. Pure.

use serde::Serialize;

/// What the births of the objects of a group show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "growth")]
pub enum Growth {
    /// Old and new ones are among them.
    Grows,
    /// Only the newest ones: older ones went, or are kept in another way.
    Newest,
    /// Only the first ones: no later one came to them.
    First,
    /// One alone, of many.
    One,
    /// Of all that were made too few stay, in whatever way.
    TooFew,
    /// No more were made in the later rounds.
    NoMoreMade,
    /// More of the newer ones stay: older ones went meanwhile.
    Replaced,
    /// Fewer of the newer ones stay: it fills up.
    Slows,
}

/// Of fewer objects nothing is said.
const FEW: u64 = 100;

/// A leak keeps at least one in so many, as for a verdict.
const LEAST: u64 = 200;

/// Classifies a group by the numbers of its objects, in order, from 1 on. `made` objects
/// were made in all, `alive` has the numbers of those that stay, in order, and `rounds`
/// how many were made by the end of each round.
///
/// The newest or the first ones are such a group only if it has half of the objects in
/// its range: a few that are spread over all rounds can be in one half by chance. And if
/// most of the others stay, too, it has to be within one round: otherwise they may all
/// be kept in ways that change with time, as by a table that has become too large.
pub fn growth(numbers: &[u64], alive: &[u64], made: u64, rounds: &[u64]) -> Growth {
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
        return Growth::Grows;
    };
    let count = numbers.len() as u64;
    let middle = (rounds.len() / 2).checked_sub(1).and_then(|round| rounds.get(round));
    if rounds.len() >= 4 && middle == Some(&made) {
        return Growth::NoMoreMade;
    }
    if made < FEW {
        return Growth::Grows;
    }
    let half = made / 2;
    let stay = |from: u64, to: u64| alive.iter().filter(|number| (from..=to).contains(number)).count() as u64;
    let most_stay = |from: u64, to: u64| 2 * stay(from, to) > (to + 1).saturating_sub(from);
    let before_last = rounds.iter().rev().nth(1).copied().unwrap_or(0);
    let of_first = rounds.first().copied().unwrap_or(made);
    let in_last_round = *first > before_last || !most_stay(1, first - 1);
    let in_first_round = *last <= of_first || !most_stay(last + 1, made);
    if *first > half && 2 * count > made.saturating_sub(*first) && in_last_round {
        Growth::Newest
    } else if *last <= half && 2 * count >= *last && in_first_round {
        Growth::First
    } else if count == 1 {
        Growth::One
    } else if (alive.len() as u64) * LEAST < made {
        Growth::TooFew
    } else {
        Growth::Grows
    }
}

/// So far may the numbers of two intervals differ of what grows: by a part of the larger one,
/// and by chance, as so many times its root.
const PART: f64 = 0.35;
const CHANCE: f64 = 3.0;

/// Classifies a group by how many of its objects were born in each of some intervals with as
/// many calls, the last one of which has just ended.
pub fn growth_of_born(born: &[u64]) -> Growth {
    let all: u64 = born.iter().sum();
    let (Some(first), Some(last)) = (born.first(), born.last()) else {
        return Growth::Grows;
    };
    let most = (*first.max(last)) as f64;
    let is_steady = first.abs_diff(*last) as f64 <= PART * most + CHANCE * most.sqrt();
    match (first, last) {
        _ if born.len() == 1 => Growth::Grows,
        _ if all == 1 => Growth::One,
        (0, _) => Growth::Newest,
        (_, 0) => Growth::First,
        _ if is_steady => Growth::Grows,
        _ if first < last => Growth::Replaced,
        _ => Growth::Slows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_grows_if_old_and_new_ones_are_in_it() {
        let rounds: Vec<u64> = (1..=6).map(|round| round * 500).collect();
        let all = |step: usize| -> Vec<u64> { (1..=3000).step_by(step).collect() };
        let everything = all(1);
        for (numbers, alive, wanted) in [
            (all(1), &everything, Growth::Grows),
            (all(20), &all(20), Growth::Grows),
            ((1..=2950).collect(), &everything, Growth::Grows),
            ((2951..=3000).collect(), &everything, Growth::Newest),
            ((1801..=3000).collect(), &(1801..=3000).collect(), Growth::Newest),
            (vec![3000], &everything, Growth::Newest),
            ((1..=1000).collect(), &(1..=1000).collect(), Growth::First),
            (vec![1], &everything, Growth::First),
            (vec![1234], &vec![1234], Growth::One),
            // The others stay, too.
            ((2041..=3000).collect(), &everything, Growth::Grows),
            ((1..=1000).collect(), &everything, Growth::Grows),
            // By chance all are in one half.
            (vec![1700, 2100, 2900], &all(150), Growth::Grows),
            (vec![100, 900, 1400], &all(150), Growth::Grows),
            // One in two hundred is needed.
            (
                (100..1500).step_by(100).collect(),
                &(100..1500).step_by(100).collect(),
                Growth::TooFew,
            ),
            (
                (0..15).map(|n| 100 + 200 * n).collect(),
                &(0..15).map(|n| 100 + 200 * n).collect(),
                Growth::Grows,
            ),
            (vec![], &vec![], Growth::Grows),
        ] {
            assert_eq!(growth(&numbers, alive, 3000, &rounds), wanted, "{numbers:?}");
        }
    }

    #[test]
    fn a_group_grows_if_as_many_are_born_in_each_interval() {
        for (born, wanted) in [
            (&[][..], Growth::Grows),
            (&[5], Growth::Grows),
            (&[1000, 1000], Growth::Grows),
            (&[990, 1040], Growth::Grows),
            (&[3, 6], Growth::Grows),
            (&[0, 1], Growth::One),
            (&[1, 0], Growth::One),
            (&[0, 50], Growth::Newest),
            (&[50, 0], Growth::First),
            (&[100, 1000], Growth::Replaced),
            (&[1000, 100], Growth::Slows),
        ] {
            assert_eq!(growth_of_born(born), wanted, "{born:?}");
        }
    }

    #[test]
    fn what_is_made_in_the_first_rounds_alone_does_not_grow() {
        let numbers: Vec<u64> = (1..=100).collect();
        assert_eq!(growth(&numbers, &numbers, 100, &[100; 6]), Growth::NoMoreMade);
        assert_eq!(
            growth(&numbers, &numbers, 100, &[20, 40, 60, 80, 90, 100]),
            Growth::Grows
        );
        // Rounds that were cut short, and few objects.
        assert_eq!(growth(&[1, 2], &[1, 2], 2, &[2]), Growth::Grows);
        assert_eq!(growth(&[9, 10], &[9, 10], 10, &[2, 4, 6, 10]), Growth::Grows);
    }
}
