//! What `bisect` found, as lines.

use crate::base::text::{clip, inert};
use crate::results::bisection::BisectionStep;
use crate::results::cell_row::CellRow;
use crate::results::document::Results;
use crate::results::program_row::ProgramRow;
use crate::show::table::coloured;

/// A version that ran: `js 102.15.1: ok collected`.
pub fn run_line(row: &CellRow, program: &ProgramRow) -> String {
    let title = inert(&program.title);
    format!("{title}: {} {}", coloured(row.outcome).for_stderr(), said(row))
}

/// The verdict, or why there is none.
fn said(row: &CellRow) -> String {
    match (&row.verdict, &row.reason) {
        (Some(verdict), _) => verdict.to_string(),
        (None, Some(reason)) => clip(reason),
        (None, None) => "no verdict".to_owned(),
    }
}

/// The answer, with a line for each version without a verdict that lies between the two.
pub fn answer_text(answer: BisectionStep, results: &Results) -> String {
    let case = results.cells.first().map(|row| inert(row.title())).unwrap_or_default();
    let title = |version: usize| inert(&results.programs[version].title);
    let row = |version: usize| results.cells.iter().find(|row| row.program == version);
    let verdict = |version: usize| row(version).map(said).unwrap_or_default();
    match answer {
        BisectionStep::Flips { before, after } => {
            let mut text = format!(
                "{case} flips between {} and {}: {} → {}\n",
                title(before),
                title(after),
                verdict(before),
                verdict(after)
            );
            for version in before + 1..after {
                text += &format!(
                    "  {} between them has no verdict: {}\n",
                    title(version),
                    verdict(version)
                );
            }
            text
        }
        BisectionStep::Same {
            oldest,
            newest,
            verdict,
        } => format!(
            "{case} does not flip between {} and {}: {verdict} on both\n",
            title(oldest),
            title(newest)
        ),
        BisectionStep::OnlyOne(version) => format!(
            "{case} has a verdict on {} alone: {}\n",
            title(version),
            verdict(version)
        ),
        BisectionStep::None | BisectionStep::Run(_) => format!("{case} has a verdict on no version\n"),
    }
}
