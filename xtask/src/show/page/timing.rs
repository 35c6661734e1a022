//! The time of each cell, as a bar, in the order in which they ran.

use crate::base::text::clip;
use crate::results::gathered::{Gathered, GatheredRun};
use crate::results::reduced::ReducedCell;
use crate::show::page::key::colour;
use crate::show::page::matrix::name;
use maud::{Markup, html};

/// The width of the bars, in units of their own.
const WIDTH: f64 = 1000.0;

/// A table for each run of a command.
pub fn timing(all: &Gathered) -> Markup {
    html! {
        @for (index, run) in all.runs.iter().enumerate() {
            (table(all, index, run))
        }
    }
}

fn table(all: &Gathered, index: usize, run: &GatheredRun) -> Markup {
    let mut rows: Vec<(usize, &ReducedCell)> = Vec::new();
    for (number, cell) in all.cells.iter().enumerate() {
        let of_run = cell.runs.iter().filter(|(of, _)| *of == index);
        rows.extend(of_run.map(|(_, cell)| (number, cell)));
    }
    rows.sort_by(|a, b| a.1.row.began.total_cmp(&b.1.row.began));
    if rows.is_empty() {
        return html! {};
    }
    let ended = |cell: &ReducedCell| finite(cell.row.began) + finite(cell.row.seconds);
    let end = rows.iter().map(|(_, cell)| ended(cell)).fold(0.001, f64::max);
    html! {
        div.wide tabindex="0" role="region" aria-labelledby={ "time-" (index) } {
            table {
                caption id={ "time-" (index) } {
                    "Cells of " (clip(&run.name)) " in the order in which they began: " (rows.len()) " in " (seconds(end)) " s"
                }
                thead { tr {
                    th scope="col" { "case" } th scope="col" { "program" }
                    th scope="col" { "began, s" } th scope="col" { "took, s" } th scope="col" { "from start to end" }
                } }
                tbody {
                    @for (number, cell) in rows {
                        tr data-of=(number) {
                            th scope="row" { a href={ "#cell-" (number) } { (clip(cell.row.title())) } }
                            td { (name(all, cell.row.program)) }
                            td.number { (seconds(cell.row.began)) }
                            td.number { (seconds(cell.row.seconds)) }
                            td { (bar(cell, end)) }
                        }
                    }
                }
            }
        }
    }
}

fn bar(cell: &ReducedCell, end: f64) -> Markup {
    let place = |seconds: f64| (finite(seconds) / end * WIDTH).round();
    // Even the shortest is seen.
    let width = place(cell.row.seconds).max(3.0);
    html! {
        svg class={ "bar-row " (colour(cell.row.program)) } viewBox={ "0 0 " (WIDTH) " 10" } preserveAspectRatio="none"
            aria-hidden="true" {
            rect.bar x=(place(cell.row.began).min(WIDTH - width)) y="1" width=(width) height="8" {}
        }
    }
}

fn finite(seconds: f64) -> f64 {
    if seconds.is_finite() {
        seconds.clamp(0.0, 1e9)
    } else {
        0.0
    }
}

fn seconds(seconds: f64) -> String {
    format!("{:.1}", finite(seconds))
}
