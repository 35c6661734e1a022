//! Runs cells side by side, the longest first.

use crate::run::session::Session;
use anyhow::Result;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// What came of the items that were run.
#[derive(Debug)]
pub struct Scheduled<O> {
    /// The outcomes, in the order of the items.
    pub outcomes: Vec<O>,
    /// The error that ended it.
    pub error: Option<anyhow::Error>,
}

/// Runs every item by `run`, `jobs` at a time, the longest first. After an error, or when the command is
/// interrupted, no further item begins; the outcomes of the others are returned.
pub fn all<I: Copy + Sync, O: Send>(
    items: &[I],
    length: impl Fn(I) -> f64,
    jobs: NonZeroUsize,
    session: &Session,
    run: impl Fn(I) -> Result<O> + Sync,
) -> Scheduled<O> {
    let lengths: Vec<f64> = items.iter().map(|item| length(*item)).collect();
    let queue = Mutex::new(longest_last(&lengths));
    // A function, because the lock must not be held while a cell runs.
    let next = || {
        let mut queue = lock(&queue);
        let next = queue.pop();
        session.spares.want(queue.len());
        next
    };
    let done = Mutex::new(Vec::new());
    let failed = Mutex::new(None);
    let work = || {
        while let Some(index) = next() {
            if session.is_interrupted() || lock(&failed).is_some() {
                return;
            }
            match run(items[index]) {
                Ok(outcome) => lock(&done).push((index, outcome)),
                Err(error) => {
                    lock(&failed).get_or_insert(error);
                }
            }
        }
    };
    thread::scope(|scope| {
        // This thread works too. If the machine has no thread to spare, fewer are enough.
        for _ in 1..jobs.get().min(items.len()) {
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    Scheduled {
        outcomes: done.into_iter().map(|(_, outcome)| outcome).collect(),
        error: failed.into_inner().unwrap_or_else(PoisonError::into_inner),
    }
}

/// The number of processors.
pub fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The indexes of these lengths, the longest last, where the next one is taken from; of equals the first is taken first.
fn longest_last(lengths: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lengths.len()).rev().collect();
    order.sort_by(|a, b| lengths[*a].total_cmp(&lengths[*b]));
    order
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::longest_last;

    #[test]
    fn the_longest_comes_next_and_the_unknown_counts_as_longest() {
        let mut order = longest_last(&[0.2, 1.5, f64::INFINITY, 0.7, f64::INFINITY]);
        order.reverse();
        assert_eq!(order, [2, 4, 1, 3, 0]);
    }
}
