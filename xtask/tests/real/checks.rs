//! The checks. Each runs on every engine, whose name is its argument.

use crate::breakages::BREAKAGES;
use crate::world::{World, odd_name, repository, walk};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// The end of a case's script.
const QUIT: &str = "finish(0);\n";

/// A checkout with m0, m1 and the readme, and the engines of this machine.
fn world() -> World {
    let world = World::new().with_this_machine();
    for name in ["js", "expected"] {
        world.copy(name);
    }
    world
}

/// Runs a case on the engine and returns its row of the results.
#[track_caller]
fn run(world: &World, engine: &str, case: &str, status: i32) -> Value {
    let file = world.file("results.json");
    let path = file.to_str().unwrap();
    world
        .run(&["test", case, "--engine", engine, "--json", path])
        .expect(status, &[]);
    let json: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    world.assert_clean();
    json["cells"][0].clone()
}

#[track_caller]
fn expect_failure(world: &World, engine: &str, case: &str) -> Value {
    let cell = run(world, engine, case, 1);
    assert_eq!(cell["outcome"], "FAILED", "{cell}");
    cell
}

fn transcript(cell: &Value) -> Vec<&str> {
    cell["transcript"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect()
}

/// Replaces a text in a file of the checkout, which must contain it.
#[track_caller]
fn replace(world: &World, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(world.checkout.join(name)).unwrap();
    assert!(text.contains(from), "`{from}` is not in {name}");
    world.write(name, &text.replace(from, to));
}

pub fn the_seed_comes_out_word_for_word(engine: &str) {
    let world = world();
    let cell = run(&world, engine, "m0", 0);
    assert_eq!(
        (&cell["outcome"], &cell["verdict"]),
        (&"ok".into(), &"collected".into())
    );
    let lines = transcript(&cell);
    assert_eq!(
        lines[..2],
        ["Callback after 1 allocated.", "1000 total allocated, 1000 still live."]
    );
    assert_eq!(lines.len(), 201);

    let cell = run(&world, engine, "m1", 0);
    assert_eq!((&cell["outcome"], &cell["verdict"]), (&"ok".into(), &"leaks".into()));
    let expected = [
        "Callback from [object Object] after 1 allocated.",
        "1000 total allocated, 1000 still live.",
        "Callback from [object Object] after 1001 allocated.",
        "2000 total allocated, 2000 still live.",
    ];
    let lines = transcript(&cell);
    assert_eq!(lines[..4], expected);
    assert!(lines.contains(&"Callback from [object Object] after 57001 allocated."));
    assert_eq!(lines.last(), Some(&"error: out of linear memory"));
}

pub fn the_guest_holds_57001_objects(engine: &str) {
    let world = world();
    let cell = run(&world, engine, "m1", 0);
    let full = cell["telemetry"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["type"] == "out-of-memory")
        .unwrap();
    assert!(full["live"].as_u64().unwrap() >= 57_001, "{full}");
    assert_eq!(full["pages"], 10);
    for file in crate::world::walk(&world.checkout.join("target/wasm-leaks/guests")) {
        assert!(file.metadata().unwrap().len() <= 1200, "{}", file.display());
    }
}

pub fn m1_under_the_expectation_of_m0_fails(engine: &str) {
    let world = world();
    fs::copy(
        world.checkout.join("js/cases/m1/test.js"),
        world.checkout.join("js/cases/m0/test.js"),
    )
    .unwrap();
    let cell = expect_failure(&world, engine, "m0");
    assert_eq!(cell["verdict"], "leaks");
}

pub fn m0_under_the_expectation_of_m1_fails(engine: &str) {
    let world = world();
    fs::copy(
        world.checkout.join("js/cases/m0/test.js"),
        world.checkout.join("js/cases/m1/test.js"),
    )
    .unwrap();
    let cell = expect_failure(&world, engine, "m1");
    assert_eq!(cell["verdict"], "collected");
}

/// Adds a case that is judged by its transcript alone.
fn add(world: &World, name: &str, script: &str, transcript: &str) {
    world.write(&format!("js/cases/{name}/test.js"), script);
    world.write(
        &format!("expected/{name}.txt"),
        &format!("#: verdict = inconclusive\n{transcript}"),
    );
}

pub fn an_object_has_one_callback_at_a_time(engine: &str) {
    let world = world();
    let script = "\
let obj = new WasmObject(instance);
obj.invokeCallback();
obj.installCallback(() => print('first'));
obj.invokeCallback();
obj.installCallback(() => print('second'));
obj.invokeCallback();
print(`${table.used} slots in use`);
const address = obj.obj;
instance.exports.free_obj(address);
print(`${table.used} slots in use`);
print(`used again: ${instance.exports.make_obj() === address}`);
";
    let expected = "first\nsecond\n1 slots in use\n0 slots in use\nused again: true\n";
    add(&world, "callbacks", &format!("{script}{QUIT}"), expected);
    run(&world, engine, "callbacks", 0);
}

pub fn an_error_is_never_silent(engine: &str) {
    let world = world();
    replace(
        &world,
        "js/cases/m0/test.js",
        "if (i == 0)",
        "if (i == 5) throw new Error('a failed check');\n    if (i == 0)",
    );
    let cell = expect_failure(&world, engine, "m0");
    assert_eq!(transcript(&cell).last(), Some(&"error: Error: a failed check"));
    let reason = cell["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("Error: a failed check (js/cases/m0/test.js:"),
        "{cell}"
    );
    // An uncaught exception, and a syntax error.
    for script in ["throw new Error('thrown');", "let let let"] {
        world.write("js/cases/m0/test.js", script);
        expect_failure(&world, engine, "m0");
    }
}

pub fn a_rejection_is_never_silent(engine: &str) {
    let world = world();
    world.write(
        "js/cases/m0/test.js",
        "Promise.reject(new Error('nobody handles this'));",
    );
    let cell = expect_failure(&world, engine, "m0");
    let printed = format!("{} {} {}", cell["reason"], cell["transcript"], cell["stderr"]);
    assert!(printed.contains("nobody handles this"), "{cell}");
}

pub fn a_script_that_stops_early_fails(engine: &str) {
    let world = world();
    add(&world, "early", "print('hello');", "hello\n");
    let cell = expect_failure(&world, engine, "early");
    assert!(cell["reason"].as_str().unwrap().contains("before its end"), "{cell}");
    add(&world, "early", &format!("print('hello');\n{QUIT}"), "hello\n");
    run(&world, engine, "early", 0);
}

pub fn the_readme_of_expectations_is_true(engine: &str) {
    let cell = run(&world(), engine, "readme", 0);
    assert_eq!(cell["outcome"], "ok");
    assert!(repository().join("expected/readme.txt").is_file());
}

/// Names of directories that a URL, a shell, a terminal or a format string would take for
/// something else.
const HOSTILE: &[&str] = &[
    "with space and 'quotes\"",
    "a%20b",
    "a%b",
    "%",
    "a?b",
    "a#b",
    "a&b=c",
    "a\nb",
    "a\tb",
    "a\rb",
    " a ",
    "a\\b",
    "a:b",
    "http:",
    "a;b|c",
    "$HOME`id`",
    "*?[a]",
    "{a,b}",
    "-x",
    "~",
    "ä ö 漢 \u{202e}",
    "a\u{1b}[31mb",
];

pub fn a_path_may_hold_anything(engine: &str) {
    let names = HOSTILE.iter().map(std::ffi::OsString::from).chain([odd_name()]);
    // One checkout under one name after the other: its programs are probed once.
    let mut world = World::new().with_this_machine();
    for name in names {
        let next = world.file("").join(&name);
        fs::rename(&world.checkout, &next).unwrap();
        world.checkout = next;
        for program in programs(engine) {
            let cell = run(&world, &program, "m0", 0);
            assert_eq!(cell["outcome"], "ok", "{name:?} {program}: {cell}");
        }
    }
}

/// The engine, and each host on PATH that has it inside.
fn programs(engine: &str) -> Vec<String> {
    let hosts: &[&str] = match engine {
        "v8" => &["node", "deno"],
        "jsc" => &["bun"],
        _ => &[],
    };
    let found = hosts.iter().filter_map(|host| which::which(host).ok());
    let named = found.map(|path| format!("{engine}={}", path.display()));
    [engine.to_owned()].into_iter().chain(named).collect()
}

pub fn a_case_is_two_files(engine: &str) {
    let world = world();
    let script = fs::read_to_string(world.checkout.join("js/cases/m1/test.js")).unwrap();
    let global = "const everything = [];\n";
    let leak = script.replace("if (i == 0)", "everything.push(obj);\n    if (i == 0)");
    world.write("js/cases/leak-by-array/test.js", &format!("{global}{leak}"));
    world.write(
        "expected/leak-by-array.txt",
        "#: verdict = leaks\n...\nerror: out of linear memory\n",
    );
    let cell = run(&world, engine, "leak-by-array", 0);
    assert_eq!((&cell["outcome"], &cell["verdict"]), (&"ok".into(), &"leaks".into()));
    assert_eq!(cell["numbers"]["slope"], 1.0);
    // Between the first and the last round in which a page was added.
    let bytes = cell["numbers"]["bytes_per_object"].as_f64().unwrap();
    assert!((7.9..8.1).contains(&bytes), "{cell}");
}

/// The flags of the engine's program do not matter: its scripts find no `gc`.
pub fn without_gc_nothing_is_judged(engine: &str) {
    let world = world().with_guests();
    replace(
        &world,
        "js/lib/shell.js",
        "(function () {\n",
        "globalThis.gc = undefined;\n(function () {\n",
    );
    replace(&world, "js/lib/shell.js", "typeof Bun === 'object'", "false");
    // Those that need a document are left out of a shell, and the readme unless it is named.
    let needs_document = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        text.lines()
            .any(|line| line.starts_with("#: needs") && line.contains("document"))
    };
    let files = walk(&world.checkout.join("expected"));
    let cases = files.iter().filter(|path| !needs_document(path)).count() - 1;
    let file = world.file("results.json");
    let path = file.to_str().unwrap();
    let printed = format!("{cases} cells: {cases} inconclusive");
    world
        .run(&["test", "--engine", engine, "--json", path])
        .expect(1, &["the canary: it has no gc()", &printed]);
    let json: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    for cell in json["cells"].as_array().unwrap() {
        assert_eq!(cell["outcome"], "inconclusive", "{cell}");
    }
}

/// The runtime decides how many rounds it takes by the rule that the judge goes by: the
/// table is that of `measure/trend.rs`.
pub fn the_runtime_sees_the_trends_that_the_judge_sees(engine: &str) {
    let world = world();
    let table = include_str!("../trends.json");
    let rows: Vec<Value> = serde_json::from_str(table).unwrap();
    let wanted: Vec<&str> = rows.iter().map(|row| row["expected"].as_str().unwrap()).collect();
    let script = fs::read_to_string(world.checkout.join("js/lib/trend.js")).unwrap();
    let ask = "for (const { of, values, made, rounds } of TABLE) print(harness[`${of}Trend`](values, made, rounds));";
    world.write("js/lib/trend.js", &format!("{script}\nconst TABLE = {table};\n{ask}\n"));
    add(&world, "trends", QUIT, &format!("{}\n", wanted.join("\n")));
    run(&world, engine, "trends", 0);
}

/// Each cell is ok without the breakage, and at least one is not with it.
pub fn every_breakage_is_noticed(engine: &str) {
    let cases: Vec<&str> = BREAKAGES
        .iter()
        .flat_map(|(_, _, _, _, cases)| cases.iter().copied())
        .collect();
    let unbroken = [&["test"], &cases[..], &["--engine", engine]].concat();
    world().run(&unbroken).expect(0, &[" ok, in "]);

    let mut silent = Vec::new();
    for (what, file, from, to, cases) in BREAKAGES {
        let world = world();
        replace(&world, file, from, to);
        let arguments = [&["test"], *cases, &["--engine", engine, "--timeout", "10"]].concat();
        let answer = world.run(&arguments);
        if answer.status != Some(1) {
            silent.push((what, answer));
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}
