//! What the report says, and that it has only what the schema and XML 1.0 allow.

use super::*;
use crate::measure::verdict::Verdict;
use crate::results::repeated::tests::{cell, results};
use quick_xml::Reader;
use quick_xml::events::BytesStart;
use std::collections::BTreeMap;

/// The rules of the schema: an element, the one it stands in, the attributes that it must have, and others that it may.
type Rule = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);
const RULES: [Rule; 9] = [
    (
        "testsuites",
        &[""],
        &[],
        &["name", "tests", "failures", "errors", "time"],
    ),
    (
        "testsuite",
        &["testsuites"],
        &["name", "tests", "failures", "errors"],
        &["skipped", "time", "timestamp", "hostname", "id", "package"],
    ),
    ("properties", &["testsuite"], &[], &[]),
    ("property", &["properties"], &["name", "value"], &[]),
    ("testcase", &["testsuite"], &["name"], &["classname", "time", "group"]),
    ("failure", &["testcase"], &[], &["type", "message"]),
    ("error", &["testcase"], &[], &["type", "message"]),
    ("skipped", &["testcase"], &[], &["type", "message"]),
    ("system-out system-err", &["testcase"], &[], &[]),
];

/// An element that was read: its name and attributes.
type Element = (String, BTreeMap<String, String>);

fn element(start: &BytesStart<'_>, parent: &str) -> Element {
    let name = String::from_utf8(start.name().as_ref().to_vec()).unwrap();
    let attributes: BTreeMap<String, String> = start
        .attributes()
        .map(|attribute| {
            let attribute = attribute.unwrap();
            let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
            let raw = String::from_utf8(attribute.value.to_vec()).unwrap();
            (key, quick_xml::escape::unescape(&raw).unwrap().into_owned())
        })
        .collect();
    let rule = RULES.iter().find(|rule| rule.0.split(' ').any(|known| known == name));
    let (_, parents, required, others) = rule.unwrap_or_else(|| panic!("{name} is no element of the schema"));
    assert!(parents.contains(&parent), "{name} in {parent}");
    assert!(
        required.iter().all(|key| attributes.contains_key(*key)),
        "{name}: {attributes:?}"
    );
    let is_known = |key: &String| required.contains(&key.as_str()) || others.contains(&key.as_str());
    assert!(attributes.keys().all(is_known), "{name}: {attributes:?}");
    let is_time = |time: &String| time.chars().all(|c| c.is_ascii_digit() || c == '.');
    assert!(attributes.get("time").is_none_or(is_time), "{name}: {attributes:?}");
    (name, attributes)
}

/// Reads a report, and checks it by the rules.
fn read(xml: &[u8]) -> Vec<Element> {
    let text = std::str::from_utf8(xml).unwrap();
    let is_char =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(is_char), "{text:?}");
    assert!(!text.contains("]]>"), "{text}");
    let mut reader = Reader::from_str(text);
    let mut open = vec![String::new()];
    let mut found = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                found.push(element(&start, open.last().unwrap()));
                open.push(found.last().unwrap().0.clone());
            }
            Event::Empty(start) => found.push(element(&start, open.last().unwrap())),
            Event::End(_) => {
                open.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open.len(), 1);
    found
}

fn attributes(found: &[Element], name: &str, key: &str) -> Vec<String> {
    let of_name = found.iter().filter(|(element, _)| element == name);
    of_name
        .filter_map(|(_, attributes)| attributes.get(key).cloned())
        .collect()
}

fn with(outcome: OutcomeName, row: CellRow) -> CellRow {
    CellRow {
        outcome,
        reason: (outcome != OutcomeName::Ok).then(|| format!("because it {outcome}")),
        ..row
    }
}

#[test]
fn each_outcome_is_told_apart() {
    let mut results = results(2);
    results.missing.push("jsc".to_owned());
    for (number, outcome) in OutcomeName::ALL.into_iter().enumerate() {
        results
            .cells
            .push(with(outcome, cell(number, &format!("c{number}"), 0)));
    }
    results.cells.push(cell(5, "c0", 1));
    results.planned = 8;
    let found = read(&junit(&results, "wasm-leaks").unwrap());
    let all = |name: &str, key: &str| attributes(&found, name, key);
    assert_eq!(all("testsuites", "tests"), ["12"]);
    assert_eq!(
        all("testsuite", "name"),
        ["v8: p0 1.0", "v8: p1 1.0", "jsc", "wasm-leaks"]
    );
    assert_eq!(all("testsuite", "tests"), ["5", "1", "5", "1"]);
    assert_eq!(all("testsuite", "failures"), ["1", "0", "0", "0"]);
    assert_eq!(all("testsuite", "errors"), ["2", "0", "0", "1"]);
    assert_eq!(all("testsuite", "skipped"), ["1", "0", "5", "0"]);
    assert_eq!(all("failure", "type"), ["FAILED"]);
    assert_eq!(all("error", "type"), ["broke", "inconclusive", "not run"]);
    assert_eq!(all("skipped", "type")[..2], ["skipped", "missing"]);
    assert_eq!(all("failure", "message"), ["because it FAILED"]);
    assert_eq!(all("error", "message")[2], "2 of 8 runs of cells did not end");
    assert_eq!(all("testcase", "time")[0], "1.000");
}

#[test]
fn a_run_that_ended_before_its_first_cell_is_an_error() {
    let mut results = results(1);
    results.planned = 3;
    let found = read(&junit(&results, "wasm-leaks").unwrap());
    assert_eq!(
        attributes(&found, "error", "message"),
        ["3 of 3 runs of cells did not end"]
    );
    assert_eq!(attributes(&found, "testsuite", "time"), ["0.000", "0.000"]);
}

#[test]
fn runs_have_a_number_and_mixed_verdicts_are_a_failure() {
    let mut results = results(1);
    results.cells = vec![
        cell(0, "m0", 0),
        CellRow {
            run: 2,
            ..cell(1, "m0", 0)
        },
    ];
    let names = |results: &Results| attributes(&read(&junit(results, "wasm-leaks").unwrap()), "testcase", "name");
    assert_eq!(names(&results), ["m0 (run 1)", "m0 (run 2)"]);
    results.cells[1].verdict = Some(Verdict::Late);
    assert_eq!(names(&results), ["m0 (run 1)", "m0 (run 2)", "m0 (all runs)"]);
    let found = read(&junit(&results, "wasm-leaks").unwrap());
    assert_eq!(attributes(&found, "failure", "type"), ["mixed verdicts"]);
}

#[test]
fn two_programs_have_no_class_in_common() {
    for (programs, expected) in [
        (
            &[("v8", "d8", "d8 10.2"), ("jsc", "jsc", "jsc 2.1")][..],
            &["v8.d8", "jsc.jsc"][..],
        ),
        (
            &[("v8", "d8", "d8 10.2"), ("v8", "node", "node 20.1")],
            &["v8.d8", "v8.node"],
        ),
        (
            &[("v8", "d8", "d8 10.2"), ("v8", "d8", "d8 11.0")],
            &["v8.d8 10_2", "v8.d8 11_0"],
        ),
        (
            &[("v8", "d8", "d8 10.2"), ("v8", "d8", "d8 10.2")],
            &["v8.d8 10_2", "v8.d8 10_2 2"],
        ),
    ] {
        let program = |(engine, shell, title): &(&str, &str, &str)| ProgramRow {
            name: None,
            engine: (*engine).to_owned(),
            shell: (*shell).to_owned(),
            title: (*title).to_owned(),
            ..results(1).programs.remove(0)
        };
        let programs: Vec<ProgramRow> = programs.iter().map(program).collect();
        assert_eq!(class_names(&programs), expected);
    }
}

#[test]
fn nothing_in_results_can_leave_its_place() {
    let odd = "]]>\u{1b}[31m\0\u{7}\u{fffe}\u{ffff}\u{202e}\r\n\t\"'<!--<script>&amp;&#0;</testcase>\u{85}\u{1f600}";
    let mut results = results(1);
    results.started = odd.to_owned();
    results.missing.push(odd.to_owned());
    results.programs[0].title = odd.to_owned();
    results.programs[0].program = odd.to_owned();
    let mut row = with(OutcomeName::Failed, cell(0, odd, 0));
    row.reason = Some(odd.to_owned());
    row.transcript = vec![odd.to_owned()];
    row.stderr = odd.to_owned();
    results.cells.push(row);
    let found = read(&junit(&results, odd.lines().next().unwrap()).unwrap());
    let shown =
        "]]>\\x1b[31m\\x00\\x07\\u{fffe}\\u{ffff}\\u{202e}\\r\\n\t\"'<!--<script>&amp;&#0;</testcase>\\u{85}\u{1f600}";
    assert_eq!(attributes(&found, "testcase", "name"), [shown, shown]);
    assert_eq!(attributes(&found, "failure", "message"), [shown]);
    assert_eq!(found.iter().filter(|(name, _)| name.starts_with("system-")).count(), 2);
}

#[test]
fn of_long_output_the_end_is_attached() {
    let line = "äöü\n";
    let long = line.repeat(2 * ATTACHED / line.len());
    let end = end_of(&long);
    assert!(
        end.len() <= ATTACHED && end.len() > ATTACHED - line.len(),
        "{}",
        end.len()
    );
    assert!(end.starts_with("äöü\n"));
    assert_eq!(end_of("short"), "short");
    // One line alone is cut between characters.
    assert!(end_of(&"ä".repeat(ATTACHED)).len() <= ATTACHED);
}

#[test]
fn a_program_with_a_name_has_a_class_of_its_own() {
    let plain = results(1).programs.remove(0);
    let named = ProgramRow {
        name: Some("stress-1.2".to_owned()),
        title: "stress-1.2 (p0 1.0)".to_owned(),
        ..plain.clone()
    };
    assert_eq!(class_names(&[plain, named]), ["v8.d8", "v8.stress-1_2"]);
}
