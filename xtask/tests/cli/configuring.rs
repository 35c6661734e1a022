//! `wasm-leaks.toml`: programs with names, flags and variables of their own.

use crate::world::{Answer, D8, JS, M0, World};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const FILE: &str = "wasm-leaks.toml";

/// A world with a d8, and two more columns of it by the file.
fn two_columns(notes: &str) -> World {
    let world = World::new();
    let path = world.engine("d8", D8, &[&[notes][..], M0].concat());
    let path = path.display();
    world.write(
        FILE,
        &format!(
            "[program.stress]\nengine = \"v8\"\nflags = [\"--stress-compaction\"]\nenv = {{ TALE = \"one two\" }}\n\
             [program.plain]\npath = \"{path}\"\n"
        ),
    );
    world
}

#[test]
fn programs_of_the_file_are_columns_beside_the_engines() {
    let elsewhere = tempfile::tempdir().unwrap();
    let notes = elsewhere.path().join("notes");
    let world = two_columns(&format!("note-variable TALE {}", notes.display()));
    let json = world.checkout.join("out.json");
    let answer = world.run(&["test", "m0", "--jobs", "1", "--json", json.to_str().unwrap()]);
    answer.expect(0, &["3 ok"]);
    for title in ["v8: d8 10.0.1", "v8: stress (d8 10.0.1)", "v8: plain (d8 10.0.1)"] {
        assert!(answer.stdout.contains(title), "{}", answer.stdout);
    }
    let mut values: Vec<String> = fs::read_to_string(&notes).unwrap().lines().map(str::to_owned).collect();
    values.sort();
    assert_eq!(values, ["", "", "one two"]);
    let results: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let stress = &results["programs"][1];
    assert_eq!(stress["name"], "stress");
    assert_eq!(stress["option"], "stress");
    assert_eq!(stress["flags"], serde_json::json!(["--stress-compaction"]));
    assert_eq!(stress["environment"], serde_json::json!({ "TALE": "one two" }));
    assert_eq!(results["programs"][2]["found"], FILE);
    let arguments = &results["cells"][1]["arguments"];
    assert_eq!(arguments[0], "--stress-compaction");
    assert!(results["programs"][0].get("environment").is_none());
}

#[test]
fn a_program_of_the_file_is_picked_by_its_name() {
    let world = two_columns("note-variable TALE /dev/null");
    let answer = world.run(&["test", "m0", "--engine", "stress"]);
    answer.expect(0, &["1 cell: 1 ok"]);
    let answer = world.run(&["engines", "--engine", "stress"]);
    for text in ["stress (d8 10.0.1)", "'TALE=one two' --stress-compaction"] {
        assert!(answer.stdout.contains(text), "{}", answer.stdout);
    }
    world.run(&["test", "m0", "--engine", "stres"]).expect(
        2,
        &["`stres` is neither an engine nor a program on PATH; did you mean `stress`?"],
    );
    let path = format!("stress={}", world.file("bin/d8").display());
    world.run(&["test", "m0", "--engine", &path]).expect(
        2,
        &[
            "gives the name `stress` to `",
            "wasm-leaks.toml:1:10 to another program",
        ],
    );
}

#[test]
fn runs_with_other_flags_are_of_other_programs() {
    let world = two_columns("note-variable TALE /dev/null");
    let run = |json: &str, flags: &str| {
        let text = format!("[program.a]\nengine = \"v8\"\nflags = [\"{flags}\"]\n");
        world.write(FILE, &text);
        world
            .run(&["test", "m0", "--engine", "a", "--json", json])
            .expect(0, &[]);
    };
    run("one.json", "--one");
    run("two.json", "--two");
    world
        .run(&["report", "one.json", "two.json", "--out", "page.html"])
        .expect(0, &[]);
    let page = fs::read_to_string(world.checkout.join("page.html")).unwrap();
    for title in ["a (d8 10.0.1) [--one]", "a (d8 10.0.1) [--two]"] {
        assert!(page.contains(title), "{page}");
    }
}

#[test]
fn a_program_is_held_to_the_expectation_of_its_engine() {
    let world = two_columns("note-variable TALE /dev/null");
    let m0 = fs::read_to_string(world.checkout.join("expected/m0.txt")).unwrap();
    world.write("expected/m0.v8.txt", &format!("{m0}one more line\n"));
    world
        .run(&["test", "m0", "--engine", "stress"])
        .expect(1, &["on v8: stress (d8 10.0.1)", "(expected/m0.v8.txt:"]);
}

#[test]
fn a_failure_names_the_program_and_how_to_repeat_it() {
    let world = World::new();
    world.engine("d8", D8, &["say nonsense", "exit 3"]);
    world.write(FILE, "[program.stress]\nengine = \"v8\"\nflags = [\"--stress\"]\n");
    world
        .run(&["test", "m0", "--engine", "stress"])
        .expect(1, &["on v8: stress (d8 10.0.1)", "test m0 --engine stress"]);
}

#[test]
fn what_is_wrong_with_the_file_is_said_with_its_place() {
    let world = World::new();
    let js = world.engine("js", JS, M0);
    let d8 = world.engine("d8", D8, M0);
    let js = js.display();
    let d8 = d8.display();
    for (text, wanted) in [
        (
            "program = []".to_owned(),
            "wasm-leaks.toml:1:11: `program` has to be a table, and is an array",
        ),
        (
            "[program.a]\nflag = []".to_owned(),
            "wasm-leaks.toml:2:1: there is no key `flag`",
        ),
        ("[program.a]\npath = \"out/d8\"".to_owned(), "wasm-leaks.toml:2:9: `"),
        (
            "[program.a]\npath = \"out/d8\"".to_owned(),
            "cannot be used for `a`: it does not exist",
        ),
        (
            "[program.a]\npath = \"d9\"".to_owned(),
            "wasm-leaks.toml:2:9: `d9` of `a` is not on PATH",
        ),
        (
            format!("[program.a]\nengine = \"v8\"\npath = \"{js}\""),
            "it is js, not v8",
        ),
        (
            format!("[program.a]\npath = \"{d8}\"\n[program.a]\npath = \"{d8}\""),
            "redefinition of table `a`; it stands at wasm-leaks.toml:1:",
        ),
        (
            format!("[program.v8]\npath = \"{d8}\""),
            "wasm-leaks.toml:1:10: `v8` is the name of an engine",
        ),
        (
            format!("[program.'a b']\npath = \"{d8}\""),
            "wasm-leaks.toml:1:11: bad name `a b`",
        ),
        (
            format!("[program.\"a\\u001b\"]\npath = \"{d8}\""),
            "bad name `a\\u{1b}`",
        ),
        (
            format!("[program.'']\npath = \"{d8}\""),
            "the name of a program is empty",
        ),
    ] {
        world.write(FILE, &text);
        for command in ["test", "engines"] {
            world.run(&[command]).expect(2, &[wanted]);
        }
        world.assert_clean();
    }
    world.write(FILE, "");
    fs::write(world.checkout.join(FILE), b"# a\n\xff").unwrap();
    world
        .run(&["test"])
        .expect(2, &["wasm-leaks.toml:2: a byte is not UTF-8"]);
}

#[test]
fn a_file_that_cannot_be_read_is_said() {
    let world = World::new();
    world.engine("d8", D8, M0);
    fs::create_dir(world.checkout.join(FILE)).unwrap();
    world
        .run(&["test"])
        .expect(2, &["failed to read `", "wasm-leaks.toml`"]);
}

#[test]
fn a_file_that_the_user_may_not_read_is_said() {
    let world = World::new();
    world.write(FILE, "");
    fs::set_permissions(world.checkout.join(FILE), fs::Permissions::from_mode(0o000)).unwrap();
    let answer = Answer::of(world.xtask_without_root(&["engines"]).output().unwrap());
    answer.expect(2, &["failed to ", "wasm-leaks.toml`", "Permission denied"]);
}

#[test]
fn a_flag_that_the_engine_refuses_is_said_in_its_own_words() {
    let world = World::new();
    let (name, bad) = (world.file("bin/d8"), "--sress");
    let orders = [
        format!("probe: {D8}"),
        format!("probe {bad}: say Warning: unknown flag {bad}."),
        format!("probe {bad}: {D8}"),
    ];
    world.fake(&name, &orders);
    world.write(
        FILE,
        &format!("[program.a]\npath = \"{}\"\nflags = [\"{bad}\"]\n", name.display()),
    );
    world.run(&["test"]).expect(
        2,
        &[
            "wasm-leaks.toml:3:9: it printed `Warning: unknown flag --sress.`",
            "expected flags that it accepts",
        ],
    );
    // Another one ends.
    let orders = [
        format!("probe: {D8}"),
        format!("probe {bad}: complain d8: bad option: {bad}"),
        format!("probe {bad}: exit 9"),
    ];
    world.fake(&name, &orders);
    world
        .run(&["test"])
        .expect(2, &["it printed `d8: bad option: --sress`", "with the flags of `a`"]);
}

#[test]
fn the_file_is_found_from_a_directory_below() {
    let world = two_columns("note-variable TALE /dev/null");
    let below = world.checkout.join("js/cases");
    let mut command: Command = world.xtask(&["test", "m0", "--engine", "plain"]);
    let output = command.current_dir(below).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("plain (d8"));
}
