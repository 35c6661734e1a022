//! The cases judged by the census, which knows nothing of our runtime: m0 and m1 as a user
//! would write them, and all of them with a runtime that reports nothing.

use crate::world::{Answer, World, repository};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Cases that the census judges otherwise than the telemetry does, and what it says of them:
/// docs/census.md has the reasons.
const OTHERWISE: &[(&str, &str)] = &[
    // It collects after each round, whatever the case does between them.
    ("no-gc", "collected | bounded"),
    ("no-yield", "collected | bounded"),
    // Their guest has ten pages, which are full after some thousand calls: at times too few for
    // the planted leak.
    ("bindgen-closure", "leaks | inconclusive"),
    ("bindgen-cycle", "leaks | inconclusive"),
];

fn world() -> World {
    World::new().with_this_machine()
}

/// Where the sources of users' programs lie.
fn own() -> PathBuf {
    repository().join("xtask/tests/own")
}

/// Makes a directory with m0 or m1 as a user would write it, and the guest.
fn bring(world: &World, name: &str) -> PathBuf {
    let directory = world.file("own").join(name);
    fs::create_dir_all(&directory).unwrap();
    fs::copy(own().join(name).join("test.js"), directory.join("test.js")).unwrap();
    bring_guest(world, "m0", &directory);
    directory
}

/// Copies the guest of a case, and its glue if it has some.
fn bring_guest(world: &World, case: &str, directory: &Path) {
    let answer = world.run(&["build", case]);
    answer.expect(0, &[]);
    let guest = Path::new(answer.stdout.trim_end());
    fs::copy(guest, directory.join("guest.wasm")).unwrap();
    let name = guest.file_stem().unwrap().to_str().unwrap();
    if let Some(name) = name.strip_suffix("_bg") {
        let glue = guest.with_file_name(format!("{name}.js"));
        fs::copy(glue, directory.join("glue.js")).unwrap();
    }
}

fn test(world: &World, directory: &Path, engine: &str) -> Answer {
    world.run(&["test", directory.to_str().unwrap(), "--engine", engine])
}

/// Without a word of ours in the script, and with another word for a full guest.
pub fn m0_and_m1_are_told_apart_without_our_runtime(engine: &str) {
    let world = world();
    let m0 = bring(&world, "m0");
    test(&world, &m0, engine).expect(0, &["1 cell: 1 ok"]);
    let m1 = bring(&world, "m1");
    // On a busy machine it takes long until the guest is full.
    fs::write(m1.join("expected.txt"), "#: verdict = leaks\n#: timeout = 600\n").unwrap();
    let answer = test(&world, &m1, engine);
    answer.expect(0, &["1 cell: 1 ok"]);
    let grows = match engine {
        "jsc" => "+1.00 WasmObject",
        "v8" => " a call, made by test (test.js:5",
        _ => "+1.00 FinalizationRecord a call, made by WasmObject (test.js:38) < test (test.js:54)",
    };
    for text in ["until Error: the guest is full", grows, "+8.0 B of linear memory"] {
        assert!(answer.stdout.contains(text), "`{text}` is not in\n{}", answer.stdout);
    }
    // Each fails under what is expected of the other.
    fs::write(m0.join("expected.txt"), "#: verdict = leaks\n#: rounds = 40\n").unwrap();
    test(&world, &m0, engine).expect(1, &["expected `leaks`"]);
    fs::write(m1.join("expected.txt"), "#: verdict = collected\n#: rounds = 40\n").unwrap();
    test(&world, &m1, engine).expect(1, &["the verdict is `leaks`; expected `collected`"]);
}

/// Where nothing grows, an error is one, though a memory is full.
pub fn an_error_beside_a_full_memory_is_an_error(engine: &str) {
    let world = world();
    let directory = world.file("own/full");
    fs::create_dir_all(&directory).unwrap();
    let script = "const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });\nmemory.grow(1);\nlet calls = 0;
function test(n) {\n  for (let i = 0; i < n; i++) if (++calls > 20000) throw new Error('a mistake');\n}\n";
    fs::write(directory.join("test.js"), script).unwrap();
    fs::write(directory.join("expected.txt"), "#: verdict = collected\n").unwrap();
    test(&world, &directory, engine).expect(1, &["Error: a mistake (test.js:5", "1 FAILED"]);
}

/// Every case, with its own runtime, which has nobody to report to.
pub fn the_cases_come_out_alike_by_the_census(engine: &str) {
    let world = world();
    world.copy("js/cases");
    world.copy("expected");
    let world = world.with_guests();
    let mut cases = Vec::new();
    for entry in fs::read_dir(world.checkout.join("js/cases")).unwrap() {
        let case = entry.unwrap().file_name().into_string().unwrap();
        by_census(&world, &case);
        cases.push(case);
    }
    let json = world.file("results.json");
    let all = world.file("by-census");
    let arguments = [
        "test",
        all.to_str().unwrap(),
        "--engine",
        engine,
        "--json",
        json.to_str().unwrap(),
    ];
    let answer = world.run(&arguments);
    // An inconclusive cell is none that is ok.
    assert!(
        !answer.stdout.contains("FAILED") && !answer.stdout.contains("broke"),
        "{}",
        answer.stdout
    );
    let json: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    let cells = json["cells"].as_array().unwrap();
    assert_eq!(cells.len(), cases.len(), "{}", answer.stdout);
    let judged = cells
        .iter()
        .filter(|cell| cell["outcome"] == "ok" && cell["census"].is_object());
    assert!(judged.count() >= 20, "{}", answer.stdout);
}

/// Makes a program of a case: its script and runtime, and what is expected of the census.
fn by_census(world: &World, case: &str) {
    let directory = world.file("by-census").join(case);
    fs::create_dir_all(&directory).unwrap();
    bring_guest(world, case, &directory);
    let mut script = fs::read_to_string(own().join("by-census.js")).unwrap();
    if directory.join("glue.js").is_file() {
        script = script.replace("load('runtime.js')", "load('glue.js');\nload('runtime.js')");
    }
    fs::write(directory.join("test.js"), script).unwrap();
    for (from, to) in [
        ("js/lib/runtime.js", "runtime.js"),
        (&format!("js/cases/{case}/test.js"), "case.js"),
    ] {
        fs::copy(repository().join(from), directory.join(to)).unwrap();
    }
    let expected = fs::read_to_string(repository().join(format!("expected/{case}.txt"))).unwrap();
    let directive = |name: &str| {
        let start = format!("#: {name} = ");
        expected
            .lines()
            .find_map(|line| line.strip_prefix(start.as_str()))
            .map(str::to_owned)
    };
    let otherwise = OTHERWISE
        .iter()
        .find(|(name, _)| *name == case)
        .map(|(_, verdict)| *verdict);
    let verdict = match (otherwise, directive("verdict").as_deref()) {
        (Some(verdict), _) => verdict.to_owned(),
        // A page of linear memory is added, and no more.
        (None, Some("collected")) => "collected | bounded".to_owned(),
        (None, verdict) => verdict.unwrap().to_owned(),
    };
    let needs = directive("needs").map_or(String::new(), |needs| format!("#: needs = {needs}\n"));
    let text = format!("#: verdict = {verdict}\n#: rounds = 40\n{needs}...\n");
    fs::write(directory.join("expected.txt"), text).unwrap();
}
