//! The summary of a run in Markdown, for the page of a CI run: the table of cases × programs, and what is not as
//! expected.

use crate::base::text::inert;
use crate::results::cell_row::OutcomeName;
use crate::results::document::Results;
use crate::results::repeated::{Repeated, cases, group};
use crate::show::census_text;
use crate::show::failure::details;
use crate::show::program_names::program_name;
use crate::show::table::{absent, summary};
use quick_xml::escape::partial_escape;

/// The largest page, in bytes: GitHub refuses one of more than 1 MiB.
const LARGEST: usize = 900 << 10;

/// The page. `seconds` is how long the run took, `command` the name that the program was called by.
pub fn summary_page(results: &Results, seconds: f64, command: &str) -> String {
    let groups = group(&results.cells);
    let mut page = format!(
        "## wasm-leaks\n\n{}\n\n{}\n",
        plain(&summary(results, seconds)),
        table(results, &groups)
    );
    if results.not_run() > 0 {
        page += &format!(
            "**{} of {} runs of cells did not end.**\n\n",
            results.not_run(),
            results.planned
        );
    }
    let mut left = groups.iter().filter(|cell| !cell.outcome().is_fine());
    while let Some(cell) = left.next() {
        let text = failure(cell, results, command);
        if page.len() + text.len() > LARGEST {
            page += &format!("\nand {} more that are not as expected\n", left.count() + 1);
            break;
        }
        page += &text;
    }
    page
}

/// A row for each case, a column for each program; missing engines come last.
fn table(results: &Results, groups: &[Repeated<'_>]) -> String {
    let programs = results.programs.iter().map(|program| plain(&program_name(program)));
    let missing = results.missing.iter().map(|engine| plain(engine));
    let heading: Vec<String> = ["case".to_owned()].into_iter().chain(programs).chain(missing).collect();
    let mut text = format!("{}|{}\n", row(&heading), " --- |".repeat(heading.len()));
    for (case, title) in cases(&results.cells) {
        let mut cells = vec![plain(title)];
        for program in 0..results.programs.len() {
            let is_it = |cell: &&Repeated<'_>| (cell.runs[0].case.as_str(), cell.runs[0].program) == (case, program);
            cells.push(groups.iter().find(is_it).map_or(absent(results).to_owned(), outcome));
        }
        cells.extend(results.missing.iter().map(|_| "missing".to_owned()));
        text += &row(&cells);
    }
    text
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn outcome(cell: &Repeated<'_>) -> String {
    let more = match cell.outcome() {
        OutcomeName::Skipped => plain(cell.shown().reason.as_deref().unwrap_or_default()),
        _ => cell.verdicts(),
    };
    let name = match cell.outcome().is_fine() {
        true => cell.outcome().to_string(),
        false => format!("**{}**", cell.outcome()),
    };
    format!("{name} {more}").trim_end().to_owned()
}

/// What is known of a cell that is not as expected, folded away.
fn failure(cell: &Repeated<'_>, results: &Results, command: &str) -> String {
    let row = cell.shown();
    let title = format!(
        "{} {} on {}",
        cell.outcome(),
        inert(row.title()),
        program_name(results.program(row))
    );
    let census = row.census.as_ref().map(census_text::paragraph).unwrap_or_default();
    let text = census + &details(cell, results, command);
    // In `pre` only HTML is read, and none is left in the text.
    format!(
        "<details><summary>{}</summary>\n\n<pre>\n{}</pre>\n\n</details>\n\n",
        plain(&title),
        partial_escape(text.as_str())
    )
}

/// Text that is neither Markdown nor HTML: what could be is written as character references.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for character in inert(text).chars() {
        match character {
            '!' | '#' | '$' | '&' | '*' | '+' | '<' | '>' | '@' | '[' | '\\' | ']' | '_' | '`' | '{' | '|' | '}'
            | '~' => {
                plain += &format!("&#{};", u32::from(character));
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests;
