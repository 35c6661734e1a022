//! One run of a cell in the results.

use crate::case::expectation::Expectation;
use crate::cell::judge::{Departure, Outcome};
use crate::cell::run::Facts;
use crate::cell::transcript::Mismatch;
use crate::measure::census::Census;
use crate::measure::numbers::Numbers;
use crate::measure::verdict::Verdict;
use crate::run::lifeline::End;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// One run of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellRow {
    /// Its place in the plan, from 0.
    pub number: usize,
    pub case: String,
    /// The index of its program in the results.
    pub program: usize,
    /// Which run of the cell it is, from 1.
    pub run: usize,
    /// Its name in tables, if that is another one.
    #[serde(default)]
    pub title: Option<String>,
    /// Of a user's own case the directory that the places in its files are relative to, as it was given; of one of the
    /// checkout none: there all paths are relative to the root.
    #[serde(default)]
    pub directory: Option<String>,
    /// The path of its script; empty in results that lack it.
    #[serde(default)]
    pub script: String,
    /// The path of the file of its expectation, if there is one.
    #[serde(default)]
    pub expectation: Option<String>,
    /// Where a leak that is expected has been reported.
    #[serde(default)]
    pub bug: Option<String>,
    /// None of a user's own case that names none.
    pub guest: Option<String>,
    /// The arguments of the program, on a stage.
    pub arguments: Vec<String>,
    pub outcome: OutcomeName,
    /// Why it is not `ok`, in one line.
    pub reason: Option<String>,
    /// How it departs from its expectation, if it does.
    #[serde(default)]
    pub departures: Vec<DepartureRow>,
    /// `None` if it did not run to an end.
    pub verdict: Option<Verdict>,
    pub expected_verdicts: Vec<Verdict>,
    pub numbers: Option<Numbers>,
    /// What the census found, if it was judged by that.
    #[serde(default)]
    pub census: Option<Census>,
    /// How its program ended; `None` if it did not run.
    pub end: Option<End>,
    /// Its start, in seconds after the start of the run.
    #[serde(default)]
    pub began: f64,
    /// Seconds from its start to its end.
    pub seconds: f64,
    /// Processor time, of all its processes.
    pub cpu_seconds: f64,
    /// The peak memory of one of its processes.
    pub peak_bytes: u64,
    pub transcript: Vec<String>,
    pub telemetry: Vec<Value>,
    /// The end of standard error.
    pub stderr: String,
    /// In merged results the run that it is of, if that is not the one which the results name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<RunOrigin>,
}

/// The run of a command, as a cell of merged results names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOrigin {
    /// When the run began, in RFC 3339; empty if that is not known.
    pub started: String,
    /// The commit that was checked out.
    #[serde(default)]
    pub commit: Option<String>,
}

impl AsRef<CellRow> for CellRow {
    fn as_ref(&self) -> &CellRow {
        self
    }
}

impl AsMut<CellRow> for CellRow {
    fn as_mut(&mut self) -> &mut CellRow {
        self
    }
}

/// The outcome of a cell, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeName {
    Ok,
    #[serde(rename = "FAILED")]
    Failed,
    Skipped,
    Inconclusive,
    Broke,
}

/// How a cell departs from its expectation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum DepartureRow {
    /// A line of the transcript.
    Transcript { expected: Side, actual: Side },
    /// In words.
    Other { text: String },
}

/// One side of a departure: a line, or the end, and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// `None` at the end.
    pub line: Option<String>,
    /// `expected/m0.txt:4`, `line 7 of the transcript`.
    pub place: String,
}

impl OutcomeName {
    /// In the order in which they are counted.
    pub const ALL: [OutcomeName; 5] = [
        OutcomeName::Ok,
        OutcomeName::Failed,
        OutcomeName::Broke,
        OutcomeName::Inconclusive,
        OutcomeName::Skipped,
    ];

    /// Whether this is what was expected.
    pub fn is_fine(self) -> bool {
        matches!(self, OutcomeName::Ok | OutcomeName::Skipped)
    }
}

impl fmt::Display for OutcomeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OutcomeName::Ok => "ok",
            OutcomeName::Failed => "FAILED",
            OutcomeName::Skipped => "skipped",
            OutcomeName::Inconclusive => "inconclusive",
            OutcomeName::Broke => "broke",
        })
    }
}

/// The place of a cell in the plan.
#[derive(Debug, Clone, Copy)]
pub struct PlanPlace {
    pub number: usize,
    pub program: usize,
    pub run: usize,
    /// The start of the cell, in seconds after the start of the run.
    pub began: f64,
}

impl CellRow {
    /// The name of its case in tables.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.case)
    }

    /// The same without what it printed, and without how it departs from its expectation: what neither a comparison
    /// nor the findings need.
    pub fn without_output(self) -> CellRow {
        CellRow {
            arguments: Vec::new(),
            departures: Vec::new(),
            transcript: Vec::new(),
            telemetry: Vec::new(),
            stderr: String::new(),
            ..self
        }
    }

    /// The row of a cell that has ended.
    pub fn of(facts: Facts<'_>, place: PlanPlace) -> CellRow {
        let case = facts.cell.case;
        let expectation = case.expectation(facts.cell.program);
        let judgement = &facts.judgement;
        let verdict = judgement.census.as_ref().map(|census| census.verdict);
        let verdict = verdict.or(judgement.numbers.as_ref().map(|numbers| numbers.verdict));
        let mut departures = Vec::new();
        let (outcome, reason) = match facts.judgement.outcome {
            Outcome::Ok => (OutcomeName::Ok, None),
            Outcome::Failed(all) => {
                let row = |departure| DepartureRow::of(departure, expectation, &facts.transcript);
                departures = all.into_iter().map(row).collect();
                let reasons: Vec<String> = departures.iter().map(ToString::to_string).collect();
                (OutcomeName::Failed, Some(reasons.join("; ")))
            }
            Outcome::Skipped(feature) => (OutcomeName::Skipped, Some(format!("no {feature}"))),
            Outcome::Inconclusive(why) => (OutcomeName::Inconclusive, Some(why)),
            Outcome::Broke(how) => (OutcomeName::Broke, Some(how)),
        };
        CellRow {
            number: place.number,
            case: case.name.clone(),
            program: place.program,
            run: place.run,
            title: (case.title != case.name).then(|| case.title.clone()),
            directory: case.given_directory(),
            script: case.given_script(),
            expectation: (!expectation.is_default).then(|| expectation.path.clone()),
            bug: expectation.bug.clone(),
            guest: case.guest_names(),
            arguments: facts.arguments,
            outcome,
            reason,
            departures,
            verdict,
            expected_verdicts: expectation.verdicts.clone(),
            numbers: facts.judgement.numbers,
            census: facts.judgement.census,
            end: facts.end,
            began: place.began,
            seconds: facts.seconds,
            cpu_seconds: facts.cpu_seconds,
            peak_bytes: facts.peak_bytes,
            transcript: facts.transcript,
            telemetry: facts.telemetry,
            stderr: facts.stderr,
            origin: None,
        }
    }
}

impl DepartureRow {
    fn of(departure: Departure, expectation: &Expectation, transcript: &[String]) -> DepartureRow {
        match departure {
            Departure::Other(text) => DepartureRow::Other { text },
            Departure::Transcript(mismatch) => {
                let [expected, actual] = sides(&mismatch, expectation, transcript);
                DepartureRow::Transcript { expected, actual }
            }
        }
    }
}

/// The expected and the actual line, each with its place.
fn sides(mismatch: &Mismatch, expectation: &Expectation, transcript: &[String]) -> [Side; 2] {
    let expected = match mismatch.expected.and_then(|index| expectation.lines.get(index)) {
        Some(line) => Side {
            line: Some(line.text.clone()),
            place: format!("{}:{}", expectation.path, line.number),
        },
        None => Side {
            line: None,
            place: expectation.path.clone(),
        },
    };
    let line = mismatch.actual.and_then(|index| Some((index, transcript.get(index)?)));
    let actual = match line {
        Some((index, line)) => Side {
            line: Some(line.clone()),
            place: format!("line {} of the transcript", index + 1),
        },
        None => Side {
            line: None,
            place: format!("after {} lines", transcript.len()),
        },
    };
    [expected, actual]
}

impl fmt::Display for DepartureRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DepartureRow::Transcript { expected, actual } => write!(f, "expected {expected}; actual {actual}"),
            DepartureRow::Other { text } => f.write_str(text),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.line {
            Some(line) => write!(f, "`{line}` ({})", self.place),
            None => write!(f, "the end ({})", self.place),
        }
    }
}
