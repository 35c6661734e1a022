//! The output, and its streams.

use crate::world::{Answer, D8, JSC, M0, World};
use std::process::Stdio;

#[test]
fn in_a_pipe_the_table_alone_is_on_standard_output() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, &["say nothing of the kind"]);
    let expected = "\
case  v8: d8 10.0.1  jsc: jsc 2.1         spidermonkey
m0    ok collected   FAILED inconclusive  missing
";
    for jobs in ["1", "4"] {
        let answer = world.run(&["test", "--jobs", jobs]);
        answer.expect(1, &["3 cells: 1 ok, 1 FAILED, 1 missing"]);
        assert_eq!(answer.stdout, expected);
    }
}

#[test]
fn colour_can_be_asked_for_and_refused() {
    let world = World::new();
    world.engine("d8", D8, M0);
    let world = world.set("CLICOLOR_FORCE", "1");
    assert!(world.run(&["test"]).stdout.contains("\u{1b}["));
    let world = world.set("CLICOLOR_FORCE", "0").set("NO_COLOR", "1");
    assert!(!world.run(&["test"]).stdout.contains("\u{1b}["));
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    let world = World::new();
    world.engine("d8", D8, M0);
    for (arguments, status) in [(&["test"][..], 0), (&["engines"], 0), (&["--help"], 0)] {
        let (reader, writer) = os_pipe::pipe().unwrap();
        drop(reader);
        let output = world.xtask(arguments).stdout(Stdio::from(writer)).output().unwrap();
        let answer = Answer::of(output);
        answer.expect(status, &[]);
        assert!(!answer.stderr.contains("error"), "{}", answer.stderr);
    }
}

#[test]
fn a_standard_output_that_is_full_is_an_error() {
    let Ok(full) = std::fs::File::create("/dev/full") else {
        return;
    };
    let world = World::new();
    world.engine("d8", D8, M0);
    let output = world.xtask(&["test"]).stdout(full).output().unwrap();
    Answer::of(output).expect(2, &["failed to write to standard output"]);
}

#[test]
fn json_holds_the_facts_of_every_cell() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, &["say hello", "complain ouch"]);
    world.run(&["test", "--json", "r.json"]).expect(1, &[]);
    let json = std::fs::read(world.checkout.join("r.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["schema"], "wasm-leaks/results");
    assert_eq!(json["version"], 3);
    assert_eq!(json["planned"], 2);
    assert_eq!(json["missing"], serde_json::json!(["spidermonkey"]));
    assert_eq!(json["programs"][0]["version"], "10.0.1");
    let [good, bad] = json["cells"].as_array().unwrap().as_slice() else {
        panic!("two cells are expected: {json}");
    };
    assert_eq!((&good["case"], &good["program"]), (&"m0".into(), &0.into()));
    assert_eq!(json["programs"][0]["engine"], "v8");
    assert_eq!(
        (&good["outcome"], &good["verdict"]),
        (&"ok".into(), &"collected".into())
    );
    assert_eq!(good["transcript"].as_array().unwrap().len(), 201);
    assert_eq!(good["telemetry"].as_array().unwrap().len(), 103);
    assert_eq!(
        (&good["numbers"]["peak"], &good["numbers"]["residue"]),
        (&1000.into(), &0.into())
    );
    assert_eq!((&good["run"], &good["guest"]), (&1.into(), &"linear".into()));
    assert_eq!(good["end"]["status"], 0);
    assert!(good["seconds"].as_f64().unwrap() > 0.0);
    assert!(good["peak_bytes"].as_u64().unwrap() > 0);
    assert_eq!((&bad["outcome"], &bad["stderr"]), (&"FAILED".into(), &"ouch\n".into()));
    assert!(bad["reason"].is_string());
    let first = &bad["departures"][0];
    assert_eq!(
        (&first["kind"], &first["actual"]["line"]),
        (&"transcript".into(), &"hello".into())
    );
    world.assert_clean();
}

#[test]
fn json_can_go_to_what_is_no_file() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.run(&["test", "--json", "/dev/null"]).expect(0, &[]);
    let null = std::fs::metadata("/dev/null").unwrap();
    assert!(!null.is_file());
}

#[test]
fn a_table_fits_into_the_columns_that_there_are() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, &["say nothing of the kind"]);
    for (columns, expected) in [
        (
            "53",
            "d8   v8: d8 10.0.1\njsc  jsc: jsc 2.1\n\n\
             case  d8            jsc                  spidermonkey\nm0    ok collected  FAILED inconclusive  missing\n",
        ),
        (
            "52",
            "m0\n  v8: d8 10.0.1  ok collected\n  jsc: jsc 2.1   FAILED inconclusive\n  spidermonkey   missing\n",
        ),
        // No width.
        (
            "0",
            "case  v8: d8 10.0.1  jsc: jsc 2.1         spidermonkey\nm0    ok collected   FAILED inconclusive  missing\n",
        ),
    ] {
        let mut command = world.xtask(&["test"]);
        let answer = Answer::of(command.env("COLUMNS", columns).output().unwrap());
        answer.expect(1, &[]);
        assert_eq!(answer.stdout, expected, "{columns}");
    }
}
