//! Output to the user: standard output, standard error.

use crate::base::status::Status;
use crate::base::text;
use anyhow::{Context, Result};
use console::style;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// Prints to standard output. A closed pipe (`| head -1`) is not an error: the
/// exit status still gives the answer.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("failed to write to standard output"),
    }
}

/// Prints a line to standard error unchanged: quoted text must already be inert.
/// An error in writing to standard error cannot be reported anywhere.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Prints the output of a program that we ran, made inert.
pub fn quote(text: &str) {
    note(&text::inert_lines(text.trim_end()));
}

/// Prints a warning.
pub fn warn(line: &str) {
    let label = style("warning:").for_stderr().yellow().bold();
    note(&format!("{label} {}", indented(line)));
}

/// Prints the error that ends the command.
pub fn error(error: &anyhow::Error) {
    fail(&format!("{error:#}"));
}

/// Prints an error.
pub fn fail(line: &str) {
    let label = style("error:").for_stderr().red().bold();
    note(&format!("{label} {}", indented(line)));
}

/// Inert text of which only the first line can begin at the margin: a name with a
/// line feed in it forges no message.
fn indented(lines: &str) -> String {
    text::inert_lines(lines).replace('\n', "\n  ")
}

/// Prints clap's report: help and the version on standard output, wrong usage on standard error.
pub fn usage(usage: &clap::Error) -> ExitCode {
    let _ = usage.print();
    match usage.use_stderr() {
        true => Status::NoAnswer.into(),
        false => Status::Expected.into(),
    }
}
