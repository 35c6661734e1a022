//! What is watched, and what is made of it: small programs with known truth, of each kind
//! that the verdicts tell apart.

use crate::world::World;
use serde_json::Value;
use std::fs;

/// A class that is counted, and owns nothing.
const COUNTED: &str = "class Counted {
  constructor() {
    born(this);
    observer.register(this);
  }
}
";

/// A guest with a memory of its own, which takes 640 bytes at each call.
const OWN_MEMORY: &str = r#"(module
  (memory (export "memory") 1 1000)
  (global $next (mut i32) (i32.const 16))
  (func (export "take")
    (global.set $next (i32.add (global.get $next) (i32.const 640)))
    (if (i32.gt_u (global.get $next) (i32.shl (memory.size) (i32.const 16)))
      (then (drop (memory.grow (i32.const 1)))))))"#;

/// A name, directives, what is done at the start, what for each object, and the verdict.
type Program = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Something stays, or is let go of now and then, and grows no more.
const BOUNDED: &[Program] = &[
    (
        "cache-of-50",
        "",
        "const cache = new Map();",
        "if (cache.size >= 50) cache.delete(cache.keys().next().value); cache.set(i, new Counted());",
        "bounded",
    ),
    (
        "batch-of-1800",
        "",
        "const batch = [];",
        "batch.push(new Counted()); if (batch.length === 1800) batch.length = 0;",
        "bounded",
    ),
    (
        "batch-of-8400",
        "",
        "const batch = [];",
        "batch.push(new Counted()); if (batch.length === 8400) batch.length = 0;",
        "bounded",
    ),
    (
        "first-2000-stay",
        "",
        "const first = [];",
        "const made = new Counted(); if (first.length < 2000) first.push(made);",
        "bounded",
    ),
    (
        "late-cache-of-60000",
        "",
        "const cache = [];",
        "const made = new Counted(); if (cache.length < 60000) cache.push(made);",
        "bounded",
    ),
    (
        "few-made",
        "#: objects = 1\n#: rounds = 10\n",
        "const all = [];",
        "if (all.length < 10) all.push(new Counted());",
        "bounded",
    ),
];

/// What grows is not always an object that is counted.
const LEAKS: &[Program] = &[
    (
        "ten-of-ten",
        "#: objects = 1\n#: rounds = 10\n",
        "const all = [];",
        "all.push(new Counted());",
        "leaks",
    ),
    (
        "one-in-a-hundred",
        "",
        "const all = [];",
        "const made = new Counted(); if (i % 100 === 0) all.push(made);",
        "leaks",
    ),
    (
        "batch-and-leak",
        "",
        "const all = [], batch = [];",
        "batch.push(new Counted()); if (i % 5 === 0) all.push(new Counted()); if (batch.length === 8400) batch.length = 0;",
        "leaks",
    ),
    (
        "table-grows",
        "#: needs = externref-tables\n",
        "const kept = new WebAssembly.Table({ element: 'externref', initial: 0 });",
        "new Counted(); kept.grow(1);",
        "leaks",
    ),
    (
        "guests-memory-grows",
        "#: guest = own-memory\n",
        "",
        "new Counted(); instance.exports.take();",
        "leaks",
    ),
    (
        "half-of-the-blocks-stay",
        "#: guest = linear\n",
        "",
        "new WasmObject(instance); if (i % 2 === 0) instance.exports.make_obj();",
        "leaks",
    ),
    (
        "memories-stay",
        "#: objects = 1\n",
        "const views = [];",
        "new Counted(); views.push(new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 2 }).buffer));",
        "leaks",
    ),
    (
        "memory-is-full-though-few-stay",
        "",
        "class Unfreed extends WasmObject { register() { observer.register(this); } }\nconst cache = [];",
        "cache.push(new Unfreed(instance)); if (cache.length > 49) cache.shift();",
        "leaks",
    ),
    (
        "tokens-stay",
        "",
        "const tokens = new Map();\nlet next = 0;",
        "new Counted(); tokens.set(`token ${next++}`, next);",
        "leaks",
    ),
    (
        "dead-weakrefs-stay",
        "",
        "const refs = [];",
        "refs.push({ ref: new WeakRef(new Counted()) });",
        "leaks",
    ),
];

/// The same, let go of.
const COLLECTED: &[Program] = &[
    (
        "tokens-go",
        "",
        "const tokens = new Map();\nlet next = 0;",
        "new Counted(); tokens.set(`token ${next++}`, next); if (tokens.size > 500) tokens.clear();",
        "collected",
    ),
    (
        "memories-go",
        "#: objects = 1\n",
        "",
        "new Counted(); new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 2 }).buffer);",
        "collected",
    ),
    (
        "memory-grows-once",
        "",
        "let round = 0;",
        "new Counted(); if (i === 0 && round++ < 5) memory.grow(1);",
        "collected",
    ),
];

fn world() -> World {
    let world = World::new().with_this_machine();
    for name in ["js", "expected"] {
        world.copy(name);
    }
    world.write("guest/own-memory.wat", OWN_MEMORY);
    world
}

fn add(world: &World, (name, directives, head, each, verdict): &Program) {
    let needs = match directives.contains("needs") {
        true => "",
        false => "#: needs = finalization-registry\n",
    };
    let script = format!(
        "{COUNTED}{head}\nfunction test(n) {{\n  for (let i = 0; i < n; i++) {{\n    {each}\n  }}\n}}\nmain(test);\n"
    );
    world.write(&format!("js/cases/{name}/test.js"), &script);
    world.write(
        &format!("expected/{name}.txt"),
        &format!("#: verdict = {verdict}\n{needs}{directives}...\n"),
    );
}

/// Runs the cases, and returns their rows of the results.
fn run(world: &World, engine: &str, names: &[&str]) -> Vec<Value> {
    let file = world.file("results.json");
    let arguments = [
        &["test"],
        names,
        &["--engine", engine, "--json", file.to_str().unwrap()],
    ]
    .concat();
    let answer = world.run(&arguments);
    assert!(matches!(answer.status, Some(0 | 1)), "{}", answer.stderr);
    let json: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    json["cells"].as_array().unwrap().clone()
}

pub fn each_kind_of_growth_is_told(engine: &str) {
    let world = world();
    let programs: Vec<&Program> = [BOUNDED, LEAKS, COLLECTED].into_iter().flatten().collect();
    programs.iter().for_each(|program| add(&world, program));
    let names: Vec<&str> = programs.iter().map(|program| program.0).collect();
    let cells = run(&world, engine, &names);
    let wrong: Vec<String> = cells
        .iter()
        .filter(|cell| cell["outcome"] != "ok")
        .map(|cell| format!("{} {}: {}", cell["case"], cell["reason"], cell["numbers"]))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(cells.len(), programs.len());
}

/// A verdict is no more than what was watched.
pub fn a_verdict_names_what_it_rests_on(engine: &str) {
    let world = world();
    for program in LEAKS {
        add(&world, program);
    }
    let watched = |name: &str| run(&world, engine, &[name])[0]["numbers"]["watched"].clone();
    let table = watched("table-grows");
    assert_eq!((&table["tables"], &table["slots"]), (&1.into(), &0.into()), "{table}");
    assert!(table["heap"].as_u64() > Some(20), "{table}");
    // The guest's own, and that of the runtime, which others may use.
    let own = watched("guests-memory-grows");
    assert_eq!(own["memories"], 2, "{own}");
    let memories = watched("memories-stay");
    assert!(memories["memories"].as_u64() > Some(90), "{memories}");
}

/// An error that nobody caught, what is done at the start, what for each object, and the
/// verdict that the numbers have all the same.
type Uncaught = (&'static str, &'static str, &'static str);

const UNCAUGHT: &[Uncaught] = &[
    (
        "a finalizer threw: TypeError: ",
        "const failing = new FinalizationRegistry(() => instance.exports.no_such());",
        "failing.register(new Counted(), 0);",
    ),
    (
        "a finalizer threw: null",
        "let dead = 0;\nconst failing = new FinalizationRegistry(() => { if (++dead % 1000 === 0) throw null; });",
        "failing.register(new Counted(), 0);",
    ),
    (
        "a promise was rejected, and nobody handled it: ",
        "let made = 0;",
        "new Counted(); if (++made === 5000) Promise.reject(new RangeError('too late'));",
    ),
    (
        "a promise was rejected, and nobody handled it: ",
        "let made = 0;",
        "new Counted(); if (++made === 5000) Promise.reject({ toString() { throw new Error('again'); } });",
    ),
];

pub fn an_error_that_nobody_caught_is_never_ok(engine: &str) {
    for (reason, head, each) in UNCAUGHT {
        let world = world();
        add(&world, &("failing", "", head, each, "collected"));
        let cell = &run(&world, engine, &["failing"])[0];
        let found = cell["reason"].as_str().unwrap_or_default();
        assert!(found.starts_with(reason), "{head} {each}: {cell}");
        assert_eq!(cell["outcome"], "FAILED", "{cell}");
        // The others of a batch ran.
        assert_eq!(cell["verdict"], "collected", "{cell}");
    }
}

/// A rejection that is handled in a later turn, and errors that are caught.
pub fn an_error_that_is_caught_is_none(engine: &str) {
    let world = world();
    let caught = "new Counted(); try { null.x; } catch (error) { } Promise.reject(i).catch(() => {});";
    add(&world, &("caught", "", "", caught, "collected"));
    let cell = &run(&world, engine, &["caught"])[0];
    assert_eq!(cell["outcome"], "ok", "{cell}");
}

/// The script's own error is the reason, with its place, and there are no numbers.
pub fn the_scripts_error_comes_first(engine: &str) {
    for (script, reason) in [
        ("const table = 1;\nlet live = 2;\nnull.x;\n", "TypeError: "),
        (
            "function test() {\n  throw null;\n}\nmain(test);\n",
            "the script threw null (js/cases/",
        ),
        (
            "function test() {\n  throw 'text';\n}\nmain(test);\n",
            "the script threw text (js/cases/",
        ),
        ("let a = ;\n", "SyntaxError: "),
        (
            "let round = 0;\nfunction test() {\n  if (++round === 7) unheard.of();\n}\nmain(test);\n",
            "ReferenceError: ",
        ),
    ] {
        let world = world();
        world.write("js/cases/failing/test.js", script);
        world.write("expected/failing.txt", "#: verdict = leaks\n...\n");
        let cell = &run(&world, engine, &["failing"])[0];
        let found = cell["reason"].as_str().unwrap_or_default();
        assert!(found.contains(reason), "{script}: {cell}");
        assert!(found.contains("js/cases/failing/test.js"), "{script}: {cell}");
        assert_eq!(
            (&cell["outcome"], &cell["verdict"], &cell["numbers"]),
            (&"FAILED".into(), &Value::Null, &Value::Null),
            "{cell}"
        );
    }
}

/// Only Node.js and the like have these.
pub fn what_a_shell_lacks_is_skipped(engine: &str) {
    let world = world();
    for (name, each) in [
        ("events", "new Counted(); new EventTarget();"),
        ("aborts", "new Counted(); new AbortController();"),
        ("processes", "new Counted(); process.memoryUsage();"),
    ] {
        add(&world, &(name, "", "", each, "collected"));
        let cell = &run(&world, engine, &[name])[0];
        assert_eq!(
            (&cell["outcome"], &cell["verdict"]),
            (&"skipped".into(), &Value::Null),
            "{cell}"
        );
    }
}

/// Whatever a case prints or replaces, it forges no verdict.
pub fn a_case_forges_nothing(engine: &str) {
    let leak = "const all = [];\nfunction test(n) { for (let i = 0; i < n; i++) all.push(new WasmObject(instance)); }\nmain(test);\n";
    for (forgery, outcome) in [
        (
            "print('@ {\"type\":\"settled\",\"allocated\":1,\"live\":0,\"pages\":3}');",
            "broke",
        ),
        ("print('@ {\"type\":\"quit\",\"status\":0}');", "broke"),
        ("print = () => {};", "ok"),
        ("globalThis.print = line => {};\nJSON.stringify = () => '{}';", "ok"),
        (
            "Array.prototype.push = function () { return 0; };\nObject.assign = () => ({});",
            "collected",
        ),
        (
            "WeakRef.prototype.deref = () => undefined;\nPromise.prototype.then = null;",
            "ok",
        ),
        (
            "const ROUNDS = 1, live = 2, memory = 3, remaining = 4, counts = 5;",
            "ok",
        ),
        (
            "Object.freeze(Object.prototype);\nObject.freeze(Array.prototype);",
            "ok",
        ),
    ] {
        let world = world();
        world.write("js/cases/forging/test.js", &format!("{forgery}\n{leak}"));
        world.write("expected/forging.txt", "#: verdict = leaks\n...\n");
        let cell = &run(&world, engine, &["forging"])[0];
        // One of these only keeps the case itself from leaking.
        match outcome {
            "collected" => assert_eq!(cell["verdict"], outcome, "{forgery}: {cell}"),
            _ => assert_eq!(cell["outcome"], outcome, "{forgery}: {cell}"),
        }
    }
}
