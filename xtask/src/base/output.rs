//! What reaches the user, and the exit status.

use anyhow::{Context, Result};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// What the command's exit status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Every cell is as expected: 0.
    Expected,
    /// A cell is not: 1.
    Unexpected,
    /// There is no answer: 2.
    NoAnswer,
    /// A signal ended the command: 128 and its number, as shells have it.
    Interrupted(i32),
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Expected => 0,
            Status::Unexpected => 1,
            Status::NoAnswer => 2,
            Status::Interrupted(signal) => u8::try_from(128 + signal).unwrap_or(2),
        })
    }
}

/// Prints to standard output. A reader that has gone away (`| head -1`) is not
/// an error: the exit status still tells the answer.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("failed to write to standard output"),
    }
}

/// Prints a line to standard error. Where that cannot be written to, nothing can be said.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Prints a word about something that was passed over.
pub fn warn(line: &str) {
    note(&format!(
        "{} {line}",
        console::style("warning:").for_stderr().yellow().bold()
    ));
}

/// Prints the error that ends the command.
pub fn error(error: &anyhow::Error) {
    fail(&format!("{error:#}"));
}

/// Prints a word about something that failed.
pub fn fail(line: &str) {
    note(&format!(
        "{} {line}",
        console::style("error:").for_stderr().red().bold()
    ));
}

/// Prints what clap has to say: help and the version on standard output, an error in usage on standard error.
pub fn usage(usage: &clap::Error) -> ExitCode {
    let _ = usage.print();
    if usage.use_stderr() {
        Status::NoAnswer.into()
    } else {
        Status::Expected.into()
    }
}
