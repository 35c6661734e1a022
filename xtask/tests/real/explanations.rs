//! The explanations of the real engines.

use crate::world::{World, repository};
use serde_json::Value;
use std::fs;
use std::io::Write;

/// Each case that leaks, and the steps of its path that have a name: the same on every engine.
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

/// The cases in which linear memory closes a cycle.
const CYCLES: &[&str] = &["m1", "m3-cycle", "bindgen-cycle", "bindgen-closure"];

/// Cases in which everything is collected.
const COLLECTED: &[&str] = &[
    "m0",
    "m2",
    "m4-cycle",
    "wasm-gc-cycle",
    "dispose",
    "bindgen-closure-stop",
];

pub fn world() -> World {
    let world = World::new().with_guests().with_this_machine();
    for name in ["js", "expected"] {
        world.copy(name);
    }
    world
}

/// Explains cases on an engine, and returns its answers.
#[track_caller]
pub fn explain(world: &World, engine: &str, cases: &[&str]) -> Vec<Value> {
    let answer = world.run(&[&["explain", "--format", "json", "--engine", engine], cases].concat());
    world.assert_clean();
    let json: Value = serde_json::from_str(&answer.stdout).unwrap_or_default();
    let answers = json["answers"].as_array().cloned().unwrap_or_default();
    // If no engine can answer, the exit status says so, and the answers say why.
    let none = !answers.is_empty() && answers.iter().all(|answer| answer["answer"] == "cannot-tell");
    let status = if none { 2 } else { 0 };
    assert_eq!(answer.status, Some(status), "{}\n{}", answer.stdout, answer.stderr);
    answers
}

/// The labels of the steps, except internal ones of the engine.
pub fn named(answer: &Value) -> Vec<&str> {
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
        let linear = &answer["linear_memory"];
        assert_eq!(linear["closes"].is_u64(), CYCLES.contains(case), "{answer:#}");
        // What a guest of wasm-bindgen has besides the handle are two counts and whether it is borrowed.
        let size = if case.starts_with("bindgen-") { 20 } else { 8 };
        assert_eq!(linear["bytes"], size, "{answer:#}");
        let wrapper = answer["wrapper"].as_str().unwrap();
        assert!(wrapper.ends_with(" #1"), "{answer:#}");
    }
}

/// The sizes are those that the module reports, and it is an error if it has no such functions.
pub fn the_allocator_of_a_guest_is_its_own(engine: &str) {
    let world = world();
    let expected = fs::read_to_string(repository().join("expected/m1.txt")).unwrap();
    let is_said = "make_obj:8 free=free_obj";
    assert!(expected.contains(is_said));
    world.write(
        "expected/m1.txt",
        &expected.replace(is_said, "make_obj:24 free=free_obj"),
    );
    let answers = explain(&world, engine, &["m1"]);
    if answers[0]["answer"] == "cannot-tell" {
        return;
    }
    assert_eq!(answers[0]["linear_memory"]["bytes"], 24, "{answers:#?}");
    world.write(
        "expected/m1.txt",
        &expected.replace(is_said, "make_obj:8 free=give_back"),
    );
    let answer = world.run(&["explain", "m1", "--engine", engine]);
    answer.expect(
        2,
        &["`#: allocator` does not name the guest's allocator", "`give_back`"],
    );
    world.assert_clean();
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
            (&answer["made"], &answer["slots"], &answer["other_growth"]),
            (&3000.into(), &0.into(), &Value::Null),
            "{answer:#}"
        );
    }
}

/// The question does not change the answer: an object that only a variable keeps is
/// released with it, and an object that a script roots elsewhere is found there.
pub fn a_path_is_the_one_that_there_is(engine: &str) {
    let world = world();
    let script = fs::read_to_string(world.checkout.join("js/cases/m0/test.js")).unwrap();
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
        world.write("js/cases/m0/test.js", &format!("{head}\n{}", push(into)));
        let answers = explain(&world, engine, &["m0"]);
        let answer = &answers[0];
        assert_eq!(answer["answer"], "kept", "{answer:#}");
        assert_eq!(named(answer), steps, "{answer:#}");
        let number = match into.split_once("i == ") {
            // It is replaced in each of six rounds.
            Some(("if (", rest)) if into.contains(".last =") => 2500 + rest[..1].parse::<u32>().unwrap() + 1,
            Some((_, rest)) => rest[..1].parse::<u32>().unwrap() + 1,
            None => 1,
        };
        assert_eq!(answer["wrapper"], format!("WasmObject #{number}"), "{answer:#}");
        assert_eq!(answer["linear_memory"]["closes"], Value::Null, "{answer:#}");
    }
}

/// Whether nothing keeps a wrapper, or only the engine itself: JavaScriptCore scans
/// its stack conservatively, and its compiler may be compiling the code that made the wrapper.
fn is_let_go(answer: &Value, engine: &str) -> bool {
    let by_chance = answer["root"].as_str().is_some_and(|root| root.starts_with("root: "));
    answer["answer"] == "nothing" || engine == "jsc" && (by_chance || answer["answer"] == "cannot-tell")
}

/// The question must not change or invent anything: the frame that made the wrappers,
/// the first of which is not always the one that stays, and a handle of one table
/// that is also a slot of another.
pub fn the_question_changes_nothing(engine: &str) {
    let world = world();
    let run = |name: &str, guest: &str, script: &str| {
        world.write(&format!("js/cases/{name}/test.js"), script);
        world.write(
            &format!("expected/{name}.txt"),
            &format!("#: verdict = leaks\n#: guest = {guest}\n...\n"),
        );
        explain(&world, engine, &[name]).remove(0)
    };
    let returned = "function test(n) {
        const all = [];
        for (let i = 0; i < n; i++) all.push(new WasmObject(instance));
        return all;
    }
    main(test);";
    let answer = run("returned", "linear", returned);
    assert!(is_let_go(&answer, engine), "{answer:#}");

    // Each is the held value of the one before, so one dies per collection.
    let one_by_one = "const chain = new FinalizationRegistry(() => {});
    function test(n) {
        const all = [];
        for (let i = 0; i < 30; i++) all.push(new WasmObject(instance));
        for (let i = 0; i < 29; i++) chain.register(all[i], all[i + 1]);
    }
    main(test);";
    let answer = run("one-by-one", "linear", one_by_one);
    assert!(is_let_go(&answer, engine), "{answer:#}");

    let let_go_between = "const kept = [];
    function test(n) {
        for (let i = 0; i < n; i++) kept.push(new WasmObject(instance));
    }
    main(test, () => { kept.length = 0; });";
    let answer = run("let-go-between", "linear", let_go_between);
    assert!(is_let_go(&answer, engine), "{answer:#}");

    let first_dies_late = "let first = null;
    const rest = [];
    const chain = new FinalizationRegistry(k => {
        if (k == 0) first = null;
        else chain.register({}, k - 1);
    });
    function test(n) {
        for (let i = 0; i < n; i++) {
            const obj = new WasmObject(instance);
            if (i == 0) first = obj;
            else rest.push(obj);
        }
        chain.register({}, 9);
    }
    main(test);";
    let answer = run("first-dies-late", "linear", first_dies_late);
    assert_eq!(
        (&answer["wrapper"], named(&answer)),
        (&"WasmObject #2".into(), vec!["rest", "[0]"]),
        "{answer:#}"
    );
    // Of each round the first one has died.
    assert_eq!(
        (&answer["made"], &answer["alive"]),
        (&9000.into(), &8982.into()),
        "{answer:#}"
    );

    for (name, guest, class, hold) in [
        ("other-array", "m3", "RefObject", "ours.add({ obj })"),
        ("other-table", "m3", "RefObject", "held.set(i, { obj })"),
        (
            "namesake",
            "linear",
            "WasmObject",
            "globalThis.table.objects.push({ obj })",
        ),
    ] {
        let script = format!(
            "const ours = table;
            globalThis.table = {{ objects: [] }};
            const held = new WebAssembly.Table({{ element: 'externref', initial: 500 }});
            function test(n) {{
                for (let i = 0; i < n; i++) {{
                    const obj = new {class}(instance);
                    obj.installCallback(() => 1);
                    {hold};
                }}
            }}
            main(test);"
        );
        let answer = run(name, guest, &script);
        assert_eq!(answer["answer"], "kept", "{answer:#}");
        assert_eq!(answer["linear_memory"]["closes"], Value::Null, "{answer:#}");
    }
}

/// Names that the question uses too, and objects that answer nothing.
pub fn a_case_may_define_anything(engine: &str) {
    let world = world();
    let script = r#"
        const wrappers = [], callbacks = [], snapshots = [], classes = [], attempt = 1, OBJECTS = 2, SNAPSHOT = 3;
        const keep = [];
        class Odd {
            constructor(i) {
                born(this);
                this.obj = 0x7fffff00 + i;
                Object.defineProperty(this, 'trap', { enumerable: true, get() { throw new Error('a getter'); } });
                this['a\nb \u001b[31m"`|<c'] = 1;
            }
        }
        class GlobalObject { constructor(inner) { this.inner = inner; } }
        function test(n) {
            const bare = Object.create(null);
            for (let i = 0; i < n; i++) keep.push({ 'x\ny"`|<z': new GlobalObject(new Odd(i)) });
            born(bare);
            new WasmObject(instance).installCallback(Object.assign(() => 1, { toString() { throw new Error('a name'); } }));
        }
        main(test);"#;
    world.write("js/cases/odd/test.js", script);
    world.write("expected/odd.txt", "#: verdict = leaks\n...\n");
    let answer = explain(&world, engine, &["odd"]).remove(0);
    assert_eq!(answer["wrapper"], "Odd #1", "{answer:#}");
    // SpiderMonkey writes a newline as an escape.
    let labels: Vec<String> = named(&answer)
        .iter()
        .map(|label| label.replace("\\n", "\u{fffd}"))
        .collect();
    assert_eq!(labels, ["keep", "[0]", ".x\u{fffd}y\"`|<z", ".inner"], "{answer:#}");
    assert_eq!(answer["linear_memory"], Value::Null, "{answer:#}");
    for format in ["text", "mermaid", "dot"] {
        let drawn = world.run(&["explain", "odd", "--format", format, "--engine", engine]);
        drawn.expect(0, &[]);
        assert!(!drawn.stdout.contains(['\u{1b}', '\r']), "{}", drawn.stdout);
    }
}

/// Syntax errors and exceptions are named.
pub fn an_error_of_the_case_is_told(engine: &str) {
    let world = world();
    for (script, printed) in [
        ("throw new Error('early');", "early"),
        ("let let let", "Error: "),
        (
            "function test() { throw new Error('boom'); }\nmain(test);",
            "Error: boom (js/cases/m0/test.js:1:",
        ),
        ("print('main is never called');", "main is never called"),
        (
            "main(() => {});",
            "in some rounds of some hundred objects no constructor called `born(this)`",
        ),
    ] {
        world.write("js/cases/m0/test.js", script);
        world
            .run(&["explain", "m0", "--engine", engine])
            .expect(2, &["there is no answer", printed]);
    }
    world.assert_clean();
}

/// Each block of docs/explain.md with this program's version is the current output
/// of the program, and there is one for each case.
pub fn the_page_of_explanations_is_true(engine: &str) {
    let world = world();
    let page = fs::read_to_string(repository().join("docs/explain.md")).unwrap();
    let cases: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let wanted = KEPT.iter().map(|(case, _)| *case).chain(COLLECTED.iter().copied());
    for case in wanted.filter(|case| *case != "m2" && *case != "dispose") {
        assert!(cases.contains(&case), "docs/explain.md has nothing of {case}");
    }
    let answer = world.run(&[&["explain", "--engine", engine], &cases[..]].concat());
    answer.expect(0, &[]);
    let (_, program) = answer.stdout.split_once(": ").unwrap().0.split_once(" on ").unwrap();
    let mark = format!(" on {program}: ");
    let blocks: Vec<&str> = page.split("```\n").filter(|block| block.contains(&mark)).collect();
    if blocks.is_empty() {
        let skipped = format!("docs/explain.md has nothing of {program}: write it anew, as its first lines say");
        assert!(std::env::var_os("WASM_LEAKS_REQUIRE_PAGE").is_none(), "{skipped}");
        let _ = writeln!(
            std::io::stderr(),
            "skipped {engine}::the_page_of_explanations_is_true: {skipped}"
        );
        return;
    }
    let printed: Vec<&str> = answer.stdout.split("\n\n").map(str::trim_end).collect();
    let blocks: Vec<&str> = blocks.into_iter().map(str::trim_end).collect();
    assert_eq!(blocks, printed);
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
    the_page_of_explanations_is_true("node");
}
