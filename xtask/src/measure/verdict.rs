//! The verdict on a case on an engine, from what was seen.

use crate::measure::seen::{ROUNDS_TO_TELL, Seen, remaining};
use crate::measure::trend::{SLOPE, Trend};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All is collected, and promptly.
    Collected,
    /// Something stays, or is let go of now and then, and what stays grows no more.
    Bounded,
    /// All is collected in the end, but only after memory ran out, or after too much was live at once.
    Late,
    /// Uncollected objects grow with the number of allocated ones.
    Leaks,
    /// The numbers do not decide.
    Inconclusive,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().unwrap_or_default().get_name())
    }
}

/// The most objects that may be live in the end and count as nothing: the scan of the
/// stack and an engine's own caches keep one or two, however many were made.
const RESIDUE: f64 = 10.0;

/// Nor may they be more than this share of what was made, once that is over `FEW`.
const RESIDUE_SHARE: f64 = 0.01;
const FEW: f64 = 2.0;

/// Decides. Each threshold stands with its reason.
pub fn decide(seen: &Seen) -> Verdict {
    if seen.still_full {
        // The leak is of linear memory, whatever remains of the objects.
        return Verdict::Leaks;
    }
    let Some((settled, _)) = seen.settled.zip(seen.start) else {
        return Verdict::Inconclusive;
    };
    if seen.rounds.len() < ROUNDS_TO_TELL {
        return Verdict::Inconclusive;
    }
    // Where objects grow as well, it is theirs, and what becomes of them decides.
    let others_grow = seen.grew_in_steps() || seen.filled_up() || seen.heap_per_object().is_some();
    if seen.remaining() != Trend::Grows && others_grow {
        return Verdict::Leaks;
    }
    if settled.allocated == 0 {
        // Nothing was watched.
        return Verdict::Inconclusive;
    }
    let (residue, made) = (remaining(&settled) as f64, settled.allocated as f64);
    if residue > by_chance(made) {
        return match seen.remaining() {
            Trend::Grows if residue >= SLOPE * made => Verdict::Leaks,
            Trend::Flat | Trend::Slows => Verdict::Bounded,
            _ => Verdict::Inconclusive,
        };
    }
    match seen.full.is_some() || seen.piled_up() {
        true if seen.full.is_none() && seen.comes_in_batches() => Verdict::Bounded,
        true => Verdict::Late,
        false => Verdict::Collected,
    }
}

/// The most objects that may remain of those made and count as nothing: 0 or more, and
/// never half of them.
fn by_chance(made: f64) -> f64 {
    (made * RESIDUE_SHARE).clamp(FEW, RESIDUE).min((made - 1.0) / 2.0)
}
