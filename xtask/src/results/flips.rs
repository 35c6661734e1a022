//! Between which versions of an engine a case flips: in its verdict, or, within one, in what grows or in a peak. Pure.

use crate::engine::version_order::version_order;
use crate::results::cell_changes::{CellChange, Changed, Direction, grown, peaked, verdicts};
use crate::results::document::Results;
use crate::results::gathered::Gathered;
use crate::results::program_row::ProgramRow;
use crate::results::reduced::ReducedCell;
use crate::results::repeated::{Repeated, group};
use std::collections::BTreeMap;

/// Two neighbours, by the engine's version, of which a case has different results.
#[derive(Debug)]
pub struct Flip<'a> {
    pub case: &'a str,
    /// The name of the case in tables.
    pub title: &'a str,
    /// The indices of their programs.
    pub before: usize,
    pub after: usize,
    /// A verdict, a growth or a peak.
    pub what: Changed,
}

/// The flips of each case of a run, from the oldest version on.
pub fn flips(results: &Results) -> Vec<Flip<'_>> {
    let machines = results.programs.iter().map(|row| (row, ["", ""]));
    of(&machines.collect::<Vec<_>>(), &group(&results.cells))
}

/// The same of several runs side by side; a machine of another kind has no neighbour here.
pub fn gathered_flips(all: &Gathered<ReducedCell>) -> Vec<Flip<'_>> {
    let programs = all.programs.iter();
    let machines = programs.map(|program| (&program.row, [program.os.as_str(), &program.arch]));
    let cells: Vec<Repeated<'_>> = all.cells.iter().map(|cell| cell.repeated()).collect();
    of(&machines.collect::<Vec<_>>(), &cells)
}

/// A program with the kind of machine that it ran on.
type OnMachine<'a> = (&'a ProgramRow, [&'a str; 2]);

/// Flips of these cells, which are in the order of their cases.
fn of<'a>(programs: &[OnMachine<'_>], cells: &[Repeated<'a>]) -> Vec<Flip<'a>> {
    let versions = versions(programs);
    let mut cases: Vec<(&'a str, BTreeMap<usize, &Repeated<'a>>)> = Vec::new();
    for cell in cells {
        let row = cell.runs[0];
        match cases.last_mut() {
            Some((case, known)) if *case == row.case => {
                known.insert(row.program, cell);
            }
            _ => cases.push((&row.case, BTreeMap::from([(row.program, cell)]))),
        }
    }
    let of_case = |(_, cells): &(&'a str, BTreeMap<usize, &Repeated<'a>>)| {
        let lines = versions.iter().map(|programs| of_versions(programs, cells));
        lines.flatten().collect::<Vec<_>>()
    };
    cases.iter().flat_map(of_case).collect()
}

/// The programs of each engine on machines of one kind, the oldest version first; pages, workers and shells are apart. Programs with names of their own are
/// no other versions; nor are those whose version is not known.
fn versions(programs: &[OnMachine<'_>]) -> Vec<Vec<usize>> {
    let mut lines: Vec<Vec<usize>> = Vec::new();
    for (index, (row, machine)) in programs.iter().enumerate() {
        let (is_unknown, _) = version_order(row.own_version());
        if row.name.is_some() || is_unknown {
            continue;
        }
        let is_it = |line: &&mut Vec<usize>| {
            let (other, on) = &programs[line[0]];
            (&other.engine, other.place, on) == (&row.engine, row.place, machine)
        };
        match lines.iter_mut().find(is_it) {
            Some(line) => line.push(index),
            None => lines.push(vec![index]),
        }
    }
    for line in &mut lines {
        line.sort_by_key(|index| version_order(programs[*index].0.own_version()));
    }
    lines
}

/// The flips of one case between these programs. Cells without a verdict decide nothing.
fn of_versions<'a>(programs: &[usize], cells: &BTreeMap<usize, &Repeated<'a>>) -> Vec<Flip<'a>> {
    let known = programs
        .iter()
        .filter_map(|program| Some((*program, *cells.get(program)?)));
    let judged: Vec<_> = known.filter(|(_, cell)| !cell.kinds_of_verdicts().is_empty()).collect();
    let mut found = Vec::new();
    for pair in judged.windows(2) {
        let [(before, old), (after, new)] = pair else {
            continue;
        };
        found.extend(changes(old, new).into_iter().map(|change| Flip {
            case: &new.runs[0].case,
            title: new.runs[0].title(),
            before: *before,
            after: *after,
            what: change.what,
        }));
    }
    found
}

/// Another verdict; or, within the same, what grows more or less, or a peak.
fn changes(old: &Repeated<'_>, new: &Repeated<'_>) -> Vec<CellChange> {
    if let Some(verdict) = verdicts(old, new) {
        return vec![verdict];
    }
    let growths = grown(old, new).into_iter();
    let growths = growths.filter(|change| change.direction != Direction::Other);
    growths.chain(peaked(old, new)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::place::BrowserPlace;
    use crate::measure::census::What;
    use crate::measure::verdict::Verdict;
    use crate::results::cell_growth::tests::leaking;
    use crate::results::cell_peaks::tests::peaked;
    use crate::results::cell_row::CellRow;
    use crate::results::gathered::gather;
    use crate::results::repeated::tests::{cell, results};

    /// A run of m0 on programs of these versions, in this order.
    fn run(versions: &[&str], cell: impl Fn(usize) -> CellRow) -> Results {
        let mut all = results(versions.len());
        for (index, version) in versions.iter().enumerate() {
            all.programs[index].version = Some((*version).to_owned());
            all.cells.push(CellRow {
                program: index,
                ..cell(index)
            });
        }
        all
    }

    /// The versions before and after each flip.
    fn found(all: &Results) -> Vec<[&str; 2]> {
        let version = |index: usize| all.programs[index].own_version().unwrap();
        let flips = flips(all).into_iter();
        flips.map(|flip| [flip.before, flip.after].map(version)).collect()
    }

    #[test]
    fn a_flip_is_between_the_neighbours_by_version() {
        let (c, l) = (Some(Verdict::Collected), Some(Verdict::Leaks));
        for (versions, verdicts, wanted) in [
            (&["102.1", "128.3"][..], &[c, c][..], &[][..]),
            (&["102.1", "128.3"], &[c, l], &[["102.1", "128.3"]]),
            // By number, whatever their order.
            (&["128.3", "91.2", "140.0"], &[c, l, c], &[["91.2", "128.3"]]),
            (&["1.0", "2.0", "3.0"], &[c, l, c], &[["1.0", "2.0"], ["2.0", "3.0"]]),
            // What has no verdict decides nothing.
            (&["1.0", "2.0", "3.0"], &[c, None, l], &[["1.0", "3.0"]]),
            // Nobody knows where it belongs.
            (&["1.0", "unknown", "3.0"], &[c, l, c], &[]),
        ] {
            let mut all = run(versions, |index| CellRow {
                verdict: verdicts[index],
                ..cell(index, "m0", index)
            });
            assert_eq!(found(&all), wanted, "{versions:?}");
            // A worker is no other version of a page.
            all.programs[0].place = Some(BrowserPlace::Page);
            for row in &mut all.programs[1..] {
                row.place = Some(BrowserPlace::Worker);
            }
            let first = all.programs[0].own_version().unwrap().to_owned();
            assert!(found(&all).iter().flatten().all(|version| *version != first));
            // A program with a name is no version, and of another engine no neighbour.
            for row in &mut all.programs {
                row.name = Some("own".to_owned());
            }
            assert!(flips(&all).is_empty());
            for (index, row) in all.programs.iter_mut().enumerate() {
                (row.name, row.engine) = (None, index.to_string());
            }
            assert!(flips(&all).is_empty());
        }
    }

    #[test]
    fn within_a_verdict_a_growth_or_a_peak_flips() {
        let versions = ["1.0", "2.0", "3.0"];
        let growing = run(&versions, |index| leaking("Widget", 6, [1.0, 1.1, 3.0][index]));
        let piling = run(&versions, |index| {
            peaked(Verdict::Collected, [1_000, 1_002, 3_000][index], 3)
        });
        for (all, is_it) in [
            (
                growing,
                (|what| matches!(what, Changed::Growth { .. })) as fn(&Changed) -> bool,
            ),
            (piling, |what| matches!(what, Changed::Peak { .. })),
        ] {
            assert_eq!(found(&all), [["2.0", "3.0"]]);
            assert!(flips(&all).iter().all(|flip| is_it(&flip.what)));
        }
        // Where the verdict flips, that is all.
        let both = run(&versions, |index| {
            let verdicts = [Verdict::Collected, Verdict::Collected, Verdict::Late];
            peaked(verdicts[index], [1_000, 1_000, 9_000][index], 3)
        });
        let flips = flips(&both);
        assert_eq!(flips.len(), 1);
        assert!(matches!(flips[0].what, Changed::Verdict { .. }));
    }

    #[test]
    fn what_grows_beside_objects_is_there_or_not_by_chance() {
        for (what, flips) in [(What::Bytes, 0), (What::Objects, 1), (What::LinearMemory, 1)] {
            let all = run(&["1.0", "2.0"], |index| {
                let mut row = leaking("Widget", 6, 1.0);
                let mut more = leaking("Array", 9, 20.0).census.unwrap().grows;
                more[0].kind.what = what;
                row.census.as_mut().unwrap().grows.append(&mut more);
                row.census.as_mut().unwrap().grows.truncate(index + 1);
                row
            });
            assert_eq!(found(&all).len(), flips, "{what:?}");
        }
    }

    #[test]
    fn machines_of_another_kind_have_neighbours_of_their_own() {
        let file = |os: &str, version: &str, verdict: Verdict| {
            let mut one = run(&[version], |_| CellRow {
                verdict: Some(verdict),
                ..cell(0, "m0", 0)
            });
            one.os = os.to_owned();
            one.programs[0].title = version.to_owned();
            let cells = std::mem::take(&mut one.cells);
            let cells = cells.into_iter().map(ReducedCell::of).collect();
            (format!("{os} {version}"), one.with_cells(cells))
        };
        let (c, l) = (Verdict::Collected, Verdict::Leaks);
        let all = gather(vec![
            file("linux", "3.0", l),
            file("macos", "2.0", c),
            file("macos", "4.0", c),
            file("linux", "1.0", c),
        ]);
        let flips = gathered_flips(&all);
        assert_eq!(flips.len(), 1, "{flips:?}");
        let name = |index: usize| (all.programs[index].os.as_str(), all.programs[index].row.title.as_str());
        assert_eq!(name(flips[0].before), ("linux", "1.0"));
        assert_eq!(name(flips[0].after), ("linux", "3.0"));
    }
}
