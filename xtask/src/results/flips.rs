//! Between which versions of an engine the verdict of a case flips. Pure.

use crate::engine::places::version_key;
use crate::measure::verdict::Verdict;
use crate::results::document::Results;
use crate::results::program_row::ProgramRow;
use crate::results::repeated::{Repeated, group};

/// Two neighbours, by the engine's version, of which a case has different verdicts.
#[derive(Debug)]
pub struct Flip<'a> {
    /// The name of the case in tables.
    pub case: &'a str,
    pub before: &'a ProgramRow,
    pub after: &'a ProgramRow,
    pub was: Vec<Verdict>,
    pub is: Vec<Verdict>,
}

/// The flips of each case, from the oldest version on. Cells without a verdict decide nothing; nor do programs with
/// names of their own, which are no other version.
pub fn flips(results: &Results) -> Vec<Flip<'_>> {
    let cells = group(&results.cells);
    let mut order: Vec<usize> = (0..results.programs.len())
        .filter(|index| results.programs[*index].name.is_none())
        .collect();
    order.sort_by_key(|index| version_key(results.programs[*index].own_version().unwrap_or_default()));
    let mut found = Vec::new();
    let mut last_case = None;
    for case in cells.iter().map(|cell| &cell.runs[0].case) {
        // Cells are in the order of their cases.
        if last_case.replace(case) == Some(case) {
            continue;
        }
        let of_case: Vec<&Repeated<'_>> = cells.iter().filter(|cell| &cell.runs[0].case == case).collect();
        found.extend(flips_of(&of_case, &order, results));
    }
    found
}

/// The flips of one case, by its cells.
fn flips_of<'a>(cells: &[&Repeated<'a>], order: &[usize], results: &'a Results) -> Vec<Flip<'a>> {
    let mut found: Vec<Flip<'a>> = Vec::new();
    let mut latest: Vec<(usize, Vec<Verdict>)> = Vec::new();
    for index in order {
        let Some(cell) = cells.iter().find(|cell| cell.runs[0].program == *index) else {
            continue;
        };
        let is = cell.kinds_of_verdicts();
        if is.is_empty() {
            continue;
        }
        let program = &results.programs[*index];
        let place = latest
            .iter()
            .position(|(other, _)| results.programs[*other].engine == program.engine);
        let before = match place {
            Some(place) => Some(std::mem::replace(&mut latest[place], (*index, is.clone()))),
            None => {
                latest.push((*index, is.clone()));
                None
            }
        };
        if let Some((other, was)) = before.filter(|(_, was)| *was != is) {
            found.push(Flip {
                case: cell.runs[0].title(),
                before: &results.programs[other],
                after: program,
                was,
                is,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::tests::{cell, results};

    #[test]
    fn a_flip_is_between_the_neighbours_by_version() {
        let (c, l) = (Some(Verdict::Collected), Some(Verdict::Leaks));
        for (versions, verdicts, wanted) in [
            (&["102.1", "128.3"][..], &[c, c][..], &[][..]),
            (&["102.1", "128.3"], &[c, l], &[("102.1", "128.3")]),
            // By number, whatever their order.
            (&["128.3", "91.2", "140.0"], &[c, l, c], &[("91.2", "128.3")]),
            (&["1.0", "2.0", "3.0"], &[c, l, c], &[("1.0", "2.0"), ("2.0", "3.0")]),
            // What has no verdict decides nothing.
            (&["1.0", "2.0", "3.0"], &[c, None, l], &[("1.0", "3.0")]),
        ] {
            let mut all = results(versions.len());
            for (index, version) in versions.iter().enumerate() {
                all.programs[index].version = Some((*version).to_owned());
                let mut row = cell(index, "m0", index);
                row.verdict = verdicts[index];
                all.cells.push(row);
            }
            let version = |program: &ProgramRow| program.version.clone().unwrap();
            let found: Vec<_> = flips(&all)
                .iter()
                .map(|flip| (version(flip.before), version(flip.after)))
                .collect();
            let wanted: Vec<_> = wanted
                .iter()
                .map(|(one, other)| ((*one).to_owned(), (*other).to_owned()))
                .collect();
            assert_eq!(found, wanted, "{versions:?}");
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
}
