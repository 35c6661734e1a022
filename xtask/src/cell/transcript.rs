//! Compares a transcript with its expectation.

use crate::case::expectation::{ExpectedLine, Pattern};

/// Where a transcript departs from its expectation.
#[derive(Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The line expected next, by index; `None` at the end of the expectation.
    pub expected: Option<usize>,
    /// The actual line, by index; `None` at the end of the transcript.
    pub actual: Option<usize>,
}

/// Matches the whole transcript, or says where it departs.
///
/// Lines between two `...` must be consecutive, and the first place where they
/// match is as good as any. Lines after the last `...` must be the end of the
/// transcript.
pub fn compare(expected: &[ExpectedLine], transcript: &[String]) -> Result<(), Mismatch> {
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
        return at(last, transcript, 0, true).map(|_| ());
    };
    let mut position = at(*first, transcript, 0, false)?;
    for run in middle {
        position = search(*run, transcript, position)?;
    }
    let room = transcript.len() - position;
    if last.1.len() <= room && at(last, transcript, transcript.len() - last.1.len(), true).is_ok() {
        return Ok(());
    }
    Err(at_end(last, transcript, position))
}

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

/// Matches the run at the first possible position; the mismatch is that of the position where most of it matches.
fn search(run: LineRun<'_>, transcript: &[String], from: usize) -> Result<usize, Mismatch> {
    let mut nearest = Mismatch {
        expected: Some(run.0),
        actual: None,
    };
    for position in from..=transcript.len() {
        match at(run, transcript, position, false) {
            Ok(end) => return Ok(end),
            Err(mismatch) if mismatch.expected > nearest.expected => nearest = mismatch,
            Err(_) => {}
        }
    }
    Err(nearest)
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

    fn compared(expected: &str, transcript: &str) -> Result<(), Mismatch> {
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
                Err(mismatch),
                "{expected:?} against {transcript:?}"
            );
        }
    }
}
