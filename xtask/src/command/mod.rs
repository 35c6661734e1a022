//! The command line, and one page for each command.
//!
//! In: what the user typed. Out: what is printed, and the exit status.
//! Here the wings meet: flags → plan → run → judge → results → show.

pub mod build;
pub mod engines;
pub mod explain;
pub mod findings;
pub mod flags;
pub mod plan;
pub mod test;
