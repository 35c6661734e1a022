//! The answer to the question what keeps an object alive, for each case on each program.

use crate::cell::judge::{Departure, Outcome};
use crate::cell::limits::GivenLimits;
use crate::cell::run::{Cell, Facts};
use crate::explain::explanation::{self, Explanation, OtherGrowth, wrapper_name};
use crate::explain::heaps;
use crate::explain::keeping::Keeping;
use crate::explain::leak::Leaks;
use crate::explain::leaks::{Wanted, leaks};
use crate::explain::question::{self, HeapAnswer, lacking};
use crate::guest::guests::Guests;
use crate::measure::census::Census;
use crate::measure::verdict::Verdict;
use crate::run::session::Session;
use anyhow::{Context, Result, bail};
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
    /// What grows in a user's own program, and what keeps it alive.
    Leaks(Box<Leaks>),
    /// In a user's own program nothing grows.
    NoLeak(Box<Census>),
    /// The engine has no way to answer.
    CannotTell {
        reason: String,
    },
    /// The engine has a way to answer, and failed.
    Failed {
        reason: String,
    },
}

/// How an explanation is asked for.
#[derive(Clone, Copy, Default)]
pub struct Asking<'a> {
    /// The engine's own nodes stay in the path.
    pub verbose: bool,
    /// Of a user's own program: this class alone.
    pub kind: Option<&'a str>,
    /// Where the snapshots are kept, if anywhere.
    pub keep: Option<&'a Keeping<'a>>,
}

/// Queries the cell's engine.
pub fn explain_cell(
    cell: Cell<'_>,
    asking: Asking<'_>,
    guests: &Guests,
    given: &GivenLimits,
    session: &Session,
) -> ExplainedCell {
    let answer = match cell.case.own() {
        Some(_) => explain_own(cell, asking, guests, given, session),
        None => {
            let answer = question::ask_engine(cell, asking.keep, guests, given, session);
            answer.and_then(|answer| in_words(answer, cell, asking.verbose))
        }
    };
    ExplainedCell {
        case: cell.case.title.clone(),
        engine: cell.program.engine.name,
        program: cell.program.to_string(),
        answer: answer.unwrap_or_else(|error| Answer::Failed {
            reason: format!("{error:#}"),
        }),
    }
}

/// First counts what grows, then asks what keeps that alive.
fn explain_own(
    cell: Cell<'_>,
    asking: Asking<'_>,
    guests: &Guests,
    given: &GivenLimits,
    session: &Session,
) -> Result<Answer> {
    let counted = cell.run(guests, given, session)?;
    let census = match census_of(counted)? {
        Ok(census) => census,
        Err(reason) => return Ok(Answer::CannotTell { reason }),
    };
    match census.verdict {
        Verdict::Leaks => {}
        Verdict::Inconclusive => {
            let reason = census.doubt.unwrap_or_else(|| "the numbers do not decide".to_owned());
            return Ok(Answer::CannotTell { reason });
        }
        _ if asking.kind.is_none() => return Ok(Answer::NoLeak(Box::new(census))),
        _ => {}
    }
    let program = match heaps::ask_engine(cell, Some(&census), asking.keep, guests, given, session)? {
        Ok(program) => program,
        Err(reason) => return Ok(Answer::CannotTell { reason }),
    };
    let wanted = Wanted {
        kind: asking.kind,
        verbose: asking.verbose,
        hidden: cell.program.engine.snapshot.hides(),
    };
    Ok(Answer::Leaks(Box::new(leaks(&program, Some(census), wanted))))
}

/// What was counted in a cell; the inner error says why the engine cannot tell.
fn census_of(facts: Facts<'_>) -> Result<Result<Census, String>> {
    let judgement = facts.judgement;
    // What was counted before an error says nothing of a program that goes on.
    let threw = facts.telemetry.iter().any(|line| line["type"] == "threw");
    let counted = judgement.census.filter(|_| !threw);
    match (judgement.outcome, counted) {
        (Outcome::Skipped(feature), _) => Ok(Err(lacking(feature))),
        (Outcome::Inconclusive(reason), None) => Ok(Err(reason)),
        (Outcome::Broke(how), _) => bail!("{how}"),
        (_, Some(census)) => Ok(Ok(census)),
        (Outcome::Failed(departures), None) => {
            let words = departures.into_iter().map(|departure| match departure {
                Departure::Other(text) => text,
                Departure::Transcript(_) => "its transcript is not as expected".to_owned(),
            });
            bail!("{}", words.collect::<Vec<_>>().join("; "))
        }
        (Outcome::Ok, None) => bail!("nothing was counted"),
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
            expected: match cell.case.expectation(cell.program).verdicts[..] {
                [verdict @ (Verdict::Leaks | Verdict::Bounded)] => Some(verdict),
                _ => None,
            },
        },
        HeapAnswer::CannotTell(reason) => Answer::CannotTell { reason },
        HeapAnswer::Kept(kept) => {
            let why = engine.snapshot.hides();
            match explanation::explain(&kept, verbose, why) {
                Some(mut explanation) => {
                    explanation.expected = match cell.case.expectation(cell.program).verdicts[..] {
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
