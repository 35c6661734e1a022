//! What a command is doing: how many of its cells ended, and what runs now.

use crate::base::text::inert;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What runs now.
#[derive(Debug)]
pub struct Running {
    began: Instant,
    state: Mutex<RunningState>,
}

#[derive(Debug, Default)]
struct RunningState {
    /// How many cells have ended, and of how many; `None` if the command has none.
    cells: Option<(usize, usize)>,
    /// Each task with its name and its beginning, in the order in which they began.
    tasks: BTreeMap<u64, (String, Instant)>,
    next: u64,
}

impl Default for Running {
    fn default() -> Running {
        Running {
            began: Instant::now(),
            state: Mutex::default(),
        }
    }
}

impl Running {
    /// So many cells are going to run.
    pub fn plan(&self, cells: usize) {
        self.state().cells = Some((0, cells));
    }

    /// A cell has ended. Returns how many have.
    pub fn cell_ended(&self) -> usize {
        let mut state = self.state();
        let Some((ended, _)) = &mut state.cells else {
            return 0;
        };
        *ended += 1;
        *ended
    }

    /// A task begins; the key ends it.
    pub fn begin(&self, name: &str) -> u64 {
        let mut state = self.state();
        let key = state.next;
        state.next += 1;
        state.tasks.insert(key, (name.to_owned(), Instant::now()));
        key
    }

    /// The task with this key has ended.
    pub fn end(&self, key: u64) {
        self.state().tasks.remove(&key);
    }

    /// A line for the cells that ended, and one for each task that runs.
    pub fn text(&self) -> String {
        let now = Instant::now();
        let state = self.state();
        let tasks = state.tasks.values();
        let tasks = tasks.map(|(name, began)| (name.as_str(), now.duration_since(*began)));
        text(now.duration_since(self.began), state.cells, &tasks.collect::<Vec<_>>())
    }

    fn state(&self) -> MutexGuard<'_, RunningState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text(elapsed: Duration, cells: Option<(usize, usize)>, tasks: &[(&str, Duration)]) -> String {
    let mut text = format!("after {:.1} s: ", elapsed.as_secs_f64());
    if let Some((ended, planned)) = cells {
        text += &format!("{ended} of {planned} cells ended; ");
    }
    text += match tasks.is_empty() {
        true => "nothing runs now",
        false => "now run",
    };
    for (name, time) in tasks {
        text += &format!("\n  {} {:.1} s", inert(name), time.as_secs_f64());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_ended_and_what_runs() {
        let seconds = Duration::from_secs_f64;
        for (cells, tasks, expected) in [
            (None, &[][..], "after 9.0 s: nothing runs now"),
            (
                Some((75, 75)),
                &[],
                "after 9.0 s: 75 of 75 cells ended; nothing runs now",
            ),
            (
                None,
                &[("building", seconds(2.0))],
                "after 9.0 s: now run\n  building 2.0 s",
            ),
            (
                Some((3, 75)),
                &[("m0 on v8", seconds(0.25)), ("a\u{1b}b", seconds(8.0))],
                "after 9.0 s: 3 of 75 cells ended; now run\n  m0 on v8 0.2 s\n  a\\x1bb 8.0 s",
            ),
        ] {
            assert_eq!(text(seconds(9.0), cells, tasks), expected);
        }
    }

    #[test]
    fn what_ends_runs_no_more() {
        let running = Running::default();
        assert_eq!(running.cell_ended(), 0);
        running.plan(2);
        let (one, _other) = (running.begin("one"), running.begin("other"));
        running.end(one);
        assert_eq!(running.cell_ended(), 1);
        let text = running.text();
        assert!(text.contains("1 of 2 cells ended; now run\n  other "), "{text}");
        assert!(!text.contains("one"), "{text}");
    }
}
