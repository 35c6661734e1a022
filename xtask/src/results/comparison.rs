//! What changed from one side to the other, cell by cell, and what only one of them has. Pure.

use crate::results::cell_changes::{ComparedCell, Direction, ProgramPair, compared};
use crate::results::compared_side::{ComparedSide, SideCell};
use crate::results::gathered::GatheredProgram;
use crate::results::pairing;
use serde::Serialize;
use std::collections::BTreeMap;

/// The schema of the JSON; raise the version for any change that a reader would notice.
pub const SCHEMA: &str = "wasm-leaks/comparison";
pub const VERSION: u32 = 2;

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
    cells.sort_by_key(ComparedCell::importance);
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
