//! Merges results: of each cell the runs of the newest results stay, whichever are given first.

use crate::results::cell_row::{CellRow, RunOrigin};
use crate::results::document::Results;
use crate::results::program_order::{ProgramPlace, in_order};
use crate::results::program_row::ProgramRow;
use std::collections::BTreeMap;

/// Adds results to others. Cells with the same case and the same build of a program are the same, on any machine: all
/// runs of the one that began later stay, and those of the other go. Each cell names the run that it is of. Programs are in
/// their order.
pub fn merge(one: Results, other: Results) -> Results {
    let (mut all, mut added) = (named(one), named(other));
    let is_later = added.started >= all.started;
    let places = places(&mut all.programs, &added.programs, is_later);
    for cell in &mut added.cells {
        cell.program = places[cell.program];
    }
    // What one run lacked, another one may have.
    all.missing.append(&mut added.missing);
    all.missing.sort();
    all.missing.dedup();
    all.missing
        .retain(|engine| !all.programs.iter().any(|program| program.engine == *engine));
    let (before, after) = (newest(&all.cells), newest(&added.cells));
    let is_replaced = |cell: &CellRow| {
        let key = (cell.case.clone(), cell.program);
        after.get(&key).is_some_and(|added| added >= &before[&key])
    };
    let is_old = |cell: &CellRow| {
        let key = (cell.case.clone(), cell.program);
        before.get(&key).is_some_and(|known| known > &after[&key])
    };
    all.cells.retain(|cell| !is_replaced(cell));
    all.cells.extend(added.cells.into_iter().filter(|cell| !is_old(cell)));
    let places = in_order(&mut all.programs, |row| ProgramPlace::of(row, ["", ""]));
    for cell in &mut all.cells {
        cell.program = places[cell.program];
    }
    all.cells
        .sort_by(|a, b| (&a.case, a.program, a.run).cmp(&(&b.case, b.program, b.run)));
    (0..)
        .zip(&mut all.cells)
        .for_each(|(number, cell)| cell.number = number);
    all.planned = all.cells.len();
    all.partition = None;
    if is_later {
        all.started = added.started;
        all.commit = added.commit;
        all.tool = added.tool;
    }
    all
}

/// Results of which each cell names its run.
fn named(mut results: Results) -> Results {
    for cell in &mut results.cells {
        cell.origin.get_or_insert_with(|| RunOrigin {
            started: results.started.clone(),
            commit: results.commit.clone(),
        });
    }
    results
}

/// The place of each added program among the known ones; new ones come last, and newer rows replace older ones.
fn places(known: &mut Vec<ProgramRow>, added: &[ProgramRow], is_later: bool) -> Vec<usize> {
    let mut places = Vec::new();
    for program in added {
        // Two programs of one run may be the same build: each keeps its own cells.
        let mut builds = (0..).zip(known.iter());
        let place = builds.find(|(index, build)| build.is_same_build(program) && !places.contains(index));
        match place.map(|(index, _)| index) {
            Some(index) => {
                if is_later {
                    known[index] = program.clone();
                }
                places.push(index);
            }
            None => {
                places.push(known.len());
                known.push(program.clone());
            }
        }
    }
    places
}

/// When the newest run of each cell began; that sorts as text.
fn newest(cells: &[CellRow]) -> BTreeMap<(String, usize), String> {
    let mut newest: BTreeMap<(String, usize), String> = BTreeMap::new();
    for cell in cells {
        let started = cell.origin.as_ref().map_or("", |origin| origin.started.as_str());
        let known = newest.entry((cell.case.clone(), cell.program)).or_default();
        if started > known.as_str() {
            started.clone_into(known);
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::tests::{cell, results};

    #[test]
    fn a_program_with_other_flags_or_variables_is_another_one() {
        let one = results(1);
        let mut flags = results(1);
        flags.programs[0].flags.push("--stress".to_owned());
        let mut variables = results(1);
        variables.programs[0].environment.insert("A".to_owned(), "1".to_owned());
        for (other, wanted) in [(results(1), 1), (flags, 2), (variables, 2)] {
            assert_eq!(merge(one.clone(), other).programs.len(), wanted);
        }
    }

    #[test]
    fn a_run_of_some_cells_replaces_only_these() {
        let mut all = results(2);
        all.cells = vec![cell(0, "m0", 0), cell(1, "m0", 1), cell(2, "m1", 0)];
        let mut newer = results(3);
        newer.programs.remove(0);
        newer.programs[0].program = "/elsewhere/p1".to_owned();
        let seconds = |row: CellRow| CellRow { seconds: 9.0, ..row };
        newer.cells = vec![seconds(cell(0, "m0", 0)), seconds(cell(1, "m0", 1))];
        let merged = merge(all, newer);
        let cells = merged.cells.iter();
        let cells: Vec<_> = cells.map(|row| (row.case.as_str(), row.program, row.seconds)).collect();
        assert_eq!(cells, [("m0", 0, 1.0), ("m0", 1, 9.0), ("m0", 2, 9.0), ("m1", 0, 1.0)]);
        assert_eq!(merged.programs.len(), 3);
    }

    #[test]
    fn the_newest_run_of_each_cell_stays_whichever_is_given_first() {
        let run = |started: &str, cases: &[&str]| {
            let mut run = results(1);
            run.started = started.to_owned();
            run.commit = Some(format!("commit of {started}"));
            run.partition = None;
            run.cells = cases.iter().map(|case| cell(0, case, 0)).collect();
            run
        };
        // Nothing is known of when the oldest began.
        let runs = [
            run("", &["m0", "m1", "m2", "m3"]),
            run("2026-11-20T10:00:00Z", &["m1", "m2"]),
            run("2026-11-25T10:00:00Z", &["m2"]),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
            let [a, b, c] = order.map(|index| runs[index].clone());
            let merged = merge(merge(a, b), c);
            let cells = merged.cells.iter();
            let cells: Vec<_> = cells
                .map(|cell| {
                    (
                        cell.case.as_str(),
                        cell.origin.as_ref().unwrap().started.get(..10).unwrap_or(""),
                    )
                })
                .collect();
            assert_eq!(
                cells,
                [("m0", ""), ("m1", "2026-11-20"), ("m2", "2026-11-25"), ("m3", "")],
                "{order:?}"
            );
            assert_eq!(merged.started, "2026-11-25T10:00:00Z");
            assert_eq!(merged.commit.as_deref(), Some("commit of 2026-11-25T10:00:00Z"));
        }
    }

    #[test]
    fn all_repetitions_of_a_run_stay_and_all_of_an_older_one_go() {
        let repeated = |started: &str, runs: usize| {
            let mut results = results(1);
            results.started = started.to_owned();
            results.cells = (1..=runs)
                .map(|run| CellRow {
                    run,
                    ..cell(run, "m0", 0)
                })
                .collect();
            results
        };
        assert_eq!(merge(repeated("2", 3), repeated("1", 5)).cells.len(), 3);
        assert_eq!(merge(repeated("1", 5), repeated("2", 3)).cells.len(), 3);
        // The same run again.
        assert_eq!(merge(repeated("1", 5), repeated("1", 5)).cells.len(), 5);
    }

    #[test]
    fn the_newer_run_tells_of_a_program_and_what_one_has_is_not_missing() {
        let mut all = results(1);
        all.missing = vec!["v8".to_owned(), "jsc".to_owned()];
        let mut newer = results(1);
        newer.programs[0].option = "/elsewhere/p0".to_owned();
        let merged = merge(all, newer);
        assert_eq!(merged.programs.len(), 1);
        assert_eq!(merged.programs[0].option, "/elsewhere/p0");
        // The program is V8.
        assert_eq!(merged.missing, ["jsc"]);
    }
}
