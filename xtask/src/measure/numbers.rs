//! The numbers of a cell, from its telemetry, and the verdict that they decide.

use crate::measure::seen::{Seen, remaining};
use crate::measure::telemetry::{Counts, TelemetryEvent};
use crate::measure::verdict::{self, Verdict};
use crate::measure::watched::Watched;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Bytes of an object are measured where linear memory grew in at least so many steps.
const STEPS_TO_MEASURE: usize = 4;

const PAGE: f64 = 65536.0;

/// The numbers of a cell, from its telemetry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    pub verdict: Verdict,
    /// The most objects that were live after a round.
    pub peak: u64,
    /// The objects live after the last chances to collect, or the callbacks that
    /// are still in the table, whichever are more: each exists for the other.
    pub residue: Option<u64>,
    /// Objects retained for each allocated: the growth of the remaining ones over
    /// the later half of the rounds.
    pub slope: Option<f64>,
    /// Bytes of linear memory that grew for each object that was made; `None` if it grew in too few steps to tell.
    pub bytes_per_object: Option<f64>,
    /// Bytes of the JavaScript heap that stayed for each object that was made, over the later
    /// half of the readings; `None` if it does not grow with each round.
    #[serde(default)]
    pub heap_per_object: Option<f64>,
    /// Rounds until linear memory is full at that rate; `None` if that is not known.
    pub rounds_lasted: Option<f64>,
    /// Memory ran out, or the guest trapped.
    pub ran_out: bool,
    /// The most pages that all linear memories together had after a round, or when they were full. Results of older
    /// versions lack it.
    #[serde(default)]
    pub peak_pages: Option<u64>,
    /// Pages of linear memory that it grew by from the first round to the last.
    #[serde(default)]
    pub pages_grown: i64,
    /// The rounds that were planned, if the time was up before they were over.
    #[serde(default)]
    pub cut_short: Option<u64>,
    #[serde(default)]
    pub watched: Watched,
}

/// Judges telemetry alone.
pub fn numbers(events: &[TelemetryEvent]) -> Numbers {
    let seen = Seen::of(events);
    let slope = growth(&seen.rounds);
    let bytes_per_object = bytes(&seen);
    let pages = |counts: Option<&Counts>| counts.map_or(0, |counts| i64::try_from(counts.pages).unwrap_or(i64::MAX));
    Numbers {
        verdict: verdict::decide(&seen),
        peak: seen.peak(),
        residue: seen.settled.as_ref().map(remaining),
        slope,
        bytes_per_object,
        heap_per_object: seen.heap_per_object(),
        rounds_lasted: lasted(&seen, bytes_per_object),
        ran_out: seen.full.is_some(),
        peak_pages: seen.all().map(|counts| counts.pages).max(),
        pages_grown: pages(seen.all().last()).saturating_sub(pages(seen.rounds.first())),
        cut_short: seen.cut_short,
        watched: seen.watched(),
    }
}

/// The slope, by least squares, of remaining against allocated objects, over the
/// later half of the rounds; `None` for fewer than two.
fn growth(rounds: &[Counts]) -> Option<f64> {
    let later = if rounds.len() < 4 {
        rounds
    } else {
        &rounds[rounds.len() / 2..]
    };
    let count = later.len() as f64;
    let mean = |of: fn(&Counts) -> u64| later.iter().map(|counts| of(counts) as f64).sum::<f64>() / count;
    let (x, y) = (mean(|counts| counts.allocated), mean(remaining));
    let from = |counts: &Counts| (counts.allocated as f64 - x, remaining(counts) as f64 - y);
    let squares: f64 = later.iter().map(|counts| from(counts).0.powi(2)).sum();
    let products: f64 = later.iter().map(|counts| from(counts).0 * from(counts).1).sum();
    (squares > 0.0).then(|| products / squares)
}

/// Bytes for each object made, between the first and the last round in which memory
/// grew: so a page that is not full is not counted.
fn bytes(seen: &Seen) -> Option<f64> {
    let grew: Vec<&Counts> = seen
        .rounds
        .windows(2)
        .filter(|pair| pair[1].pages > pair[0].pages)
        .map(|pair| &pair[1])
        .collect();
    let (first, last) = (grew.first()?, grew.last()?);
    let made = last.allocated.checked_sub(first.allocated).filter(|made| *made > 0)?;
    let pages = last.pages.checked_sub(first.pages)?;
    (grew.len() >= STEPS_TO_MEASURE).then(|| pages as f64 * PAGE / made as f64)
}

fn lasted(seen: &Seen, bytes_per_object: Option<f64>) -> Option<f64> {
    let start = seen.start?;
    let room = start.maximum?.checked_sub(start.pages)? as f64 * PAGE;
    let a_round = bytes_per_object? * seen.round() as f64;
    (a_round > 0.0).then(|| room / a_round)
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} live after a round", self.peak)?;
        if self.ran_out {
            f.write_str(", memory ran out")?;
        }
        if let (Some(residue), Some(slope)) = (self.residue, self.slope) {
            // No `-0.00`.
            let slope = (slope * 100.0).round() / 100.0 + 0.0;
            write!(
                f,
                ", {residue} remain at the end, growing by {slope:.2} per allocated object"
            )?;
        }
        if self.pages_grown > 0 {
            write!(f, ", linear memory grew by {} pages", self.pages_grown)?;
        }
        if let Some(bytes) = self.bytes_per_object {
            write!(f, ", by about {bytes:.0} bytes per object")?;
        }
        if let Some(bytes) = self.heap_per_object {
            write!(f, ", the JavaScript heap by about {bytes:.0} bytes per object")?;
        }
        if let Some(rounds) = self.rounds_lasted {
            write!(f, ", enough for {rounds:.0} rounds")?;
        }
        if let Some(planned) = self.cut_short {
            write!(
                f,
                ", of {planned} rounds {} before the time was up",
                self.watched.rounds
            )?;
        }
        write!(f, "; {}", self.watched)
    }
}
