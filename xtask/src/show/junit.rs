//! A JUnit report: a test suite for each program, a test case for each run of a cell.
//!
//! Its elements and attributes are those that Jenkins' schema (`junit-10.xsd` of its xunit plugin) has.

use crate::base::text::{clip, command_line, inert, inert_lines};
use crate::results::cell_row::{CellRow, OutcomeName};
use crate::results::document::Results;
use crate::results::program_row::ProgramRow;
use crate::results::repeated::{Repeated, group};
use crate::show::census_text;
use crate::show::failure::details;
use crate::show::program_names::program_name;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::collections::BTreeSet;
use std::io;

/// The most of a transcript, or of standard error, that is attached, in bytes.
const ATTACHED: usize = 64 << 10;

/// A test case, before it is written.
#[derive(Debug)]
struct JunitCase {
    class: String,
    name: String,
    seconds: f64,
    status: Option<JunitStatus>,
    stdout: String,
    stderr: String,
}

impl JunitCase {
    /// One that is no run of a cell.
    fn of(class: &str, name: &str, status: JunitStatus) -> JunitCase {
        JunitCase {
            class: class.to_owned(),
            name: name.to_owned(),
            seconds: 0.0,
            status: Some(status),
            stdout: String::new(),
            stderr: String::new(),
        }
    }
}

/// Why a test case did not pass.
#[derive(Debug)]
struct JunitStatus {
    /// `failure`, `error` or `skipped`.
    element: &'static str,
    /// The outcome of the cell.
    kind: String,
    message: String,
    body: String,
}

impl JunitStatus {
    fn of(element: &'static str, kind: &str, message: &str) -> JunitStatus {
        JunitStatus {
            element,
            kind: kind.to_owned(),
            message: message.to_owned(),
            body: String::new(),
        }
    }
}

/// A test suite, before it is written.
#[derive(Debug)]
struct JunitSuite {
    name: String,
    properties: Vec<(&'static str, String)>,
    cases: Vec<JunitCase>,
}

/// The report, in UTF-8. `command` is the name that the program was called by.
pub fn junit(results: &Results, command: &str) -> io::Result<Vec<u8>> {
    let suites = suites(results, command);
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = || suites.iter().flat_map(|suite| &suite.cases);
    writer
        .create_element("testsuites")
        .with_attribute(("name", "wasm-leaks"))
        .with_attribute(("tests", all().count().to_string().as_str()))
        .with_attribute(("failures", count(all(), "failure").as_str()))
        .with_attribute(("errors", count(all(), "error").as_str()))
        .with_attribute(("time", seconds(all()).as_str()))
        .write_inner_content(|writer| suites.iter().try_for_each(|suite| write_suite(writer, suite, results)))?;
    let mut xml = writer.into_inner();
    xml.push(b'\n');
    Ok(xml)
}

fn suites(results: &Results, command: &str) -> Vec<JunitSuite> {
    let groups = group(&results.cells);
    let classes = class_names(&results.programs);
    let mut suites = Vec::new();
    for (index, program) in results.programs.iter().enumerate() {
        let of_program = groups.iter().filter(|cell| cell.runs[0].program == index);
        let cases = of_program.flat_map(|cell| cases(cell, &classes[index], results, command));
        suites.push(JunitSuite {
            name: program_name(program),
            properties: properties(program, results),
            cases: cases.collect(),
        });
    }
    suites.extend(results.missing.iter().map(|engine| missing(engine, results)));
    suites.extend(not_run(results));
    suites
}

/// The classes of test cases: `v8.d8`, or `v8.NAME` of a program with a name, the same for each version, so that a service finds the earlier results. Where a
/// run has several programs of that name, the title is added.
fn class_names(programs: &[ProgramRow]) -> Vec<String> {
    let short = |program: &ProgramRow| {
        let name = program.name.as_deref().unwrap_or(&program.shell);
        format!("{}.{}", program.engine, name.replace('.', "_"))
    };
    let mut names: Vec<String> = Vec::new();
    for program in programs {
        let is_alone = programs.iter().filter(|other| short(other) == short(program)).count() == 1;
        let name = match is_alone {
            true => short(program),
            // A dot would begin another part of a class.
            false => format!("{}.{}", program.engine, program.title.replace('.', "_")),
        };
        let name = inert(&name).into_owned();
        let same = programs[..names.len()]
            .iter()
            .filter(|other| other.title == program.title)
            .count();
        names.push(match same {
            0 => name,
            same => format!("{name} {}", same + 1),
        });
    }
    names
}

fn properties(program: &ProgramRow, results: &Results) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("engine", program.engine.clone()),
        ("program", program.program.clone()),
        ("version", program.version.clone().unwrap_or_default()),
        ("engine_version", program.engine_version.clone().unwrap_or_default()),
        ("flags", program.flags.join(" ")),
        ("name", program.name.clone().unwrap_or_default()),
        ("environment", command_line(program.variables())),
        ("features", program.features.join(" ")),
        ("tool", format!("wasm-leaks {}", results.tool)),
        ("os", results.os.clone()),
        ("arch", results.arch.clone()),
    ];
    all.retain(|(_, value)| !value.is_empty());
    all
}

/// The runs of a cell; and one more if these are as expected, and only their verdicts differ.
fn cases(cell: &Repeated<'_>, class: &str, results: &Results, command: &str) -> Vec<JunitCase> {
    let is_repeated = cell.runs.len() > 1;
    let one = |row: &CellRow| {
        let name = match is_repeated {
            true => format!("{} (run {})", row.case, row.run),
            false => row.case.clone(),
        };
        JunitCase {
            class: class.to_owned(),
            name,
            seconds: row.seconds,
            status: status(row, results, command),
            stdout: row.transcript.join("\n"),
            stderr: row.stderr.clone(),
        }
    };
    let mut all: Vec<JunitCase> = cell.runs.iter().map(|row| one(row)).collect();
    all.extend(cell.mixed().map(|message| {
        let name = format!("{} (all runs)", cell.runs[0].case);
        JunitCase::of(class, &name, JunitStatus::of("failure", "mixed verdicts", &message))
    }));
    all
}

fn status(row: &CellRow, results: &Results, command: &str) -> Option<JunitStatus> {
    let element = match row.outcome {
        OutcomeName::Ok => return None,
        OutcomeName::Failed => "failure",
        OutcomeName::Broke | OutcomeName::Inconclusive => "error",
        OutcomeName::Skipped => "skipped",
    };
    let body = match row.outcome {
        OutcomeName::Skipped => String::new(),
        _ => {
            let census = row.census.as_ref().map(census_text::paragraph).unwrap_or_default();
            census + &details(&Repeated { runs: vec![row] }, results, command)
        }
    };
    Some(JunitStatus {
        element,
        kind: row.outcome.to_string(),
        message: clip(row.reason.as_deref().unwrap_or_default()),
        body,
    })
}

/// The cases of an engine that was searched for and not found: skipped, so that nobody takes them for passed.
fn missing(engine: &str, results: &Results) -> JunitSuite {
    let names: BTreeSet<&str> = results.cells.iter().map(|row| row.case.as_str()).collect();
    let status = || JunitStatus::of("skipped", "missing", "there is no such engine here");
    let case = |name: &str| JunitCase::of(engine, name, status());
    JunitSuite {
        name: inert(engine).into_owned(),
        properties: Vec::new(),
        cases: names.into_iter().map(case).collect(),
    }
}

/// An error for the runs of cells that were planned and did not end.
fn not_run(results: &Results) -> Option<JunitSuite> {
    let message = match results.not_run() {
        0 => return None,
        count => format!("{count} of {} runs of cells did not end", results.planned),
    };
    let status = JunitStatus::of("error", "not run", &message);
    let case = JunitCase::of("wasm-leaks", "every cell ends", status);
    Some(JunitSuite {
        name: "wasm-leaks".to_owned(),
        properties: Vec::new(),
        cases: vec![case],
    })
}

fn write_suite(writer: &mut Writer<Vec<u8>>, suite: &JunitSuite, results: &Results) -> io::Result<()> {
    let mut element = writer
        .create_element("testsuite")
        .with_attribute(("name", attribute(&suite.name).as_str()))
        .with_attribute(("tests", suite.cases.len().to_string().as_str()))
        .with_attribute(("failures", count(&suite.cases, "failure").as_str()))
        .with_attribute(("errors", count(&suite.cases, "error").as_str()))
        .with_attribute(("skipped", count(&suite.cases, "skipped").as_str()))
        .with_attribute(("time", seconds(&suite.cases).as_str()));
    // Unknown in results that were read from version 1.
    if !results.started.is_empty() {
        element = element.with_attribute(("timestamp", attribute(&results.started).as_str()));
    }
    element.write_inner_content(|writer| {
        if !suite.properties.is_empty() {
            writer.create_element("properties").write_inner_content(|writer| {
                suite.properties.iter().try_for_each(|(name, value)| {
                    let property = writer.create_element("property").with_attribute(("name", *name));
                    property
                        .with_attribute(("value", attribute(value).as_str()))
                        .write_empty()?;
                    Ok(())
                })
            })?;
        }
        suite.cases.iter().try_for_each(|case| write_case(writer, case))
    })?;
    Ok(())
}

fn write_case(writer: &mut Writer<Vec<u8>>, case: &JunitCase) -> io::Result<()> {
    let element = writer
        .create_element("testcase")
        .with_attribute(("classname", attribute(&case.class).as_str()))
        .with_attribute(("name", attribute(&case.name).as_str()))
        .with_attribute(("time", format!("{:.3}", case.seconds).as_str()));
    element.write_inner_content(|writer| {
        if let Some(status) = &case.status {
            let element = writer
                .create_element(status.element)
                .with_attribute(("type", status.kind.as_str()))
                .with_attribute(("message", attribute(&status.message).as_str()));
            element.write_text_content(BytesText::new(&character_data(&status.body)))?;
        }
        for (name, text) in [("system-out", &case.stdout), ("system-err", &case.stderr)] {
            if !text.is_empty() {
                let text = character_data(end_of(text));
                writer.create_element(name).write_text_content(BytesText::new(&text))?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// The end of a text, from the begin of a line.
fn end_of(text: &str) -> &str {
    let Some(start) = text.len().checked_sub(ATTACHED) else {
        return text;
    };
    let start = (start..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len());
    let line = text[start..].find('\n').map_or(0, |feed| feed + 1);
    &text[start + line..]
}

/// Text for an attribute: a reader makes line feeds there spaces.
fn attribute(text: &str) -> String {
    without_noncharacters(&inert(text))
}

fn character_data(text: &str) -> String {
    without_noncharacters(&inert_lines(text))
}

/// XML 1.0 has neither control characters, which inert text has not either, nor these two.
fn without_noncharacters(text: &str) -> String {
    text.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

fn count<'a>(cases: impl IntoIterator<Item = &'a JunitCase>, element: &str) -> String {
    let is_it = |case: &&JunitCase| case.status.as_ref().is_some_and(|status| status.element == element);
    cases.into_iter().filter(is_it).count().to_string()
}

fn seconds<'a>(cases: impl IntoIterator<Item = &'a JunitCase>) -> String {
    // The sum of none is -0.
    format!("{:.3}", cases.into_iter().fold(0.0, |sum, case| sum + case.seconds))
}

#[cfg(test)]
mod tests;
