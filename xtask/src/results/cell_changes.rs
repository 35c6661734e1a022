//! What changed in a cell: in verdict, outcome, growth, peaks and retaining paths; and what of that is worse. Pure.

use crate::measure::census::{Kind, What};
use crate::measure::verdict::Verdict;
use crate::results::cell_growth::{CellGrowth, Growths, Per, growths};
use crate::results::cell_peaks::{self, PeakChange};
use crate::results::cell_row::{CellRow, OutcomeName};
use crate::results::compared_side::SideCell;
use crate::results::explanations::PathRow;
use crate::results::fingerprint::{edge, without_numbers};
use crate::results::repeated::Repeated;
use serde::Serialize;
use std::cmp::Ordering;

/// A program of both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProgramPair {
    pub engine: String,
    pub old: String,
    pub new: String,
}

/// A cell of both sides.
#[derive(Debug, Serialize)]
pub struct ComparedCell {
    /// The name of its case in tables.
    pub case: String,
    #[serde(flatten)]
    pub program: ProgramPair,
    /// `None` of a side that has only an explanation of it.
    pub was: Option<CellState>,
    pub is: Option<CellState>,
    /// The worst first; empty if it is as before.
    pub changes: Vec<CellChange>,
    /// How many retaining paths of what leaks are as before; `None` if one side has no explanation.
    pub known_paths: Option<usize>,
}

/// What a side has of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellState {
    pub outcome: OutcomeName,
    /// `collected`, or `collected 20/20` of several runs; empty if there is none.
    pub verdict: String,
    pub runs: usize,
    /// From start to end, on an average.
    pub seconds: f64,
    /// Processor time, on an average.
    pub cpu_seconds: f64,
}

/// Whether a change is for the worse, in the order in which changes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Worse,
    Better,
    Other,
}

/// A change of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellChange {
    pub direction: Direction,
    #[serde(flatten)]
    pub what: Changed,
}

/// What changed in a cell, in the order in which it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Changed {
    Verdict {
        was: String,
        is: String,
    },
    Outcome {
        was: OutcomeName,
        is: OutcomeName,
        /// Why the new one is not as expected.
        reason: Option<String>,
    },
    /// What grows; null where it did or does not.
    Growth {
        kind: Box<Kind>,
        per: Per,
        was: Option<f64>,
        is: Option<f64>,
    },
    /// How much was alive at most.
    Peak {
        kind: Box<Kind>,
        was: f64,
        is: f64,
    },
    /// A retaining path of what leaks: how many there were of this fingerprint, and are.
    Path {
        fingerprint: String,
        path: String,
        was: usize,
        is: usize,
    },
}

impl ComparedCell {
    /// That of its worst change; `None` if it is as before.
    pub fn direction(&self) -> Option<Direction> {
        self.changes.iter().map(|change| change.direction).min()
    }

    /// What is shown first: what got worse, and of that another verdict before another outcome.
    pub fn importance(&self) -> (Direction, usize) {
        let rank = self.changes.first().map_or(usize::MAX, |change| match change.what {
            Changed::Verdict { .. } => 0,
            Changed::Outcome { .. } => 1,
            Changed::Growth { .. } => 2,
            Changed::Peak { .. } => 3,
            Changed::Path { .. } => 4,
        });
        (self.direction().unwrap_or(Direction::Other), rank)
    }
}

/// Compares a cell of both sides.
pub fn compared(program: ProgramPair, old: &SideCell<'_>, new: &SideCell<'_>) -> ComparedCell {
    let mut changes = Vec::new();
    if let (Some(old), Some(new)) = (&old.runs, &new.runs) {
        changes.extend(verdicts(old, new));
        changes.extend(outcomes(old, new));
        changes.extend(grown(old, new));
        changes.extend(peaked(old, new));
    }
    let (paths, known_paths) = paths(old, new);
    changes.extend(paths);
    // The sort is stable: what is shown first stays the first of each direction.
    changes.sort_by_key(|change| change.direction);
    ComparedCell {
        case: new.title.to_owned(),
        program,
        was: old.runs.as_ref().map(state),
        is: new.runs.as_ref().map(state),
        changes,
        known_paths,
    }
}

fn state(cell: &Repeated<'_>) -> CellState {
    let runs = cell.runs.len();
    let mean = |seconds: fn(&CellRow) -> f64| cell.runs.iter().map(|row| seconds(row)).sum::<f64>() / runs as f64;
    CellState {
        outcome: cell.outcome(),
        verdict: cell.verdicts(),
        runs,
        seconds: mean(|row| row.seconds),
        cpu_seconds: mean(|row| row.cpu_seconds),
    }
}

/// Other verdicts. It is worse if something leaks now, and had another verdict before.
pub fn verdicts(old: &Repeated<'_>, new: &Repeated<'_>) -> Option<CellChange> {
    let (was, is) = (old.kinds_of_verdicts(), new.kinds_of_verdicts());
    if was == is {
        return None;
    }
    let leaks = Verdict::Leaks;
    let direction = match (was.contains(&leaks), is.contains(&leaks)) {
        (false, true) if !was.is_empty() => Direction::Worse,
        (true, false) if !is.is_empty() => Direction::Better,
        _ => Direction::Other,
    };
    let what = Changed::Verdict {
        was: old.verdicts(),
        is: new.verdicts(),
    };
    Some(CellChange { direction, what })
}

/// Another outcome. It is worse if it was `ok` and is no more, or was as expected and is no more.
fn outcomes(old: &Repeated<'_>, new: &Repeated<'_>) -> Option<CellChange> {
    let (was, is) = (old.outcome(), new.outcome());
    let rank = |outcome: OutcomeName| match outcome {
        OutcomeName::Ok => 0,
        OutcomeName::Skipped => 1,
        OutcomeName::Failed | OutcomeName::Inconclusive | OutcomeName::Broke => 2,
    };
    let direction = match rank(is).cmp(&rank(was)) {
        Ordering::Greater => Direction::Worse,
        Ordering::Less => Direction::Better,
        Ordering::Equal => Direction::Other,
    };
    let reason = new.shown().reason.clone().or_else(|| new.mixed());
    let what = Changed::Outcome { was, is, reason };
    (was != is).then_some(CellChange { direction, what })
}

/// What grows, and did not; what grows more, or less; what grows no more.
pub fn grown(old: &Repeated<'_>, new: &Repeated<'_>) -> Vec<CellChange> {
    // Where one side has no verdict nothing is known of what grows.
    if old.kinds_of_verdicts().is_empty() || new.kinds_of_verdicts().is_empty() {
        return Vec::new();
    }
    let (mut was, is) = (growths(old), growths(new));
    let grow = |all: &Growths| all.values().any(|growth| growth.kind.what == What::Objects);
    let objects_grow = grow(&was) && grow(&is);
    let mut changes = Vec::new();
    for (key, now) in is {
        let before = was.remove(&key);
        let direction = match &before {
            None if is_beside(&now, objects_grow) => Direction::Other,
            None => Direction::Worse,
            Some(before) => match now.against(before) {
                Ordering::Greater => Direction::Worse,
                Ordering::Less => Direction::Better,
                Ordering::Equal => continue,
            },
        };
        let what = Changed::Growth {
            per: now.per,
            was: before.map(|before| before.spread.most),
            is: Some(now.spread.most),
            kind: Box::new(now.kind),
        };
        changes.push(CellChange { direction, what });
    }
    changes.extend(was.into_values().map(|before| CellChange {
        direction: match is_beside(&before, objects_grow) {
            true => Direction::Other,
            false => Direction::Better,
        },
        what: Changed::Growth {
            per: before.per,
            was: Some(before.spread.most),
            is: None,
            kind: Box::new(before.kind),
        },
    }));
    changes
}

/// Peaks that differ, within one verdict: that is neither worse nor better.
pub fn peaked(old: &Repeated<'_>, new: &Repeated<'_>) -> Vec<CellChange> {
    let change = |PeakChange { kind, was, is }| CellChange {
        direction: Direction::Other,
        what: Changed::Peak {
            kind: Box::new(kind),
            was,
            is,
        },
    };
    cell_peaks::changed(old, new).into_iter().map(change).collect()
}

/// Whether it is the heap as a whole, or the storage of an object, which grow where objects do. There is a figure only if
/// the heap grew in each round, or the storage in many steps, which is as it happens: that it is there or not says nothing.
fn is_beside(growth: &CellGrowth, objects_grow: bool) -> bool {
    let by_chance = match growth.kind.what {
        What::Heap => growth.per == Per::Object,
        What::Bytes => true,
        _ => false,
    };
    objects_grow && by_chance
}

/// Paths that are new, or gone; and how many are as before.
fn paths(old: &SideCell<'_>, new: &SideCell<'_>) -> (Vec<CellChange>, Option<usize>) {
    let (Some(mut was), Some(is)) = (old.leaking_paths(), new.leaking_paths()) else {
        return (Vec::new(), None);
    };
    let mut known = 0;
    let mut changes = Vec::new();
    let mut add = |direction, fingerprint, path, was, is| {
        let path = line(path);
        let what = Changed::Path {
            fingerprint,
            path,
            was,
            is,
        };
        changes.push(CellChange { direction, what });
    };
    for (fingerprint, (now, path)) in is {
        let before = was.remove(&fingerprint).map_or(0, |(count, _)| count);
        known += now.min(before);
        match now.cmp(&before) {
            Ordering::Greater => add(Direction::Worse, fingerprint, path, before, now),
            Ordering::Less => add(Direction::Better, fingerprint, path, before, now),
            Ordering::Equal => {}
        }
    }
    for (fingerprint, (before, path)) in was {
        add(Direction::Better, fingerprint, path, before, 0);
    }
    (changes, Some(known))
}

/// A path in one line: `global → table → .objects → [] → obj: WasmObject`.
fn line(path: &PathRow) -> String {
    let mut parts = vec![path.root.clone()];
    parts.extend(path.steps.iter().map(edge));
    let last = path.steps.last().map(|step| without_numbers(&step.node));
    let name = last.map_or(String::new(), |node| format!(": {}", node.trim_end_matches([' ', '#'])));
    parts.join(" → ") + &name
}
