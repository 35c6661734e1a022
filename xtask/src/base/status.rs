//! The exit status of the command.

use std::process::ExitCode;

/// What the command's exit status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Every cell is as expected: 0.
    Expected,
    /// A cell is not as expected: 1.
    Unexpected,
    /// There is no answer: 2.
    NoAnswer,
    /// What a script asked for that was run in place of a program of its own.
    OfScript(u8),
    /// A signal ended the command: 128 plus its number, as shells report it.
    Interrupted(i32),
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Expected => 0,
            Status::Unexpected => 1,
            Status::NoAnswer => 2,
            Status::OfScript(status) => status,
            Status::Interrupted(signal) => u8::try_from(128 + signal).unwrap_or(2),
        })
    }
}
