//! A cell that ran once or several times. Runs with different verdicts are a
//! failure, and no later run hides an earlier one.

use crate::measure::verdict::Verdict;
use crate::results::cell_row::{CellRow, OutcomeName};
use std::collections::{BTreeMap, BTreeSet};

/// The runs of one cell, in order; there is at least one.
#[derive(Debug)]
pub struct Repeated<'a> {
    pub runs: Vec<&'a CellRow>,
}

/// Groups the runs by cell; cells are in the order of their first run.
pub fn group(rows: &[CellRow]) -> Vec<Repeated<'_>> {
    let mut groups: Vec<Repeated<'_>> = Vec::new();
    let mut places = BTreeMap::new();
    for row in rows {
        let place = *places.entry((&row.case, row.program)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.runs.push(row),
            None => groups.push(Repeated { runs: vec![row] }),
        }
    }
    groups
}

/// The cases of these runs, each with its name in tables, in the order of their first run.
pub fn cases(rows: &[CellRow]) -> Vec<(&str, &str)> {
    let mut known = BTreeSet::new();
    let first = rows.iter().filter(|row| known.insert(row.case.as_str()));
    first.map(|row| (row.case.as_str(), row.title())).collect()
}

impl<'a> Repeated<'a> {
    /// The run to show: the first that is not as expected, else the first.
    pub fn shown(&self) -> &'a CellRow {
        let unexpected = self.runs.iter().find(|row| !row.outcome.is_fine());
        unexpected.unwrap_or(&self.runs[0])
    }

    pub fn outcome(&self) -> OutcomeName {
        match self.mixed() {
            Some(_) => OutcomeName::Failed,
            None => self.shown().outcome,
        }
    }

    /// A message if the verdicts differ although each run is as expected.
    pub fn mixed(&self) -> Option<String> {
        let mixed = self.counts().len() > 1 && self.shown().outcome.is_fine();
        mixed.then(|| format!("the verdicts are mixed: {}", self.verdicts()))
    }

    /// The verdicts: `collected`, or `collected 20/20` for several runs.
    pub fn verdicts(&self) -> String {
        let runs = self.runs.len();
        let one = |(verdict, count): (Verdict, usize)| match runs {
            1 => verdict.to_string(),
            _ => format!("{verdict} {count}/{runs}"),
        };
        self.counts().into_iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// Whether any of the runs leaked.
    pub fn leaked(&self) -> bool {
        self.runs.iter().any(|row| row.verdict == Some(Verdict::Leaks))
    }

    /// The different verdicts of its runs.
    pub fn kinds_of_verdicts(&self) -> Vec<Verdict> {
        self.counts().into_keys().collect()
    }

    fn counts(&self) -> BTreeMap<Verdict, usize> {
        let mut counts = BTreeMap::new();
        for verdict in self.runs.iter().filter_map(|row| row.verdict) {
            *counts.entry(verdict).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::results::document::Results;
    use crate::results::program_row::ProgramRow;

    /// Results without cells, of this many programs.
    pub fn results(programs: usize) -> Results {
        let program = |number| ProgramRow {
            name: None,
            engine: "v8".to_owned(),
            title: format!("p{number} 1.0"),
            program: format!("/bin/p{number}"),
            option: "v8".to_owned(),
            shell: "d8".to_owned(),
            host: false,
            place: None,
            version: Some("1.0".to_owned()),
            engine_version: None,
            features: Vec::new(),
            flags: Vec::new(),
            environment: BTreeMap::new(),
            found: "PATH".to_owned(),
        };
        Results::begin((0..programs).map(program).collect(), Vec::new(), 0)
    }

    /// A cell that is ok and collected.
    pub fn cell(number: usize, case: &str, program: usize) -> CellRow {
        CellRow {
            number,
            case: case.to_owned(),
            program,
            run: 1,
            title: None,
            directory: None,
            script: format!("js/cases/{case}/test.js"),
            expectation: Some(format!("expected/{case}.txt")),
            bug: None,
            guest: Some("guest".to_owned()),
            census: None,
            arguments: Vec::new(),
            outcome: OutcomeName::Ok,
            reason: None,
            departures: Vec::new(),
            verdict: Some(Verdict::Collected),
            expected_verdicts: vec![Verdict::Collected],
            numbers: None,
            end: None,
            began: 0.0,
            seconds: 1.0,
            cpu_seconds: 1.0,
            peak_bytes: 1,
            transcript: vec!["a line".to_owned()],
            telemetry: Vec::new(),
            stderr: String::new(),
            origin: None,
        }
    }

    #[test]
    fn no_run_hides_another() {
        let verdict = |verdict, outcome| CellRow {
            verdict: Some(verdict),
            outcome,
            ..cell(0, "m0", 0)
        };
        let ok = verdict(Verdict::Collected, OutcomeName::Ok);
        let late = verdict(Verdict::Late, OutcomeName::Ok);
        let failed = verdict(Verdict::Leaks, OutcomeName::Failed);
        for (rows, outcome, verdicts) in [
            (vec![&ok], OutcomeName::Ok, "collected"),
            (vec![&ok, &ok], OutcomeName::Ok, "collected 2/2"),
            (vec![&ok, &late], OutcomeName::Failed, "collected 1/2, late 1/2"),
            (vec![&ok, &failed, &ok], OutcomeName::Failed, "collected 2/3, leaks 1/3"),
        ] {
            let rows: Vec<CellRow> = rows.into_iter().cloned().collect();
            let groups = group(&rows);
            assert_eq!(groups.len(), 1);
            assert_eq!(
                (groups[0].outcome(), groups[0].verdicts().as_str()),
                (outcome, verdicts)
            );
        }
    }

    #[test]
    fn runs_are_grouped_by_cell_even_where_some_are_missing() {
        let rows = [cell(0, "m0", 0), cell(2, "m0", 1), cell(3, "m0", 1), cell(4, "m1", 0)];
        let runs: Vec<usize> = group(&rows).iter().map(|group| group.runs.len()).collect();
        assert_eq!(runs, [1, 2, 1]);
    }
}
