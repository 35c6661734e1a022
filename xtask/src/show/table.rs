//! The table of cases × programs. It contains no times, so that two runs can be compared.

use crate::base::text::{clip, inert};
use crate::results::cell_row::OutcomeName;
use crate::results::document::Results;
use crate::results::repeated::{Repeated, cases, group};
use crate::show::columns::{self, columns};
use crate::show::program_names::{program_name, short_names};
use console::{Alignment, StyledObject, pad_str, style};

/// The outcomes of all cells, in lines of at most this width if that is possible: a row for each case and a column for
/// each program, missing engines last; where that is too wide, with short names and a legend; and where that is too
/// wide as well, a group of lines for each case.
pub fn table(results: &Results, width: usize) -> String {
    let rows = rows(results);
    let full: Vec<String> = results.programs.iter().map(program_name).collect();
    let side_by_side = columns(&with_header(&full, results, &rows));
    if columns::width(&side_by_side) <= width {
        return side_by_side;
    }
    let short = short_names(&results.programs);
    let narrow = columns(&with_header(&short, results, &rows));
    let legend: Vec<Vec<String>> = short
        .into_iter()
        .zip(&full)
        .map(|(short, full)| vec![short, full.clone()])
        .collect();
    let legend = columns(&legend);
    if columns::width(&narrow) <= width {
        return format!("{legend}\n{narrow}");
    }
    grouped(&full, results, &rows)
}

/// The cells of each case: its title, then the outcome on each program, and on each missing engine.
fn rows(results: &Results) -> Vec<Vec<String>> {
    let groups = group(&results.cells);
    let mut rows = Vec::new();
    for (case, title) in cases(&results.cells) {
        let mut row = vec![inert(title).into_owned()];
        for program in 0..results.programs.len() {
            let of_both =
                |group: &&Repeated<'_>| (group.runs[0].case.as_str(), group.runs[0].program) == (case, program);
            let absent = || style(absent(results)).yellow().to_string();
            row.push(groups.iter().find(of_both).map_or_else(absent, cell));
        }
        row.extend(results.missing.iter().map(|_| style("missing").yellow().to_string()));
        rows.push(row);
    }
    rows
}

/// The names over the columns, and the rows.
fn with_header(programs: &[String], results: &Results, rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let missing = results.missing.iter().map(|engine| inert(engine).into_owned());
    let names = ["case".to_owned()]
        .into_iter()
        .chain(programs.iter().cloned())
        .chain(missing);
    let header = names.map(|name| style(name).bold().to_string()).collect();
    [vec![header], rows.to_vec()].concat()
}

/// The title of each case, and below it a line for each program.
fn grouped(programs: &[String], results: &Results, rows: &[Vec<String>]) -> String {
    let missing = results.missing.iter().map(|engine| inert(engine).into_owned());
    let names: Vec<String> = programs
        .iter()
        .cloned()
        .chain(missing)
        .map(|name| format!("  {name}"))
        .collect();
    let mut lines = Vec::new();
    for row in rows {
        let (title, cells) = row
            .split_first()
            .map_or(("", row.as_slice()), |(title, cells)| (title, cells));
        // A title is no part of a column.
        lines.push((style(title).bold().to_string(), None));
        lines.extend(names.iter().cloned().zip(cells.iter().cloned().map(Some)));
    }
    let width = names.iter().map(|name| columns::width(name)).max().unwrap_or(0);
    let line = |(name, cell): (String, Option<String>)| match cell {
        Some(cell) => format!("{}  {cell}\n", pad_str(&name, width, Alignment::Left, None)),
        None => format!("{name}\n"),
    };
    lines.into_iter().map(line).collect()
}

/// What a table has where there is no cell.
pub fn absent(results: &Results) -> &'static str {
    match results.partition {
        Some(_) => "in another part",
        None => "not run",
    }
}

fn cell(cell: &Repeated<'_>) -> String {
    let outcome = cell.outcome();
    let more = match outcome {
        OutcomeName::Skipped => clip(cell.shown().reason.as_deref().unwrap_or_default()),
        _ => cell.verdicts(),
    };
    format!("{} {more}", coloured(outcome)).trim_end().to_owned()
}

/// The outcome's name in its colour.
pub fn coloured(outcome: OutcomeName) -> StyledObject<OutcomeName> {
    let name = style(outcome);
    match outcome {
        OutcomeName::Ok => name.green(),
        OutcomeName::Skipped | OutcomeName::Inconclusive => name.yellow(),
        OutcomeName::Failed | OutcomeName::Broke => name.red(),
    }
}

/// A cell in a line: `ok m0 on v8 1.2 s`. The name is inert in it.
pub fn status_line(outcome: OutcomeName, name: &str, seconds: f64) -> String {
    format!("{} {} {seconds:.1} s", coloured(outcome).for_stderr(), inert(name))
}

/// The line of a cell, with the time of all its runs.
pub fn repeated_line(cell: &Repeated<'_>, results: &Results) -> String {
    let row = cell.shown();
    let name = format!("{} on {}", row.title(), results.program(row).engine);
    let seconds = cell.runs.iter().map(|run| run.seconds).sum();
    status_line(cell.outcome(), &name, seconds)
}

/// The counts of all outcomes, in one line.
pub fn summary(results: &Results, seconds: f64) -> String {
    let groups = group(&results.cells);
    let count = |name| groups.iter().filter(|cell| cell.outcome() == name).count();
    let mut counts: Vec<(usize, String)> = OutcomeName::ALL.map(|name| (count(name), name.to_string())).into();
    let missing = cases(&results.cells).len() * results.missing.len();
    counts.push((missing, "missing".to_owned()));
    counts.retain(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.iter().map(|(count, name)| format!("{count} {name}")).collect();
    let cells = match groups.len() + missing {
        1 => "1 cell".to_owned(),
        cells => format!("{cells} cells"),
    };
    match counts.is_empty() {
        true => format!("{cells}, in {seconds:.1} s"),
        false => format!("{cells}: {}, in {seconds:.1} s", counts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::tests::{cell, results};

    #[test]
    fn the_layout_is_the_first_that_fits() {
        console::set_colors_enabled(false);
        let mut results = results(2);
        for (row, (shell, title)) in results
            .programs
            .iter_mut()
            .zip([("d8", "d8 10.2.154.26"), ("漢", "漢 2.50.6")])
        {
            row.shell = shell.to_owned();
            row.title = title.to_owned();
        }
        results.missing = vec!["jsc".to_owned()];
        results.cells = vec![cell(0, "m0", 0), cell(1, "m0", 1), cell(2, "m1", 1)];
        let engines: Vec<&str> = results.programs.iter().map(|row| row.engine.as_str()).collect();
        assert_eq!(engines, ["v8", "v8"]);
        let full = table(&results, usize::MAX);
        let width = columns::width(&full);
        assert_eq!(table(&results, width), full);
        assert_eq!(full.lines().count(), 3, "{full}");
        let narrow = table(&results, width - 1);
        assert!(
            narrow.starts_with("d8  v8: d8 10.2.154.26\n漢  v8: 漢 2.50.6\n\ncase  d8 "),
            "{narrow}"
        );
        assert_eq!(narrow.lines().count(), 6, "{narrow}");
        let cells = narrow.split_once("\n\n").unwrap().1;
        let least = columns::width(cells);
        assert_eq!(table(&results, least), narrow);
        let grouped = table(&results, least - 1);
        let outcome = cells.lines().last().unwrap().trim_end();
        assert!(outcome.contains("not run"), "{outcome}");
        assert!(grouped.starts_with("m0\n  v8: d8 10.2.154.26  ok"), "{grouped}");
        // A wide letter counts as two columns.
        assert!(grouped.contains("\n  v8: 漢 2.50.6       ok"), "{grouped}");
        assert!(grouped.ends_with("\n  jsc                 missing\n"), "{grouped}");
        assert_eq!(grouped.lines().count(), 8, "{grouped}");
        assert_eq!(table(&results, 1), grouped);
    }

    #[test]
    fn a_missing_engine_counts_once_for_each_case() {
        let missing = ["jsc", "spidermonkey"].map(str::to_owned);
        // An interrupted run, and two programs that did not run the same cases, as merged records have them.
        for (cells, expected) in [
            (vec![], "0 cells, in 1.0 s"),
            (vec![cell(0, "m0", 0)], "3 cells: 1 ok, 2 missing, in 1.0 s"),
            (
                vec![cell(0, "m0", 0), cell(1, "m1", 0), cell(2, "m0", 1)],
                "7 cells: 3 ok, 4 missing, in 1.0 s",
            ),
        ] {
            let mut results = results(2);
            results.missing = missing.to_vec();
            results.cells = cells;
            assert_eq!(summary(&results, 1.0), expected);
        }
    }
}
