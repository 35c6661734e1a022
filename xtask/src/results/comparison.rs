//! What changed from one side to the other: in outcome, verdict, growth, retaining path and time. Pure.

use crate::measure::census::{Kind, What};
use crate::measure::verdict::Verdict;
use crate::results::cell_growth::{CellGrowth, Growths, Per, growths};
use crate::results::cell_row::{CellRow, OutcomeName};
use crate::results::compared_side::{ComparedSide, SideCell};
use crate::results::explanations::PathRow;
use crate::results::fingerprint::{edge, without_numbers};
use crate::results::gathered::GatheredProgram;
use crate::results::pairing;
use crate::results::repeated::Repeated;
use serde::Serialize;
use std::collections::BTreeMap;

/// The schema of the JSON; raise the version for any change that a reader would notice.
pub const SCHEMA: &str = "wasm-leaks/comparison";
pub const VERSION: u32 = 1;

/// What changed.
#[derive(Debug, Serialize)]
pub struct Comparison {
    pub schema: &'static str,
    pub version: u32,
    /// Whether something got worse.
    pub worse: bool,
    /// The programs that both sides have.
    pub programs: Vec<ProgramPair>,
    /// The cells that both sides have, those that got worse first.
    pub cells: Vec<ComparedCell>,
    pub only_old: OneSided,
    pub only_new: OneSided,
}

/// A program of both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProgramPair {
    pub engine: String,
    pub old: String,
    pub new: String,
}

/// What only one side has.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct OneSided {
    pub programs: Vec<NamedProgram>,
    /// Of programs that both sides have.
    pub cells: Vec<NamedCell>,
}

/// A program by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedProgram {
    pub engine: String,
    pub program: String,
}

/// A cell by its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedCell {
    pub case: String,
    #[serde(flatten)]
    pub program: NamedProgram,
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
    /// A retaining path of what leaks: how many there were of this fingerprint, and are.
    Path {
        fingerprint: String,
        path: String,
        was: usize,
        is: usize,
    },
}

/// Compares both sides.
pub fn compare(old: &ComparedSide, new: &ComparedSide) -> Comparison {
    let (old_programs, new_programs) = (&old.all.programs, &new.all.programs);
    let program_of = pairing::programs(old_programs, new_programs);
    let (old_cells, mut new_cells) = (old.cells(), new.cells());
    let case_of = paired_cases(&old_cells, &new_cells);
    let mut cells = Vec::new();
    let mut only_old = OneSided::default();
    for ((case, program), was) in &old_cells {
        let Some(other) = program_of[*program] else {
            continue;
        };
        let is = case_of.get(case).and_then(|case| new_cells.remove(&(*case, other)));
        match is {
            Some(is) => {
                let pair = pair(&old_programs[*program], &new_programs[other]);
                cells.push(compared(pair, was, &is));
            }
            None => only_old.cells.push(named(was, &old_programs[*program])),
        }
    }
    let mut only_new = OneSided::default();
    let is_new = |program: usize| !program_of.contains(&Some(program));
    let rest = new_cells.iter().filter(|((_, program), _)| !is_new(*program));
    only_new.cells = rest
        .map(|((_, program), cell)| named(cell, &new_programs[*program]))
        .collect();
    only_old.programs = names(old_programs, |program| program_of[program].is_none());
    only_new.programs = names(new_programs, is_new);
    cells.sort_by_key(importance);
    let paired = program_of.iter().enumerate();
    Comparison {
        schema: SCHEMA,
        version: VERSION,
        worse: cells.iter().any(|cell| cell.direction() == Some(Direction::Worse)),
        programs: paired
            .filter_map(|(index, other)| Some(pair(&old_programs[index], &new_programs[(*other)?])))
            .collect(),
        cells,
        only_old,
        only_new,
    }
}

impl ComparedCell {
    /// That of its worst change; `None` if it is as before.
    pub fn direction(&self) -> Option<Direction> {
        self.changes.iter().map(|change| change.direction).min()
    }
}

type Cells<'a> = BTreeMap<(&'a str, usize), SideCell<'a>>;

/// The case of the new side for each of the old one.
fn paired_cases<'a>(old: &Cells<'a>, new: &Cells<'a>) -> BTreeMap<&'a str, &'a str> {
    let names = |cells: &Cells<'a>| {
        let names: BTreeMap<&str, &str> = cells.iter().map(|((case, _), cell)| (*case, cell.title)).collect();
        names.into_iter().collect::<Vec<_>>()
    };
    let (old, new) = (names(old), names(new));
    let pairs = pairing::cases(&old, &new).into_iter().zip(&old);
    pairs
        .filter_map(|(new_index, (case, _))| Some((*case, new[new_index?].0)))
        .collect()
}

fn pair(old: &GatheredProgram, new: &GatheredProgram) -> ProgramPair {
    ProgramPair {
        engine: old.row.engine.clone(),
        old: old.row.title.clone(),
        new: new.row.title.clone(),
    }
}

fn names(programs: &[GatheredProgram], is_wanted: impl Fn(usize) -> bool) -> Vec<NamedProgram> {
    let wanted = programs.iter().enumerate().filter(|(index, _)| is_wanted(*index));
    wanted.map(|(_, program)| named_program(program)).collect()
}

fn named_program(program: &GatheredProgram) -> NamedProgram {
    NamedProgram {
        engine: program.row.engine.clone(),
        program: program.row.title.clone(),
    }
}

fn named(cell: &SideCell<'_>, program: &GatheredProgram) -> NamedCell {
    NamedCell {
        case: cell.title.to_owned(),
        program: named_program(program),
    }
}

fn compared(program: ProgramPair, old: &SideCell<'_>, new: &SideCell<'_>) -> ComparedCell {
    let mut changes = Vec::new();
    if let (Some(old), Some(new)) = (&old.runs, &new.runs) {
        changes.extend(verdicts(old, new));
        changes.extend(outcomes(old, new));
        changes.extend(grown(old, new));
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
fn verdicts(old: &Repeated<'_>, new: &Repeated<'_>) -> Option<CellChange> {
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
        std::cmp::Ordering::Greater => Direction::Worse,
        std::cmp::Ordering::Less => Direction::Better,
        std::cmp::Ordering::Equal => Direction::Other,
    };
    let reason = new.shown().reason.clone().or_else(|| new.mixed());
    let what = Changed::Outcome { was, is, reason };
    (was != is).then_some(CellChange { direction, what })
}

/// What grows, and did not; what grows more, or less; what grows no more.
fn grown(old: &Repeated<'_>, new: &Repeated<'_>) -> Vec<CellChange> {
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
            Some(before) if now.is_larger_than(before) => Direction::Worse,
            Some(before) if before.is_larger_than(&now) => Direction::Better,
            Some(_) => continue,
        };
        let what = Changed::Growth {
            per: now.per,
            was: before.map(|before| before.most),
            is: Some(now.most),
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
            was: Some(before.most),
            is: None,
            kind: Box::new(before.kind),
        },
    }));
    changes
}

/// Whether it is the heap as a whole, which grows where objects do. A case has a figure for it only if that grew in each
/// round, which is as it happens if memory runs out early: that it is there or not says nothing.
fn is_beside(growth: &CellGrowth, objects_grow: bool) -> bool {
    objects_grow && growth.per == Per::Object && growth.kind.what == What::Heap
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
            std::cmp::Ordering::Greater => add(Direction::Worse, fingerprint, path, before, now),
            std::cmp::Ordering::Less => add(Direction::Better, fingerprint, path, before, now),
            std::cmp::Ordering::Equal => {}
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

/// What is shown first: what got worse, and of that another verdict before another outcome.
fn importance(cell: &ComparedCell) -> (Direction, usize) {
    let rank = cell.changes.first().map_or(usize::MAX, |change| match change.what {
        Changed::Verdict { .. } => 0,
        Changed::Outcome { .. } => 1,
        Changed::Growth { .. } => 2,
        Changed::Path { .. } => 3,
    });
    (cell.direction().unwrap_or(Direction::Other), rank)
}
