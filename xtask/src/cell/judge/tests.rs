//! Judgements, by tables of what cells printed and how they ended.

use super::*;
use crate::engine::program::FoundBy;
use crate::engine::shell::shell_named;
use crate::engine::table;
use crate::measure::telemetry::split;
use crate::run::clock::{Overrun, OverrunReason};
use crate::run::memory::MemoryOverrun;
use std::collections::{BTreeMap, BTreeSet};
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
        name: None,
        engine: table::engine_named(shell.engine).unwrap(),
        shell,
        place: None,
        path: PathBuf::new(),
        version: None,
        engine_version: None,
        features: BTreeSet::from([Feature::EventTarget]),
        flags: Vec::new(),
        environment: BTreeMap::new(),
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
            Some(Stop::TookMemory(MemoryOverrun(512 << 20))),
            End::Signal(9),
            COLLECTED,
            "broke it took more than 512 MiB of memory",
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
const REJECTED: &str = r#"@ {"type":"rejected","number":2,"text":"ReferenceError: Can't find variable: setInterval"}"#;
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
