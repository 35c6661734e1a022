//! Judges a cell: first by its transcript, then by its exit status where that
//! means something, and last by the numbers. Pure.

use crate::browser::running::LOST;
use crate::case::expectation::Expectation;
use crate::cell::script_error::{lacks, rejected_at_the_end, script_error, uncaught};
use crate::cell::transcript::{Difference, Mismatch, compare};
use crate::engine::feature::Feature;
use crate::engine::program::Program;
use crate::engine::shell::Shell;
use crate::measure::census::Census;
use crate::measure::census_events::BlockMistake;
use crate::measure::census_seen::census;
use crate::measure::numbers::{Numbers, numbers};
use crate::measure::telemetry::{Printed, TelemetryEvent};
use crate::measure::verdict::Verdict;
use crate::run::lifeline::End;
use crate::run::limits::Stop;
use crate::run::process::{Ending, LINES};

/// The judgement of a cell.
#[derive(Debug)]
pub struct Judgement {
    pub outcome: Outcome,
    /// The numbers from its telemetry, if it ran to an end.
    pub numbers: Option<Numbers>,
    /// What the census found, if it was judged by that.
    pub census: Option<Census>,
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
        Judgement {
            outcome,
            numbers: None,
            census: None,
        }
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
    let is_reported = printed
        .events
        .iter()
        .any(|event| matches!(event, TelemetryEvent::Steps(_)));
    let how = match rejected.is_some() && has_ended && matches!(ending.stop, Some(Stop::Flooded(_))) {
        true => None,
        false => broke(ending, stderr, program.shell),
    };
    if how.is_none()
        && let Some(feature) = lacks(printed, stderr)
    {
        return Judgement::of(Outcome::Skipped(feature));
    }
    if how.is_none()
        && let Some(text) = script_error(printed)
    {
        // Its numbers stop where the error came, and mean nothing. What a census read until
        // then is told, if it was enough.
        return Judgement {
            census: census(&printed.events).filter(|_| is_reported),
            ..Judgement::of(Outcome::Failed(vec![Departure::Other(text)]))
        };
    }
    let census = census(&printed.events);
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
            census,
        };
    }
    // Of a program that stopped by itself there is no more to come.
    let census = census.filter(|_| has_ended || is_reported);
    let numbers = (census.is_none() && !is_own(printed)).then(|| numbers(&printed.events));
    let of_numbers = numbers.as_ref().map(|numbers| numbers.verdict);
    let verdict = census.as_ref().map(|census| census.verdict).or(of_numbers);
    let mut departures: Vec<Departure> = uncaught(&printed.events)
        .chain(wrong_frees(&printed.events))
        .map(Departure::Other)
        .collect();
    let others = [
        match expectation.is_default {
            true => Ok(()),
            false => compare(&expectation.lines, &printed.transcript)
                .map_err(|difference| departure(difference, expectation)),
        },
        exit(ending.end, printed, stderr, program.shell).map_err(Departure::Other),
        verdict
            .filter(|_| has_ended || !is_own(printed))
            .and_then(|verdict| unexpected_verdict(verdict, &expectation.verdicts))
            .map_or(Ok(()), |text| Err(Departure::Other(text))),
    ];
    departures.extend(others.into_iter().filter_map(Result::err));
    let doubt = census.as_ref().and_then(|census| census.doubt.clone());
    let outcome = match (departures.is_empty(), doubt) {
        (true, _) => Outcome::Ok,
        // What does not decide is no departure.
        (false, Some(doubt)) if departures.len() == 1 && has_ended => Outcome::Inconclusive(doubt),
        (false, _) => Outcome::Failed(departures),
    };
    Judgement {
        outcome,
        numbers,
        census,
    }
}

/// The first of the frees, of each module, of what is no block.
fn wrong_frees(events: &[TelemetryEvent]) -> impl Iterator<Item = String> {
    events.iter().filter_map(|event| match event {
        TelemetryEvent::Ledger(trouble) => trouble.mistakes.first().map(BlockMistake::text),
        _ => None,
    })
}

/// Whether it is a user's own program that ran.
fn is_own(printed: &Printed) -> bool {
    printed.events.contains(&TelemetryEvent::Program)
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

/// Why a program did not end by itself, if so. Of a browser, which is started by this program, that has the reason on
/// standard error.
pub fn broke(ending: Ending, stderr: &str, shell: &Shell) -> Option<String> {
    Some(match (ending.stop, ending.end) {
        (Some(Stop::TimedOut(overrun)), _) => overrun.to_string(),
        (Some(Stop::TookMemory(overrun)), _) => overrun.to_string(),
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
        (None, Some(End::Status(status))) if shell.browser.is_some() && status == i32::from(LOST) => {
            let last = stderr.lines().rfind(|line| !line.is_empty());
            last.unwrap_or("the browser was lost").to_owned()
        }
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
        let unfinished = match is_own(printed) {
            true => "a promise that `setup`, `test` or `teardown` returned is never settled",
            false => "`main` was not called, or did not finish",
        };
        return Err(format!("it exited with {actual} before its end: {unfinished}"));
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

/// What is said of a verdict that is none of the expected ones.
pub fn unexpected_verdict(verdict: Verdict, expected: &[Verdict]) -> Option<String> {
    let text = || format!("the verdict is `{verdict}`; expected `{}`", names(expected));
    (!expected.contains(&verdict)).then(text)
}

fn names(verdicts: &[Verdict]) -> String {
    let names: Vec<String> = verdicts.iter().map(Verdict::to_string).collect();
    names.join(" | ")
}

#[cfg(test)]
mod tests;
