//! A line for each running task, on a terminal; nothing elsewhere.

use crate::base::{output, text};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(100);

/// Draws to standard error, if that is a terminal.
#[derive(Debug, Default)]
pub struct Progress(MultiProgress);

impl Progress {
    /// Shows a line until the returned value is dropped.
    pub fn begin(&self, what: &str) -> ProgressLine {
        let template = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
        let bar = ProgressBar::new_spinner()
            .with_style(template.unwrap_or_else(|_| ProgressStyle::default_spinner()))
            .with_message(text::inert(what).into_owned());
        let bar = self.0.add(bar);
        bar.enable_steady_tick(TICK);
        ProgressLine(bar)
    }

    /// The same for a slow task: without a terminal, the line is printed once.
    pub fn begin_slow(&self, what: &str) -> ProgressLine {
        if self.0.is_hidden() {
            output::note(&text::inert(what));
        }
        self.begin(what)
    }

    /// Prints a line that stays, above the moving ones, or to standard error.
    pub fn print(&self, line: &str) {
        match self.0.is_hidden() {
            true => output::note(line),
            false => self.keep(line),
        }
    }

    /// Prints a line that stays, above the moving ones; nothing without a terminal.
    pub fn keep(&self, line: &str) {
        // An error here is the terminal's.
        let _ = self.0.println(line);
    }
}

/// A line on the terminal.
#[derive(Debug)]
pub struct ProgressLine(ProgressBar);

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
