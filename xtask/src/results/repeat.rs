//! A cell that was run once or several times. Runs that differ in their
//! verdicts are a failure, and no later run hides an earlier one.

use crate::cell::cell::Facts;
use crate::cell::judge::{Departure, Outcome};
use crate::measure::verdict::Verdict;
use std::collections::BTreeMap;

/// The runs of one cell, in order; there is at least one.
#[derive(Debug)]
pub struct Repeated<'a> {
    pub runs: Vec<Facts<'a>>,
    /// That its verdicts are mixed, though each of them may be expected.
    mixed: Option<Outcome>,
}

/// Groups the runs of each cell, `times` in a row.
pub fn group(facts: Vec<Facts<'_>>, times: usize) -> Vec<Repeated<'_>> {
    let mut groups = Vec::new();
    let mut facts = facts.into_iter().peekable();
    while facts.peek().is_some() {
        let runs = facts.by_ref().take(times.max(1)).collect();
        groups.push(Repeated { runs, mixed: None });
    }
    groups.iter_mut().for_each(Repeated::note_mixed);
    groups
}

impl<'a> Repeated<'a> {
    /// The run that tells most: the first that is not as expected, else the first.
    pub fn telling(&self) -> &Facts<'a> {
        let unexpected = |facts: &&Facts<'_>| !facts.judgement.outcome.is_fine();
        self.runs.iter().find(unexpected).unwrap_or(&self.runs[0])
    }

    pub fn outcome(&self) -> &Outcome {
        self.mixed.as_ref().unwrap_or(&self.telling().judgement.outcome)
    }

    /// The verdicts: `collected`, or of several runs `collected 20/20`.
    pub fn verdicts(&self) -> String {
        let counts = self.counts();
        let runs = self.runs.len();
        let one = |(verdict, count): (&Verdict, &usize)| match runs {
            1 => verdict.to_string(),
            _ => format!("{verdict} {count}/{runs}"),
        };
        counts.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn counts(&self) -> BTreeMap<Verdict, usize> {
        let mut counts = BTreeMap::new();
        for verdict in self.runs.iter().filter_map(|facts| facts.judgement.verdict()) {
            *counts.entry(verdict).or_default() += 1;
        }
        counts
    }

    fn note_mixed(&mut self) {
        if self.counts().len() > 1 && self.outcome().is_fine() {
            let mixed = Departure::Other(format!("the verdicts are mixed: {}", self.verdicts()));
            self.mixed = Some(Outcome::Failed(vec![mixed]));
        }
    }
}
