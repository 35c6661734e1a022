//! Which cells of a plan run, and which get a line.

use crate::world::{Answer, D8, JS, JSC, M0, World};
use serde_json::Value;
use std::fs;

/// An engine that is not as expected in m0.
const LEAK: &[&str] = &["rounds leak", r#"say @ {"type":"quit","status":0}"#];

/// Cases with other expectations, on two engines, of which one is never as expected.
fn world() -> World {
    let world = World::new();
    let read = |name: &str| fs::read_to_string(world.checkout.join(name)).unwrap();
    let (script, expectation) = (read("js/cases/m0/test.js"), read("expected/m0.txt"));
    for (name, verdict, needs) in [
        ("c1", "collected | bounded", "finalization-registry"),
        ("c2", "leaks", "finalization-registry wasm-gc"),
    ] {
        world.write(&format!("js/cases/{name}/test.js"), &script);
        let text = expectation
            .replace("verdict = collected", &format!("verdict = {verdict}"))
            .replace("needs = finalization-registry", &format!("needs = {needs}"));
        world.write(&format!("expected/{name}.txt"), &text);
    }
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, LEAK);
    world
}

/// The lines of standard output, with single spaces.
fn lines(answer: &Answer) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    answer.stdout.lines().map(words).collect()
}

#[test]
fn a_list_has_the_cells_that_would_run_and_runs_none() {
    let world = world();
    let answer = world.run(&["test", "--list", "--repeat", "3"]);
    answer.expect(0, &[]);
    assert_eq!(
        lines(&answer),
        [
            "c1 v8: d8 10.0.1",
            "c1 jsc: jsc 2.1",
            "c2 v8: d8 10.0.1 skipped no wasm-gc",
            "c2 jsc: jsc 2.1 skipped no wasm-gc",
            "m0 v8: d8 10.0.1",
            "m0 jsc: jsc 2.1",
        ]
    );
    let records = world.checkout.join("target/wasm-leaks/runs");
    assert!(!records.is_dir() || fs::read_dir(records).unwrap().next().is_none());
    let answer = world.run(&["test", "--list", "--repeat", "2", "--message-format", "json", "m0"]);
    let events: Vec<Value> = answer
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.len(), 5, "{events:?}");
    assert_eq!(events[0]["event"], "list-started");
    assert_eq!(
        (&events[0]["planned"], &events[0]["cells"]),
        (&4.into(), &Value::Array(vec![]))
    );
    for (number, event) in events[1..].iter().enumerate() {
        assert_eq!(
            (&event["event"], &event["number"]),
            (&"cell-listed".into(), &number.into())
        );
        assert_eq!((&event["case"], &event["lacks"]), (&"m0".into(), &Value::Null));
        assert_eq!(
            (&event["program"], &event["run"]),
            (&(number / 2).into(), &(number % 2 + 1).into())
        );
    }
    // The list of a part is the part.
    let parts: Vec<String> = ["1/2", "2/2"]
        .iter()
        .flat_map(|part| lines(world.run(&["test", "--list", "--partition", part]).expect(0, &[])))
        .collect();
    assert_eq!(parts.len(), 6, "{parts:?}");
    for flags in [["--json", "r.json"], ["--junit", "r.xml"]] {
        world
            .run(&[&["test", "--list"][..], &flags].concat())
            .expect(2, &["cannot be used with"]);
    }
    world.run(&["watch", "--list"]).expect(2, &["use `test --list`"]);
}

#[test]
fn filters_of_cases_combine() {
    let world = world();
    for (flags, cells) in [
        (&["--not", "c*"][..], &["m0 v8", "m0 jsc"][..]),
        (&["c*", "--not", "c2"], &["c1 v8", "c1 jsc"]),
        (&["--not", "c1", "--not", "m0"], &["c2 v8", "c2 jsc"]),
        (&["--needs", "wasm-gc"], &["c2 v8", "c2 jsc"]),
        (&["--verdict", "bounded"], &["c1 v8", "c1 jsc"]),
        (
            &["--verdict", "bounded", "--verdict", "leaks"],
            &["c1 v8", "c1 jsc", "c2 v8", "c2 jsc"],
        ),
        (
            &[
                "--verdict",
                "collected",
                "--needs",
                "finalization-registry",
                "--not",
                "m?",
                "--engine",
                "jsc",
            ],
            &["c1 jsc"],
        ),
    ] {
        let answer = world.run(&[&["test", "--list"][..], flags].concat());
        answer.expect(0, &[]);
        let listed: Vec<String> = lines(&answer)
            .iter()
            .map(|line| line.split(':').next().unwrap().to_owned())
            .collect();
        assert_eq!(listed, cells, "{flags:?}");
    }
    // An expectation for one engine alone counts for that engine.
    let text = fs::read_to_string(world.checkout.join("expected/m0.txt")).unwrap();
    world.write(
        "expected/m0.jsc.txt",
        &text.replace("verdict = collected", "verdict = late"),
    );
    let answer = world.run(&["test", "--list", "--verdict", "late"]);
    assert_eq!(lines(&answer), ["m0 jsc: jsc 2.1"]);
    // A program without cells has no column.
    let answer = world.run(&["test", "--verdict", "late"]);
    assert!(!answer.stdout.contains("d8"), "{}", answer.stdout);
}

#[test]
fn a_filter_that_leaves_nothing_is_named() {
    let world = world();
    for (flags, printed) in [
        (&["--not", "*"][..], "`--not '*'` leaves none of 3 cases"),
        (&["--needs", "simd"], "`--needs simd` leaves none of 6 cells"),
        (
            &["--needs", "wasm-gc", "--verdict", "late"],
            "`--verdict late` leaves none of 2 cells",
        ),
        (&["--needs", "wasm-cg"], "a similar value exists: 'wasm-gc'"),
        (&["--verdict", "leak"], "a similar value exists: 'leaks'"),
        (&["--not", "m[0"], "it is no pattern"),
        (
            &["--failed"],
            "`--failed` finds no record of a run of 6 cells; run `cargo xtask test` without it first",
        ),
    ] {
        let answer = world.run(&[&["test"][..], flags].concat());
        assert_eq!(answer.expect(2, &[printed]).stdout, "", "{flags:?}");
    }
    world
        .run(&["test", "--list", "--not", "m00"])
        .expect(0, &["warning: `--not m00` leaves out no case; did you mean `m0`?"]);
}

#[test]
fn cells_that_failed_run_again_until_they_are_as_expected() {
    let world = world();
    world.run(&["test"]).expect(1, &["2 FAILED"]);
    // A run of another cell does not hide them.
    world.run(&["test", "m0", "--engine", "v8"]).expect(0, &[]);
    let failed = ["c1 jsc: jsc 2.1", "m0 jsc: jsc 2.1"];
    assert_eq!(lines(&world.run(&["test", "--failed", "--list"])), failed);
    let answer = world.run(&["test", "--failed", "--status-level", "all", "m0"]);
    answer.expect(1, &["FAILED m0 on jsc"]);
    assert!(!answer.stderr.contains("on v8"), "{}", answer.stderr);
    world.engine("jsc", JSC, M0);
    let answer = world.run(&["test", "--failed"]);
    assert!(!answer.stderr.contains("FAILED"), "{}", answer.stderr);
    let answer = world.run(&["test", "--failed"]);
    let printed = "nothing to run again: of 6 cells, 6 ran, and none failed; run `cargo xtask test` without `--failed`";
    assert_eq!(answer.expect(0, &[printed]).stdout, "");
    // One that never ran is not known to have failed.
    world.engine("js", JS, LEAK);
    world.run(&["test", "--failed"]).expect(0, &["of 9 cells, 6 ran"]);
    world
        .run(&["test", "--failed", "--engine", "spidermonkey"])
        .expect(2, &["no record of a run of 3 cells"]);
}

#[test]
fn quick_cells_are_those_that_took_little_time() {
    let world = world();
    world
        .run(&["test", "--engine", "v8", "--json", "r.json"])
        .expect(0, &[]);
    let mut known: Value = serde_json::from_slice(&fs::read(world.checkout.join("r.json")).unwrap()).unwrap();
    for cell in known["cells"].as_array_mut().unwrap() {
        cell["seconds"] = if cell["case"] == "m0" { 2.1 } else { 1.9 }.into();
    }
    world.write("docs/findings.jsonl", &known.to_string());
    let listed = |flags: &[&str]| lines(&world.run(&[&["test", "--list", "--quick"], flags].concat()));
    // On this machine it was quick; of the other engine only what was elsewhere is known.
    assert_eq!(listed(&["m0"]), ["m0 v8: d8 10.0.1"]);
    fs::remove_dir_all(world.checkout.join("target/wasm-leaks/runs")).unwrap();
    assert_eq!(listed(&["m0", "c1"]), ["c1 v8: d8 10.0.1", "c1 jsc: jsc 2.1"]);
    world
        .run(&["test", "--quick", "m0"])
        .expect(2, &["`--quick` leaves none of 2 cells"]);
}

#[test]
fn the_level_decides_which_cells_get_a_line() {
    let world = world();
    let all = ["ok m0 on v8", "FAILED m0 on jsc", "skipped c2 on v8"];
    for flag in ["--status-level", "--final-status-level"] {
        for (level, shown) in [
            ("none", &[][..]),
            ("fail", &[1]),
            ("pass", &[0, 1]),
            ("skip", &[0, 1, 2]),
            ("all", &[0, 1, 2]),
        ] {
            let answer = world.run(&["test", flag, level]);
            answer.expect(1, &[]);
            for (number, line) in all.iter().enumerate() {
                let has = answer
                    .stderr
                    .lines()
                    .any(|printed| printed.starts_with(line) && printed.ends_with(" s"));
                assert_eq!(
                    has,
                    shown.contains(&number),
                    "{flag} {level}: {line}\n{}",
                    answer.stderr
                );
            }
        }
    }
    world
        .run(&["test", "--status-level", "fial"])
        .expect(2, &["a similar value exists: 'fail'"]);
}
