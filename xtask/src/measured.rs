//! What the benchmarks in `benches/` measure. Not for other programs: it changes without notice.

use crate::case::expectation::Expectation;
use crate::cell::transcript::compare;
use crate::measure::telemetry;
use std::hint::black_box;

/// The lines that a transcript has to match.
pub struct Expected(Expectation);

impl Expected {
    /// Reads the lines of an expectation.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn parse(text: &str) -> Expected {
        let text = format!("#: verdict = collected\n{text}");
        Expected(Expectation::parse(&text, "expected.txt").expect("an expectation"))
    }

    /// Whether the transcript is as expected.
    pub fn matches(&self, transcript: &[String]) -> bool {
        compare(&self.0.lines, transcript).is_ok()
    }
}

/// The number of lines of a transcript that are left when telemetry is taken out.
pub fn transcript_lines(lines: Vec<String>) -> usize {
    black_box(telemetry::split(lines, None)).transcript.len()
}
