//! The answer to the question what keeps an object alive, for each case on each program.

use crate::cell::limits::GivenLimits;
use crate::cell::run::Cell;
use crate::explain::explanation::{self, Explanation, OtherGrowth, wrapper_name};
use crate::explain::question::{self, HeapAnswer};
use crate::guest::guests::Guests;
use crate::measure::verdict::Verdict;

use crate::run::session::Session;
use anyhow::{Context, Result};
use serde::Serialize;

/// The answer of one program for one case.
#[derive(Debug, Serialize)]
pub struct ExplainedCell {
    pub case: String,
    pub engine: &'static str,
    /// The program and its version.
    pub program: String,
    #[serde(flatten)]
    pub answer: Answer,
}

/// An answer, or why there is none.
#[derive(Debug, Serialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    Kept(Box<Explanation>),
    Nothing {
        wrapper: String,
        made: u64,
        /// Slots of the table that are still in use: nothing frees the guest's objects.
        slots: u64,
        /// The case counts slots itself, of whatever.
        own_slots: bool,
        /// What grows although the wrappers die.
        other_growth: Option<OtherGrowth>,
        /// The verdict that the case is expected to have, if something is to stay: then
        /// these objects are not enough to show it.
        expected: Option<Verdict>,
    },
    /// The engine has no way to answer.
    CannotTell {
        reason: String,
    },
    /// The engine has a way to answer, and failed.
    Failed {
        reason: String,
    },
}

/// Queries the cell's engine; with `verbose` the engine's own nodes stay in the path.
pub fn explain_cell(
    cell: Cell<'_>,
    verbose: bool,
    guests: &Guests,
    given: &GivenLimits,
    session: &Session,
) -> ExplainedCell {
    let answer = question::ask_engine(cell, guests, given, session);
    let answer = answer.and_then(|answer| in_words(answer, cell, verbose));
    ExplainedCell {
        case: cell.case.name.clone(),
        engine: cell.program.engine.name,
        program: cell.program.to_string(),
        answer: answer.unwrap_or_else(|error| Answer::Failed {
            reason: format!("{error:#}"),
        }),
    }
}

fn in_words(answer: HeapAnswer, cell: Cell<'_>, verbose: bool) -> Result<Answer> {
    let engine = cell.program.engine;
    Ok(match answer {
        HeapAnswer::Nothing(wrappers, memory) => Answer::Nothing {
            wrapper: wrapper_name(wrappers.class.as_deref(), 1),
            made: wrappers.made,
            slots: wrappers.slots,
            own_slots: wrappers.own_slots,
            other_growth: memory.and_then(OtherGrowth::of),
            expected: match cell.case.expectation(engine).verdicts[..] {
                [verdict @ (Verdict::Leaks | Verdict::Bounded)] => Some(verdict),
                _ => None,
            },
        },
        HeapAnswer::CannotTell(reason) => Answer::CannotTell { reason },
        HeapAnswer::Kept(kept) => {
            let why = engine.snapshot.hides();
            match explanation::explain(&kept, verbose, why) {
                Some(mut explanation) => {
                    explanation.expected = match cell.case.expectation(engine).verdicts[..] {
                        [verdict @ (Verdict::Collected | Verdict::Bounded)] => Some(verdict),
                        _ => None,
                    };
                    Answer::Kept(Box::new(explanation))
                }
                None => {
                    let first = &kept.wrappers.objects[0];
                    let name = wrapper_name(Some(&first.class), first.number);
                    let what = format!("{name} is alive, but no path from a root leads to it");
                    let why = why.with_context(|| format!("{what}: the snapshot is not whole"))?;
                    Answer::CannotTell {
                        reason: format!("{what}: {why}"),
                    }
                }
            }
        }
    })
}
