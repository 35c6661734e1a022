//! A line of an expected transcript, and the pattern that it is.

use anyhow::{Context, Result};
use regex::Regex;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// A line of the expected transcript.
#[derive(Debug)]
pub struct ExpectedLine {
    /// Its line number in the file, from 1.
    pub number: usize,
    /// The text in the file.
    pub text: String,
    pub pattern: Pattern,
}

#[derive(Debug, Clone)]
pub enum Pattern {
    /// An exact match.
    Plain,
    /// Contains `{{…}}`; the whole line must match.
    /// Shared by lines that are alike: a clone of a regex has memory of its own to match in.
    Regex(Arc<Regex>),
    /// `...`: any number of lines.
    Any,
}

impl ExpectedLine {
    /// The line with this number of a file, with this text, which is neither a comment nor a directive.
    pub fn new(number: usize, text: &str) -> Result<ExpectedLine> {
        Ok(ExpectedLine {
            number,
            text: text.to_owned(),
            pattern: pattern(text)?,
        })
    }

    /// Whether a line of a transcript matches this one; never for `...`.
    pub fn matches(&self, line: &str) -> bool {
        match &self.pattern {
            Pattern::Plain => self.text == line,
            Pattern::Regex(regex) => regex.is_match(line),
            Pattern::Any => false,
        }
    }
}

/// The patterns of this program, by their texts: one takes ten kilobytes and a tenth of a millisecond, and lines are often
/// alike, in one transcript and between those of many cases.
static COMPILED: LazyLock<Mutex<HashMap<Box<str>, Arc<Regex>>>> = LazyLock::new(Mutex::default);

/// The pattern of a line: that of an earlier line, if it is alike.
fn pattern(text: &str) -> Result<Pattern> {
    if text == "..." {
        return Ok(Pattern::Any);
    }
    if !text.contains("{{") {
        return Ok(Pattern::Plain);
    }
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = compiled.get(text) {
        return Ok(Pattern::Regex(Arc::clone(regex)));
    }
    let regex = Arc::new(compile(text)?);
    compiled.insert(text.into(), Arc::clone(&regex));
    Ok(Pattern::Regex(regex))
}

/// Compiles the pattern of a line.
fn compile(text: &str) -> Result<Regex> {
    let mut regex = String::from("^");
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once("{{") {
        let (inner, after) = close(after).context("a `{{` is not closed by `}}`")?;
        Regex::new(inner).with_context(|| format!("bad regex `{inner}`"))?;
        regex += &format!("{}(?:{inner})", regex::escape(plain));
        rest = after;
    }
    regex += &format!("{}$", regex::escape(rest));
    Regex::new(&regex).context("bad regex")
}

/// Splits a text at its first `}}`; of more braces in a row the last two count, for `{{\d{2}}}` is `\d{2}`.
fn close(text: &str) -> Option<(&str, &str)> {
    let start = text.find("}}")?;
    let braces = text[start..].bytes().take_while(|byte| *byte == b'}').count();
    let end = start + braces;
    Some((&text[..end - 2], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_lines() {
        for (expected, line, matches) in [
            ("a.c", "a.c", true),
            ("a.c", "abc", false),
            ("{{\\d+}} live", "12 live", true),
            ("{{\\d+}} live", "12 live.", false),
            ("{{\\d+}} live", "x12 live", false),
            ("{{a|b}}{{c|d}}.", "ad.", true),
            ("{{a|b}}{{c|d}}.", "adx", false),
            ("{{\\d{2}}} live", "12 live", true),
            ("{{\\d{2}}} live", "1 live", false),
            ("({{.*}})", "(x)", true),
            ("({{.*}})", "x", false),
        ] {
            let expected_line = ExpectedLine::new(1, expected).unwrap();
            assert_eq!(expected_line.matches(line), matches, "{expected} against {line}");
        }
    }
}
