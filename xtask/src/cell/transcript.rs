//! Compares a transcript with its expectation.

use crate::case::expected_line::{ExpectedLine, Pattern};
use crate::cell::line_set::{EqualLines, LineSet};

/// Where a transcript departs from its expectation.
#[derive(Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The line expected next, by index; `None` at the end of the expectation.
    pub expected: Option<usize>,
    /// The actual line, by index; `None` at the end of the transcript.
    pub actual: Option<usize>,
}

/// Why a transcript is not as expected.
#[derive(Debug, PartialEq, Eq)]
pub enum Difference {
    At(Mismatch),
    /// The search for the lines that begin with this one, by index, was given up.
    TooCostly(usize),
}

/// Matches the whole transcript, or says where it departs.
///
/// Lines between two `...` must be consecutive, and the first place where they
/// match is as good as any. Lines after the last `...` must be the end of the
/// transcript.
pub fn compare(expected: &[ExpectedLine], transcript: &[String]) -> Result<(), Difference> {
    compare_within(BUDGET, expected, transcript)
}

fn compare_within(mut budget: u64, expected: &[ExpectedLine], transcript: &[String]) -> Result<(), Difference> {
    let mut runs = Vec::new();
    let mut start = 0;
    for (index, line) in expected.iter().enumerate() {
        if matches!(line.pattern, Pattern::Any) {
            runs.push((start, &expected[start..index]));
            start = index + 1;
        }
    }
    let last = (start, &expected[start..]);

    let Some((first, middle)) = runs.split_first() else {
        at(last, transcript, 0, true).map_err(Difference::At)?;
        return Ok(());
    };
    let mut position = at(*first, transcript, 0, false).map_err(Difference::At)?;
    for run in middle {
        position = search(*run, transcript, position, &mut budget)?;
    }
    let room = transcript.len() - position;
    if last.1.len() <= room && at(last, transcript, transcript.len() - last.1.len(), true).is_ok() {
        return Ok(());
    }
    Err(Difference::At(at_end(last, transcript, position)))
}

/// The work that a comparison may take, in steps of some nanoseconds: seconds in all. A
/// program's limits end before its transcript is compared, so this needs one of its own.
const BUDGET: u64 = 1_000_000_000;

/// The steps that a regex takes besides those for each byte.
const REGEX_STEPS: u64 = 50;

type LineRun<'a> = (usize, &'a [ExpectedLine]);

/// Matches the run at this position of the transcript and returns the position after it.
fn at((start, lines): LineRun<'_>, transcript: &[String], position: usize, to_end: bool) -> Result<usize, Mismatch> {
    for (offset, line) in lines.iter().enumerate() {
        let actual = position + offset;
        if !transcript.get(actual).is_some_and(|actual| line.matches(actual)) {
            return Err(Mismatch {
                expected: Some(start + offset),
                actual: (actual < transcript.len()).then_some(actual),
            });
        }
    }
    let end = position + lines.len();
    if to_end && end < transcript.len() {
        return Err(Mismatch {
            expected: None,
            actual: Some(end),
        });
    }
    Ok(end)
}

/// Matches the run at the first possible position; the mismatch is that of the position
/// where most of it matches.
///
/// All positions are followed at once, a bit for each line of the run: a line of the
/// transcript is matched once with each different line of the run that it could continue,
/// however many positions there are.
fn search(
    (start, lines): LineRun<'_>,
    transcript: &[String],
    from: usize,
    budget: &mut u64,
) -> Result<usize, Difference> {
    if lines.is_empty() {
        return Ok(from);
    }
    let equal_lines = EqualLines::of(lines);
    let mut nearest = (0, None);
    // Line n: the transcript so far ends with the first n lines of the run.
    let mut matched = LineSet::new(lines.len() + 1);
    matched.insert(0);
    let mut next = matched.clone();
    let mut undecided = matched.clone();
    for (index, actual) in transcript.iter().enumerate().skip(from) {
        next.clear();
        next.insert(0);
        undecided.copy(&matched);
        while let Some(offset) = undecided.lowest() {
            let line = &lines[offset];
            let equal = equal_lines.to(offset);
            let cost = matched.words() + line.matching_cost(actual);
            *budget = budget.checked_sub(cost).ok_or(Difference::TooCostly(start))?;
            if line.matches(actual) {
                next.insert_after(&matched, equal);
            } else if let Some(longest) = matched.highest_of(equal).filter(|longest| *longest > nearest.0) {
                nearest = (longest, Some(index));
            }
            undecided.remove(equal);
        }
        if next.has(lines.len()) {
            return Ok(index + 1);
        }
        std::mem::swap(&mut matched, &mut next);
    }
    // The transcript ended in the middle of these.
    if let Some(longest) = matched.highest().filter(|longest| *longest > nearest.0) {
        nearest = (longest, None);
    }
    Err(Difference::At(Mismatch {
        expected: Some(start + nearest.0),
        actual: nearest.1,
    }))
}

impl ExpectedLine {
    /// The steps that it takes to match a line.
    fn matching_cost(&self, line: &str) -> u64 {
        match self.pattern {
            Pattern::Regex(_) => REGEX_STEPS + line.len() as u64,
            Pattern::Plain | Pattern::Any => 1,
        }
    }
}

/// Why the last run is not the end of the transcript: lines are compared at the end, where a failed case prints its error.
fn at_end((start, lines): LineRun<'_>, transcript: &[String], position: usize) -> Mismatch {
    for (offset, line) in lines.iter().enumerate() {
        let actual = (transcript.len() + offset).checked_sub(lines.len());
        let actual = actual.filter(|actual| *actual >= position);
        if !actual.is_some_and(|actual| line.matches(&transcript[actual])) {
            return Mismatch {
                expected: Some(start + offset),
                actual,
            };
        }
    }
    Mismatch {
        expected: None,
        actual: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::expectation::Expectation;

    fn compared(expected: &str, transcript: &str) -> Result<(), Difference> {
        let text = format!("#: verdict = leaks\n{expected}");
        let transcript: Vec<String> = transcript.lines().map(str::to_owned).collect();
        compare(&Expectation::parse(&text, "e.txt").unwrap().lines, &transcript)
    }

    #[test]
    fn a_transcript_has_to_be_matched_whole() {
        for (expected, transcript) in [
            ("", ""),
            ("a", "a"),
            ("...", ""),
            ("...", "a\nb"),
            ("a\n...", "a"),
            ("a\n...\nb", "a\nb"),
            ("a\n...\nb", "a\nx\ny\nb"),
            ("a\n...\nb", "a\nb\nb"),
            ("...\nb\nc\n...", "b\nb\nc\nd"),
            ("...\nb\n...\nb", "b\nb"),
            ("a\n{{\\d}}\n...\n{{\\d}}", "a\n1\n2"),
        ] {
            assert_eq!(
                compared(expected, transcript),
                Ok(()),
                "{expected:?} against {transcript:?}"
            );
        }
    }

    #[test]
    fn a_mismatch_says_where() {
        for (expected, transcript, wanted, actual) in [
            ("a", "", Some(0), None),
            ("", "a", None, Some(0)),
            ("a\nb", "a\nc", Some(1), Some(1)),
            ("a\nb", "a", Some(1), None),
            ("a", "a\nb", None, Some(1)),
            ("a\n...\nb", "a", Some(2), None),
            ("a\n...\nb", "a\nx\ny", Some(2), Some(2)),
            ("a\n...\nb\nc", "a\nx\nb\nd", Some(3), Some(3)),
            ("...\nb\nc\n...", "a\nb\nd", Some(2), Some(2)),
            ("...\nb\n...\nb", "b", Some(3), None),
        ] {
            let mismatch = Mismatch {
                expected: wanted,
                actual,
            };
            assert_eq!(
                compared(expected, transcript),
                Err(Difference::At(mismatch)),
                "{expected:?} against {transcript:?}"
            );
        }
    }

    #[test]
    fn a_run_may_have_any_number_of_lines() {
        // Around the 64 bits of a word, and of two.
        for length in [1, 62, 63, 64, 65, 127, 128] {
            let lines: Vec<String> = (0..length).map(|number| number.to_string()).collect();
            let run = lines.join("\n");
            let transcript = format!("x\n{run}\ny");
            assert_eq!(compared(&format!("...\n{run}\n..."), &transcript), Ok(()), "{length}");
            let mismatch = Mismatch {
                expected: Some(length + 1),
                actual: Some(length + 1),
            };
            let longer = compared(&format!("...\n{run}\nz\n..."), &transcript);
            assert_eq!(longer, Err(Difference::At(mismatch)), "{length}");
        }
    }

    #[test]
    fn a_search_is_given_up_after_so_many_steps() {
        let run = |line: &str, count: usize| format!("...\n{}...", format!("{line}\n").repeat(count));
        for (expected, transcript, steps) in [
            (run("a", 1), "b\na", 2 + 2),
            // For each line of the transcript one, and one for each 64 lines of the run.
            (run("a", 64), &*"a\n".repeat(64), 64 * (2 + 1)),
            // For a regex some more, and one for each byte.
            (run("{{a+}}", 1), "aaaa", 1 + REGEX_STEPS + 4),
        ] {
            let expectation = Expectation::parse(&format!("#: verdict = leaks\n{expected}"), "e.txt").unwrap();
            let transcript: Vec<String> = transcript.lines().map(str::to_owned).collect();
            let within = |budget| compare_within(budget, &expectation.lines, &transcript);
            assert_eq!(within(steps), Ok(()), "{expected}");
            assert_eq!(within(steps - 1), Err(Difference::TooCostly(1)), "{expected}");
        }
    }

    /// The search as its comment says it: at every position, one after the other.
    fn plainly((start, lines): LineRun<'_>, transcript: &[String], from: usize) -> Result<usize, Mismatch> {
        let mut nearest = Mismatch {
            expected: Some(start),
            actual: None,
        };
        for position in from..=transcript.len() {
            match at((start, lines), transcript, position, false) {
                Ok(end) => return Ok(end),
                Err(mismatch) if mismatch.expected > nearest.expected => nearest = mismatch,
                Err(_) => {}
            }
        }
        Err(nearest)
    }

    #[test]
    fn all_positions_at_once_are_as_good_as_one_after_the_other() {
        let choices = ["a", "b", "{{a|b}}", "{{.}}", "c"];
        // Every number is a run of up to four lines, then a transcript of up to six. A regex
        // is slow to make: only some of the numbers.
        for number in (0..200_000_u64).step_by(37) {
            let mut rest = number;
            let mut digit = |base: u64| {
                let digit = rest % base;
                rest /= base;
                digit as usize
            };
            let lines = 1 + digit(4);
            let expected: Vec<&str> = (0..lines).map(|_| choices[digit(5)]).collect();
            let length = digit(7);
            let transcript: Vec<String> = (0..length).map(|_| ["a", "b"][digit(2)].to_owned()).collect();
            let text = format!("#: verdict = leaks\n{}", expected.join("\n"));
            let expectation = Expectation::parse(&text, "e.txt").unwrap();
            let run = (7, &expectation.lines[..]);
            let mut budget = BUDGET;
            assert_eq!(
                search(run, &transcript, 0, &mut budget),
                plainly(run, &transcript, 0).map_err(Difference::At),
                "{expected:?} in {transcript:?}"
            );
        }
    }

    #[test]
    fn a_long_search_is_short_or_given_up() {
        let transcript: Vec<String> = (0..20_000).map(|_| "a".to_owned()).collect();
        let search = |line: &dyn Fn(usize) -> String, last: &str| {
            let lines: Vec<String> = (0..300).map(line).collect();
            let text = format!("#: verdict = leaks\n...\n{}\n{last}\n...", lines.join("\n"));
            // A step for each line of both would be too much.
            compare_within(
                5_000_000,
                &Expectation::parse(&text, "e.txt").unwrap().lines,
                &transcript,
            )
        };
        // Every line of the transcript could continue 300 beginnings.
        let mismatch = Mismatch {
            expected: Some(301),
            actual: Some(300),
        };
        for line in ["a", "{{.*}}"] {
            assert_eq!(
                search(&|_| line.to_owned(), "b"),
                Err(Difference::At(Mismatch { ..mismatch }))
            );
            assert_eq!(search(&|_| line.to_owned(), "a"), Ok(()));
        }
        assert_eq!(
            search(&|number| format!("{{{{a{{0,{}}}}}}}", number + 1), "b"),
            Err(Difference::TooCostly(1))
        );
    }
}
