//! What changed between two sides, as text: what got worse first.

use crate::base::text::inert;
use crate::results::cell_changes::{CellState, ComparedCell, Direction, ProgramPair};
use crate::results::comparison::{Comparison, OneSided};
use crate::show::change_text::changed;
use console::style;
use std::collections::BTreeMap;

/// Cells of one side alone that are named for each program; the others are counted.
const NAMED: usize = 20;

/// Cells whose time is shown, those that changed most.
const TIMES: usize = 5;

/// A time is shown if it is so many times as long as before, or as short, and differs by so many seconds.
const TIME_FACTOR: f64 = 1.5;
const TIME_SECONDS: f64 = 0.5;

/// The whole text. All that scripts and files have named is inert in it.
pub fn comparison_text(comparison: &Comparison) -> String {
    let mut text = String::new();
    for (direction, heading) in [
        (Direction::Worse, style("worse").red().bold()),
        (Direction::Better, style("better").green().bold()),
        (Direction::Other, style("otherwise changed").yellow().bold()),
    ] {
        let cells = comparison.cells.iter();
        let cells: Vec<_> = cells.filter(|cell| cell.direction() == Some(direction)).collect();
        if cells.is_empty() {
            continue;
        }
        text += &format!("{heading}\n");
        text.extend(cells.into_iter().map(changed_cell));
    }
    text += &only("only in OLD", &comparison.only_old);
    text += &only("only in NEW", &comparison.only_new);
    text += &times(&comparison.cells);
    if !text.is_empty() {
        text.push('\n');
    }
    text + &summary(comparison)
}

fn changed_cell(cell: &ComparedCell) -> String {
    let mut text = format!("  {} on {}\n", inert(&cell.case), program(&cell.program));
    for change in &cell.changes {
        let mark = match change.direction {
            Direction::Worse => style("worse").red(),
            Direction::Better => style("better").green(),
            Direction::Other => style("other").yellow(),
        };
        text += &format!("    {mark}: {}\n", changed(&change.what));
    }
    match cell.known_paths {
        None | Some(0) => {}
        Some(1) => text += "    the same: a retaining path is as before\n",
        Some(count) => text += &format!("    the same: {count} retaining paths are as before\n"),
    }
    text
}

/// `v8: d8 10.2`, or `v8: d8 10.2 → d8 11.0`.
fn program(pair: &ProgramPair) -> String {
    let (engine, old, new) = (inert(&pair.engine), inert(&pair.old), inert(&pair.new));
    match old == new {
        true => format!("{engine}: {new}"),
        false => format!("{engine}: {old} → {new}"),
    }
}

fn only(heading: &str, side: &OneSided) -> String {
    let mut text = String::new();
    for program in &side.programs {
        let (engine, program) = (inert(&program.engine), inert(&program.program));
        text += &format!("  all cells on {engine}: {program}\n");
    }
    let mut cells: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for cell in &side.cells {
        let program = (cell.program.engine.as_str(), cell.program.program.as_str());
        cells.entry(program).or_default().push(&cell.case);
    }
    for ((engine, program), cases) in cells {
        let named: Vec<_> = cases.iter().take(NAMED).map(|case| inert(case)).collect();
        let more = match cases.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        text += &format!(
            "  {}{more} on {}: {}\n",
            named.join(", "),
            inert(engine),
            inert(program)
        );
    }
    match text.is_empty() {
        true => text,
        false => format!("{}\n{text}", style(heading).bold()),
    }
}

/// The times that changed most, and their sum over all cells that ran on both sides.
fn times(cells: &[ComparedCell]) -> String {
    let both = |cell: &ComparedCell| Some((ran(cell.was.as_ref())?, ran(cell.is.as_ref())?));
    let known: Vec<(&ComparedCell, (f64, f64))> = cells.iter().filter_map(|cell| Some((cell, both(cell)?))).collect();
    if known.is_empty() {
        return String::new();
    }
    let mut changed: Vec<_> = known
        .iter()
        .filter(|(_, (was, is))| {
            let (less, more) = (was.min(*is), was.max(*is));
            more - less >= TIME_SECONDS && more > less * TIME_FACTOR
        })
        .collect();
    let difference = |(was, is): (f64, f64)| (is - was).abs();
    changed.sort_by(|(_, a), (_, b)| difference(*b).total_cmp(&difference(*a)));
    let mut text = format!("{}\n", style("time").bold());
    for (cell, (was, is)) in changed.iter().take(TIMES) {
        let name = format!("{} on {}", inert(&cell.case), program(&cell.program));
        text += &format!("  {name}: {was:.1} s → {is:.1} s\n");
    }
    let sum = |of: fn(&(f64, f64)) -> f64| known.iter().map(|(_, times)| of(times)).sum::<f64>();
    let (was, is) = (sum(|times| times.0), sum(|times| times.1));
    text + &format!("  sum of {}: {was:.1} s → {is:.1} s\n", counted(known.len(), "cell"))
}

/// The time of a cell that ran.
fn ran(state: Option<&CellState>) -> Option<f64> {
    state
        .map(|state| state.seconds)
        .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("{count} {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

fn summary(comparison: &Comparison) -> String {
    let count = |direction| {
        let cells = comparison.cells.iter();
        cells.filter(|cell| cell.direction() == direction).count()
    };
    let all = [
        (count(Some(Direction::Worse)), "worse"),
        (count(Some(Direction::Better)), "better"),
        (count(Some(Direction::Other)), "otherwise changed"),
        (count(None), "as before"),
    ];
    let parts: Vec<String> = all
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let cells = counted(comparison.cells.len(), "cell");
    let paths: usize = comparison.cells.iter().filter_map(|cell| cell.known_paths).sum();
    let asked = comparison.cells.iter().any(|cell| cell.known_paths.is_some());
    let paths = match asked {
        true => format!("; {} as before", counted(paths, "retaining path")),
        false => String::new(),
    };
    match parts.is_empty() {
        true => "no cell is in both\n".to_owned(),
        false => format!("{cells} in both: {}{paths}\n", parts.join(", ")),
    }
}
