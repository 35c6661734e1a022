//! The flags of `bisect`.

use crate::command::limit_flags::LimitFlags;
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = BISECT_STATUS)]
pub struct BisectFlags {
    /// The case, by name, by directory or by script
    #[arg(value_name = "CASE | DIR")]
    pub case: OsString,

    /// The engine whose versions are searched, each that is found; or one of its programs; may be repeated
    #[arg(
        long = "engine",
        value_name = "NAME | NAME@VERSION | NAME=PATH | PATH",
        required = true
    )]
    pub engines: Vec<OsString>,

    #[command(flatten)]
    pub limits: LimitFlags,

    /// Write the results of the cells that ran to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

const BISECT_STATUS: &str = "\
Exit status:
  0  the verdict flips between the two versions that are named
  1  the oldest and the newest version have the same verdict
  2  there is no answer: wrong usage, fewer than two versions are found, or fewer
     than two have a verdict";
