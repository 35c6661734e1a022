//! What is said of a cell that is not as expected.

use crate::case::expectation::Expectation;
use crate::cell::cell::Facts;
use crate::cell::judge::{Departure, Outcome};
use crate::cell::transcript::Mismatch;
use crate::engine::search::{How, Program};
use crate::measure::verdict::Verdict;
use crate::results::repeat::Repeated;
use console::style;

/// How many lines from the end of standard error are shown.
const STDERR_LINES: usize = 10;

/// How many characters of a line are shown.
const SHOWN: usize = 200;

/// How many lines from the end of the transcript are shown.
const TRANSCRIPT_LINES: usize = 4;

/// What went wrong, where, and how to run the cell alone; none if all is as expected.
pub fn failure(cell: &Repeated<'_>) -> Option<String> {
    let facts = cell.telling();
    let (case, program) = (facts.cell.case, facts.cell.program);
    let expectation = case.expectation(program.engine);
    let outcome = cell.outcome();
    let body = match outcome {
        Outcome::Ok | Outcome::Skipped(_) => return None,
        Outcome::Broke(how) | Outcome::Inconclusive(how) => format!("  {how}\n"),
        Outcome::Failed(departures) => departures
            .iter()
            .map(|departure| match departure {
                Departure::Other(text) => format!("  {text}\n"),
                Departure::Transcript(mismatch) => departure_of(mismatch, expectation, &facts.transcript),
            })
            .collect(),
    };
    let name = style(outcome.name()).for_stderr().red().bold();
    let mut text = format!("{name} {} on {}: {program}\n{body}", case.name, program.engine.name);
    if let Some(numbers) = &facts.judgement.numbers {
        text += &format!("  the numbers: {numbers}\n");
    }
    if facts.end.is_some() {
        text += &end_of("the transcript", &facts.transcript, TRANSCRIPT_LINES);
        let stderr: Vec<String> = facts.stderr.lines().map(str::to_owned).collect();
        if !stderr.is_empty() {
            text += &end_of("standard error", &stderr, STDERR_LINES);
        }
    }
    text += &format!("  alone: {}\n", command("test", &case.name, program));
    let leaks = |facts: &Facts<'_>| facts.judgement.verdict() == Some(Verdict::Leaks);
    if cell.runs.iter().any(leaks) && !expectation.verdicts.contains(&Verdict::Leaks) {
        text += &format!("  what keeps it alive: {}\n", command("explain", &case.name, program));
    }
    Some(text)
}

/// The last lines of what was printed.
fn end_of(what: &str, lines: &[String], count: usize) -> String {
    if lines.is_empty() {
        return format!("  {what} is empty\n");
    }
    let end = &lines[lines.len().saturating_sub(count)..];
    let shown: String = end.iter().map(|line| format!("    {}\n", clip(line))).collect();
    format!("  the end of {what}:\n{shown}")
}

/// The expected line, the line that came, and where.
fn departure_of(mismatch: &Mismatch, expectation: &Expectation, transcript: &[String]) -> String {
    let [expected, came] = sides(mismatch, expectation, transcript);
    format!(
        "  expected: {}\n            ({})\n  came:     {}\n            ({})\n",
        expected.0, expected.1, came.0, came.1
    )
}

/// The same in one line.
pub fn in_one_line(mismatch: &Mismatch, expectation: &Expectation, transcript: &[String]) -> String {
    let [expected, came] = sides(mismatch, expectation, transcript);
    format!(
        "expected `{}` ({}); came `{}` ({})",
        expected.0, expected.1, came.0, came.1
    )
}

/// What was expected and what came, each with its place.
fn sides(mismatch: &Mismatch, expectation: &Expectation, transcript: &[String]) -> [(String, String); 2] {
    let expected = match mismatch.expected.map(|index| &expectation.lines[index]) {
        Some(line) => (clip(&line.text), format!("{}:{}", expectation.path, line.number)),
        None => ("the end".to_owned(), expectation.path.clone()),
    };
    let came = match mismatch.came {
        Some(index) => (
            clip(&transcript[index]),
            format!("line {} of the transcript", index + 1),
        ),
        None => ("the end".to_owned(), format!("after {} lines", transcript.len())),
    };
    [expected, came]
}

/// A line without what could upset a terminal, and not too long.
pub fn clip(line: &str) -> String {
    let mut shown: String = line
        .chars()
        .take(SHOWN)
        .map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c })
        .collect();
    if line.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// The command that does this with this cell alone.
fn command(name: &str, case: &str, program: &Program) -> String {
    let engine = match program.how {
        How::Named => quote(&format!("{}={}", program.engine.name, program.path.display())),
        _ => program.engine.name.to_owned(),
    };
    format!("cargo xtask {name} {case} --engine {engine}")
}

/// A word as a shell reads it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=+:@%".contains(c);
    if word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_only_where_a_shell_needs_it() {
        for (word, quoted) in [
            ("v8=/usr/bin/node", "v8=/usr/bin/node"),
            ("v8=/a b/d8", "'v8=/a b/d8'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quote(word), quoted);
        }
    }

    #[test]
    fn a_line_is_shown_without_what_upsets_a_terminal() {
        assert_eq!(clip("a\u{1b}[31mb\tc"), "a\u{fffd}[31mb\tc");
        assert_eq!(clip(&"x".repeat(SHOWN)).chars().count(), SHOWN);
        assert_eq!(clip(&"x".repeat(SHOWN + 1)).chars().count(), SHOWN + 1);
    }
}
