//! Runs cells side by side, the longest first.

use crate::cell::{Cell, Facts, Times};
use crate::interrupt::Interrupt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Runs every cell by `run`, `jobs` at a time, and returns their facts in the order of `cells`.
/// Cells that have not begun when the command is interrupted are left out.
pub fn all<'a>(
    cells: &[Cell<'a>],
    times: &Times,
    jobs: NonZeroUsize,
    interrupt: &Interrupt,
    run: impl Fn(Cell<'a>) -> Facts<'a> + Sync,
) -> Vec<Facts<'a>> {
    let mut order: Vec<usize> = (0..cells.len()).collect();
    // The next one is taken from the end.
    order.sort_by(|a, b| times.of(cells[*a]).total_cmp(&times.of(cells[*b])));
    let queue = Mutex::new(order);
    // In a function of its own, for the lock must not be held while a cell runs.
    let next = || lock(&queue).pop();
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs.get().min(cells.len()) {
            scope.spawn(|| {
                while let Some(index) = next() {
                    if interrupt.signal().is_some() {
                        return;
                    }
                    let facts = run(cells[index]);
                    lock(&done).push((index, facts));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, facts)| facts).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
