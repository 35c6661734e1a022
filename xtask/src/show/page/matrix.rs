//! The matrix of cases and programs.

use crate::base::text::clip;
use crate::results::cell_row::OutcomeName;
use crate::results::flips::Flip;
use crate::results::gathered::{Gathered, GatheredCell};
use crate::show::page::flip::mark;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// The cells of one case, with their numbers on the page.
#[derive(Debug)]
pub struct CaseCells<'a> {
    /// The number of the case on the page.
    pub number: usize,
    pub title: &'a str,
    pub cells: Vec<(usize, &'a GatheredCell)>,
}

/// The cells case by case.
pub fn cases(all: &Gathered) -> Vec<CaseCells<'_>> {
    let mut cases: Vec<CaseCells<'_>> = Vec::new();
    let mut last = None;
    for (number, cell) in all.cells.iter().enumerate() {
        let (case, title) = cell.case();
        if last != Some(case) {
            last = Some(case);
            cases.push(CaseCells {
                number: cases.len(),
                title,
                cells: Vec::new(),
            });
        }
        if let Some(case) = cases.last_mut() {
            case.cells.push((number, cell));
        }
    }
    cases
}

/// The numbers of a case's cells, as the script reads them.
pub fn numbers(case: &CaseCells<'_>) -> String {
    let numbers: Vec<String> = case.cells.iter().map(|(number, _)| number.to_string()).collect();
    numbers.join(" ")
}

/// The name of a program; of another kind of machine than the first, with that.
pub fn name(all: &Gathered, program: usize) -> String {
    let engine = &all.programs[program].row.engine;
    format!("{}: {}", clip(engine), clip(&all.title(program)))
}

/// A row for each case, a column for each program, marked where a version flips from the one before; missing engines come
/// last.
pub fn matrix(all: &Gathered, cases: &[CaseCells<'_>], flips: &[Flip<'_>]) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-labelledby="matrix-caption" {
            table {
                caption id="matrix-caption" { "The outcome and the verdict of each case on each program" }
                thead { tr {
                    th scope="col" { "case" }
                    @for (index, program) in all.programs.iter().enumerate() {
                        th scope="col" data-column=(clip(&program.row.engine)) { (name(all, index)) }
                    }
                    @for engine in &all.missing { th scope="col" data-column=(clip(engine)) { (clip(engine)) } }
                } }
                tbody {
                    @for case in cases {
                        tr data-name=(clip(case.title)) data-any=(numbers(case)) {
                            th scope="row" { a href={ "#case-" (case.number) } { (clip(case.title)) } }
                            @for (index, program) in all.programs.iter().enumerate() {
                                (entry(case, index, &program.row.engine, flips))
                            }
                            @for engine in &all.missing {
                                td.odd data-column=(clip(engine)) { "missing" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn entry(case: &CaseCells<'_>, program: usize, engine: &str, flips: &[Flip<'_>]) -> Markup {
    let engine = clip(engine);
    let Some((number, cell)) = case.cells.iter().find(|(_, cell)| cell.program == program) else {
        return html! { td.quiet data-column=(engine) { "not run" } };
    };
    let outcome = cell.repeated().outcome();
    let mark = mark(flips, cell.case().0, program);
    html! {
        td.flip[mark.is_some()] data-column=(engine) data-engine=(engine) data-cell=(number) data-outcome=(outcome)
            data-verdict=(verdicts(cell)) {
            a href={ "#cell-" (number) } { (badge(cell)) }
            @if let Some(mark) = mark { " " (mark) }
        }
    }
}

/// The verdicts of all runs, by name.
fn verdicts(cell: &GatheredCell) -> String {
    let runs = cell.repeated().runs;
    let names: BTreeSet<String> = runs.iter().filter_map(|row| Some(row.verdict?.to_string())).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

/// The outcome, with a sign and in words, and the verdict; verdicts that differ are shown as such.
pub fn badge(cell: &GatheredCell) -> Markup {
    let repeated = cell.repeated();
    let outcome = repeated.outcome();
    let (class, sign) = look(outcome);
    let more = match outcome {
        OutcomeName::Skipped => clip(repeated.shown().reason.as_deref().unwrap_or_default()),
        _ => repeated.verdicts(),
    };
    html! { span class=(class) { (sign) " " (outcome) } " " (more) }
}

/// The class of an outcome's colour, and the sign beside its name.
pub fn look(outcome: OutcomeName) -> (&'static str, &'static str) {
    match outcome {
        OutcomeName::Ok => ("good", "✓"),
        OutcomeName::Failed => ("bad", "✗"),
        OutcomeName::Broke => ("bad", "✸"),
        OutcomeName::Inconclusive => ("odd", "?"),
        OutcomeName::Skipped => ("odd", "–"),
    }
}
