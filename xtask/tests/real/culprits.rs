//! Explanations of small programs with known culprits: what grows is named, by what a
//! program calls it, whatever the program replaces.

use crate::explanations::{explain, named, world};
use crate::world::World;
use serde_json::Value;

/// Explains a case of this script.
fn explain_script(world: &World, engine: &str, script: &str) -> Value {
    world.write("js/cases/own/test.js", script);
    world.write("expected/own.txt", "#: verdict = leaks\n...\n");
    explain(world, engine, &["own"]).remove(0)
}

/// The class of the wrappers in the scripts below, which is counted and owns nothing.
const COUNTED: &str = "class Counted {
    constructor() {
        born(this);
        observer.register(this);
    }
}
";

/// Explains a case that makes wrappers in this way.
fn explain_counted(world: &World, engine: &str, head: &str, each: &str) -> Value {
    let script =
        format!("{COUNTED}{head}\nfunction test(n) {{ for (let i = 0; i < n; i++) {{ {each} }} }}\nmain(test);\n");
    explain_script(world, engine, &script)
}

/// What is kept on purpose, or only for a while, is not what leaks.
pub fn the_culprit_is_what_grows(engine: &str) {
    let world = world();
    let ring = "const all = { list: [] }; const ring = []; let next = 0;";
    let answer = explain_counted(
        &world,
        engine,
        ring,
        "const it = new Counted(); ring[next++ % 40] = it; all.list.push(it);",
    );
    assert_eq!(named(&answer), ["all", ".list", "[0]"], "{answer:#}");
    assert_eq!(
        (&answer["count"], &answer["growth"]),
        (&8960.into(), &"grows".into()),
        "{answer:#}"
    );
    let other = &answer["others"][0];
    assert_eq!(
        (&other["count"], &other["growth"]),
        (&40.into(), &"newest".into()),
        "{answer:#}"
    );

    let first = "let first = null; const all = { list: [] };";
    let each = "const it = new Counted(); first ??= it; all.list.push(it);";
    let answer = explain_counted(&world, engine, first, each);
    assert_eq!(named(&answer), ["all", ".list", "[1]"], "{answer:#}");
    assert_eq!(answer["others"][0]["growth"], "first", "{answer:#}");

    let answer = explain_counted(
        &world,
        engine,
        "const failed = []; let made = 0;",
        "const it = new Counted(); if (++made % 30 === 0) failed.push(it);",
    );
    assert_eq!(named(&answer), ["failed", "[0]"], "{answer:#}");
    assert_eq!(
        (&answer["alive"], &answer["growth"]),
        (&100.into(), &"grows".into()),
        "{answer:#}"
    );

    // Half of it is kept in another way, since half of the time.
    let halves = "const old = []; const all = { young: [] }; let made = 0;";
    let each = "(++made <= 4500 ? old : all.young).push(new Counted());";
    let answer = explain_counted(&world, engine, halves, each);
    assert_eq!(
        (&answer["count"], &answer["growth"]),
        (&4500.into(), &"grows".into()),
        "{answer:#}"
    );
    assert_eq!(answer["others"][0]["growth"], "grows", "{answer:#}");

    // A list that goes both ways is two groups, of which none seems to grow.
    let both = "const head = {}; head.next = head.before = head;";
    let each =
        "const it = new Counted(); it.before = head.before; it.next = head; head.before.next = it; head.before = it;";
    let answer = explain_counted(&world, engine, both, each);
    assert_eq!(
        (&answer["alive"], &answer["growth"]),
        (&9000.into(), &"grows".into()),
        "{answer:#}"
    );
}

/// What stays and does not grow is said to be so.
pub fn what_does_not_grow_is_no_leak(engine: &str) {
    let world = world();
    let each = "const it = new Counted(); cache.set(`file ${++made}`, it); if (cache.size > 50) cache.delete(cache.keys().next().value);";
    let answer = explain_counted(&world, engine, "const cache = new Map(); let made = 0;", each);
    assert_eq!(
        (&answer["alive"], &answer["growth"]),
        (&50.into(), &"newest".into()),
        "{answer:#}"
    );
    // The oldest that is still there: 50 are, of as many as were made.
    let oldest = answer["made"].as_u64().unwrap() - 49;
    assert_eq!(
        named(&answer),
        ["cache", &format!(".get(\"file {oldest}\")")],
        "{answer:#}"
    );

    let each = "const key = i % 50; if (!cache.has(key)) cache.set(key, new Counted());";
    let answer = explain_counted(&world, engine, "const cache = new Map();", each);
    assert_eq!(
        (&answer["made"], &answer["alive"], &answer["growth"]),
        (&50.into(), &50.into(), &"no-more-made".into()),
        "{answer:#}"
    );
}

/// Wrappers die, and what they stand for stays.
pub fn linear_memory_alone_is_named(engine: &str) {
    let world = world();
    let answer = explain(&world, engine, &["no-finalizer"]).remove(0);
    assert_eq!(
        (&answer["answer"], &answer["slots"]),
        (&"nothing".into(), &3000.into()),
        "{answer:#}"
    );
    assert!(
        answer["other_growth"]["pages"][1].as_u64() > answer["other_growth"]["pages"][0].as_u64(),
        "{answer:#}"
    );
    // A cache of wrappers is none of it, nor is a peak.
    let cells = "class Cell extends WasmObject { register() { observer.register(this); } }\nconst cache = [];";
    let each = "cache[i % 50] = new Cell(instance);";
    let answer = explain_counted(&world, engine, cells, each);
    assert_eq!(
        (&answer["alive"], &answer["growth"]),
        (&50.into(), &"newest".into()),
        "{answer:#}"
    );
    assert!(answer["other_growth"]["pages"][1].is_u64(), "{answer:#}");
    let answer = explain_counted(
        &world,
        engine,
        "const cache = [];",
        "cache[i % 50] = new WasmObject(instance);",
    );
    assert_eq!(answer["other_growth"], Value::Null, "{answer:#}");
    // What the case counts is its own.
    let own = "const names = new Map(); let made = 0; slots = () => names.size;";
    let answer = explain_counted(&world, engine, own, "names.set(++made, 1); new Counted();");
    assert_eq!(
        (&answer["slots"], &answer["own_slots"]),
        (&3000.into(), &true.into()),
        "{answer:#}"
    );
}

/// What an engine has a name of its own for is called what a program calls it, and what
/// it hides is found.
pub fn what_holds_is_called_by_its_name(engine: &str) {
    let world = world();
    for (head, each, steps) in [
        (
            "const held = new Map();",
            "held.set('a key', new Counted());",
            &["held", ".get(\"a key\")"][..],
        ),
        (
            "const held = new Map();",
            "held.set(new Counted(), i);",
            &["held", "key"],
        ),
        (
            "const held = new Set();",
            "held.add(new Counted());",
            &["held", "element"],
        ),
        (
            "const held = { inner: new Set() };",
            "held.inner.add([new Counted()]);",
            &["held", ".inner", "element", "[0]"],
        ),
        (
            "const held = [];",
            "held.push(new Proxy(new Counted(), {}));",
            &["held", "[0]", "target"],
        ),
        (
            "const held = []; const states = new WeakMap();",
            "const key = {}; held.push(key); states.set(key, new Counted());",
            &["held", "[0]", "value in the WeakMap states"],
        ),
        (
            "const held = []; class State { static all = new WeakMap(); }",
            "const key = {}; held.push(key); State.all.set(key, { it: new Counted() });",
            &["held", "[0]", "value in the WeakMap State.all", ".it"],
        ),
        (
            "globalThis.held = new Map([['an inner one', new Map()]]);",
            "held.get('an inner one').set(i, [new Counted()]);",
            &["held", ".get(\"an inner one\")", ".get(…)", "[0]"],
        ),
        (
            "let last = null;",
            "const it = new Counted(); it.previous = last; last = it;",
            &["last", ".previous"],
        ),
    ] {
        // A map with the same key again and again keeps only the last one.
        let each = each.replace("'a key'", "`a key${i === 0 ? '' : i}`");
        let answer = explain_counted(&world, engine, head, &each);
        assert_eq!(answer["answer"], "kept", "{head}: {answer:#}");
        // Numbers as keys are known to JavaScriptCore's scripts only.
        let known = |label: &str| match label.strip_prefix(".get(").and_then(|rest| rest.strip_suffix(')')) {
            Some(key) if key.parse::<u32>().is_ok() => ".get(…)".to_owned(),
            _ => label.to_owned(),
        };
        let labels: Vec<String> = named(&answer).iter().map(|label| known(label)).collect();
        assert_eq!(labels, steps, "{head}: {answer:#}");
    }
}

/// A closure that does not mention what it keeps alive, and one that no table has.
pub fn a_closure_is_shown_with_the_one_that_it_keeps_for(engine: &str) {
    let world = world();
    let script = format!(
        "{COUNTED}const kept = [];
async function make(id) {{
    const model = new Counted();
    const size = () => model.size;
    kept.push(() => id);
    await null;
    return size();
}}
async function test(n) {{
    for (let i = 0; i < n; i++) await make(i);
}}
main(test);
"
    );
    let answer = explain_script(&world, engine, &script);
    let steps = answer["steps"].as_array().unwrap();
    let function = steps.iter().find(|step| step["node"] == "function").unwrap();
    assert_eq!(function["source"], "() => id", "{answer:#}");
    let last = steps.last().unwrap();
    assert_eq!(last["label"], "model", "{answer:#}");
    assert_eq!(last["captured_for"]["source"], "() => model.size", "{answer:#}");
    let place = last["captured_for"]["place"].as_str().unwrap();
    assert_eq!(place, "js/cases/own/test.js:10", "{answer:#}");
    // One that mentions it needs no other.
    let answer = explain_counted(
        &world,
        engine,
        "const kept = [];",
        "const it = new Counted(); kept.push(() => it);",
    );
    assert_eq!(answer["steps"][3]["captured_for"], Value::Null, "{answer:#}");
    let answer = explain_counted(
        &world,
        engine,
        "",
        "const it = new Counted();\ntable.add(() => it.held);\n",
    );
    assert_eq!(answer["steps"][2]["source"], "() => it.held", "{answer:#}");
}

/// A case may replace what scripts are made of. Then the answer is right, or there is none.
pub fn a_case_may_replace_anything(engine: &str) {
    let world = world();
    for (head, replaced) in [
        ("deref", "WeakRef.prototype.deref = () => undefined;"),
        (
            "WeakRef",
            "globalThis.WeakRef = class { constructor(it) { this.it = it; } deref() { return this.it; } };",
        ),
        (
            "WeakRef-empty",
            "globalThis.WeakRef = class { deref() { return undefined; } };",
        ),
        ("frozen", "Object.freeze(globalThis);"),
        (
            "frozen-all",
            "[Object, Array, Map, Set, WeakMap, WeakRef, Promise, Function].forEach(it => { Object.freeze(it); Object.freeze(it.prototype); });",
        ),
        (
            "iterators",
            "Array.prototype[Symbol.iterator] = function* () {}; Map.prototype[Symbol.iterator] = Set.prototype[Symbol.iterator] = function* () {};",
        ),
        (
            "arrays",
            "for (const name of ['push', 'map', 'filter', 'forEach', 'slice', 'some', 'reduce', 'flatMap', 'find', 'concat', 'indexOf', 'join', 'includes', 'splice']) Array.prototype[name] = () => [];",
        ),
        (
            "maps",
            "for (const it of [Map, Set, WeakMap]) for (const name of ['get', 'set', 'has', 'add', 'forEach', 'keys']) it.prototype[name] = () => undefined;",
        ),
        (
            "objects",
            "Object.keys = Object.entries = Object.values = Object.getOwnPropertyNames = Object.getOwnPropertyDescriptors = Reflect.ownKeys = () => []; Object.getPrototypeOf = () => null;",
        ),
        (
            "functions",
            "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => undefined; Reflect.apply = () => undefined;",
        ),
        (
            "strings",
            "RegExp.prototype.exec = () => null; String.prototype.startsWith = () => true; String.prototype.slice = () => 'x';",
        ),
    ] {
        let script = format!(
            "{COUNTED}let kept = null;\nfunction test(n) {{ for (let i = 0; i < n; i++) kept = {{ it: new Counted(), kept }}; }}\n{replaced}\nmain(test);\n"
        );
        world.write("js/cases/own/test.js", &script);
        world.write("expected/own.txt", "#: verdict = leaks\n...\n");
        let answer = world.run(&["explain", "own", "--engine", engine]);
        assert!(!answer.stdout.contains("nothing keeps"), "{head}: {}", answer.stdout);
        if answer.status == Some(0) {
            assert!(
                answer.stdout.contains("all 9000 objects stay"),
                "{head}: {}",
                answer.stdout
            );
            assert!(answer.stdout.contains("└ kept"), "{head}: {}", answer.stdout);
        }
    }
    world.assert_clean();
}

/// What no script can reach, and the engine does not report: then the answer says so.
pub fn a_path_that_is_not_told_is_said_to_be_none(engine: &str) {
    let world = world();
    let script = format!(
        "{COUNTED}const keep = (() => {{ const held = new Map(); return (key, it) => held.set(key, it); }})();
        let made = 0;
        function test(n) {{ for (let i = 0; i < n; i++) keep(++made, new Counted()); }}
        main(test);"
    );
    world.write("js/cases/m0/test.js", &script);
    let answer = world.run(&["explain", "m0", "--engine", engine]);
    match engine {
        "jsc" => {
            answer.expect(2, &[]);
            let printed = "no path from a root leads to it: JavaScriptCore keeps what a Map";
            assert!(answer.stdout.contains(printed), "{}", answer.stdout);
        }
        _ => {
            answer.expect(0, &[]);
            assert!(answer.stdout.contains("└ held"), "{}", answer.stdout);
            assert!(answer.stdout.contains("└ .get("), "{}", answer.stdout);
        }
    }
}
