//! What the real engines say keeps a wrapper alive.

use crate::world::{World, repository};
use serde_json::Value;
use std::fs;
use std::io::Write;

/// Each case that leaks, and the steps of the path which have a name: on every engine the same.
const KEPT: &[(&str, &[&str])] = &[
    ("m1", &["table", ".objects", "[0]", "obj"]),
    ("m3-cycle", &["instance", "slot [0]", "obj"]),
    (
        "bindgen-cycle",
        &["instance", ".exports", ".__wbindgen_externrefs", "slot [1028]", "obj"],
    ),
    ("held-value", &["holder", "held value", ".wrapper"]),
    (
        "bindgen-closure",
        &[
            "instance",
            ".exports",
            ".__wbindgen_externrefs",
            "slot [1028]",
            ".onclick",
            "watch",
        ],
    ),
    ("this-captured-beside", &["finalizers", "held value", "this"]),
];

/// Those that linear memory closes to a cycle.
const CYCLES: &[&str] = &["m1", "m3-cycle", "bindgen-cycle", "bindgen-closure"];

/// Cases of which everything is collected.
const COLLECTED: &[&str] = &[
    "m0",
    "m2",
    "m4-cycle",
    "wasm-gc-cycle",
    "dispose",
    "bindgen-closure-stop",
];

fn world() -> World {
    let world = World::new().with_guests().with_this_machine();
    for name in ["js", "expected"] {
        world.copy(name);
    }
    world
}

/// Explains cases on an engine, and returns its answers.
#[track_caller]
fn explain(world: &World, engine: &str, cases: &[&str]) -> Vec<Value> {
    let answer = world.run(&[&["explain", "--format", "json", "--engine", engine], cases].concat());
    assert_eq!(answer.status, Some(0), "{}\n{}", answer.stdout, answer.stderr);
    world.assert_clean();
    let json: Value = serde_json::from_str(&answer.stdout).unwrap();
    json["answers"].as_array().unwrap().clone()
}

/// The labels of the steps, but for what the engine alone has a name for.
fn named(answer: &Value) -> Vec<&str> {
    let steps = answer["steps"].as_array().unwrap_or_else(|| panic!("{answer:#}"));
    let named = steps.iter().filter(|step| step["kind"] != "internal");
    named.map(|step| step["label"].as_str().unwrap()).collect()
}

pub fn the_paths_of_all_engines_agree(engine: &str) {
    let world = world();
    let cases: Vec<&str> = KEPT.iter().map(|(case, _)| *case).collect();
    let answers = explain(&world, engine, &cases);
    assert_eq!(answers.len(), KEPT.len());
    for (case, steps) in KEPT {
        let answer = answers.iter().find(|answer| answer["case"] == *case).unwrap();
        assert_eq!(named(answer), *steps, "{answer:#}");
        assert_eq!(answer["root"], "global", "{answer:#}");
        let closes = answer["linear_memory"]["closes"].is_u64();
        assert_eq!(closes, CYCLES.contains(case), "{answer:#}");
        let wrapper = answer["wrapper"].as_str().unwrap();
        assert!(wrapper.ends_with(" #1"), "{answer:#}");
    }
}

pub fn a_function_is_shown_as_it_is_written(engine: &str) {
    let world = world();
    for answer in explain(&world, engine, &["m1", "m3-cycle", "bindgen-cycle", "bindgen-closure"]) {
        let steps = answer["steps"].as_array().unwrap();
        let function = steps.iter().find(|step| step["node"] == "function").unwrap();
        let place = function["place"].as_str().unwrap_or_else(|| panic!("{answer:#}"));
        let (file, line) = place.rsplit_once(':').unwrap();
        let script = fs::read_to_string(repository().join(file)).unwrap();
        let line = script.lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
        let source = function["source"].as_str().unwrap().trim_end_matches('…');
        assert!(source.starts_with("() => print("), "{answer:#}");
        assert!(line.contains(source), "{line}: {answer:#}");
    }
}

pub fn nothing_keeps_what_is_collected(engine: &str) {
    let world = world();
    for answer in explain(&world, engine, COLLECTED) {
        let lacks = answer["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("wasm-gc"));
        if lacks && answer["case"] == "wasm-gc-cycle" && engine != "jsc" {
            assert_eq!(answer["answer"], "cannot-tell", "{answer:#}");
            continue;
        }
        assert_eq!(answer["answer"], "nothing", "{answer:#}");
        assert_eq!(
            (&answer["made"], &answer["slots"]),
            (&10.into(), &0.into()),
            "{answer:#}"
        );
    }
}

/// The question does not change the answer: what is kept by nothing but a variable is
/// let go of with it, and what a script roots elsewhere is found there.
pub fn a_path_is_the_one_that_there_is(engine: &str) {
    let world = world();
    let script = fs::read_to_string(world.checkout.join("js/m0/test.js")).unwrap();
    let push = |into: &str| {
        script.replace(
            "let obj = new WasmObject(instance);",
            &format!("let obj = new WasmObject(instance);\n    {into}"),
        )
    };
    for (head, into, steps) in [
        ("const kept = [];", "kept.push(obj);", &["kept", "[0]"][..]),
        ("globalThis.kept = [];", "kept.push(obj);", &["kept", "[0]"]),
        (
            "const kept = [];",
            "if (i == 3) kept.push({ obj });",
            &["kept", "[0]", ".obj"],
        ),
        (
            "const kept = { inner: {} };",
            "if (i == 4) kept.inner.last = obj;",
            &["kept", ".inner", ".last"],
        ),
    ] {
        world.write("js/m0/test.js", &format!("{head}\n{}", push(into)));
        let answers = explain(&world, engine, &["m0"]);
        let answer = &answers[0];
        assert_eq!(answer["answer"], "kept", "{answer:#}");
        assert_eq!(named(answer), steps, "{answer:#}");
        let number = match into.split_once("i == ") {
            Some((_, rest)) => rest[..1].parse::<u32>().unwrap() + 1,
            None => 1,
        };
        assert_eq!(answer["wrapper"], format!("WasmObject #{number}"), "{answer:#}");
        assert_eq!(answer["linear_memory"]["closes"], Value::Null, "{answer:#}");
    }
}

/// JavaScriptCore tells of a Map that it is there, and not what it holds: then that is said.
pub fn a_path_that_is_not_told_is_said_to_be_none(engine: &str) {
    let world = world();
    let script = fs::read_to_string(world.checkout.join("js/m0/test.js")).unwrap();
    let into = "let obj = new WasmObject(instance);\n    kept.set(i, obj);";
    let script = script.replace("let obj = new WasmObject(instance);", into);
    world.write("js/m0/test.js", &format!("const kept = new Map();\n{script}"));
    let answer = world.run(&["explain", "m0", "--engine", engine]);
    match engine {
        "jsc" => {
            answer.expect(2, &[]);
            let said = "no path from a root leads to it: JavaScriptCore keeps what a Map or a Set holds out";
            assert!(answer.stdout.contains(said), "{}", answer.stdout);
        }
        _ => {
            answer.expect(0, &[]);
            assert!(
                answer
                    .stdout
                    .contains("kept                Map\n    └ (internal)        WasmObject #1"),
                "{}",
                answer.stdout
            );
        }
    }
}

/// The blocks of docs/explain.md that are of this engine's version, word for word.
pub fn the_page_of_explanations_is_true(engine: &str) {
    let world = world();
    let page = fs::read_to_string(repository().join("docs/explain.md")).unwrap();
    let cases: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert!(cases.len() >= 8, "{cases:?}");
    let answer = world.run(&[&["explain", "--engine", engine], &cases[..]].concat());
    answer.expect(0, &[]);
    let (program, _) = answer.stdout.split_once(": ").unwrap();
    if !page.contains(&format!("{program}: ")) {
        let skipped = format!("docs/explain.md has nothing of `{program}`: write it anew, as its first lines say");
        assert!(!crate::required().iter().any(|name| name == engine), "{skipped}");
        let _ = writeln!(
            std::io::stderr(),
            "skipped {engine}::the_page_of_explanations_is_true: {skipped}"
        );
        return;
    }
    for block in answer.stdout.split("\n\n") {
        assert!(page.contains(block.trim_end()), "not in docs/explain.md:\n{block}");
    }
}

/// A host answers as the shell of its engine would.
#[test]
fn a_host_answers_as_its_engine_does() {
    let world = world();
    let node = world.run(&["engines", "--engine", "node"]);
    if node.status != Some(0) {
        assert!(crate::required().is_empty(), "node is missing: {}", node.stderr);
        let _ = writeln!(
            std::io::stderr(),
            "skipped a_host_answers_as_its_engine_does: node is missing"
        );
        return;
    }
    the_paths_of_all_engines_agree("node");
    nothing_keeps_what_is_collected("node");
}
