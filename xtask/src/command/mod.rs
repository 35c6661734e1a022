//! The command line, and one file for each command.
//!
//! In: the command line. Out: the output, and the exit status.
//! Here the wings meet: flags → plan → run → judge → results → show.

pub mod accept;
pub mod bisect;
pub mod bisect_flags;
pub mod browse;
pub mod build;
pub mod choice;
pub mod compare;
pub mod completions;
pub mod engines;
pub mod events;
pub mod explain;
pub mod filter_flags;
pub mod findings;
pub mod flags;
pub mod instrument;
pub mod instrument_flags;
pub mod limit_flags;
pub mod list;
pub mod manual;
pub mod new;
pub mod one_cell;
pub mod part;
pub mod plan;
pub mod planned;
pub mod process_flags;
pub mod report;
pub mod reports;
pub mod result_files;
pub mod result_flags;
pub mod status_flags;
pub mod test;
pub mod watch;
