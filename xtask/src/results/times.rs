//! The time that each cell took in its last run, from the records of former runs:
//! the longest are started first.

use crate::base::file;
use crate::results::record::records;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;

/// The number of records that are read, the newest first. One is enough if the same cells run again and again.
const RECORDS: usize = 4;

/// The largest record to read for its times, in bytes: they save less than a second.
const LARGEST: u64 = 4 << 20;

/// Seconds, by case and by the program's path.
#[derive(Debug, Default)]
pub struct Times(HashMap<(String, String), f64>);

#[derive(Deserialize)]
struct RunLine {
    programs: Vec<ProgramPath>,
}

#[derive(Deserialize)]
struct ProgramPath {
    program: String,
}

#[derive(Deserialize)]
struct CellTime {
    case: String,
    program: usize,
    seconds: f64,
}

impl Times {
    /// Reads the times of these cells, of a case and a program's path each; records
    /// are read until all are known. What cannot be read is not known.
    pub fn read(directory: &Path, cells: &[(String, String)]) -> Times {
        let mut times = Times::default();
        for path in records(directory).iter().take(RECORDS) {
            if cells.iter().all(|(case, program)| times.of(case, program).is_finite()) {
                break;
            }
            if file::size(path).is_ok_and(|size| size <= LARGEST) {
                times.add(&file::read(path).unwrap_or_default());
            }
        }
        times
    }

    /// Adds the times of an older record: known times stay.
    fn add(&mut self, record: &[u8]) {
        let mut lines = record.split(|byte| *byte == b'\n');
        let Some(Ok(run)) = lines.next().map(serde_json::from_slice::<RunLine>) else {
            return;
        };
        for cell in lines.filter_map(|line| serde_json::from_slice::<CellTime>(line).ok()) {
            if let Some(program) = run.programs.get(cell.program) {
                let key = (cell.case, program.program.clone());
                self.0.entry(key).or_insert(cell.seconds);
            }
        }
    }

    /// An unknown time may be long: it counts as longer than all others.
    pub fn of(&self, case: &str, program: &str) -> f64 {
        let key = (case.to_owned(), program.to_owned());
        self.0.get(&key).copied().unwrap_or(f64::INFINITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::tests::{cell, results};

    #[test]
    fn the_newest_record_counts() {
        let mut times = Times::default();
        let record = |seconds| {
            let mut row = cell(0, "m0", 1);
            row.seconds = seconds;
            let lines = [
                serde_json::to_vec(&results(2)).unwrap(),
                serde_json::to_vec(&row).unwrap(),
                b"cut o".to_vec(),
            ];
            lines.join(&b'\n')
        };
        times.add(&record(2.0));
        times.add(&record(9.0));
        times.add(b"nonsense");
        assert_eq!(times.of("m0", "/bin/p1"), 2.0);
        assert_eq!(times.of("m0", "/bin/p0"), f64::INFINITY);
    }
}
