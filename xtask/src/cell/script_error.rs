//! The errors of a script, in the engine's words: those that stopped it, and those that
//! nobody caught. Pure.

use crate::engine::feature::Feature;
use crate::engine::program::Program;
use crate::measure::telemetry::{Printed, Rejection, ScriptError, TelemetryEvent, UncaughtError};
use clap::ValueEnum;

/// A feature that the script asked for, and that the program does not have.
pub fn lacks(printed: &Printed, program: &Program) -> Option<Feature> {
    printed.events.iter().find_map(|event| match event {
        TelemetryEvent::Lacks { feature } => Feature::from_str(feature, false).ok(),
        TelemetryEvent::Threw(error) => {
            let text = in_engine_words(error, printed);
            let undefined = || text.split_once("ReferenceError: ")?.1.strip_suffix(" is not defined");
            let feature = Feature::of_name(error.missing.as_deref().or_else(undefined)?)?;
            (!program.features.contains(&feature)).then_some(feature)
        }
        _ => None,
    })
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
const PRINTED: &str = r"^\S.*:\d+: ";

/// Whether the line begins with a place, as d8's errors do.
pub fn names_a_place(line: &str) -> bool {
    regex::Regex::new(PRINTED).is_ok_and(|pattern| pattern.is_match(line))
}

fn in_engine_words(error: &ScriptError, printed: &Printed) -> String {
    if error.text.starts_with(ALREADY_PRINTED)
        && let Some(line) = printed.transcript.iter().find(|line| names_a_place(line))
    {
        return line.clone();
    }
    with_place(&error.text, error.place.as_deref())
}

fn with_place(text: &str, place: Option<&str>) -> String {
    match place {
        Some(place) => format!("{text} ({place})"),
        None => text.to_owned(),
    }
}

/// Errors that nobody caught are never as expected: the first of each kind.
pub fn uncaught(events: &[TelemetryEvent]) -> impl Iterator<Item = String> {
    let is_handled = |wanted: u64| {
        let mut handled = events.iter().filter_map(|event| match event {
            TelemetryEvent::RejectionHandled { number } => Some(*number),
            _ => None,
        });
        handled.any(|number| number == wanted)
    };
    let rejection = events.iter().find_map(|event| match event {
        TelemetryEvent::Rejected(rejection) if !is_handled(rejection.number) => Some(rejection),
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

/// The words for a promise that was rejected.
pub fn rejected(reason: &str) -> String {
    format!("a promise was rejected, and nobody handled it: {reason}")
}
