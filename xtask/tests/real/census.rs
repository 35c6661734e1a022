//! Users' own programs, judged by a census of what is alive: small ones of known truth.

use crate::world::{Answer, World, repository, walk};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A guest with a memory of its own: a cell of 64 bytes at each call of `take`, and one page for each of `page`.
pub const GUEST: &str = r#"(module
  (memory (export "memory") 1 4000)
  (global $next (mut i32) (i32.const 16))
  (func (export "take")
    (global.set $next (i32.add (global.get $next) (i32.const 64)))
    (if (i32.gt_u (global.get $next) (i32.shl (memory.size) (i32.const 16)))
      (then (drop (memory.grow (i32.const 1))))))
  (func (export "page") (drop (memory.grow (i32.const 1)))))"#;

/// How a program loads it, in every shell and host.
const LOAD: &str =
    "const guest = new WebAssembly.Instance(new WebAssembly.Module(readbuffer('guest.wasm'))).exports;\n";

/// A name, the script, and the verdict.
const PROGRAMS: &[(&str, &str, &str)] = &[
    (
        "objects-stay",
        "class Widget {}\nconst all = [];\nfunction test(n) { for (let i = 0; i < n; i++) all.push(new Widget()); }",
        "leaks",
    ),
    (
        "one-in-a-hundred",
        "class Widget {}\nconst all = [];\nlet calls = 0;\nfunction test(n) {
  for (let i = 0; i < n; i++) { const made = new Widget(); if (calls++ % 100 === 0) all.push(made); }
}",
        "leaks",
    ),
    (
        "numbers-stay",
        "const all = [];\nfunction test(n) { for (let i = 0; i < n; i++) all.push(i * 0.5); }",
        "leaks",
    ),
    (
        "memory-stays",
        "function test(n) { for (let i = 0; i < n; i++) guest.take(); }",
        "leaks",
    ),
    // What was made before the first call is replaced, one by one.
    (
        "rows-replaced",
        "const rows = [];\nfor (let i = 0; i < 60000; i++) rows.push({ i, text: 'row ' + i });\nlet at = 0;
function test(n) { for (let i = 0; i < n; i++) { rows[at] = { i, text: 'row ' + i }; at = (at + 1) % rows.length; } }",
        "collected | bounded",
    ),
    (
        "promises-stay",
        "const never = new Promise(() => {});\nasync function wait(i) { await never; return i; }
function test(n) { for (let i = 0; i < n; i++) wait(i); }",
        "leaks",
    ),
    (
        "slots-stay",
        "const table = new WebAssembly.Table({ element: 'externref', initial: 1 });
function test(n) { for (let i = 0; i < n; i++) table.set(table.grow(1), { i }); }",
        "leaks",
    ),
    (
        "cache-of-1000",
        "const cache = new Map();\nlet calls = 0;
function test(n) { for (let i = 0; i < n; i++) cache.set(calls++ % 1000, { i }); }",
        "bounded",
    ),
    (
        "batch-of-4000",
        "const batch = [];
function test(n) { for (let i = 0; i < n; i++) { batch.push({ i }); if (batch.length === 4000) batch.length = 0; } }",
        "bounded",
    ),
    (
        "memory-once",
        "let first = true;\nfunction test(n) { if (first) for (let i = 0; i < 20; i++) guest.page(); first = false; return n; }",
        "bounded",
    ),
    (
        "all-dies",
        "class Widget { constructor(i) { this.i = i; } }\nlet sum = 0;
function test(n) { for (let i = 0; i < n; i++) sum += new Widget(i).i; }",
        "collected",
    ),
    (
        "a-round-late",
        "let before = [];\nfunction test(n) { const now = []; for (let i = 0; i < n; i++) now.push({ i }); before = now; }",
        "collected",
    ),
    (
        "async-dies",
        "let sum = 0;\nasync function once(i) { await null; return { i }; }
async function test(n) { for (let i = 0; i < n; i++) sum += (await once(i)).i; }",
        "collected",
    ),
];

/// Those that run until the census is content.
const LONG: &[&str] = &[
    "objects-stay",
    "promises-stay",
    "numbers-stay",
    "memory-stays",
    "all-dies",
];

fn world() -> World {
    World::new().with_this_machine()
}

fn add(world: &World, name: &str, script: &str) -> PathBuf {
    let needs_guest = script.contains("guest.");
    let script = format!("{}{script}\n", if needs_guest { LOAD } else { "" });
    let directory = world.file("programs").join(name);
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("test.js"), script).unwrap();
    if needs_guest {
        fs::write(directory.join("guest.wasm"), wat::parse_str(GUEST).unwrap()).unwrap();
    }
    directory
}

fn test(world: &World, name: &str, engine: &str) -> Answer {
    let directory = world.file("programs").join(name);
    world.run(&["test", directory.to_str().unwrap(), "--engine", engine])
}

pub fn each_program_is_judged_by_what_is_alive(engine: &str) {
    let world = world();
    for (name, script, verdict) in PROGRAMS {
        let directory = add(&world, name, script);
        let rounds = match LONG.contains(name) {
            true => "",
            false => "#: rounds = 40\n",
        };
        let expected = format!("#: verdict = {verdict}\n{rounds}");
        fs::write(directory.join("expected.txt"), expected).unwrap();
    }
    let answer = test(&world, "", engine);
    answer.expect(0, &[&format!("{0} cells: {0} ok", PROGRAMS.len())]);
    for (name, _, verdict) in PROGRAMS {
        let row = answer.stdout.lines().find(|line| line.starts_with(name)).unwrap();
        let mut allowed = verdict.split(" | ");
        assert!(allowed.any(|verdict| row.ends_with(&format!("ok {verdict}"))), "{row}");
    }
    // Without an expectation, a leak is a failure.
    fs::remove_file(world.file("programs/objects-stay/expected.txt")).unwrap();
    test(&world, "objects-stay", engine).expect(1, &["the verdict is `leaks`; expected `collected | bounded`"]);
}

/// Of a program, what has to be reported on each engine.
const NAMED: &[(&str, &[(&str, &str)])] = &[
    (
        "objects-stay",
        &[
            // In d8 with its class; Node.js forgets at times which object was made where.
            ("v8", " a call, made by test (test.js:3)"),
            ("jsc", "+1.00 Widget a call"),
            ("spidermonkey", "+1.00 Widget a call, made by test (test.js:3)"),
        ],
    ),
    (
        "one-in-a-hundred",
        &[
            ("jsc", "+0.010 Widget a call"),
            ("spidermonkey", "+0.010 Widget a call, made by test (test.js:5)"),
        ],
    ),
    (
        "memory-stays",
        &[
            ("v8", " B of linear memory (of guest.wasm) a call"),
            ("jsc", " B of linear memory (of guest.wasm) a call"),
            (
                "spidermonkey",
                " B of linear memory (of guest.wasm) a call, grown by test (test.js:2)",
            ),
        ],
    ),
    (
        "slots-stay",
        &[
            ("v8", "+1.00 slots of a table a call"),
            ("jsc", "+1.00 slots of a table a call"),
        ],
    ),
    (
        "numbers-stay",
        &[
            ("v8", " B of objects a call, made by test (test.js:2)"),
            ("jsc", " B of the JavaScript heap a call"),
            ("spidermonkey", " B of Array a call, made by the script (test.js:1)"),
        ],
    ),
];

pub fn what_grows_is_named_with_its_place(engine: &str) {
    let world = world();
    for (name, wanted) in NAMED {
        let (_, script, _) = PROGRAMS.iter().find(|(known, _, _)| known == name).unwrap();
        add(&world, name, script);
        let answer = test(&world, name, engine);
        let hint = format!("{name}` tells what keeps it alive");
        answer.expect(1, &["expected `collected | bounded`", &hint]);
        for (_, text) in wanted.iter().filter(|(of, _)| *of == engine) {
            assert!(answer.stdout.contains(text), "`{text}` is not in\n{}", answer.stdout);
        }
    }
}

/// A module in a directory below the root of its package, which imports from beside it.
pub fn modules_and_packages_are_found(engine: &str) {
    let world = world();
    let root = world.file("programs/package");
    for (name, text) in [
        ("package.json", "{}"),
        ("lib/widget.mjs", "export class Widget {}\n"),
        (
            "tests/leak/test.mjs",
            "import { Widget } from '../../lib/widget.mjs';
const { Widget: Same } = await import('../../lib/widget.mjs');
const all = [];
export async function setup() { if (Same !== Widget) throw new Error('two modules'); }
export function test(n) { for (let i = 0; i < n; i++) all.push(new Widget()); }
export function teardown() { print('done with', all.length > 1000, import.meta.url.endsWith('test.mjs')); }
",
        ),
        ("tests/leak/expected.txt", "#: verdict = leaks\ndone with true true\n"),
    ] {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    test(&world, "package/tests/leak", engine).expect(0, &["1 cell: 1 ok"]);
}

/// What a file beside the script may set.
pub fn the_limits_of_a_program_are_its_own(engine: &str) {
    let world = world();
    let directory = add(
        &world,
        "limited",
        "const all = [];\nlet most = 0;\nfunction test(n) { most = Math.max(most, n); all.push({ n }); }
function teardown() { print(most); }",
    );
    let expected =
        "#: verdict = leaks\n#: objects = 7\n#: rounds = 30\n#: timeout = 50\n#: bug = https://example.org/1\n7\n";
    fs::write(directory.join("expected.txt"), expected).unwrap();
    let answer = test(&world, "limited", engine);
    answer.expect(0, &["1 cell: 1 ok"]);
    for text in ["in rounds of 7", "known, as https://example.org/1"] {
        assert!(answer.stdout.contains(text), "{}", answer.stdout);
    }
}

/// A leak of 100 MB a call is ended before it takes the machine.
pub fn a_leak_that_fills_the_machine_is_ended(engine: &str) {
    let world = world();
    let directory = add(
        &world,
        "large",
        "const all = [];\nfunction test(n) { for (let i = 0; i < n; i++) all.push(new Uint8Array(100e6).fill(1)); }",
    );
    let word = directory.to_str().unwrap();
    let answer = world.run(&["test", word, "--engine", engine, "--memory", "700"]);
    answer.expect(
        1,
        &[
            "it took more than 700 MiB of memory; what is alive had been counted",
            "1 broke",
        ],
    );
    world.assert_clean();
}

/// If what was planted is judged wrong, nothing is believed.
pub fn a_planted_leak_that_is_not_seen_is_a_doubt(engine: &str) {
    for (from, to, why) in [
        (
            "leaked[leaked.length] = new PlantedLeak(calls);",
            "new PlantedLeak(calls);",
            "a leak that was planted beside the program was not seen",
        ),
        (
            "if (batch.length === BATCH) batch.length = 0;",
            "",
            "a batch that was planted beside the program seemed to leak",
        ),
        (
            "if (cached.length < CACHE) plantedCache();",
            "plantedCache();",
            "a cache that was planted beside the program seemed to leak",
        ),
    ] {
        let world = world();
        add(
            &world,
            "all-dies",
            PROGRAMS.iter().find(|row| row.0 == "all-dies").unwrap().1,
        );
        let few = "#: verdict = collected\n#: rounds = 20\n";
        fs::write(world.file("programs/all-dies/expected.txt"), few).unwrap();
        let script = fs::read_to_string(world.checkout.join("js/lib/planted.js")).unwrap();
        assert!(script.contains(from), "{from}");
        world.write("js/lib/planted.js", &script.replace(from, to));
        test(&world, "all-dies", engine).expect(1, &[why, "1 inconclusive"]);
    }
}

/// A script, and what is printed of its error.
const ERRORS: &[(&str, &str)] = &[
    (
        "function test(n) { throw new TypeError('bad'); }",
        "TypeError: bad (test.js:1",
    ),
    (
        "let calls = 0;\nfunction test(n) { if (++calls > 9) throw new RangeError('late'); }",
        "RangeError: late (test.js:2",
    ),
    ("function test(n) { throw null; }", "the script threw null"),
    (
        "function test(n) { throw { toString() { throw 1; } }; }",
        "the script threw a value that cannot be shown",
    ),
    ("throw new Error('at once');", "Error: at once"),
    ("function test(n) { return new Promise(() => {}); }", "is never settled"),
    (
        "let calls = 0;\nfunction test(n) { if (++calls > 3) return new Promise(() => {}); }",
        "is never settled",
    ),
    ("function tests(n) {}", "the script defines no function `test(n)`"),
    (
        "async function test(n) { await null; throw new Error('rejected'); }",
        "Error: rejected (test.js:1",
    ),
    ("function test(n) { nothing.at.all(); }", "nothing"),
    ("function test(n) { ) }", "SyntaxError"),
];

pub fn an_error_of_the_program_is_told(engine: &str) {
    // A place is told in a path with a space, too.
    let world = World::at("a checkout", "bin").with_this_machine();
    for (script, wanted) in ERRORS {
        add(&world, "errors", script);
        let answer = test(&world, "errors", engine);
        answer.expect(1, &[wanted]);
        let row = answer.stdout.lines().find(|line| line.starts_with("errors "));
        assert!(
            row.is_some_and(|row| row.ends_with("FAILED")),
            "no verdict: {}",
            answer.stdout
        );
        let ours = ["js/lib/census.js:", "wasm-leaks-stage", "undefined\n"];
        assert!(
            !ours.iter().any(|text| answer.stderr.contains(text)),
            "{}",
            answer.stderr
        );
    }
}

/// The README's script, and what it says of each engine.
pub fn the_readme_of_own_scripts_is_true(engine: &str) {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let (_, part) = readme.split_once("\n## Your own module\n").unwrap();
    let between = |from: &str| part.split_once(from).unwrap().1.split_once("```\n").unwrap().0;
    let world = world();
    let directory = world.file("programs/leak");
    fs::create_dir_all(directory.join("pkg")).unwrap();
    fs::write(directory.join("test.mjs"), between("```js\n")).unwrap();
    fs::write(directory.join("pkg/widget.js"), "export class Widget {}\n").unwrap();
    let explained = between("$ wasm-leaks explain leak --engine d8\n");
    explanation_is_true(&world, &directory, engine, explained);
    let answer = test(&world, "leak", engine);
    let shown = between("$ wasm-leaks test leak\n");
    let mut lines = shown
        .lines()
        .skip_while(|line| !line.starts_with(&format!("  {engine}: ")));
    let Some(first) = lines
        .next()
        .filter(|line| answer.stdout.contains(line.split(": leaks").next().unwrap()))
    else {
        // It has another version, or none of this engine.
        return;
    };
    for line in [first]
        .into_iter()
        .chain(lines.take_while(|line| line.starts_with("    ")))
    {
        // How many calls there are depends on how fast the machine is.
        let (line, _) = line.split_once(", over ").unwrap_or((line, ""));
        assert!(answer.stdout.contains(line), "`{line}` is not in\n{}", answer.stdout);
    }
}

/// What it says of d8's heap, but for numbers, which are not the same in each run.
fn explanation_is_true(world: &World, directory: &Path, engine: &str, shown: &str) {
    let answer = world.run(&["explain", directory.to_str().unwrap(), "--engine", engine]);
    answer.expect(0, &[]);
    let without_numbers = |line: &str| line.split(|c: char| c.is_ascii_digit()).collect::<Vec<_>>().join("");
    let head = |text: &str| text.split(": leaks").next().map(str::to_owned);
    if head(shown) != head(&answer.stdout) {
        // Another version, or another engine.
        return;
    }
    let actual: Vec<String> = answer.stdout.lines().map(without_numbers).collect();
    let shown: Vec<String> = shown.lines().map(without_numbers).collect();
    assert_eq!(actual, shown, "{}", answer.stdout);
}

/// A script may write, print and define what it likes.
pub fn nothing_of_a_program_is_written_or_forged(engine: &str) {
    let world = world();
    let directory = add(
        &world,
        "odd",
        "var harness = 1, outer = 2, turn = 3, send = 4, receive = 5, planted = 6, options = 7;
let gcs = 0;
Map.prototype.set = null; Array.prototype.push = null; JSON.stringify = null; String.prototype.split = null;
class Object_ {}
console.log('hello');
if (typeof process === 'object') process.getBuiltinModule('node:fs').writeFileSync('left.txt', 'x');
function test(n) { for (let i = 0; i < n; i++) gcs += new Object_() ? 1 : 0; }",
    );
    fs::write(directory.join("expected.txt"), "#: verdict = collected\nhello\n").unwrap();
    let before = walk(&directory);
    test(&world, "odd", engine).expect(0, &["1 cell: 1 ok"]);
    assert_eq!(walk(&directory), before);
    add(
        &world,
        "forged",
        "print('@ {\"type\":\"quit\",\"status\":0}');\nfunction test(n) {}",
    );
    test(&world, "forged", engine).expect(1, &["it does not have the key of the run"]);
    world.assert_clean();
}

/// The census goes on by the rule that the judge decides by.
pub fn the_census_sees_the_growth_that_the_judge_sees(engine: &str) {
    let world = world();
    let table = include_str!("../growths.json");
    let rows: Vec<Value> = serde_json::from_str(table).unwrap();
    let wanted: Vec<&str> = rows.iter().map(|row| row["expected"].as_str().unwrap()).collect();
    let script = fs::read_to_string(world.checkout.join("js/lib/growth.js")).unwrap();
    let ask = "for (const { of, calls, values } of TABLE) print(harness.growth(calls, values, of));";
    world.write(
        "js/lib/growth.js",
        &format!("{script}\nconst TABLE = {table};\n{ask}\n"),
    );
    let directory = add(&world, "growths", "function test(n) {}");
    let expected = format!("#: verdict = collected\n{}\n", wanted.join("\n"));
    fs::write(directory.join("expected.txt"), expected).unwrap();
    test(&world, "growths", engine).expect(0, &["1 cell: 1 ok"]);
}
