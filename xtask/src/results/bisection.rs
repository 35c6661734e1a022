//! Which version to run next, to find two neighbours between which a verdict flips. Pure.

use crate::measure::verdict::Verdict;
use std::ops::Range;

/// The search among versions of one engine, the oldest first.
#[derive(Debug)]
pub struct Bisection {
    answers: Vec<VersionAnswer>,
}

/// What is known of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VersionAnswer {
    NotRun,
    /// It ran, and its numbers decide nothing: as if it were not there.
    NoVerdict,
    Verdict(Verdict),
}

/// What is to be done next, or the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BisectionStep {
    /// Run this version.
    Run(usize),
    /// The verdict flips between these two; those between them have none.
    Flips { before: usize, after: usize },
    /// The oldest and the newest version that have a verdict have the same one.
    Same {
        oldest: usize,
        newest: usize,
        verdict: Verdict,
    },
    /// One version alone has a verdict.
    OnlyOne(usize),
    /// No version has a verdict.
    None,
}

impl Bisection {
    /// Of so many versions none has run.
    pub fn of(versions: usize) -> Bisection {
        Bisection {
            answers: vec![VersionAnswer::NotRun; versions],
        }
    }

    /// Notes what a version said; one whose verdict is `inconclusive` has none.
    pub fn answered(&mut self, version: usize, verdict: Option<Verdict>) {
        self.answers[version] = match verdict {
            Some(verdict) if verdict != Verdict::Inconclusive => VersionAnswer::Verdict(verdict),
            _ => VersionAnswer::NoVerdict,
        };
    }

    /// The next step. The oldest and the newest versions come first, and then always the one in the middle of those
    /// that are still between two verdicts.
    pub fn next(&self) -> BisectionStep {
        let last = self.answers.len();
        let (oldest, was) = match self.first_verdict(0..last) {
            Ok(Some(found)) => found,
            Ok(None) => return BisectionStep::None,
            Err(step) => return step,
        };
        let (newest, is) = match self.first_verdict((oldest + 1..last).rev()) {
            Ok(Some(found)) => found,
            Ok(None) => return BisectionStep::OnlyOne(oldest),
            Err(step) => return step,
        };
        if was == is {
            return BisectionStep::Same {
                oldest,
                newest,
                verdict: was,
            };
        }
        let (before, after) = self.neighbours(oldest..newest, was);
        let open: Vec<usize> = (before + 1..after)
            .filter(|version| self.answers[*version] == VersionAnswer::NotRun)
            .collect();
        match open.get(open.len() / 2) {
            Some(version) => BisectionStep::Run(*version),
            None => BisectionStep::Flips { before, after },
        }
    }

    /// The first of these versions that has a verdict; the step that is needed to know it.
    fn first_verdict(&self, versions: impl Iterator<Item = usize>) -> Result<Option<(usize, Verdict)>, BisectionStep> {
        for version in versions {
            match self.answers[version] {
                VersionAnswer::NotRun => return Err(BisectionStep::Run(version)),
                VersionAnswer::NoVerdict => {}
                VersionAnswer::Verdict(verdict) => return Ok(Some((version, verdict))),
            }
        }
        Ok(None)
    }

    /// The last known version that is as the oldest one, and the first known one after it that is not.
    fn neighbours(&self, ends: Range<usize>, was: Verdict) -> (usize, usize) {
        let (mut before, mut after) = (ends.start, ends.end);
        for version in ends {
            match self.answers[version] {
                VersionAnswer::Verdict(verdict) if verdict == was => before = version,
                VersionAnswer::Verdict(_) => {
                    after = version;
                    break;
                }
                VersionAnswer::NotRun | VersionAnswer::NoVerdict => {}
            }
        }
        (before, after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a search on versions with these verdicts, a letter each: `c`, `l` and `b`, `i` for inconclusive, `-` for
    /// none. The answer, and how many ran.
    fn search(verdicts: &str) -> (BisectionStep, usize) {
        let mut bisection = Bisection::of(verdicts.len());
        for ran in 0.. {
            let step = bisection.next();
            let BisectionStep::Run(version) = step else {
                return (step, ran);
            };
            let verdict = match verdicts.as_bytes()[version] {
                b'c' => Some(Verdict::Collected),
                b'l' => Some(Verdict::Leaks),
                b'b' => Some(Verdict::Bounded),
                b'i' => Some(Verdict::Inconclusive),
                _ => None,
            };
            bisection.answered(version, verdict);
        }
        unreachable!()
    }

    #[test]
    fn a_flip_is_found_with_few_runs() {
        let flips = |before, after| BisectionStep::Flips { before, after };
        for (verdicts, answer, runs) in [
            ("cl", flips(0, 1), 2),
            ("ccl", flips(1, 2), 3),
            ("cll", flips(0, 1), 3),
            ("clll", flips(0, 1), 4),
            ("cccccccccccccccl", flips(14, 15), 5),
            ("clllllllllllllll", flips(0, 1), 6),
            ("cccccclllllllllll", flips(5, 6), 6),
            // One of several flips.
            ("clcccl", flips(4, 5), 4),
            // A third verdict is another one, too.
            ("cbl", flips(0, 1), 3),
            ("cccbbl", flips(2, 3), 4),
            // What has no verdict lies between, or at an end.
            ("c-l", flips(0, 2), 3),
            ("-c--l-", flips(1, 4), 6),
            ("cilll", flips(0, 2), 4),
        ] {
            assert_eq!(search(verdicts), (answer, runs), "{verdicts}");
        }
    }

    #[test]
    fn there_may_be_no_flip() {
        let same = |oldest, newest, verdict| BisectionStep::Same {
            oldest,
            newest,
            verdict,
        };
        for (verdicts, answer, runs) in [
            ("", BisectionStep::None, 0),
            ("-i-", BisectionStep::None, 3),
            ("c", BisectionStep::OnlyOne(0), 1),
            ("-c-", BisectionStep::OnlyOne(1), 3),
            ("ccccc", same(0, 4, Verdict::Collected), 2),
            ("lclcl", same(0, 4, Verdict::Leaks), 2),
            ("-ll", same(1, 2, Verdict::Leaks), 3),
        ] {
            assert_eq!(search(verdicts), (answer, runs), "{verdicts}");
        }
    }
}
