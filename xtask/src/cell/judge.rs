//! Judges a cell: first by its transcript, then by its exit status where that
//! means something, and last by the numbers. Pure.

use crate::case::expectation::Expectation;
use crate::cell::transcript::{Difference, Mismatch, compare};
use crate::engine::feature::Feature;
use crate::engine::shell::Shell;
use crate::measure::telemetry::{Printed, TelemetryEvent};
use crate::measure::verdict::{Numbers, Verdict, numbers};
use crate::run::lifeline::End;
use crate::run::process::{Ending, LINES, Stop};

/// The judgement of a cell.
#[derive(Debug)]
pub struct Judgement {
    pub outcome: Outcome,
    /// The numbers from its telemetry, if it ran to an end.
    pub numbers: Option<Numbers>,
}

#[derive(Debug)]
pub enum Outcome {
    Ok,
    /// It departs from its expectation in at least one way.
    Failed(Vec<Departure>),
    /// The engine lacks this feature, which the case needs.
    Skipped(Feature),
    /// The engine failed its canary, and cannot be judged: why.
    Inconclusive(String),
    /// It crashed, ran out of time, flooded, or could not start: how.
    Broke(String),
}

/// How a cell that ran departs from its expectation.
#[derive(Debug, PartialEq, Eq)]
pub enum Departure {
    Transcript(Mismatch),
    /// In words.
    Other(String),
}

impl Judgement {
    /// A judgement without numbers.
    pub fn of(outcome: Outcome) -> Judgement {
        Judgement { outcome, numbers: None }
    }
}

/// Judges a cell that ran.
pub fn judge(ending: Ending, printed: &Printed, expectation: &Expectation, shell: &Shell) -> Judgement {
    // If the program was killed, its last line may be cut off, which is no error of its own.
    if let Some(how) = broke(ending).or_else(|| printed.malformed.clone()) {
        return Judgement::of(Outcome::Broke(how));
    }
    let numbers = numbers(&printed.events);
    let departures: Vec<Departure> = [
        compare(&expectation.lines, &printed.transcript).map_err(|difference| departure(difference, expectation)),
        exit(ending.end, &printed.events, shell).map_err(Departure::Other),
        expected(numbers.verdict, &expectation.verdicts).map_err(Departure::Other),
    ]
    .into_iter()
    .filter_map(Result::err)
    .collect();
    let outcome = match departures.is_empty() {
        true => Outcome::Ok,
        false => Outcome::Failed(departures),
    };
    Judgement {
        outcome,
        numbers: Some(numbers),
    }
}

fn departure(difference: Difference, expectation: &Expectation) -> Departure {
    match difference {
        Difference::At(mismatch) => Departure::Transcript(mismatch),
        Difference::TooCostly(index) => Departure::Other(format!(
            "the lines from {}:{} on match the transcript in too many ways to be compared with it: make their patterns \
             narrower",
            expectation.path, expectation.lines[index].number
        )),
    }
}

/// A wrapper script reports its child's death by a signal as 128 plus the signal's number.
const BY_SIGNAL: std::ops::Range<i32> = 129..160;

/// Why a program did not end by itself, if so.
pub fn broke(ending: Ending) -> Option<String> {
    Some(match (ending.stop, ending.end) {
        (Some(Stop::TimedOut(overrun)), _) => overrun.to_string(),
        (Some(Stop::Flooded(limit)), _) => {
            format!("it printed more than {} MiB or {LINES} lines", limit >> 20)
        }
        (Some(Stop::Interrupted), _) => "it was interrupted".to_owned(),
        (None, Some(End::Signal(signal))) => format!("it crashed: signal {signal}{}", signal_name(signal)),
        (None, Some(End::Status(status))) if BY_SIGNAL.contains(&status) => {
            let signal = status - 128;
            format!(
                "it crashed: exit status {status}, for signal {signal}{}",
                signal_name(signal)
            )
        }
        (None, None) => "its guard was killed".to_owned(),
        (None, Some(End::Status(_))) => return None,
    })
}

fn signal_name(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal).map_or(String::new(), |signal| format!(" ({signal})"))
}

/// The script reports its exit status before it exits: a run without that report
/// stopped early, and one with another exit status failed, where the exit status
/// means something.
fn exit(end: Option<End>, events: &[TelemetryEvent], shell: &Shell) -> Result<(), String> {
    let meant = events.iter().rev().find_map(|event| match event {
        TelemetryEvent::Quit { status } => Some(*status),
        _ => None,
    });
    let actual = match end {
        Some(End::Status(status)) => status,
        _ => return Ok(()),
    };
    let Some(meant) = meant else {
        return Err(format!(
            "it exited with {actual} before its end: `main` was not called, or did not finish"
        ));
    };
    let expected = if shell.keeps_exit_status { meant } else { 0 };
    if actual != expected {
        return Err(format!("it exited with {actual} instead of {expected}"));
    }
    Ok(())
}

fn expected(verdict: Verdict, expected: &[Verdict]) -> Result<(), String> {
    if expected.contains(&verdict) {
        return Ok(());
    }
    Err(format!("the verdict is `{verdict}`; expected `{}`", names(expected)))
}

fn names(verdicts: &[Verdict]) -> String {
    let names: Vec<String> = verdicts.iter().map(Verdict::to_string).collect();
    names.join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::shell::shell_named;
    use crate::measure::telemetry::split;
    use crate::run::clock::{Overrun, OverrunReason};
    use std::time::Duration;

    const COLLECTED: &[&str] = &[
        "hello",
        "@ {\"type\":\"start\",\"objects\":5,\"initial\":2,\"maximum\":10}",
        "@ {\"type\":\"round\",\"allocated\":5,\"live\":5,\"pages\":2}",
        "@ {\"type\":\"round\",\"allocated\":10,\"live\":5,\"pages\":2}",
        "@ {\"type\":\"settled\",\"allocated\":10,\"live\":0,\"pages\":2}",
        "@ {\"type\":\"quit\",\"status\":0}",
    ];

    fn outcome(shell: &str, stop: Option<Stop>, end: End, lines: &[&str]) -> String {
        let expectation = Expectation::parse("#: verdict = collected\nhello", "e.txt").unwrap();
        let printed = split(lines.iter().map(|line| (*line).to_owned()).collect());
        let ending = Ending { stop, end: Some(end) };
        let judgement = judge(ending, &printed, &expectation, shell_named(shell).unwrap());
        let departure = |departure: &Departure| match departure {
            Departure::Transcript(mismatch) => format!("{:?}", mismatch.actual),
            Departure::Other(text) => text.clone(),
        };
        match judgement.outcome {
            Outcome::Failed(departures) => {
                format!(
                    "FAILED {}",
                    departures.iter().map(departure).collect::<Vec<_>>().join("; ")
                )
            }
            Outcome::Broke(text) => format!("broke {text}"),
            other => format!("{other:?}").to_lowercase(),
        }
    }

    #[test]
    fn the_transcript_comes_first() {
        let ok = End::Status(0);
        let silent = &COLLECTED[..5];
        let short = [&COLLECTED[..3], &COLLECTED[4..]].concat();
        let bad = [&short[1..], &["and more"]].concat();
        for (shell, stop, end, lines, wanted) in [
            ("d8", None, ok, COLLECTED, "ok"),
            ("d8", None, ok, &COLLECTED[1..], "FAILED None"),
            (
                "d8",
                None,
                End::Status(7),
                COLLECTED,
                "FAILED it exited with 7 instead of 0",
            ),
            (
                "jsc",
                None,
                End::Status(3),
                COLLECTED,
                "FAILED it exited with 3 instead of 0",
            ),
            (
                "d8",
                None,
                ok,
                silent,
                "FAILED it exited with 0 before its end: `main` was not called, or did not finish",
            ),
            (
                "jsc",
                None,
                ok,
                silent,
                "FAILED it exited with 0 before its end: `main` was not called, or did not finish",
            ),
            (
                "d8",
                None,
                ok,
                &short,
                "FAILED the verdict is `inconclusive`; expected `collected`",
            ),
            (
                "d8",
                None,
                End::Status(1),
                &bad,
                "FAILED Some(0); it exited with 1 instead of 0; \
                 the verdict is `inconclusive`; expected `collected`",
            ),
            (
                "d8",
                None,
                End::Signal(11),
                COLLECTED,
                "broke it crashed: signal 11 (SIGSEGV)",
            ),
            (
                "d8",
                None,
                End::Status(139),
                COLLECTED,
                "broke it crashed: exit status 139, for signal 11 (SIGSEGV)",
            ),
            (
                "d8",
                Some(Stop::TimedOut(Overrun {
                    limit: Duration::from_millis(1500),
                    why: OverrunReason::Processor,
                })),
                End::Signal(9),
                COLLECTED,
                "broke it ran out of time after 1.5 s of processor time",
            ),
            (
                "d8",
                Some(Stop::Flooded(16 << 20)),
                End::Signal(9),
                COLLECTED,
                "broke it printed more than 16 MiB or 200000 lines",
            ),
        ] {
            assert_eq!(outcome(shell, stop, end, lines), wanted);
        }
    }

    #[test]
    fn jsc_always_exits_with_0() {
        let mut lines = COLLECTED.to_vec();
        lines[5] = "@ {\"type\":\"quit\",\"status\":1}";
        assert_eq!(outcome("jsc", None, End::Status(0), &lines), "ok");
        assert_eq!(
            outcome("js", None, End::Status(0), &lines),
            "FAILED it exited with 0 instead of 1"
        );
        assert_eq!(outcome("js", None, End::Status(1), &lines), "ok");
    }
}
