//! The errors of a script, in the engine's words: those that stopped it, and those that
//! nobody caught. Pure.

use crate::engine::feature::Feature;
use crate::measure::telemetry::{Printed, Rejection, ScriptError, TelemetryEvent, UncaughtError};
use clap::ValueEnum;
use regex::Regex;
use std::collections::HashSet;
use std::sync::LazyLock;

/// A feature that the script asked for in vain: a global name of it is not defined, wherever
/// that came up. A shell may have one name of a feature, and not the others.
pub fn lacks(printed: &Printed, stderr: &str) -> Option<Feature> {
    let handled = handled(&printed.events);
    let told = printed.events.iter().find_map(|event| match event {
        TelemetryEvent::Lacks { feature } => Feature::from_str(feature, false).ok(),
        TelemetryEvent::Threw(error) => error
            .missing
            .as_deref()
            .and_then(Feature::of_name)
            .or_else(|| undefined(&in_engine_words(error, printed))),
        TelemetryEvent::Uncaught(error) => undefined(&error.text),
        TelemetryEvent::Rejected(rejection) if !handled.contains(&rejection.number) => undefined(&rejection.text),
        _ => None,
    });
    let after = printed.after_end.iter().map(String::as_str);
    let rejections = stderr.lines().filter(|line| line.starts_with(REJECTION));
    told.or_else(|| after.chain(rejections).find_map(undefined))
}

/// What an engine says of a global name that is not defined.
static UNDEFINED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"Can't find variable: ([\w$]+)|ReferenceError: ([\w$]+) is not defined").ok());

fn undefined(text: &str) -> Option<Feature> {
    let found = UNDEFINED.as_ref()?.captures(text)?;
    Feature::of_name(found.get(1).or_else(|| found.get(2))?.as_str())
}

/// What SpiderMonkey's shell begins the report of a rejection with.
const REJECTION: &str = "Unhandled rejection: ";

/// What an engine tells only after the end of the script: d8 on standard output,
/// SpiderMonkey's shell on standard error. Other errors are caught by `js/lib/watch.js`.
pub fn rejected_at_the_end(printed: &Printed, stderr: &str) -> Option<String> {
    let after = printed.after_end.iter().find(|line| names_a_place(line));
    let line = after.map(String::as_str);
    let line = line.or_else(|| stderr.lines().find_map(|line| line.strip_prefix(REJECTION)));
    line.map(rejected)
}

/// The error that stopped the script, in the engine's words and with its place.
pub fn script_error(printed: &Printed) -> Option<String> {
    threw(&printed.events).map(|error| in_engine_words(error, printed))
}

fn threw(events: &[TelemetryEvent]) -> Option<&ScriptError> {
    events.iter().find_map(|event| match event {
        TelemetryEvent::Threw(error) => Some(error),
        _ => None,
    })
}

/// d8 prints what a script throws as it is loaded, and tells scripts only that it did.
const ALREADY_PRINTED: &str = "Error: Error executing file";

/// `js/cases/m0/test.js:3: TypeError: …`, as d8 prints it.
static PRINTED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\S.*:\d+: ").ok());

/// Whether the line begins with a place, as d8's errors do.
fn names_a_place(line: &str) -> bool {
    PRINTED.as_ref().is_some_and(|pattern| pattern.is_match(line))
}

fn in_engine_words(error: &ScriptError, printed: &Printed) -> String {
    if error.text.starts_with(ALREADY_PRINTED)
        && let Some(line) = printed.transcript.iter().find(|line| names_a_place(line))
    {
        return line.clone();
    }
    let text = with_place(&error.text, error.place.as_deref());
    match error.calls {
        Some(1) => format!("{text}, in the first call of `test`"),
        Some(calls) => format!("{text}, after {calls} calls of `test`"),
        None => text,
    }
}

fn with_place(text: &str, place: Option<&str>) -> String {
    match place {
        Some(place) => format!("{text} ({place})"),
        None => text.to_owned(),
    }
}

/// Errors that nobody caught are never as expected: the first of each kind.
pub fn uncaught(events: &[TelemetryEvent]) -> impl Iterator<Item = String> {
    let handled = handled(events);
    let rejection = events.iter().find_map(|event| match event {
        TelemetryEvent::Rejected(rejection) if !handled.contains(&rejection.number) => Some(rejection),
        _ => None,
    });
    let rejection = rejection.map(|Rejection { text, place, .. }| rejected(&with_place(text, place.as_deref())));
    let errors = events.iter().filter_map(|event| match event {
        TelemetryEvent::Uncaught(UncaughtError { origin, text, place }) => {
            Some(format!("a {origin} threw: {}", with_place(text, place.as_deref())))
        }
        _ => None,
    });
    errors.chain(rejection)
}

/// The numbers of rejections that were handled after all.
fn handled(events: &[TelemetryEvent]) -> HashSet<u64> {
    let number = |event: &TelemetryEvent| match event {
        TelemetryEvent::RejectionHandled { number } => Some(*number),
        _ => None,
    };
    events.iter().filter_map(number).collect()
}

fn rejected(reason: &str) -> String {
    format!("a promise was rejected, and nobody handled it: {reason}")
}
