//! The cells of a run, before they run.

use crate::case::Case;
use crate::cell::run::Cell;
use crate::command::choice::Choice;
use crate::engine::found::Found;

/// A run of a cell in the plan.
#[derive(Debug, Clone, Copy)]
pub struct PlannedCell<'a> {
    pub cell: Cell<'a>,
    /// Its place in the plan, from 0.
    pub number: usize,
    /// The index of its program.
    pub program: usize,
    pub run: usize,
}

/// The plan: case by case, each on every program for which it is chosen, `--repeat` times.
pub fn planned<'a>(cases: &'a [Case], found: &'a Found, choice: &Choice, repeat: usize) -> Vec<PlannedCell<'a>> {
    let mut all = Vec::new();
    for case in cases {
        for (index, program) in found.programs.iter().enumerate() {
            if !choice.has(case, index) {
                continue;
            }
            for run in 1..=repeat {
                all.push(PlannedCell {
                    cell: Cell { case, program },
                    number: all.len(),
                    program: index,
                    run,
                });
            }
        }
    }
    all
}
