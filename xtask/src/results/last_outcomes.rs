//! How each cell ended when it last ran, from the records of former runs.
//!
//! A run of other cells does not hide what an earlier one found: of each cell its own newest record counts.

use crate::base::file;
use crate::results::cell_row::CellRow;
use crate::results::reading;
use crate::results::record::records;
use crate::results::repeated::group;
use std::collections::HashMap;
use std::path::Path;

/// A case, the path of a program, and the variables and flags that it is called with.
pub type CellKey = (String, String, Vec<String>);

/// Whether cells were as expected.
#[derive(Debug, Default)]
pub struct LastOutcomes(HashMap<CellKey, bool>);

impl LastOutcomes {
    /// Reads the outcomes of these cells; records are read until all are known. What cannot be read is not known.
    pub fn read(directory: &Path, cells: &[CellKey]) -> LastOutcomes {
        let mut last = LastOutcomes::default();
        for path in records(directory) {
            if cells.iter().all(|cell| last.0.contains_key(cell)) {
                break;
            }
            last.add(&file::read(&path).unwrap_or_default());
        }
        last
    }

    /// Adds the outcomes of an older record: known ones stay.
    fn add(&mut self, record: &[u8]) {
        let Ok(results) = reading::parse(record, CellRow::without_output) else {
            return;
        };
        for cell in group(&results.cells) {
            let program = results.program(cell.shown());
            let key = (
                cell.shown().case.clone(),
                program.program.clone(),
                program.called_with(),
            );
            self.0.entry(key).or_insert(cell.outcome().is_fine());
        }
    }

    /// Whether the cell was as expected; `None` if no record has it.
    pub fn was_fine(&self, cell: &CellKey) -> Option<bool> {
        self.0.get(cell).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::cell_row::OutcomeName;
    use crate::results::repeated::tests::{cell, results};

    #[test]
    fn the_newest_record_of_each_cell_counts() {
        let record = |case: &str, outcome| {
            let row = CellRow {
                outcome,
                ..cell(0, case, 1)
            };
            let lines = [
                serde_json::to_vec(&results(2)).unwrap(),
                serde_json::to_vec(&row).unwrap(),
                Vec::new(),
            ];
            lines.join(&b'\n')
        };
        let mut last = LastOutcomes::default();
        last.add(&record("m1", OutcomeName::Broke));
        last.add(b"nonsense");
        last.add(&record("m0", OutcomeName::Ok));
        last.add(&record("m0", OutcomeName::Failed));
        let key = |case: &str, program: &str| {
            (
                case.to_owned(),
                program.to_owned(),
                results(2).programs[1].called_with(),
            )
        };
        // With a variable it is another program.
        let (case, program, _) = key("m0", "/bin/p1");
        assert_eq!(last.was_fine(&(case, program, vec!["A=1".to_owned()])), None);
        for (case, program, wanted) in [
            ("m0", "/bin/p1", Some(true)),
            ("m1", "/bin/p1", Some(false)),
            ("m1", "/bin/p0", None),
        ] {
            assert_eq!(last.was_fine(&key(case, program)), wanted, "{case} {program}");
        }
    }
}
