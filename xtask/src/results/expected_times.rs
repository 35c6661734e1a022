//! How long each cell takes by what results say, on whatever machine they were made: only what is known is compared, so
//! that a plan is split in the same way everywhere.

use crate::results::document::Results;
use crate::results::program_row::ProgramRow;
use std::collections::HashMap;

/// What is assumed of a cell if nothing is known, in milliseconds.
const UNKNOWN: u64 = 1_000;

/// What a time is known of: a case on a build; on an engine; anywhere; and any case.
type TimeKey = (Option<String>, Option<String>, Option<String>);

/// Times of cells, as whole milliseconds: a sum of these is the same in any order.
#[derive(Debug, Default)]
pub struct ExpectedTimes(HashMap<TimeKey, (u64, u64)>);

impl ExpectedTimes {
    /// Adds the times of results.
    pub fn add(&mut self, results: &Results) {
        for cell in &results.cells {
            let milliseconds = (cell.seconds.clamp(0.0, 1e9) * 1000.0).round() as u64;
            // A cell that was skipped says nothing of other builds.
            let told = if cell.end.is_some() { usize::MAX } else { 1 };
            for key in keys(&cell.case, results.program(cell)).into_iter().take(told) {
                let (sum, count) = self.0.entry(key).or_default();
                *sum = sum.saturating_add(milliseconds);
                *count += 1;
            }
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The time of a run of a cell, in milliseconds: of the same build, else on an average of the same engine, of the
    /// case, or of all cells.
    pub fn milliseconds(&self, case: &str, program: &ProgramRow) -> u64 {
        let keys = keys(case, program);
        let known = keys.iter().find_map(|key| self.0.get(key));
        known.map_or(UNKNOWN, |(sum, count)| sum / count)
    }
}

/// What the time of a cell tells something of, the nearest first.
fn keys(case: &str, program: &ProgramRow) -> [TimeKey; 4] {
    let case = || Some(case.to_owned());
    let engine = || Some(program.engine.clone());
    [
        (case(), engine(), Some(program.title.clone())),
        (case(), engine(), None),
        (case(), None, None),
        (None, None, None),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::cell_row::CellRow;
    use crate::results::repeated::tests::{cell, results};
    use crate::run::lifeline::End;

    #[test]
    fn the_nearest_known_time_counts() {
        let timed = |case: &str, program, seconds| CellRow {
            seconds,
            end: Some(End::Status(0)),
            ..cell(0, case, program)
        };
        let mut known = results(3);
        known.programs[2].engine = "jsc".to_owned();
        known.cells = vec![
            timed("m0", 0, 1.0),
            timed("m0", 0, 2.0),
            timed("m0", 1, 4.5),
            timed("m1", 2, 9.0),
        ];
        let mut skipped = timed("m2", 0, 0.1);
        skipped.end = None;
        known.cells.push(skipped);
        let mut times = ExpectedTimes::default();
        assert!(times.is_empty());
        assert_eq!(times.milliseconds("m0", &known.programs[0]), UNKNOWN);
        times.add(&known);
        let other = ProgramRow {
            title: "another".to_owned(),
            ..known.programs[0].clone()
        };
        for (case, program, wanted) in [
            ("m0", &known.programs[0], 1500),
            ("m0", &known.programs[1], 4500),
            ("m2", &known.programs[0], 100),
            // The same engine in another version, another engine, and a case that nobody ran.
            ("m0", &other, 2500),
            ("m0", &known.programs[2], 2500),
            ("m1", &other, 9000),
            ("m2", &other, 4125),
        ] {
            assert_eq!(times.milliseconds(case, program), wanted, "{case} {}", program.title);
        }
    }
}
