//! Which place an annotation has, and that nothing in it ends it.

use super::*;
use crate::measure::block_findings::BlockNotes;
use crate::measure::census::{Census, Kind, KindGrowth, What};
use crate::measure::census_events::PlaceFrame;
use crate::measure::verdict::Verdict;
use crate::results::cell_row::Side;
use crate::results::repeated::tests::{cell, results};
use serde_json::json;

fn failed(reason: &str) -> CellRow {
    CellRow {
        outcome: OutcomeName::Failed,
        reason: Some(reason.to_owned()),
        ..cell(0, "m0", 0)
    }
}

/// A user's own case in the directory `own/leak`, without an expectation.
fn own(row: CellRow) -> CellRow {
    CellRow {
        case: "own/leak".to_owned(),
        title: Some("leak".to_owned()),
        directory: Some("own/leak".to_owned()),
        script: "own/leak/test.mjs".to_owned(),
        expectation: None,
        ..row
    }
}

fn departing(place: &str) -> CellRow {
    let side = |place: &str| Side {
        line: Some("a line".to_owned()),
        place: place.to_owned(),
    };
    CellRow {
        departures: vec![DepartureRow::Transcript {
            expected: side(place),
            actual: side("line 1 of the transcript"),
        }],
        ..failed("expected …")
    }
}

fn threw(place: &str) -> CellRow {
    CellRow {
        telemetry: vec![json!({ "type": "threw", "text": "Error: x", "place": place })],
        ..failed(&format!("Error: x ({place})"))
    }
}

fn leaking(file: &str, line: u32, column: u32) -> CellRow {
    let name = String::new();
    let frame = PlaceFrame {
        name,
        file: file.to_owned(),
        line,
        column,
    };
    let kind = |stack| Kind {
        stack,
        ..Kind::of(What::Objects)
    };
    let growth = |stack| KindGrowth {
        kind: kind(stack),
        per_call: 1.0,
        fit: None,
    };
    CellRow {
        census: Some(Census {
            verdict: Verdict::Leaks,
            reader: "v8".to_owned(),
            calls: 1000,
            round: 100,
            readings: 10,
            unsettled: 0,
            grows: vec![growth(Vec::new()), growth(vec![frame])],
            stays: Vec::new(),
            doubt: None,
            stopped: None,
            blocks: BlockNotes::default(),
        }),
        ..failed("the verdict is `leaks`; expected `collected`")
    }
}

#[test]
fn the_place_is_the_one_that_is_wrong() {
    let broke = |row| CellRow {
        outcome: OutcomeName::Broke,
        ..row
    };
    for (row, expected) in [
        (departing("expected/m0.txt:4"), "file=expected/m0.txt,line=4"),
        (departing("expected/m0.txt"), "file=expected/m0.txt"),
        (
            own(departing("own/leak/expected.txt:2")),
            "file=own/leak/expected.txt,line=2",
        ),
        (
            threw("js/cases/m0/test.js:3:7"),
            "file=js/cases/m0/test.js,line=3,col=7",
        ),
        (own(threw("test.mjs:3:7")), "file=own/leak/test.mjs,line=3,col=7"),
        (own(threw("../pkg/./glue.js:3")), "file=own/pkg/glue.js,line=3"),
        (own(threw("../../../glue.js:3")), "file=../glue.js,line=3"),
        // What d8 prints of an error that comes as a script is loaded.
        (
            failed("js/cases/m0/test.js:9: SyntaxError: x"),
            "file=js/cases/m0/test.js,line=9",
        ),
        (failed("TypeError: 1: x"), "file=expected/m0.txt"),
        // A rejection that was handled is no reason.
        (
            CellRow {
                reason: Some("the end".to_owned()),
                ..threw("a.js:1")
            },
            "file=expected/m0.txt",
        ),
        (own(leaking("lib/a.js", 5, 3)), "file=own/leak/lib/a.js,line=5,col=3"),
        (own(leaking("lib/a.js", 0, 0)), "file=own/leak/lib/a.js"),
        (failed("the verdict is `leaks`"), "file=expected/m0.txt"),
        (own(failed("the verdict is `leaks`")), "file=own/leak/test.mjs"),
        (broke(failed("it crashed")), "file=js/cases/m0/test.js"),
        (broke(own(leaking("a.js", 1, 1))), "file=own/leak/test.mjs"),
    ] {
        let mut results = results(1);
        let title = format!("title={} {} on v8%3A p0 1.0::", row.outcome, row.title());
        results.cells.push(row);
        let text = annotations(&results, &PathBases::default(), "wasm-leaks");
        assert!(
            text.starts_with(&format!("::error {expected},{title}")),
            "{expected}: {text}"
        );
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn a_cell_that_is_fine_has_none_and_every_other_has_one() {
    let mut results = results(1);
    for (number, outcome) in OutcomeName::ALL.into_iter().enumerate() {
        results.cells.push(CellRow {
            outcome,
            ..cell(number, &format!("c{number}"), 0)
        });
    }
    let text = annotations(&results, &PathBases::default(), "wasm-leaks");
    assert_eq!(text.lines().count(), 3, "{text}");
    // Of repeated runs one, also if only their verdicts differ.
    let late = CellRow {
        verdict: Some(Verdict::Late),
        run: 2,
        ..cell(1, "m0", 0)
    };
    results.cells = vec![cell(0, "m0", 0), late];
    let text = annotations(&results, &PathBases::default(), "wasm-leaks");
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("the verdicts are mixed"), "{text}");
}

#[test]
fn paths_are_seen_from_the_root_of_the_repository() {
    let bases = PathBases {
        here: "a/b".to_owned(),
        checkout: "tools".to_owned(),
    };
    for (row, expected) in [
        (failed("x"), "file=tools/expected/m0.txt,"),
        (own(failed("x")), "file=a/b/own/leak/test.mjs,"),
        (
            own(CellRow {
                script: "../x".to_owned(),
                ..failed("x")
            }),
            "file=a/b/own/leak/test.mjs,",
        ),
        (
            CellRow {
                directory: Some("/w/x".to_owned()),
                script: "/w/x/test.js".to_owned(),
                ..broken()
            },
            "file=/w/x/test.js,",
        ),
        (
            CellRow {
                directory: Some("..".to_owned()),
                script: "../test.js".to_owned(),
                ..broken()
            },
            "file=a/test.js,",
        ),
    ] {
        let mut results = results(1);
        results.cells.push(row);
        let text = annotations(&results, &bases, "wasm-leaks");
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

fn broken() -> CellRow {
    CellRow {
        outcome: OutcomeName::Broke,
        ..failed("it crashed")
    }
}

#[test]
fn nothing_in_results_can_end_an_annotation() {
    let odd = "a,b:c::%\r\n::error file=x::y\u{1b}[31m\u{202e}";
    let mut results = results(1);
    results.programs[0].title = odd.to_owned();
    let mut row = threw(&format!("{odd}:3"));
    row.case = odd.to_owned();
    row.transcript = vec![odd.to_owned()];
    row.end = Some(crate::run::lifeline::End::Status(1));
    results.cells.push(row);
    let text = annotations(&results, &PathBases::default(), odd);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains(['\r', '\u{1b}', '\u{202e}']), "{text:?}");
    let (properties, message) = text.strip_prefix("::error ").unwrap().split_once("::").unwrap();
    let names: Vec<&str> = properties
        .split(',')
        .map(|property| property.split('=').next().unwrap())
        .collect();
    assert_eq!(names, ["file", "line", "title"]);
    assert!(
        properties.contains("a%2Cb%3Ac%3A%3A%25\\r\\n%3A%3Aerror file=x%3A%3Ay\\x1b[31m"),
        "{properties}"
    );
    assert!(message.contains("%25"), "{message}");
}
