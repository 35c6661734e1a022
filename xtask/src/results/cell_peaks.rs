//! How much was alive at most in the runs of a cell that did not leak, in a form in which another run's can be compared.

use crate::measure::census::{Kind, What};
use crate::measure::numbers::Numbers;
use crate::measure::verdict::Verdict;
use crate::results::cell_growth::key;
use crate::results::cell_row::CellRow;
use crate::results::repeated::Repeated;
use crate::results::spread::{FEW_OBJECTS, Noise, Spread};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Bytes of a page of linear memory.
const PAGE: f64 = 65_536.0;

/// The peak of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct CellPeak {
    pub kind: Kind,
    pub spread: Spread,
    /// Objects that a round makes; 0 where that is not known.
    round: f64,
}

/// The peak of each kind, by what that is known by again.
type Peaks = BTreeMap<Vec<String>, CellPeak>;

/// A peak of both sides that differs beyond chance: the most of all runs.
#[derive(Debug, Clone, PartialEq)]
pub struct PeakChange {
    pub kind: Kind,
    pub was: f64,
    pub is: f64,
}

/// The peaks that differ beyond chance between cells of the same verdict. Linear memory is compared only where as many
/// objects were alive: else it is theirs.
pub fn changed(old: &Repeated<'_>, new: &Repeated<'_>) -> Vec<PeakChange> {
    if old.kinds_of_verdicts() != new.kinds_of_verdicts() {
        return Vec::new();
    }
    let (was, is) = (peaks(old), peaks(new));
    let objects = key(&Kind::of(What::Objects));
    let are_alike = match (was.get(&objects), is.get(&objects)) {
        (Some(before), Some(now)) => {
            let both = before.spread.with(now.spread);
            both.most - both.least <= FEW_OBJECTS
        }
        _ => true,
    };
    let both = is.iter().filter_map(|(key, now)| Some((was.get(key)?, now)));
    both.filter(|(_, now)| are_alike || now.kind.what != What::LinearMemory)
        .filter(|(before, now)| {
            let noise = Noise::of_peak(now.kind.what, now.round.max(before.round));
            now.spread.against(before.spread, noise) != Ordering::Equal
        })
        .map(|(before, now)| PeakChange {
            kind: now.kind.clone(),
            was: before.spread.most,
            is: now.spread.most,
        })
        .collect()
}

/// The peaks of the runs in which nothing leaked: what leaks has the peak of however long it was watched.
fn peaks(cell: &Repeated<'_>) -> Peaks {
    let mut all = Peaks::new();
    let ends = |row: &&&CellRow| matches!(row.verdict, Some(Verdict::Collected | Verdict::Bounded | Verdict::Late));
    for (key, peak) in cell.runs.iter().filter(ends).flat_map(|row| of_run(row)) {
        match all.get_mut(&key) {
            Some(known) => known.spread = known.spread.with(peak.spread),
            None => {
                all.insert(key, peak);
            }
        }
    }
    all
}

/// The peaks of a run. Kinds that are known by the same are one.
fn of_run(row: &CellRow) -> Peaks {
    let found = match (&row.census, &row.numbers) {
        (Some(census), _) => {
            let stays = census.stays.iter();
            stays.map(|stay| (stay.kind.clone(), stay.most, 0.0)).collect()
        }
        (None, Some(numbers)) => of_numbers(numbers),
        (None, None) => Vec::new(),
    };
    let mut all = Peaks::new();
    for (kind, most, round) in found {
        let peak = all.entry(key(&kind)).or_insert(CellPeak {
            kind,
            spread: Spread::of(0.0),
            round,
        });
        peak.spread = Spread::of(peak.spread.most + most);
    }
    all
}

/// The peaks of a case that counts its objects, with the objects that a round makes.
fn of_numbers(numbers: &Numbers) -> Vec<(Kind, f64, f64)> {
    let watched = numbers.watched;
    // With fewer rounds less piles up.
    if numbers.cut_short.is_some() || watched.rounds == 0 {
        return Vec::new();
    }
    let round = watched.objects as f64 / watched.rounds as f64;
    let pages = numbers.peak_pages.map(|pages| pages as f64 * PAGE);
    let all = [(What::Objects, Some(numbers.peak as f64)), (What::LinearMemory, pages)];
    let known = all.into_iter().filter_map(|(what, most)| Some((what, most?)));
    known
        .filter(|(_, most)| *most > 0.0)
        .map(|(what, most)| (Kind::of(what), most, round))
        .collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::measure::watched::Watched;
    use crate::results::repeated::tests::cell;

    /// A run in which so many objects were alive at most, of 1,000 a round, and linear memory had so many pages.
    pub fn peaked(verdict: Verdict, objects: u64, pages: u64) -> CellRow {
        CellRow {
            verdict: Some(verdict),
            numbers: Some(Numbers {
                verdict,
                peak: objects,
                residue: Some(0),
                slope: None,
                bytes_per_object: None,
                heap_per_object: None,
                rounds_lasted: None,
                ran_out: false,
                peak_pages: Some(pages),
                pages_grown: 0,
                cut_short: None,
                watched: Watched {
                    objects: 100_000,
                    rounds: 100,
                    ..Watched::default()
                },
            }),
            ..cell(0, "m0", 0)
        }
    }

    /// What changed, as `objects 1000 3000`, between runs of each side.
    fn of(old: &[CellRow], new: &[CellRow]) -> Vec<String> {
        let [old, new] = [old, new].map(|rows| Repeated {
            runs: rows.iter().collect(),
        });
        let text = |change: PeakChange| format!("{:?} {} {}", change.kind.what, change.was, change.is);
        changed(&old, &new).into_iter().map(text).collect()
    }

    #[test]
    fn peaks_differ_by_more_than_a_round() {
        let collected = |objects, pages| peaked(Verdict::Collected, objects, pages);
        for (old, new, wanted) in [
            ((1_000, 3), (3_000, 3), &["Objects 1000 3000"][..]),
            ((3_000, 3), (1_000, 3), &["Objects 3000 1000"]),
            ((1_000, 3), (2_001, 3), &[]),
            // As many objects.
            ((1_000, 3), (1_002, 9), &["LinearMemory 196608 589824"]),
            ((1_000, 3), (1_002, 4), &[]),
            // Of a round more, whose pages these are.
            ((1_000, 3), (2_000, 9), &[]),
            ((1_000, 3), (4_000, 9), &["Objects 1000 4000"]),
            ((0, 0), (0, 9), &[]),
        ] {
            let found = of(&[collected(old.0, old.1)], &[collected(new.0, new.1)]);
            assert_eq!(found, wanted, "{old:?} {new:?}");
        }
        // Of several runs all.
        let many = [collected(1_000, 3), collected(3_000, 3)];
        assert_eq!(of(&many, &[collected(3_000, 3)]), [] as [&str; 0]);
        assert_eq!(of(&many, &[collected(9_000, 3)]), ["Objects 3000 9000"]);
    }

    #[test]
    fn only_what_comes_to_an_end_has_a_peak() {
        let change = |old: &CellRow, new: &CellRow| of(std::slice::from_ref(old), std::slice::from_ref(new));
        for verdict in [Verdict::Collected, Verdict::Bounded, Verdict::Late] {
            let (old, new) = (peaked(verdict, 1_000, 3), peaked(verdict, 9_000, 3));
            assert_eq!(change(&old, &new), ["Objects 1000 9000"], "{verdict}");
            let other = peaked(Verdict::Leaks, 9_000, 3);
            assert_eq!(change(&old, &other), [] as [&str; 0], "{verdict}");
        }
        for verdict in [Verdict::Leaks, Verdict::Inconclusive] {
            let (old, new) = (peaked(verdict, 1_000, 3), peaked(verdict, 9_000, 3));
            assert_eq!(change(&old, &new), [] as [&str; 0], "{verdict}");
        }
        let old = peaked(Verdict::Late, 1_000, 3);
        let mut short = peaked(Verdict::Late, 9_000, 3);
        short.numbers.as_mut().unwrap().cut_short = Some(100);
        assert_eq!(change(&old, &short), [] as [&str; 0]);
        // Results of older versions.
        let mut pages = peaked(Verdict::Late, 1_000, 9);
        assert_eq!(change(&old, &pages).len(), 1);
        pages.numbers.as_mut().unwrap().peak_pages = None;
        assert_eq!(change(&old, &pages), [] as [&str; 0]);
    }

    #[test]
    fn of_a_census_each_kind_that_stays_has_a_peak() {
        use crate::measure::census::KindStay;
        use crate::results::cell_growth::tests::leaking;
        let stays = |class: &str, most: f64| {
            let mut row = leaking(class, 6, 1.0);
            row.verdict = Some(Verdict::Bounded);
            let census = row.census.as_mut().unwrap();
            let kind = census.grows.remove(0).kind;
            census.stays.push(KindStay { kind, most });
            row
        };
        for (old, new, wanted) in [
            (("Widget", 500.0), ("Widget", 5_000.0), &["Objects 500 5000"][..]),
            (("Widget", 500.0), ("Widget", 540.0), &[]),
            (("Widget", 4.0), ("Widget", 12.0), &[]),
            // Another kind: one of them may be just below what counts.
            (("Widget", 500.0), ("Gadget", 5_000.0), &[]),
        ] {
            assert_eq!(
                of(&[stays(old.0, old.1)], &[stays(new.0, new.1)]),
                wanted,
                "{old:?} {new:?}"
            );
        }
    }
}
