//! Output to the user: standard output, standard error.

use crate::base::status::Status;
use crate::base::text;
use anyhow::{Context, Result};
use console::style;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// Decides whether the output has colours; `None` leaves that to the terminal and to variables such as `NO_COLOR`.
pub fn set_colours(on: Option<bool>) {
    if let Some(on) = on {
        console::set_colors_enabled(on);
        console::set_colors_enabled_stderr(on);
    }
}

/// The columns that lines on standard output may take: COLUMNS, else those of the terminal; in a pipe as many as
/// they need.
pub fn width() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let given = given.filter(|columns| *columns > 0);
    let of_terminal = || {
        console::Term::stdout()
            .size_checked()
            .map(|(_, columns)| usize::from(columns))
    };
    given.or_else(of_terminal).unwrap_or(usize::MAX)
}

/// Prints lines for people to standard output, in which no CI service finds a command.
pub fn print(text: &str) -> Result<()> {
    print_data(&text::without_commands(text))
}

/// Prints what programs read, unchanged, to standard output. A closed pipe (`| head -1`) is not an error: the
/// exit status still gives the answer.
pub fn print_data(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("failed to write to standard output"),
    }
}

/// Prints lines to standard error, in which no CI service finds a command. Quoted text must already be inert.
/// An error in writing to standard error cannot be reported anywhere.
pub fn note(lines: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", text::without_commands(lines));
}

/// Prints commands to the CI service, a line each, to standard error.
pub fn ci_commands(lines: &str) {
    let _ = write!(std::io::stderr().lock(), "{lines}");
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
    // It quotes the command line, which may hold anything.
    let text = usage.render().to_string();
    let text = text::inert_lines(text.trim_end());
    match usage.use_stderr() {
        true => {
            note(&text);
            Status::NoAnswer.into()
        }
        false => {
            // A closed pipe is no error here either.
            let _ = print(&format!("{text}\n"));
            Status::Expected.into()
        }
    }
}
