//! The command lines of processes that this program starts of itself, hidden from users: the guard of each program that
//! runs, and the sweeper of a command.

use crate::run::stage_root::SWEEP;
use clap::Args;
use std::env::ArgsOs;
use std::ffi::OsString;
use std::path::PathBuf;

/// The command of which every other one starts processes.
pub const GUARD: &str = "guard";

#[derive(Debug, Args)]
pub struct GuardFlags {
    /// Not removed as long as the guard runs
    #[arg(long)]
    pub stages: Option<PathBuf>,

    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct SweepFlags {
    pub directory: PathBuf,
}

/// What such a process is.
pub enum ProcessFlags {
    Guard(GuardFlags),
    Sweep(SweepFlags),
}

/// Reads the command line of such a process; `None` if it is another one. It does without the description of all
/// commands, which takes time.
pub fn read(mut words: ArgsOs) -> Result<Option<ProcessFlags>, clap::Error> {
    let first = words.nth(1);
    Ok(match first.as_ref().and_then(|word| word.to_str()) {
        Some(GUARD) => Some(ProcessFlags::Guard(only(GUARD, words)?)),
        Some(SWEEP) => Some(ProcessFlags::Sweep(only(SWEEP, words)?)),
        _ => None,
    })
}

fn only<F: Args>(name: &'static str, words: ArgsOs) -> Result<F, clap::Error> {
    let command = F::augment_args(clap::Command::new(name).no_binary_name(true));
    F::from_arg_matches(&command.try_get_matches_from(words)?)
}
