//! Judges a cell: first by its transcript, then by its exit status where that
//! means something, and last by the numbers. Pure.

use crate::case::expectation::Expectation;
use crate::cell::script_error::{lacks, rejected_at_the_end, script_error, uncaught};
use crate::cell::transcript::{Difference, Mismatch, compare};
use crate::engine::feature::Feature;
use crate::engine::program::Program;
use crate::engine::shell::Shell;
use crate::measure::numbers::{Numbers, numbers};
use crate::measure::telemetry::{Printed, TelemetryEvent};
use crate::measure::verdict::Verdict;
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

/// Judges a cell that ran, by what it printed (`stderr` is the end of standard error).
pub fn judge(
    ending: Ending,
    printed: &Printed,
    stderr: &str,
    expectation: &Expectation,
    program: &Program,
) -> Judgement {
    // A program that floods as it ends may have told first what was wrong.
    let rejected = rejected_at_the_end(printed, stderr);
    let has_ended = printed
        .events
        .iter()
        .any(|event| matches!(event, TelemetryEvent::Quit { .. }));
    let how = match rejected.is_some() && has_ended && matches!(ending.stop, Some(Stop::Flooded(_))) {
        true => None,
        false => broke(ending),
    };
    if how.is_none()
        && let Some(feature) = lacks(printed, stderr)
    {
        return Judgement::of(Outcome::Skipped(feature));
    }
    if how.is_none()
        && let Some(text) = script_error(printed)
    {
        // Its numbers stop where the error came, and mean nothing.
        return Judgement::of(Outcome::Failed(vec![Departure::Other(text)]));
    }
    // If the program was killed, its last line may be cut off, which is no error of its own.
    if let Some(how) = how.or_else(|| printed.malformed.clone()) {
        // What was seen until then is told, but decides nothing.
        let seen = printed
            .events
            .iter()
            .any(|event| matches!(event, TelemetryEvent::Round(_)));
        return Judgement {
            outcome: Outcome::Broke(how),
            numbers: seen.then(|| numbers(&printed.events)),
        };
    }
    let numbers = numbers(&printed.events);
    let mut departures: Vec<Departure> = uncaught(&printed.events).map(Departure::Other).collect();
    let others = [
        compare(&expectation.lines, &printed.transcript).map_err(|difference| departure(difference, expectation)),
        exit(ending.end, printed, stderr, program.shell).map_err(Departure::Other),
        expected(numbers.verdict, &expectation.verdicts).map_err(Departure::Other),
    ];
    departures.extend(others.into_iter().filter_map(Result::err));
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
/// means something. What the engine says after that report is the reason.
fn exit(end: Option<End>, printed: &Printed, stderr: &str, shell: &Shell) -> Result<(), String> {
    if let Some(rejection) = rejected_at_the_end(printed, stderr) {
        return Err(rejection);
    }
    let meant = printed.events.iter().rev().find_map(|event| match event {
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
    if let Some(line) = printed.after_end.iter().find(|line| !line.trim().is_empty()) {
        return Err(format!("after its end the engine said: {line}"));
    }
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
    use crate::engine::program::FoundBy;
    use crate::engine::shell::shell_named;
    use crate::engine::table;
    use crate::measure::telemetry::split;
    use crate::run::clock::{Overrun, OverrunReason};
    use std::collections::BTreeSet;
    use std::path::PathBuf;
    use std::time::Duration;

    const COLLECTED: &[&str] = &[
        "hello",
        "@ {\"type\":\"start\",\"objects\":5,\"initial\":2,\"maximum\":10}",
        "@ {\"type\":\"round\",\"allocated\":5,\"live\":5,\"pages\":2}",
        "@ {\"type\":\"round\",\"allocated\":10,\"live\":5,\"pages\":2}",
        "@ {\"type\":\"settled\",\"allocated\":10,\"live\":0,\"pages\":2}",
        "@ {\"type\":\"quit\",\"status\":0}",
    ];

    fn program(shell: &str) -> Program {
        let shell = shell_named(shell).unwrap();
        Program {
            engine: table::engine_named(shell.engine).unwrap(),
            shell,
            path: PathBuf::new(),
            version: None,
            engine_version: None,
            features: BTreeSet::from([Feature::EventTarget]),
            flags: Vec::new(),
            found_by: FoundBy::Path,
            doubt: None,
        }
    }

    fn outcome(shell: &str, stop: Option<Stop>, end: End, lines: &[&str]) -> String {
        let expectation = Expectation::parse("#: verdict = collected\nhello", "e.txt").unwrap();
        let printed = split(lines.iter().map(|line| (*line).to_owned()).collect(), None);
        let ending = Ending { stop, end: Some(end) };
        let judgement = judge(ending, &printed, "", &expectation, &program(shell));
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
                "node",
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
    fn some_shells_always_exit_with_0() {
        let mut lines = COLLECTED.to_vec();
        lines[5] = "@ {\"type\":\"quit\",\"status\":1}";
        assert_eq!(outcome("jsc", None, End::Status(0), &lines), "ok");
        assert_eq!(
            outcome("js", None, End::Status(0), &lines),
            "FAILED it exited with 0 instead of 1"
        );
        assert_eq!(outcome("js", None, End::Status(1), &lines), "ok");
    }

    /// A rejection that is handled after all: the feature that it names is not missed.
    const REJECTED: &str =
        r#"@ {"type":"rejected","number":2,"text":"ReferenceError: Can't find variable: setInterval"}"#;
    const HANDLED: &str = r#"@ {"type":"rejection-handled","number":2}"#;

    #[test]
    fn the_error_of_the_script_comes_first_and_none_is_ok() {
        let threw = |text: &str, place: &str, missing: &str| {
            format!("@ {{\"type\":\"threw\",\"text\":\"{text}\",\"place\":{place},\"missing\":{missing}}}")
        };
        let uncaught = |origin: &str| {
            format!("@ {{\"type\":\"uncaught\",\"where\":\"{origin}\",\"text\":\"E: bad\",\"place\":\"t.js:2:3\"}}")
        };
        let missing = |name: &str| {
            threw(
                &format!("ReferenceError: {name} is not defined"),
                "null",
                &format!("\"{name}\""),
            )
        };
        for (line, wanted) in [
            (
                threw("TypeError: no", "\"t.js:1:2\"", "null"),
                "FAILED TypeError: no (t.js:1:2)",
            ),
            (threw("null", "null", "null"), "FAILED null"),
            (
                threw("Error: Error executing file: x", "null", "null"),
                "FAILED js/x.js:3: SyntaxError: odd",
            ),
            (missing("setTimeout"), "skipped(timers)"),
            (missing("EventTarget"), "skipped(eventtarget)"),
            (
                uncaught("finalizer").replace("E: bad", "ReferenceError: queueMicrotask is not defined"),
                "skipped(microtasks)",
            ),
            (REJECTED.replace("2,", "7,"), "skipped(timers)"),
            (missing("mistake"), "FAILED ReferenceError: mistake is not defined"),
            (
                uncaught("finalizer"),
                "FAILED a finalizer threw: E: bad (t.js:2:3); Some(1)",
            ),
            (
                "@ {\"type\":\"rejected\",\"number\":7,\"text\":\"E: bad\",\"place\":\"t.js:2:3\"}".to_owned(),
                "FAILED a promise was rejected, and nobody handled it: E: bad (t.js:2:3); Some(1)",
            ),
            (
                uncaught("callback"),
                "FAILED a callback threw: E: bad (t.js:2:3); Some(1)",
            ),
            (
                "@ {\"type\":\"lacks\",\"feature\":\"timers\"}".to_owned(),
                "skipped(timers)",
            ),
        ] {
            let lines = [
                &COLLECTED[..5],
                &[REJECTED, HANDLED, "js/x.js:3: SyntaxError: odd", &line],
                &COLLECTED[5..],
            ]
            .concat();
            assert_eq!(outcome("jsc", None, End::Status(0), &lines), wanted, "{line}");
        }
    }

    #[test]
    fn a_rejection_that_the_engine_reports_is_never_ok() {
        let expectation = Expectation::parse("#: verdict = collected\nhello", "e.txt").unwrap();
        let ending = Ending {
            stop: None,
            end: Some(End::Status(0)),
        };
        let judged_with = |ending: Ending, printed: &Printed, stderr: &str| match judge(
            ending,
            printed,
            stderr,
            &expectation,
            &program("d8"),
        )
        .outcome
        {
            Outcome::Failed(departures) => format!("{departures:?}"),
            other => format!("{other:?}"),
        };
        let judged = |printed: &Printed, stderr: &str| judged_with(ending, printed, stderr);
        let mut printed = split(COLLECTED.iter().map(|line| (*line).to_owned()).collect(), None);
        assert_eq!(judged(&printed, "a warning"), "Ok");
        assert!(judged(&printed, "Unhandled rejection: (new Error)\n").contains("(new Error)"));
        printed.after_end = vec![String::new(), "t.js:1: Error: late".to_owned()];
        assert!(judged(&printed, "").contains("t.js:1: Error: late"));
        printed.after_end = vec![" ".to_owned()];
        assert_eq!(judged(&printed, ""), "Ok");
        printed.after_end.push("a warning".to_owned());
        assert!(judged(&printed, "").contains("the engine said: a warning"));
        // It reported so many rejections that it was killed.
        printed.after_end = vec!["t.js:1: Error: late".to_owned()];
        let flooded = Ending {
            stop: Some(Stop::Flooded(16 << 20)),
            end: Some(End::Signal(9)),
        };
        assert!(judged_with(flooded, &printed, "").starts_with("[Other(\"a promise was rejected"));
        printed.after_end.clear();
        assert!(judged_with(flooded, &printed, "").starts_with("Broke"));
        let ended = printed.events.pop();
        assert_eq!(ended, Some(TelemetryEvent::Quit { status: 0 }));
        assert!(judged_with(flooded, &printed, "Unhandled rejection: x\n").starts_with("Broke"));
    }
}
