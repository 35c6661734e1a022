//! The table of cases × engines. It holds no times, so that two runs can be compared.

use crate::cell::judge::Outcome;
use crate::engine::search::Program;
use crate::engine::table::Engine;
use crate::results::repeat::Repeated;
use console::{Alignment, StyledObject, measure_text_width, pad_str, style};

/// Lays rows out in columns two spaces apart; the width of what is styled is that of its text.
pub fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column| {
        let cells = rows.iter().filter_map(move |row: &Vec<String>| row.get(column));
        cells.map(|cell: &String| measure_text_width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths);
        let padded: Vec<_> = padded
            .map(|(cell, width)| pad_str(cell, *width, Alignment::Left, None))
            .collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// A row a case, a column a program; engines that are missing come last.
pub fn table(cells: &[Repeated<'_>], programs: &[Program], missing: &[&Engine]) -> String {
    let mut header = vec![style("case").bold().to_string()];
    let title = |program: &Program| format!("{}: {program}", program.engine.name);
    header.extend(programs.iter().map(|program| style(title(program)).bold().to_string()));
    header.extend(missing.iter().map(|engine| style(engine.name).bold().to_string()));

    let mut rows = vec![header];
    for cells in cells.chunks(programs.len().max(1)) {
        let mut row = vec![cells[0].telling().cell.case.name.clone()];
        row.extend(cells.iter().map(cell));
        row.extend(missing.iter().map(|_| style("missing").yellow().to_string()));
        rows.push(row);
    }
    columns(&rows)
}

fn cell(cell: &Repeated<'_>) -> String {
    let said = match cell.outcome() {
        Outcome::Skipped(feature) => format!("no {feature}"),
        _ => cell.verdicts(),
    };
    let name = style(cell.outcome().name());
    let coloured: StyledObject<_> = match cell.outcome() {
        Outcome::Ok => name.green(),
        Outcome::Skipped(_) | Outcome::Inconclusive(_) => name.yellow(),
        Outcome::Failed(_) | Outcome::Broke(_) => name.red(),
    };
    format!("{coloured} {said}").trim_end().to_owned()
}

/// The counts of all outcomes, in one line.
pub fn summary(cells: &[Repeated<'_>], missing: usize, seconds: f64) -> String {
    let count = |name: &str| cells.iter().filter(|cell| cell.outcome().name() == name).count();
    let mut counts: Vec<(usize, &str)> = ["ok", "FAILED", "broke", "inconclusive", "skipped"]
        .into_iter()
        .map(|name| (count(name), name))
        .collect();
    counts.push((missing, "missing"));
    counts.retain(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.iter().map(|(count, name)| format!("{count} {name}")).collect();
    let cells = match cells.len() + missing {
        1 => "1 cell".to_owned(),
        cells => format!("{cells} cells"),
    };
    format!("{cells}: {}, in {seconds:.1} s", counts.join(", "))
}
