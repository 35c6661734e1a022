//! A line for each running task and one for all cells, on a terminal; nothing elsewhere. On request what runs now.

use crate::base::{output, text};
use crate::run::running::Running;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(100);

/// Draws to standard error, if that is a terminal.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    bars: MultiProgress,
    running: Arc<Running>,
    /// The line for all cells, below those of the tasks.
    all: Arc<Mutex<Option<ProgressBar>>>,
}

impl Progress {
    /// So many cells are going to run: from here on a line says how many ended.
    pub fn plan(&self, cells: usize) {
        self.running.plan(cells);
        let all = ProgressBar::new(cells as u64).with_style(style("{pos} of {len} cells ended, {elapsed}"));
        let all = self.bars.add(all);
        all.enable_steady_tick(TICK);
        self.set_all(Some(all));
    }

    /// A cell has ended.
    pub fn cell_ended(&self) {
        let ended = self.running.cell_ended();
        if let Some(all) = self.all() {
            all.set_position(ended as u64);
        }
    }

    /// All cells have ended, or none ends any more: their line goes.
    pub fn cells_over(&self) {
        if let Some(all) = self.set_all(None) {
            all.finish_and_clear();
        }
    }

    /// Shows a line until the returned value is dropped.
    pub fn begin(&self, what: &str) -> ProgressLine {
        let bar = ProgressBar::new_spinner()
            .with_style(style("{spinner} {msg} {elapsed}"))
            .with_message(text::inert(what).into_owned());
        let bar = match self.all() {
            Some(all) => self.bars.insert_before(&all, bar),
            None => self.bars.add(bar),
        };
        bar.enable_steady_tick(TICK);
        ProgressLine {
            bar,
            key: self.running.begin(what),
            running: Arc::clone(&self.running),
        }
    }

    /// The same for a slow task: without a terminal, the line is printed once.
    pub fn begin_slow(&self, what: &str) -> ProgressLine {
        if self.bars.is_hidden() {
            output::note(&text::inert(what));
        }
        self.begin(what)
    }

    /// Prints a line that stays, above the moving ones, or to standard error.
    pub fn print(&self, line: &str) {
        match self.bars.is_hidden() {
            true => output::note(line),
            false => self.keep(line),
        }
    }

    /// Prints a line that stays, above the moving ones; nothing without a terminal.
    pub fn keep(&self, line: &str) {
        // An error here is the terminal's.
        let _ = self.bars.println(line);
    }

    fn all(&self) -> Option<ProgressBar> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the former line.
    fn set_all(&self, all: Option<ProgressBar>) -> Option<ProgressBar> {
        std::mem::replace(&mut *self.all.lock().unwrap_or_else(PoisonError::into_inner), all)
    }

    /// Prints how many cells have ended, and what runs now.
    pub fn print_running(&self) {
        self.print(&self.running.text());
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// A line on the terminal.
#[derive(Debug)]
pub struct ProgressLine {
    bar: ProgressBar,
    key: u64,
    running: Arc<Running>,
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.running.end(self.key);
        self.bar.finish_and_clear();
    }
}
