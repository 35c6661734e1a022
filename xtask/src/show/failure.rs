//! A cell that is not as expected: the departure, its place, and how to run the cell alone.

use crate::base::text::{clip, inert, shell_word};
use crate::measure::verdict::Verdict;
use crate::results::cell_row::{CellRow, DepartureRow, OutcomeName, Side};
use crate::results::document::Results;
use crate::results::program_row::ProgramRow;
use crate::results::repeated::Repeated;
use crate::show::table::coloured;

/// The number of lines shown from the end of standard error.
const STDERR_LINES: usize = 10;

/// The number of lines shown from the end of the transcript.
const TRANSCRIPT_LINES: usize = 4;

/// The text for standard error; `None` if the cell is as expected. `command` is the name that the program was called by.
pub fn failure(cell: &Repeated<'_>, results: &Results, command: &str) -> Option<String> {
    if cell.outcome().is_fine() {
        return None;
    }
    let row = cell.shown();
    let name = coloured(cell.outcome()).for_stderr().bold();
    let program = program_name(results.program(row));
    let details = details(cell, results, command);
    Some(format!("{name} {} on {program}\n{details}", inert(row.title())))
}

/// `v8: d8 10.2.154.26`, inert.
pub fn program_name(program: &ProgramRow) -> String {
    format!("{}: {}", inert(&program.engine), inert(&program.title))
}

/// What is known of a cell that is not as expected, indented, without colours.
pub fn details(cell: &Repeated<'_>, results: &Results, command: &str) -> String {
    let row = cell.shown();
    let program = results.program(row);
    let mut text = reasons(row);
    if let Some(mixed) = cell.mixed() {
        text += &format!("  {mixed}\n");
    }
    if let Some(numbers) = &row.numbers {
        text += &format!("  the numbers: {numbers}\n");
    }
    // Of runs that are as expected one by one what they printed is not the trouble.
    let is_told = row.census.is_some() && row.transcript.is_empty() || row.outcome.is_fine();
    if row.end.is_some() && !is_told {
        text += &end_of(
            "the transcript",
            row.transcript.iter().map(String::as_str),
            TRANSCRIPT_LINES,
        );
        if !row.stderr.is_empty() {
            text += &end_of("standard error", row.stderr.lines(), STDERR_LINES);
        }
    }
    let again = |what: &str| {
        let case = shell_word(&row.case);
        format!("{command} {what} {case} --engine {}", program.option)
    };
    text += &format!("  to run it alone: {}\n", again("test"));
    if row.census.is_none() && cell.leaked() && !row.expected_verdicts.contains(&Verdict::Leaks) {
        text += &format!("  what keeps it alive: {}\n", again("explain"));
    }
    text
}

/// Why the cell is not as expected, indented: its departures, or its reason.
pub fn reasons(row: &CellRow) -> String {
    if row.outcome == OutcomeName::Failed && !row.departures.is_empty() {
        return row.departures.iter().map(departure).collect();
    }
    let reason = row.reason.as_deref();
    reason.map_or(String::new(), |reason| format!("  {}\n", clip(reason)))
}

/// The expected and the actual line, and their places.
fn departure(departure: &DepartureRow) -> String {
    match departure {
        DepartureRow::Other { text } => format!("  {}\n", clip(text)),
        DepartureRow::Transcript { expected, actual } => {
            let side = |side: &Side| {
                let line = side.line.as_deref().map_or("the end".to_owned(), clip);
                format!("{line}\n            ({})\n", clip(&side.place))
            };
            format!("  expected: {}  actual:   {}", side(expected), side(actual))
        }
    }
}

/// The last lines of some output.
fn end_of<'a>(what: &str, lines: impl DoubleEndedIterator<Item = &'a str>, count: usize) -> String {
    let mut end: Vec<&str> = lines.rev().take(count).collect();
    if end.is_empty() {
        return format!("  {what} is empty\n");
    }
    end.reverse();
    let shown: String = end.iter().map(|line| format!("    {}\n", clip(line))).collect();
    format!("  the end of {what}:\n{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::group;
    use crate::results::repeated::tests::{cell, results};

    #[test]
    fn nothing_in_results_can_forge_a_line_or_steer_a_terminal() {
        let odd = "x\u{1b}]0;t\u{7}\n\u{202e}`|<script>";
        let side = || Side {
            line: Some(odd.to_owned()),
            place: odd.to_owned(),
        };
        let mut results = results(1);
        results.programs[0].title = odd.to_owned();
        let mut row = cell(0, odd, 0);
        row.outcome = OutcomeName::Failed;
        row.verdict = Some(Verdict::Leaks);
        row.departures = vec![
            DepartureRow::Other { text: odd.to_owned() },
            DepartureRow::Transcript {
                expected: side(),
                actual: side(),
            },
        ];
        row.transcript = vec![odd.to_owned()];
        row.stderr = odd.to_owned();
        row.end = Some(crate::run::lifeline::End::Status(1));
        results.cells.push(row.clone());
        row.outcome = OutcomeName::Broke;
        row.reason = Some(odd.to_owned());
        results.cells.push(CellRow {
            program: 0,
            run: 2,
            ..row
        });
        console::set_colors_enabled_stderr(false);
        console::set_colors_enabled(false);
        let mut text = crate::show::table::table(&results);
        for cell in group(&results.cells) {
            text += &failure(&cell, &results, "wasm-leaks").unwrap();
        }
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(acts), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with('`')), "{text}");
        assert!(text.contains("x\\x1b]0;t\\x07\\n\\u{202e}"), "{text}");
    }
}
