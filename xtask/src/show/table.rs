//! The table of cases × programs. It contains no times, so that two runs can be compared.

use crate::base::text::{clip, inert};
use crate::results::cell_row::OutcomeName;
use crate::results::document::Results;
use crate::results::repeated::{Repeated, cases, group};
use crate::show::columns::columns;
use console::{StyledObject, style};

/// A row for each case, a column for each program; missing engines come last.
pub fn table(results: &Results) -> String {
    let mut header = vec![style("case").bold().to_string()];
    for program in &results.programs {
        let title = format!("{}: {}", program.engine, inert(&program.title));
        header.push(style(title).bold().to_string());
    }
    let missing = results.missing.iter();
    header.extend(missing.map(|engine| style(inert(engine)).bold().to_string()));

    let groups = group(&results.cells);
    let mut rows = vec![header];
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
    columns(&rows)
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
