//! The expectation that fits what cells printed: numbers become patterns, and what repeats
//! or varies three dots. Pure.

use crate::case::expectation::Expectation;
use crate::cell::transcript::compare;
use crate::measure::verdict::Verdict;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::BTreeSet;

/// Any number of lines.
const ANY: &str = "...";

/// The longest block of lines of which repetitions are looked for, and how often it has to come.
const LONGEST_BLOCK: usize = 16;
const REPEATED: usize = 3;

/// Blocks of blocks are looked for so many times.
const PASSES: usize = 4;

/// Of a longer transcript only so many lines are kept from its start, and from its end.
const KEPT_FIRST: usize = 200;
const KEPT_LAST: usize = 20;

/// The lines of an expectation that all these transcripts match; `None` if there are none.
pub fn fitting_lines(transcripts: &[&[String]]) -> Option<Vec<String>> {
    let lines = transcripts
        .iter()
        .map(|transcript| shortened(collapsed(transcript.iter().map(|line| pattern_of(line)).collect())))
        .reduce(|merged, next| merge(&merged, &next))
        .unwrap_or_default();
    let text = with_verdict(&[Verdict::Leaks].into(), &lines);
    let expectation = Expectation::parse(&text, "").ok()?;
    let fits = |transcript: &&[String]| compare(&expectation.lines, transcript).is_ok();
    transcripts.iter().all(fits).then_some(lines)
}

/// A part of a line.
#[derive(Debug, PartialEq, Eq)]
enum LinePart<'a> {
    Text(&'a str),
    Integer,
    Decimal,
}

/// The parts of a line. Digits in a word, such as `utf8`, are no number.
fn parts(line: &str) -> Vec<LinePart<'_>> {
    let mut parts = Vec::new();
    let mut text_from = 0;
    let mut at = 0;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    while let Some(c) = line[at..].chars().next() {
        if !c.is_ascii_digit() || line[..at].chars().next_back().is_some_and(is_word) {
            at += c.len_utf8();
            continue;
        }
        let whole = digits(&line[at..]);
        let fraction = line[at + whole..].strip_prefix('.').map_or(0, digits);
        let end = at + whole + if fraction > 0 { fraction + 1 } else { 0 };
        if !line[end..].chars().next().is_some_and(is_word) {
            parts.push(LinePart::Text(&line[text_from..at]));
            parts.push(if fraction > 0 {
                LinePart::Decimal
            } else {
                LinePart::Integer
            });
            text_from = end;
        }
        at = end;
    }
    parts.push(LinePart::Text(&line[text_from..]));
    parts.retain(|part| *part != LinePart::Text(""));
    parts
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The line of an expectation that matches this line, with any numbers.
fn pattern_of(line: &str) -> String {
    let regex = |part: &LinePart<'_>| match part {
        LinePart::Text(text) => regex::escape(text),
        LinePart::Integer => r"\d+".to_owned(),
        LinePart::Decimal => r"\d+(\.\d+)?".to_owned(),
    };
    let parts = parts(line);
    // Braces beside those of a pattern would be taken for its own; the others mean something at the start.
    if line.contains(['{', '}']) || line.starts_with('#') || line == ANY {
        return format!("{{{{{}}}}}", parts.iter().map(regex).collect::<String>());
    }
    let plain = |part: &LinePart<'_>| match part {
        LinePart::Text(text) => (*text).to_owned(),
        number => format!("{{{{{}}}}}", regex(number)),
    };
    parts.iter().map(plain).collect()
}

/// With one block, and three dots, for a block of lines that comes several times.
fn collapsed(lines: Vec<String>) -> Vec<String> {
    let mut lines = lines;
    for _ in 0..PASSES {
        let next = collapsed_once(&lines);
        if next.len() == lines.len() {
            break;
        }
        lines = next;
    }
    lines
}

fn collapsed_once(lines: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        // Up to where the lines go on as they do a block earlier.
        let end_of = |block: usize| {
            let later = (at + block..lines.len()).take_while(|index| lines[*index] == lines[index - block]);
            at + block + later.count()
        };
        let blocks = (1..=LONGEST_BLOCK).filter(|block| at + REPEATED * block <= lines.len());
        let block = blocks
            .map(|block| (block, end_of(block)))
            .find(|(block, end)| end - at >= REPEATED * block);
        match block {
            Some((block, end)) => {
                lines[at..at + block].iter().for_each(|line| push(&mut found, line));
                push(&mut found, ANY);
                at = end;
            }
            None => {
                push(&mut found, &lines[at]);
                at += 1;
            }
        }
    }
    found
}

/// Adds a line, but no three dots after three dots.
fn push(lines: &mut Vec<String>, line: &str) {
    if line != ANY || lines.last().is_none_or(|last| last != ANY) {
        lines.push(line.to_owned());
    }
}

fn shortened(lines: Vec<String>) -> Vec<String> {
    if lines.len() <= KEPT_FIRST + KEPT_LAST {
        return lines;
    }
    let mut kept = Vec::new();
    lines[..KEPT_FIRST].iter().for_each(|line| push(&mut kept, line));
    push(&mut kept, ANY);
    lines[lines.len() - KEPT_LAST..]
        .iter()
        .for_each(|line| push(&mut kept, line));
    kept
}

/// The lines that both have, with three dots where they differ.
fn merge(one: &[String], other: &[String]) -> Vec<String> {
    let mut merged = Vec::new();
    for change in capture_diff_slices(Algorithm::Myers, one, other) {
        match change {
            DiffOp::Equal { old_index, len, .. } => one[old_index..old_index + len]
                .iter()
                .for_each(|line| push(&mut merged, line)),
            _ => push(&mut merged, ANY),
        }
    }
    merged
}

/// A new expectation.
pub fn with_verdict(verdicts: &BTreeSet<Verdict>, lines: &[String]) -> String {
    let mut text = format!("{}\n", verdict_line(verdicts));
    for line in lines {
        text += &format!("{line}\n");
    }
    text
}

fn verdict_line(verdicts: &BTreeSet<Verdict>) -> String {
    let names: Vec<String> = verdicts.iter().map(ToString::to_string).collect();
    format!("#: verdict = {}", names.join(" | "))
}

/// An expectation with these verdicts and lines instead of its own; what is `None` stays, and so do
/// comments and all other directives.
pub fn rewritten(old: &str, verdicts: Option<&BTreeSet<Verdict>>, lines: Option<&[String]>) -> String {
    let of_verdict = |line: &str| {
        let directive = line.strip_prefix("#:").and_then(|rest| rest.split_once('='));
        directive.is_some_and(|(name, _)| name.trim() == "verdict")
    };
    let whole: Vec<String> = old
        .lines()
        .map(|line| match verdicts {
            Some(verdicts) if of_verdict(line) => verdict_line(verdicts),
            _ => line.to_owned(),
        })
        .collect();
    let text = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect();
    let Some(lines) = lines else {
        return text(&whole);
    };
    let is_printed = |index: &usize| !whole[*index].starts_with('#');
    let places: Vec<usize> = (0..whole.len()).filter(is_printed).collect();
    let printed: Vec<&str> = places.iter().map(|index| whole[*index].as_str()).collect();
    let wanted: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut found: Vec<String> = Vec::new();
    let mut taken = 0;
    for change in capture_diff_slices(Algorithm::Myers, &printed, &wanted) {
        let (is_equal, old, new) = (
            matches!(change, DiffOp::Equal { .. }),
            change.old_range(),
            change.new_range(),
        );
        // The comments before a line stay before it; those at the top are no line's.
        let until = match places[old.clone()].last() {
            Some(last) => last + 1,
            None if taken == 0 => places.first().copied().unwrap_or(whole.len()),
            None => taken,
        };
        let kept = whole[taken..until]
            .iter()
            .filter(|line| is_equal || line.starts_with('#'));
        found.extend(kept.cloned());
        taken = until;
        if !is_equal {
            found.extend(lines[new].iter().cloned());
        }
    }
    found.extend(whole[taken..].iter().cloned());
    text(&found)
}

#[cfg(test)]
mod tests;
