//! A case: its plots, with a line a program, and its cells.

use crate::base::text::clip;
use crate::results::curves::{Curves, Point};
use crate::results::gathered::Gathered;
use crate::show::amounts::thousands;
use crate::show::page::cell::{Beside, cell};
use crate::show::page::matrix::{CaseCells, name, numbers};
use crate::show::page::plot::{Line, PlotText, plot};
use maud::{Markup, html};

/// The case with its plots and cells.
pub fn case(all: &Gathered, case: &CaseCells<'_>, beside: Beside<'_>) -> Markup {
    html! {
        article id={ "case-" (case.number) } data-any=(numbers(case)) aria-labelledby={ "name-" (case.number) } {
            h3 id={ "name-" (case.number) } { (clip(case.title)) }
            div.plots { (alive(all, case)) (pages(all, case)) }
            div.cells {
                @for (number, one) in &case.cells { (cell(all, *number, one, beside)) }
            }
        }
    }
}

/// What is alive: of a user's own program its kinds.
fn alive(all: &Gathered, case: &CaseCells<'_>) -> Markup {
    let mut lines = Vec::new();
    let mut words = Vec::new();
    let settled: Vec<(usize, Vec<Point>)> = case
        .cells
        .iter()
        .map(|(number, cell)| (*number, ended(&cell.shown().curves)))
        .collect();
    for ((number, cell), (_, with_end)) in case.cells.iter().zip(&settled) {
        let curves = &cell.shown().curves;
        for curve in &curves.alive {
            // The last chances to collect come after the last round.
            let points = match &curve.kind {
                None => with_end,
                Some(_) => &curve.points,
            };
            let kind = curve
                .kind
                .as_deref()
                .map_or(String::new(), |kind| format!("{}, ", clip(kind)));
            words.push(format!("{}: {kind}{}", name(all, cell.program), ends(points)));
            lines.push(Line {
                cell: *number,
                program: cell.program,
                points,
                memory_end: None,
            });
        }
    }
    drawn(case, "alive", "What is alive", "alive", &lines, &words)
}

/// The points of what is alive, with what remained in the end.
fn ended(curves: &Curves) -> Vec<Point> {
    let plain = curves.alive.iter().find(|curve| curve.kind.is_none());
    let points = plain.map_or(&[][..], |curve| &curve.points);
    points.iter().copied().chain(curves.settled).collect()
}

/// Pages of linear memory, and where memory ended.
fn pages(all: &Gathered, case: &CaseCells<'_>) -> Markup {
    let mut lines = Vec::new();
    let mut words = Vec::new();
    for (number, cell) in &case.cells {
        let curves = &cell.shown().curves;
        // A program without linear memory.
        if curves.pages.iter().all(|point| point.1 == 0.0) {
            continue;
        }
        let end = curves.memory_end.map_or(String::new(), |end| {
            format!("; {} after {}", end.how, thousands(end.made as u64))
        });
        words.push(format!("{}: {}{end}", name(all, cell.program), ends(&curves.pages)));
        lines.push(Line {
            cell: *number,
            program: cell.program,
            points: &curves.pages,
            memory_end: curves.memory_end.map(|end| end.made),
        });
    }
    drawn(
        case,
        "pages",
        "Linear memory, in pages of 64 KiB (✗: it ended)",
        "pages",
        &lines,
        &words,
    )
}

fn drawn(
    case: &CaseCells<'_>,
    what: &str,
    title: &str,
    counted: &'static str,
    lines: &[Line<'_>],
    words: &[String],
) -> Markup {
    if lines.is_empty() {
        return html! {};
    }
    let in_calls = case.cells.iter().any(|(_, cell)| cell.shown().curves.in_calls);
    let text = PlotText {
        id: format!("{what}-{}", case.number),
        title: format!("{title}: {}", clip(case.title)),
        description: words.join(". "),
        made: if in_calls { "calls of test" } else { "objects made" },
        counted,
    };
    plot(&text, lines)
}

/// A line in words: where it begins and ends, and its highest point.
fn ends(points: &[Point]) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return "nothing was counted".to_owned();
    };
    let most = points.iter().map(|point| point.1).fold(0.0, f64::max);
    format!(
        "from {} to {} after {}, at most {}",
        thousands(first.1 as u64),
        thousands(last.1 as u64),
        thousands(last.0 as u64),
        thousands(most as u64)
    )
}
