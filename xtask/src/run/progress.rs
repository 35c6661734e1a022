//! A line a cell as it runs, on a terminal; nothing elsewhere.

use crate::base::output;
use crate::cell::cell::{Cell, Facts};
use console::style;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(100);

/// Draws to standard error, where that is a terminal.
#[derive(Debug, Default)]
pub struct Progress(MultiProgress);

impl Progress {
    /// A line for something that takes its time, until what is returned is dropped or told to end.
    pub fn begin(&self, what: String) -> Line {
        let template = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
        let bar = ProgressBar::new_spinner()
            .with_style(template.unwrap_or_else(|_| ProgressStyle::default_spinner()))
            .with_message(what);
        let bar = self.0.add(bar);
        bar.enable_steady_tick(TICK);
        Line(bar)
    }

    /// The same for what takes so long that it is said where there is no terminal, too.
    pub fn begin_slow(&self, what: String) -> Line {
        if self.0.is_hidden() {
            output::note(&what);
        }
        self.begin(what)
    }

    pub fn begin_cell(&self, cell: Cell<'_>) -> Line {
        self.begin(format!("{} on {}", cell.case.name, cell.program.engine.name))
    }

    /// The line of a cell that is done stays.
    pub fn end_cell(&self, facts: &Facts<'_>) {
        let outcome = &facts.judgement.outcome;
        let name = match outcome.is_fine() {
            true => style(outcome.name()).green(),
            false => style(outcome.name()).red(),
        };
        // An error here is the terminal's.
        let _ = self.0.println(format!(
            "{} {} on {} {:.1} s",
            name.for_stderr(),
            facts.cell.case.name,
            facts.cell.program.engine.name,
            facts.seconds
        ));
    }
}

/// A line that is being drawn.
#[derive(Debug)]
pub struct Line(ProgressBar);

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
