//! How a cell is judged: by what it printed first, then by its exit status
//! where that means something, and last by the numbers. Pure.

use crate::expectation::Expectation;
use crate::feature::Feature;
use crate::lifeline::End;
use crate::process::Stop;
use crate::shell::Shell;
use crate::telemetry::{Event, Printed};
use crate::transcript::{Mismatch, compare};
use crate::verdict::{Verdict, verdict};

/// What is said of a cell.
#[derive(Debug)]
pub struct Judgement {
    pub outcome: Outcome,
    /// What the numbers say, if it ran to an end.
    pub verdict: Option<Verdict>,
}

#[derive(Debug)]
pub enum Outcome {
    Ok,
    Failed(Departure),
    /// The engine lacks this, which the case needs.
    Skipped(Feature),
    /// It crashed, ran out of time, flooded, or could not start: how.
    Broke(String),
}

/// How a cell that ran departs from its expectation.
#[derive(Debug, PartialEq, Eq)]
pub enum Departure {
    Transcript(Mismatch),
    /// Something that is told in words.
    Other(String),
}

/// How a program came to its end.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    pub stop: Option<Stop>,
    pub end: Option<End>,
}

impl Judgement {
    /// One without a verdict.
    pub fn of(outcome: Outcome) -> Judgement {
        Judgement { outcome, verdict: None }
    }
}

impl Outcome {
    /// Its name, as DESIGN has it.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Failed(_) => "FAILED",
            Outcome::Skipped(_) => "skipped",
            Outcome::Broke(_) => "broke",
        }
    }

    /// Whether this is what was expected.
    pub fn is_fine(&self) -> bool {
        matches!(self, Outcome::Ok | Outcome::Skipped(_))
    }
}

/// Judges a cell that was run.
pub fn judge(ended: Ended, printed: &Printed, expectation: &Expectation, shell: &Shell) -> Judgement {
    if let Some(how) = broke(ended) {
        return Judgement::of(Outcome::Broke(how));
    }
    let verdict = verdict(&printed.events);
    let departure = compare(&expectation.lines, &printed.transcript)
        .map_err(Departure::Transcript)
        .and_then(|()| exit(ended.end, &printed.events, shell).map_err(Departure::Other))
        .and_then(|()| numbers(verdict, expectation.verdict).map_err(Departure::Other));
    Judgement {
        outcome: departure.map_or_else(Outcome::Failed, |()| Outcome::Ok),
        verdict: Some(verdict),
    }
}

/// A wrapper script passes its child's death by a signal on as 128 and the signal's number.
const BY_SIGNAL: std::ops::Range<i32> = 129..160;

fn broke(ended: Ended) -> Option<String> {
    Some(match (ended.stop, ended.end) {
        (Some(Stop::TimedOut(limit)), _) => format!("it ran out of time after {} s", limit.as_secs_f64()),
        (Some(Stop::Flooded(limit)), _) => format!("it flooded: more than {} MiB of output", limit >> 20),
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

/// The script tells with what it means to exit before it does: a run that
/// tells nothing stopped on the way, and one that exits otherwise has failed
/// where the exit status means something.
fn exit(end: Option<End>, events: &[Event], shell: &Shell) -> Result<(), String> {
    let meant = events.iter().rev().find_map(|event| match event {
        Event::Quit { status } => Some(*status),
        _ => None,
    });
    let came = match end {
        Some(End::Status(status)) => status,
        _ => return Ok(()),
    };
    let Some(meant) = meant else {
        return Err(format!(
            "it exited with {came} before its end, where it would have told `quit`"
        ));
    };
    let wanted = if shell.keeps_exit_status { meant } else { 0 };
    if came != wanted {
        return Err(format!("it meant to exit with {wanted}, and exited with {came}"));
    }
    Ok(())
}

fn numbers(verdict: Verdict, expected: Verdict) -> Result<(), String> {
    if verdict != expected {
        return Err(format!("the verdict is `{verdict}`; expected is `{expected}`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::named;
    use crate::telemetry::part;
    use std::time::Duration;

    const COLLECTED: &[&str] = &[
        "hello",
        "@ {\"type\":\"round\",\"allocated\":5,\"live\":5}",
        "@ {\"type\":\"round\",\"allocated\":10,\"live\":5}",
        "@ {\"type\":\"final\",\"allocated\":10,\"live\":0}",
        "@ {\"type\":\"quit\",\"status\":0}",
    ];

    fn outcome(shell: &str, stop: Option<Stop>, end: End, lines: &[&str]) -> String {
        let expectation = Expectation::parse("#: verdict = collected\nhello", "e.txt").unwrap();
        let printed = part(lines.iter().map(|line| (*line).to_owned()).collect()).unwrap();
        let ended = Ended { stop, end: Some(end) };
        let judgement = judge(ended, &printed, &expectation, named(shell).unwrap());
        match judgement.outcome {
            Outcome::Failed(Departure::Transcript(mismatch)) => format!("FAILED {:?}", mismatch.came),
            Outcome::Failed(Departure::Other(text)) => format!("FAILED {text}"),
            Outcome::Broke(text) => format!("broke {text}"),
            other => other.name().to_owned(),
        }
    }

    #[test]
    fn what_was_printed_comes_first() {
        let ok = End::Status(0);
        let silent = &COLLECTED[..4];
        let leaked = [&COLLECTED[..2], &COLLECTED[4..]].concat();
        for (shell, stop, end, lines, wanted) in [
            ("d8", None, ok, COLLECTED, "ok"),
            ("d8", None, ok, &COLLECTED[1..], "FAILED None"),
            (
                "d8",
                None,
                End::Status(7),
                COLLECTED,
                "FAILED it meant to exit with 0, and exited with 7",
            ),
            (
                "jsc",
                None,
                End::Status(3),
                COLLECTED,
                "FAILED it meant to exit with 0, and exited with 3",
            ),
            (
                "d8",
                None,
                ok,
                silent,
                "FAILED it exited with 0 before its end, where it would have told `quit`",
            ),
            (
                "jsc",
                None,
                ok,
                silent,
                "FAILED it exited with 0 before its end, where it would have told `quit`",
            ),
            (
                "d8",
                None,
                ok,
                &leaked,
                "FAILED the verdict is `inconclusive`; expected is `collected`",
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
                Some(Stop::TimedOut(Duration::from_millis(1500))),
                End::Signal(9),
                COLLECTED,
                "broke it ran out of time after 1.5 s",
            ),
            (
                "d8",
                Some(Stop::Flooded(16 << 20)),
                End::Signal(9),
                COLLECTED,
                "broke it flooded: more than 16 MiB of output",
            ),
        ] {
            assert_eq!(outcome(shell, stop, end, lines), wanted);
        }
    }

    #[test]
    fn jsc_exits_with_0_whatever_it_is_asked() {
        let mut lines = COLLECTED.to_vec();
        lines[4] = "@ {\"type\":\"quit\",\"status\":1}";
        assert_eq!(outcome("jsc", None, End::Status(0), &lines), "ok");
        assert_eq!(
            outcome("js", None, End::Status(0), &lines),
            "FAILED it meant to exit with 1, and exited with 0"
        );
        assert_eq!(outcome("js", None, End::Status(1), &lines), "ok");
    }
}
