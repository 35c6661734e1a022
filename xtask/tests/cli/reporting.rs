//! What a CI service gets: JUnit, annotations, the summary of a step, events; and what it must not get.

use crate::world::{Answer, D8, JSC, M0, World};
use serde_json::Value;
use std::fs;

/// What no log may have: commands to GitHub Actions, and to others.
const FORGED: &[&str] = &[
    "say ::error file=x::forged",
    "say   \t::add-mask::forged",
    "say forged ##[error]forged ##vso[task.x]forged",
    "complain ::stop-commands::forged",
    "complain x ##[group]forged",
];

/// The lines of both streams that a CI service takes for a command.
fn commands(answer: &Answer) -> Vec<&str> {
    let is_command = |line: &&str| {
        line.trim_start().starts_with("::") || ["##[", "##vso[", "##teamcity["].iter().any(|mark| line.contains(mark))
    };
    let lines = answer.stdout.lines().chain(answer.stderr.lines());
    lines.filter(is_command).collect()
}

/// A world with an engine that is ok, and one that fails in the line `hello`.
fn one_of_two_fails() -> World {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, &["say hello", "complain ouch]]>"]);
    world
}

#[test]
fn a_junit_report_has_a_suite_for_each_program() {
    let world = one_of_two_fails();
    world.run(&["test", "--junit", "r.xml"]).expect(1, &[]);
    let xml = fs::read_to_string(world.checkout.join("r.xml")).unwrap();
    for part in [
        r#"<testsuites name="wasm-leaks" tests="3" failures="1" errors="0""#,
        r#"<testsuite name="v8: d8 10.0.1" tests="1" failures="0" errors="0" skipped="0""#,
        r#"<testcase classname="v8.d8" name="m0""#,
        r#"<testcase classname="jsc.jsc" name="m0""#,
        r#"<failure type="FAILED" message="expected `Callback after 1 allocated.` (expected/m0.txt:4); actual `hello`"#,
        "<system-out>hello</system-out>",
        "<system-err>ouch]]&gt;\n</system-err>",
        r#"<testsuite name="spidermonkey" tests="1" failures="0" errors="0" skipped="1""#,
        r#"<skipped type="missing""#,
    ] {
        assert!(xml.contains(part), "{part}\n{xml}");
    }
    world
        .run(&["test", "--repeat", "2", "--engine", "v8", "--junit", "r.xml"])
        .expect(0, &[]);
    let xml = fs::read_to_string(world.checkout.join("r.xml")).unwrap();
    assert!(xml.contains(r#"name="m0 (run 2)""#), "{xml}");
    world.assert_clean();
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_before_anything_runs() {
    let world = World::new();
    let ran = world.file("ran");
    world.engine("d8", D8, &[&format!("note ran {}", ran.display())]);
    for (arguments, why) in [
        (
            &["--junit", "no/r.xml"][..],
            "`no/r.xml` cannot be written: the directory `no` does not exist",
        ),
        (&["--junit", "-"], "`--junit -` names no file"),
        (&["--junit", "r", "--json", "r"], "`--json` and `--junit` both name `r`"),
    ] {
        world.run(&[&["test"][..], arguments].concat()).expect(2, &[why]);
    }
    assert!(!ran.exists());
}

#[test]
fn in_github_actions_each_cell_that_is_wrong_is_annotated() {
    let world = one_of_two_fails();
    let plain = world.run(&["test"]);
    assert_eq!(commands(plain.expect(1, &[])), [] as [&str; 0]);
    let expected = "::error file=expected/m0.txt,line=4,title=FAILED m0 on jsc%3A jsc 2.1::expected: Callback after";
    let always = world.run(&["test", "--annotations"]);
    let [annotation] = commands(always.expect(1, &[]))[..] else {
        panic!("one annotation is expected: {always:?}");
    };
    assert!(annotation.starts_with(expected), "{annotation}");
    assert!(annotation.contains("%0Ato run it alone: "), "{annotation}");
    // The table is the same.
    assert_eq!(always.stdout, plain.stdout);
    let world = world.set("GITHUB_ACTIONS", "true");
    assert_eq!(commands(&world.run(&["test"])).len(), 1);
    assert_eq!(commands(&world.run(&["test", "--annotations=never"])).len(), 0);
    // Only in the file itself are paths seen from another directory.
    let workspace = world.directory().to_owned();
    let world = world.set("GITHUB_WORKSPACE", workspace);
    let answer = world.run(&["test"]);
    assert!(
        answer.stderr.contains("::error file=checkout/expected/m0.txt,line=4,"),
        "{}",
        answer.stderr
    );
}

#[test]
fn the_summary_of_a_step_is_added_to_what_is_there() {
    let world = one_of_two_fails();
    let page = world.file("summary.md");
    fs::write(&page, "before\n").unwrap();
    let world = world.set("GITHUB_STEP_SUMMARY", &page);
    world.run(&["test"]).expect(1, &[]);
    assert_eq!(fs::read_to_string(&page).unwrap(), "before\n");
    let world = world.set("GITHUB_ACTIONS", "true");
    world.run(&["test"]).expect(1, &[]);
    let text = fs::read_to_string(&page).unwrap();
    let row = "| m0 | ok collected | **FAILED** inconclusive | missing |\n";
    assert!(text.starts_with("before\n## wasm-leaks\n\n3 cells: "), "{text}");
    assert!(
        text.contains(row) && text.contains("<details><summary>FAILED m0 on jsc: jsc 2.1</summary>"),
        "{text}"
    );
    let world = world.set("GITHUB_STEP_SUMMARY", "/no/such/directory/summary.md");
    world
        .run(&["test"])
        .expect(2, &["failed to append to `/no/such/directory/summary.md`"]);
}

#[test]
fn nothing_that_a_script_prints_is_a_command_to_a_ci_service() {
    let world = World::new().set("GITHUB_ACTIONS", "true");
    world.engine("d8", D8, FORGED);
    let name = "::error::forged ##[error]";
    world.write(&format!("{name}/test.js"), "");
    world.write(
        &format!("{name}/expected.txt"),
        "#: verdict = collected\n::error::forged\n##[error]forged\n",
    );
    for arguments in [
        &["test", "--annotations=never"][..],
        &["test", "--annotations=never", "--repeat", "2"],
        &["test", "--annotations=never", "--message-format", "json"],
        &["test", "--annotations=never", "--json", "/dev/stdout"],
        &["test", "--annotations=never", "--accept=overwrite"],
        &["test", "--annotations=never", name],
        &["test", "--annotations=never", "--accept=overwrite", name],
        &["test", "m0\n::error::forged"],
        &["test", "--engine", "::error::forged"],
        &["test", "--jobs", "x\n::error::forged"],
        &["::error::forged"],
        &["explain", "m0"],
        &["explain", "m0", "--format", "json"],
        &["engines", "--json"],
    ] {
        let answer = world.run(arguments);
        assert_eq!(commands(&answer), [] as [&str; 0], "{arguments:?}");
    }
    // The one annotation is the program's own, and says what was printed.
    let answer = world.run(&["test"]);
    let [annotation] = commands(&answer)[..] else {
        panic!("one annotation is expected: {answer:?}");
    };
    assert!(annotation.starts_with("::error file=expected/m0.txt,"), "{annotation}");
    assert!(
        answer.stderr.contains("    \\x3a:error file=x::forged\n"),
        "{}",
        answer.stderr
    );
}

/// The lines of standard output, each an event.
fn events(answer: &Answer) -> Vec<Value> {
    let lines = answer.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn events_alone_are_on_standard_output_and_have_the_same_cells_as_the_results() {
    let world = one_of_two_fails();
    for jobs in ["1", "4"] {
        let flags = [
            "test",
            "--message-format",
            "json",
            "--json",
            "r.json",
            "--repeat",
            "2",
            "--jobs",
            jobs,
        ];
        let answer = world.run(&flags);
        let events = events(answer.expect(1, &["FAILED m0 on jsc", "3 cells: "]));
        let name = |event: &Value| event["event"].as_str().unwrap().to_owned();
        let names: Vec<String> = events.iter().map(name).collect();
        assert_eq!(names.first().unwrap(), "run-started");
        assert_eq!(names.last().unwrap(), "run-ended");
        let results: Value = serde_json::from_slice(&fs::read(world.checkout.join("r.json")).unwrap()).unwrap();
        for member in ["schema", "version", "planned", "programs", "missing", "started"] {
            assert_eq!(events[0][member], results[member]);
        }
        for (number, cell) in results["cells"].as_array().unwrap().iter().enumerate() {
            let place = |wanted: &str, number: &dyn Fn(&Value) -> Value| {
                let is_it = |event: &Value| name(event) == wanted && number(event) == cell["number"];
                events
                    .iter()
                    .position(is_it)
                    .unwrap_or_else(|| panic!("no {wanted} of cell {cell}"))
            };
            let started = place("cell-started", &|event| event["number"].clone());
            let ended = place("cell-ended", &|event| event["cell"]["number"].clone());
            assert!(started < ended, "{names:?}");
            assert_eq!(
                (&events[ended]["cell"], number),
                (cell, cell["number"].as_u64().unwrap() as usize)
            );
            for member in ["case", "program", "run"] {
                assert_eq!(events[started][member], cell[member]);
            }
        }
        let last = events.last().unwrap();
        assert_eq!(
            (&last["planned"], &last["ended"], &last["expected"]),
            (&4.into(), &4.into(), &false.into())
        );
        assert_eq!(
            (&last["outcomes"]["ok"], &last["outcomes"]["missing"]),
            (&1.into(), &1.into())
        );
        assert_eq!(events.len(), 10);
    }
    world
        .run(&["test", "--engine", "v8", "--message-format", "json"])
        .expect(0, &["1 cell: 1 ok"]);
    // Before a run there is none.
    let answer = world.run(&["test", "no-such-case", "--message-format", "json"]);
    assert_eq!(answer.expect(2, &["no-such-case"]).stdout, "");
}

#[test]
fn colours_are_those_of_the_flag() {
    let world = one_of_two_fails();
    let has_colours = |answer: &Answer| (answer.stdout.contains('\u{1b}'), answer.stderr.contains('\u{1b}'));
    for (variables, arguments, expected) in [
        (&[][..], &["test"][..], false),
        (&[], &["test", "--color", "auto"], false),
        (&[], &["test", "--color=always"], true),
        (&[], &["--color=always", "test"], true),
        (&[("NO_COLOR", "1")], &["test", "--color=always"], true),
        (&[("CLICOLOR_FORCE", "1")], &["test", "--color=never"], false),
    ] {
        let mut command = world.xtask(arguments);
        command.envs(variables.iter().copied());
        let answer = Answer::of(command.output().unwrap());
        assert_eq!(
            has_colours(&answer),
            (expected, expected),
            "{variables:?} {arguments:?}: {answer:?}"
        );
    }
    world
        .run(&["test", "--color", "sometimes"])
        .expect(2, &["invalid value 'sometimes'"]);
    // What is written for machines never has any.
    world
        .run(&["test", "--color=always", "--junit", "r.xml", "--annotations"])
        .expect(1, &[]);
    let xml = fs::read_to_string(world.checkout.join("r.xml")).unwrap();
    assert!(!xml.contains("x1b") && !xml.contains('\u{1b}'), "{xml}");
}
