//! One cell: its numbers, what grows in it, what keeps that alive, how to repeat it, what it printed.

use crate::base::text::{clip, inert, inert_lines, shell_word};
use crate::measure::verdict::Verdict;
use crate::results::cell_row::{CellRow, DepartureRow, Side};
use crate::results::explanations::ExplanationRow;
use crate::results::gathered::{Gathered, GatheredCell};
use crate::results::reduced::ReducedCell;
use crate::show::amounts;
use crate::show::census_text;
use crate::show::page::key::sample;
use crate::show::page::matrix::{badge, name};
use crate::show::page::path::paths;
use crate::show::page::stacks::stacks;
use maud::{Markup, html};

/// Runs of a cell that are shown one by one; the others are counted.
const RUNS: usize = 10;

/// What the page shows beside the results.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    pub explanations: &'a [ExplanationRow],
    /// The name that the program was called by, in the commands.
    pub command: &'a str,
}

/// The cell with this number on the page.
pub fn cell(all: &Gathered, number: usize, cell: &GatheredCell, beside: Beside<'_>) -> Markup {
    let shown = cell.shown();
    let explained = beside.explanations.iter().filter(|answer| is_of(answer, all, cell));
    html! {
        section.cell id={ "cell-" (number) } data-of=(number) {
            h4 { (sample(cell.program)) " " (name(all, cell.program)) }
            p { (badge(cell)) }
            @if let Some(mixed) = cell.repeated().mixed() { p.bad { (mixed) } }
            (departures(&shown.row))
            @if let Some(bug) = &shown.row.bug { p { "known, as " (clip(bug)) } }
            (grown(&shown.row))
            (plotted(shown))
            @if let Some(end) = shown.curves.memory_end {
                p.bad { "✗ " (end.how) " after " (amounts::thousands(end.made as u64)) " objects were made" }
            }
            @for answer in explained { (paths(answer)) }
            p.quiet { (amounts::count(shown.row.seconds)) " s, at most "
                (shown.row.peak_bytes.div_ceil(1 << 20)) " MiB of memory" }
            @if cell.runs.len() > 1 { (runs(all, cell)) }
            (details(all, cell, shown, beside.command))
        }
    }
}

/// Whether an explanation is of this cell: they know a case by its title, and a program by its own.
fn is_of(answer: &ExplanationRow, all: &Gathered, cell: &GatheredCell) -> bool {
    let program = &all.programs[cell.program].row;
    let leaked = cell.repeated().leaked();
    let is_it =
        (answer.case.as_str(), &answer.engine, &answer.program) == (cell.case().1, &program.engine, &program.title);
    is_it && (leaked || !answer.paths.is_empty())
}

fn departures(row: &CellRow) -> Markup {
    let side = |side: &Side| side.line.as_deref().map_or("the end".to_owned(), clip);
    html! {
        @if row.departures.is_empty() {
            @if let Some(reason) = &row.reason { p { (clip(reason)) } }
        }
        @for departure in &row.departures {
            @match departure {
                DepartureRow::Other { text } => p { (clip(text)) },
                DepartureRow::Transcript { expected, actual } => dl {
                    dt { "expected (" (clip(&expected.place)) ")" } dd { code { (side(expected)) } }
                    dt { "actual (" (clip(&actual.place)) ")" } dd { code { (side(actual)) } }
                },
            }
        }
    }
}

/// What grows by kind and place, or the numbers of a case that is not judged by a census.
fn grown(row: &CellRow) -> Markup {
    html! {
        @if let Some(census) = &row.census {
            p { (census_text::summary(census)) }
            ul { @for line in census_text::lines(census) { li { (inert(&line)) } } }
            (stacks(census))
        } @else if let Some(numbers) = &row.numbers {
            p { (numbers) }
        }
    }
}

/// The kinds of a census that the plot has.
fn plotted(shown: &ReducedCell) -> Markup {
    let kinds = shown.curves.alive.iter().filter_map(|curve| curve.kind.as_deref());
    let kinds: Vec<String> = kinds.map(clip).collect();
    html! { @if !kinds.is_empty() { p.quiet { "plotted: " (kinds.join(", ")) } } }
}

/// Each run, where there are several: of one command, or of several.
fn runs(all: &Gathered, cell: &GatheredCell) -> Markup {
    let more = cell.runs.len().saturating_sub(RUNS);
    html! {
        ul {
            @for (run, one) in cell.runs.iter().take(RUNS) {
                @let verdict = one.row.verdict.as_ref().map_or("no verdict".to_owned(), Verdict::to_string);
                li { "run " (one.row.run) " of " a href={ "#run-" (run) } { (clip(&all.runs[*run].name)) } ": "
                    (one.row.outcome) " " (verdict) }
            }
            @if more > 0 { li { "and " (more) " more" } }
        }
    }
}

fn details(all: &Gathered, cell: &GatheredCell, shown: &ReducedCell, command: &str) -> Markup {
    let row = &shown.row;
    let program = &all.programs[cell.program].row;
    let again = |what: &str| {
        format!(
            "{command} {what} {} --engine {}",
            shell_word(&row.case),
            inert(&program.option)
        )
    };
    html! {
        p { "To repeat it: " code { (again("test")) } }
        @if cell.repeated().leaked() { p { "What keeps it alive: " code { (again("explain")) } } }
        details {
            summary { "Transcript and arguments" }
            @if !row.arguments.is_empty() {
                p { "Called with " code { (crate::base::text::command_line(&row.arguments)) } }
            }
            (transcript(shown))
            @if !row.stderr.is_empty() {
                p { "The end of standard error:" }
                pre { (inert_lines(&row.stderr)) }
            }
        }
    }
}

fn transcript(shown: &ReducedCell) -> Markup {
    html! {
        @if shown.first.is_empty() {
            p { "It printed nothing." }
        } @else {
            pre {
                @for line in &shown.first { (clip(line)) "\n" }
                @if shown.left_out > 0 { "… " (shown.left_out) " more lines …\n" }
                @for line in &shown.last { (clip(line)) "\n" }
            }
        }
    }
}
