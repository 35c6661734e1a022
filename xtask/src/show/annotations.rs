//! Annotations of GitHub Actions: a workflow command for each cell that is not as expected, with the file and the line
//! that are wrong.

use crate::base::text::{clip, inert, inert_lines};
use crate::results::cell_row::{CellRow, DepartureRow, OutcomeName};
use crate::results::document::Results;
use crate::results::repeated::{Repeated, group};
use crate::show::census_text;
use crate::show::failure::details;
use crate::show::place_text::own_function;
use crate::show::program_names::program_name;
use regex::Regex;
use std::sync::LazyLock;

/// What the paths in results begin at, as seen from the root of the repository: empty, or a directory.
#[derive(Debug, Default)]
pub struct PathBases {
    /// The current directory, of a user's own cases.
    pub here: String,
    /// The root of the checkout.
    pub checkout: String,
}

/// A file, and what is known of the place in it.
#[derive(Debug, Default, PartialEq, Eq)]
struct FilePlace {
    file: String,
    line: Option<String>,
    column: Option<String>,
}

/// A line for each cell that is not as expected. `command` is the name that the program was called by.
pub fn annotations(results: &Results, bases: &PathBases, command: &str) -> String {
    let groups = group(&results.cells);
    let wrong = groups.iter().filter(|cell| !cell.outcome().is_fine());
    wrong.map(|cell| annotation(cell, results, bases, command)).collect()
}

fn annotation(cell: &Repeated<'_>, results: &Results, bases: &PathBases, command: &str) -> String {
    let row = cell.shown();
    let program = program_name(results.program(row));
    let place = place(row);
    let base = match &row.directory {
        Some(_) => &bases.here,
        None => &bases.checkout,
    };
    let title = format!("{} {} on {program}", cell.outcome(), clip(row.title()));
    let file = Some(joined(base, &place.file)).filter(|file| !file.is_empty());
    let all = [
        ("file", file),
        ("line", place.line),
        ("col", place.column),
        ("title", Some(title)),
    ];
    let properties: Vec<String> = all
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", property(&value?))))
        .collect();
    format!(
        "::error {}::{}\n",
        properties.join(","),
        data(&message(cell, results, command))
    )
}

fn message(cell: &Repeated<'_>, results: &Results, command: &str) -> String {
    let census = cell.shown().census.as_ref().map(census_text::paragraph);
    let text = census.unwrap_or_default() + &details(cell, results, command);
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.strip_prefix("  ").unwrap_or(line))
        .collect();
    lines.join("\n")
}

/// The place that is wrong: the line expected; where an error came; where what leaks is made; else the file that says
/// what is expected, or the script.
fn place(row: &CellRow) -> FilePlace {
    let transcript = row.departures.iter().find_map(|departure| match departure {
        DepartureRow::Transcript { expected, .. } => parsed(&expected.place),
        DepartureRow::Other { .. } => None,
    });
    let script = || FilePlace {
        file: row.script.clone(),
        ..FilePlace::default()
    };
    let expectation = || FilePlace {
        file: row.expectation.clone().unwrap_or_default(),
        ..FilePlace::default()
    };
    let is_failed = row.outcome == OutcomeName::Failed;
    transcript
        .or_else(|| error_place(row))
        .or_else(|| leak_place(row))
        .or_else(|| Some(expectation()).filter(|place| is_failed && !place.file.is_empty()))
        .unwrap_or_else(script)
}

/// Where the error came that is a reason why the cell is not as expected.
fn error_place(row: &CellRow) -> Option<FilePlace> {
    let reason = row.reason.as_deref()?;
    let reported = row.telemetry.iter().filter_map(|event| event.get("place")?.as_str());
    // d8 prints the place before an error that comes as a script is loaded.
    let printed = || PRINTED.captures(reason).map(|found| found[1].to_owned());
    let place = reported
        .filter(|place| !place.is_empty() && reason.contains(place))
        .map(str::to_owned)
        .next()
        .or_else(printed)?;
    parsed(&place).map(|place| in_directory(row, place))
}

static PRINTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([^\s:]\S*\.[a-z]+:\d+): ").expect("the pattern is a constant"));

/// Where the user's innermost function made what grows.
fn leak_place(row: &CellRow) -> Option<FilePlace> {
    let census = row.census.as_ref().filter(|_| row.outcome == OutcomeName::Failed)?;
    let frame = census
        .grows
        .iter()
        .find_map(|growth| own_function(&growth.kind.stack))?;
    let place = FilePlace {
        file: frame.file.clone(),
        line: (frame.line > 0).then(|| frame.line.to_string()),
        column: (frame.column > 0).then(|| frame.column.to_string()),
    };
    Some(in_directory(row, place))
}

/// A place in the files of a case, as its script's path is seen.
fn in_directory(row: &CellRow, place: FilePlace) -> FilePlace {
    FilePlace {
        file: joined(row.directory.as_deref().unwrap_or_default(), &place.file),
        ..place
    }
}

static PLACE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)^(.+?)(?::(\d+))?(?::(\d+))?$").expect("the pattern is a constant"));

/// `test.mjs`, `test.mjs:4`, `test.mjs:4:8`
fn parsed(place: &str) -> Option<FilePlace> {
    let found = PLACE.captures(place)?;
    let part = |index| found.get(index).map(|part| part.as_str().to_owned());
    Some(FilePlace {
        file: part(1)?,
        line: part(2),
        column: part(3),
    })
}

/// A path below a directory, without `.` and, where that is possible, `..`. An absolute path stays.
fn joined(directory: &str, path: &str) -> String {
    let whole = match path.starts_with('/') || directory.is_empty() {
        true => path.to_owned(),
        false => format!("{directory}/{path}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let root = if whole.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// A value of a property: between commas, and before the next colon.
fn property(text: &str) -> String {
    data(&inert(text)).replace(':', "%3A").replace(',', "%2C")
}

/// The text of an annotation, in one line.
fn data(text: &str) -> String {
    inert_lines(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests;
