//! The flags that limit cells, and how numbers on the command line are read.

use crate::case::directives::{MOST_MEBIBYTES, MOST_OBJECTS, MOST_ROUNDS};
use crate::cell::limits::GivenLimits;
use clap::Args;
use std::time::Duration;

/// Limits; those that are given come before those of the cases' expectations.
#[derive(Debug, Args)]
pub struct LimitFlags {
    /// The processor time that a cell may use; one that makes no progress for as long, or takes five times as long by
    /// the clock, is ended too [default: 60, or the case's own]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub timeout: Option<Duration>,

    /// The memory that all processes of a cell may take [default: half of the machine's, divided by --jobs, and at
    /// least 1024; or the case's own]
    #[arg(long, value_name = "MIB", value_parser = mebibytes, allow_negative_numbers = true)]
    pub memory: Option<u32>,

    /// Rounds at first of a checkout's case [default: 100]; of a script of your own, rounds at most
    #[arg(long, value_name = "N", value_parser = rounds, allow_negative_numbers = true)]
    pub rounds: Option<u32>,

    /// Objects in a round of a checkout's case [default: 1000]; of a script of your own, calls in a round
    #[arg(long, value_name = "N", value_parser = objects, allow_negative_numbers = true)]
    pub objects: Option<u32>,

    /// Of how many blocks of linear memory the stack of one is taken, once they get more: of a program that asks for
    /// very many it costs most of the time [default: every=1]
    #[arg(long, value_name = "every=N", value_parser = every, allow_hyphen_values = true)]
    pub blocks: Option<u32>,
}

impl LimitFlags {
    /// The limits for cells of which this many run at once.
    pub fn given(&self, jobs: usize) -> GivenLimits {
        GivenLimits {
            time: self.timeout,
            memory: self.memory,
            rounds: self.rounds,
            objects: self.objects,
            blocks: self.blocks,
            ..GivenLimits::usual(jobs)
        }
    }
}

/// The longest time limit, in seconds: a year.
const LONGEST: f64 = 365.0 * 24.0 * 3600.0;

/// A time limit.
pub fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| format!("expected a number of seconds above 0, such as 60 or 0.5, and at most {LONGEST}"))
}

fn rounds(text: &str) -> Result<u32, String> {
    count(text, MOST_ROUNDS)
}

fn objects(text: &str) -> Result<u32, String> {
    count(text, MOST_OBJECTS)
}

/// The most blocks of which the stack of one is taken.
const MOST_EVERY: u32 = 1_000_000;

fn every(text: &str) -> Result<u32, String> {
    let number = text.strip_prefix("every=");
    let number = number.ok_or_else(|| "expected every=N, such as every=100".to_owned())?;
    count(number, MOST_EVERY)
}

fn mebibytes(text: &str) -> Result<u32, String> {
    count(text, MOST_MEBIBYTES)
}

/// A whole number from 1 on.
pub fn count(text: &str, most: u32) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=most).contains(count))
        .ok_or_else(|| format!("expected a whole number from 1 to {most}"))
}
