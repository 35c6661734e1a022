//! A cell that is not as expected: the departure, its place, and how to run the cell alone.

use crate::base::text::{clip, inert, shell_word};
use crate::measure::verdict::Verdict;
use crate::results::cell_row::{CellRow, DepartureRow, OutcomeName, Side};
use crate::results::document::Results;
use crate::results::repeated::Repeated;
use crate::show::program_names::{program_name, short_names};
use crate::show::table::coloured;

/// The number of lines shown from the end of standard error.
const STDERR_LINES: usize = 10;

/// The number of lines shown from the end of the transcript.
const TRANSCRIPT_LINES: usize = 4;

/// The texts for standard error on the cells that are not as expected. Where programs fail in a case in the same way, to
/// the line, one text names them all. `command` is the name that the program was called by.
pub fn failures(cells: &[Repeated<'_>], results: &Results, command: &str) -> Vec<String> {
    let mut alike: Vec<(Failure<'_>, Vec<&Repeated<'_>>)> = Vec::new();
    for cell in cells.iter().filter(|cell| !cell.outcome().is_fine()) {
        let failure = Failure::of(cell);
        match alike.iter_mut().find(|(other, _)| *other == failure) {
            Some((_, cells)) => cells.push(cell),
            None => alike.push((failure, vec![cell])),
        }
    }
    let short = short_names(&results.programs);
    let text = |(failure, cells): &(Failure<'_>, Vec<&Repeated<'_>>)| {
        let name = coloured(failure.outcome).for_stderr().bold();
        let title = inert(cells[0].shown().title());
        let programs = match &cells[..] {
            [cell] => program_name(results.program(cell.shown())),
            _ => listed(cells.iter().map(|cell| short[cell.shown().program].as_str()).collect()),
        };
        let commands = commands(cells, results, command);
        format!("{name} {title} on {programs}\n{}{commands}", failure.facts)
    };
    alike.iter().map(text).collect()
}

/// How a cell fails; equal for cells of which one text tells all.
#[derive(PartialEq, Eq)]
struct Failure<'a> {
    case: &'a str,
    outcome: OutcomeName,
    facts: String,
    /// Whether it is to be explained.
    leaks: bool,
}

impl<'a> Failure<'a> {
    fn of(cell: &Repeated<'a>) -> Failure<'a> {
        Failure {
            case: &cell.shown().case,
            outcome: cell.outcome(),
            facts: facts(cell),
            leaks: leaks_unexpectedly(cell),
        }
    }
}

/// `d8, jsc and js102`
fn listed(mut names: Vec<&str>) -> String {
    let last = names.pop().unwrap_or_default();
    match names.is_empty() {
        true => last.to_owned(),
        false => format!("{} and {last}", names.join(", ")),
    }
}

/// What is known of a cell that is not as expected, indented, without colours.
pub fn details(cell: &Repeated<'_>, results: &Results, command: &str) -> String {
    facts(cell) + &commands(&[cell], results, command)
}

/// What it did.
fn facts(cell: &Repeated<'_>) -> String {
    let row = cell.shown();
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
    text
}

/// Whether it leaks where that is not expected, and its own text does not say what grows.
fn leaks_unexpectedly(cell: &Repeated<'_>) -> bool {
    let row = cell.shown();
    row.census.is_none() && cell.leaked() && !row.expected_verdicts.contains(&Verdict::Leaks)
}

/// The commands that look at cells of one case, which are not as expected in the same way.
fn commands(cells: &[&Repeated<'_>], results: &Results, command: &str) -> String {
    let again = |what: &str| {
        let case = shell_word(&cells[0].shown().case);
        let option = |cell: &&Repeated<'_>| format!(" --engine {}", results.program(cell.shown()).option);
        let options: String = cells.iter().map(option).collect();
        format!("{command} {what} {case}{options}")
    };
    let mut text = format!("  to run it alone: {}\n", again("test"));
    if leaks_unexpectedly(cells[0]) {
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
        let mut text = crate::show::table::table(&results, usize::MAX);
        text += &failures(&group(&results.cells), &results, "wasm-leaks").concat();
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(acts), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with('`')), "{text}");
        assert!(text.contains("x\\x1b]0;t\\x07\\n\\u{202e}"), "{text}");
    }

    #[test]
    fn programs_that_fail_alike_share_a_text() {
        console::set_colors_enabled_stderr(false);
        let mut results = results(4);
        for (row, shell) in results.programs.iter_mut().zip(["d8", "jsc", "js", "node"]) {
            row.shell = shell.to_owned();
            row.option = shell.to_owned();
        }
        let failed = |number: usize, case: &str, program, reason: &str| CellRow {
            outcome: OutcomeName::Failed,
            reason: Some(reason.to_owned()),
            ..cell(number, case, program)
        };
        results.cells = vec![
            failed(0, "m0", 0, "it is so"),
            failed(1, "m0", 1, "it is so"),
            failed(2, "m0", 2, "it is so"),
            failed(3, "m0", 3, "it is not so"),
            failed(4, "m1", 0, "it is so"),
        ];
        let texts = failures(&group(&results.cells), &results, "wasm-leaks");
        let [three, one, other] = &texts[..] else {
            panic!("three texts are expected: {texts:?}");
        };
        assert!(
            three.starts_with("FAILED m0 on d8, jsc and js\n  it is so\n"),
            "{three}"
        );
        assert!(
            three.contains("wasm-leaks test m0 --engine d8 --engine jsc --engine js\n"),
            "{three}"
        );
        assert!(
            one.starts_with("FAILED m0 on v8: ") && one.contains("  it is not so\n"),
            "{one}"
        );
        assert!(other.starts_with("FAILED m1 on v8: "), "{other}");
    }
}
