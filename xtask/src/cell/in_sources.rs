//! Turns what a program printed and reported of a user's own script into places and names of the
//! user's files, by the source maps.

use crate::case::source_maps::SourceMaps;
use crate::measure::telemetry::{Printed, TelemetryEvent};
use serde::Deserialize;
use std::borrow::Cow;

/// Replaces the places in all that was printed.
pub fn in_sources(mut printed: Printed, maps: &SourceMaps) -> Printed {
    for line in printed.transcript.iter_mut().chain(&mut printed.after_end) {
        if let Cow::Owned(new) = maps.in_text(line) {
            *line = new;
        }
    }
    for (value, event) in printed.telemetry.iter_mut().zip(&mut printed.events) {
        if maps.in_telemetry(value)
            && let Ok(changed) = TelemetryEvent::deserialize(&*value)
        {
            *event = changed;
        }
    }
    printed
}
