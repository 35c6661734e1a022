//! Merges results: later runs replace earlier ones of the same cell.

use crate::results::cell_row::CellRow;
use crate::results::document::Results;

/// Adds results to others. Cells with the same case and the same build of a
/// program are the same, on any machine; all former runs of a cell are replaced.
pub fn merge(mut all: Results, newer: Results) -> Results {
    let mut places = Vec::new();
    for program in &newer.programs {
        // Two programs of one run may be the same build: each keeps its own cells.
        let mut known = (0..).zip(&all.programs);
        let place = known.find(|(index, known)| known.is_same_build(program) && !places.contains(index));
        let place = place.map(|(index, _)| index);
        places.push(place.unwrap_or(all.programs.len()));
        match place {
            Some(index) => all.programs[index] = program.clone(),
            None => all.programs.push(program.clone()),
        }
    }
    // What one run lacked, another one may have.
    all.missing
        .retain(|engine| !all.programs.iter().any(|program| program.engine == *engine));
    let moved: Vec<CellRow> = newer
        .cells
        .into_iter()
        .map(|cell| CellRow {
            program: places[cell.program],
            ..cell
        })
        .collect();
    let is_replaced = |old: &CellRow| {
        moved
            .iter()
            .any(|new| (&new.case, new.program) == (&old.case, old.program))
    };
    all.cells.retain(|old| !is_replaced(old));
    all.cells.extend(moved);
    all.cells
        .sort_by(|a, b| (&a.case, a.program, a.run).cmp(&(&b.case, b.program, b.run)));
    (0..)
        .zip(&mut all.cells)
        .for_each(|(number, cell)| cell.number = number);
    all.planned = all.cells.len();
    all.started = newer.started;
    all.commit = newer.commit;
    all.tool = newer.tool;
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::tests::{cell, results};

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
