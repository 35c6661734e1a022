//! The whole page: one file of HTML that loads nothing, and is complete without its script.

use crate::results::cell_row::OutcomeName;
use crate::results::flips::{Flip, gathered_flips};
use crate::results::gathered::Gathered;
use crate::show::page::case::case;
use crate::show::page::cell::Beside;
use crate::show::page::filter::form;
use crate::show::page::flip::list;
use crate::show::page::matrix::{CaseCells, cases, look, matrix};
use crate::show::page::runs::{programs, runs};
use crate::show::page::timing::timing;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("../../../page/style.css");
const SCRIPT: &str = include_str!("../../../page/filter.js");

/// Nothing is loaded, and nothing is sent.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'";

/// The page, as HTML.
pub fn page(all: &Gathered, beside: Beside<'_>) -> String {
    let cases = cases(all);
    let flips = gathered_flips(all);
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "wasm-leaks: report" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#matrix" { "Skip to the matrix" }
                header { h1 { "wasm-leaks: report" } (summary(all)) }
                (body(all, &cases, &flips, beside))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    html.into_string()
}

fn body(all: &Gathered, cases: &[CaseCells<'_>], flips: &[Flip<'_>], beside: Beside<'_>) -> Markup {
    html! {
        main {
            (form(all))
            section aria-labelledby="matrix" {
                h2 id="matrix" { "Cases and programs" }
                (matrix(all, cases, flips))
                (list(all, flips))
            }
            section aria-labelledby="cases" {
                h2 id="cases" { "Case by case" }
                p.quiet { "What is alive are objects, or callbacks in the table, whichever are more. A line that falls at its end is what the last chances to collect did." }
                @for one in cases { (case(all, one, beside)) }
            }
            section aria-labelledby="times" { h2 id="times" { "Times" } (timing(all)) }
            section aria-labelledby="runs" { h2 id="runs" { "Runs and programs" } (runs(all)) (programs(all)) }
        }
    }
}

/// How many cells have which outcome.
fn summary(all: &Gathered) -> Markup {
    let count = |outcome| {
        all.cells
            .iter()
            .filter(|cell| cell.repeated().outcome() == outcome)
            .count()
    };
    let counts = OutcomeName::ALL.map(|outcome| (outcome, count(outcome)));
    let cells = all.cells.len();
    let not_run: usize = all
        .runs
        .iter()
        .map(|run| run.results.planned.saturating_sub(run.ended))
        .sum();
    html! {
        p {
            (cells) @if cells == 1 { " cell" } @else { " cells" }
            @for (outcome, count) in counts.iter().filter(|(_, count)| *count > 0) {
                @let (class, sign) = look(*outcome);
                ", " span class=(class) { (sign) " " (count) " " (outcome) }
            }
            @if !all.missing.is_empty() { ", " span.odd { "missing: " (crate::base::text::clip(&all.missing.join(", "))) } }
            "."
            @if not_run > 0 { " " span.odd { (not_run) " planned runs of cells are not there." } }
        }
    }
}
