//! Users' scripts that are TypeScript, import packages, or were made smaller: every place and name is
//! one of the user's files. By a real esbuild, which `.ci/run` installs.

use crate::own::Own;
use crate::required;
use crate::world::repository;
use serde_json::Value;
use std::fs;
use std::io::Write;

/// Where `--install` puts esbuild.
const OURS: &str = "target/wasm-leaks/esbuild/node_modules/.bin/esbuild";

/// Whether there is an esbuild; that there is none is reported.
fn has_esbuild(test: &str) -> bool {
    if repository().join(OURS).exists() || which::which("esbuild").is_ok() {
        return true;
    }
    assert!(
        required().is_empty(),
        "there is no esbuild, but WASM_LEAKS_REQUIRE_ENGINES is set"
    );
    let _ = writeln!(std::io::stderr(), "skipped bundles::{test}: there is no esbuild");
    false
}

/// The kind of this class that grows, with the places that made it: `makeWidget app.ts < test test.ts`.
fn grown(cell: &Value, class: &str) -> (String, Vec<u64>) {
    let grows = cell["census"]["grows"].as_array().cloned().unwrap_or_default();
    let is_it = |growth: &&Value| {
        let kind = &growth["kind"];
        let classes = kind["classes"].as_array().cloned().unwrap_or_default();
        kind["class"] == class || classes.iter().any(|known| known[0] == class)
    };
    let growth = grows.iter().find(is_it);
    let growth = growth.unwrap_or_else(|| panic!("no {class} grows: {:#}", cell["census"]));
    let frames = growth["kind"]["stack"].as_array().cloned().unwrap_or_default();
    let text = |frame: &Value, name: &str| frame[name].as_str().unwrap_or_default().to_owned();
    let places: Vec<String> = frames
        .iter()
        .map(|frame| format!("{} {}", text(frame, "name"), text(frame, "file")))
        .collect();
    let lines = frames.iter().filter_map(|frame| frame["line"].as_u64()).collect();
    (places.join(" < "), lines)
}

/// JavaScriptCore reports no places. V8 reports the line of the function, SpiderMonkey that of the `new`.
fn made_at(engine: &str, cell: &Value, class: &str, places: &str, lines: [&[u64]; 2]) {
    let (found, found_lines) = grown(cell, class);
    match engine {
        "jsc" => assert_eq!(found, ""),
        _ => assert_eq!(found, places),
    }
    match engine {
        "v8" => assert_eq!(found_lines, lines[0]),
        "spidermonkey" => assert_eq!(found_lines, lines[1]),
        _ => {}
    }
}

const APP: &str = "export interface Named {
  name: string;
}

export class Widget implements Named {
  constructor(public name: string, private size: number = 2) {}
}

export function makeWidget(name: string): Widget {
  return new Widget(name);
}
";

/// Two classes of one name, of which a bundler renames one.
const OTHER: &str = "export class Widget { other = 1; }\nexport function makeWidget() { return new Widget(); }\n";

const TEST: &str = "import { makeWidget as other } from './other';
import { makeWidget, type Widget } from './app';
const all: Widget[] = [];
export function test(n: number): void {
  for (let i = 0; i < n; i++) { all.push(makeWidget('x')); other(); }
}
";

pub fn typescript_is_told_by_its_own_places(engine: &str) {
    if !has_esbuild("typescript_is_told_by_its_own_places") {
        return;
    }
    let own = Own::new(&[
        ("package.json", "{}"),
        ("test.ts", TEST),
        ("app.ts", APP),
        ("other.ts", OTHER),
    ]);
    let cell = own.cell(engine);
    assert_eq!(cell["verdict"], "leaks", "{cell:#}");
    made_at(
        engine,
        &cell,
        "Widget",
        "makeWidget app.ts < test test.ts",
        [&[9, 4], &[10, 5]],
    );
    let explained = own.run(&["explain", "--engine", engine]);
    explained.expect(0, &[]);
    assert!(explained.stdout.contains("└ all"), "{}", explained.stdout);
    assert!(explained.stdout.contains("Widget"), "{}", explained.stdout);
    assert!(!explained.stdout.contains("bundle"), "{}", explained.stdout);
}

pub fn a_classic_script_in_typescript_is_run(engine: &str) {
    if !has_esbuild("a_classic_script_in_typescript_is_run") {
        return;
    }
    let script = "class Thing { constructor(public n: number) {} }
const kept: Thing[] = [];
function make(i: number): Thing { return new Thing(i); }
function test(n: number) { for (let i = 0; i < n; i++) kept.push(make(i)); }
";
    let own = Own::new(&[("package.json", "{}"), ("test.ts", script)]);
    let cell = own.cell(engine);
    assert_eq!(cell["verdict"], "leaks", "{cell:#}");
    made_at(
        engine,
        &cell,
        "Thing",
        "make test.ts < test test.ts",
        [&[3, 4], &[3, 4]],
    );
}

/// A package of CommonJS that asks for a module of Node.js, and one that fetches a file beside it.
const PACKAGES: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{ "dependencies": { "boxes": "1.0.0", "@s/fetching": "1.0.0" } }"#,
    ),
    (
        "node_modules/boxes/package.json",
        r#"{ "name": "boxes", "version": "1.0.0", "main": "lib/index.js" }"#,
    ),
    (
        "node_modules/boxes/lib/index.js",
        "'use strict';\nlet fs;\ntry { fs = require('fs'); } catch (error) { fs = null; }
class Box { constructor(x) { this.x = x; } }\nconst boxes = [];
exports.box = function box(x) {\n  boxes.push(new Box(x));\n};\n",
    ),
    (
        "node_modules/@s/fetching/package.json",
        r#"{ "name": "@s/fetching", "version": "1.0.0", "type": "module", "exports": "./src/here.js" }"#,
    ),
    (
        "node_modules/@s/fetching/src/here.js",
        "import { readFileSync } from 'node:fs';
export const bytes = () => fetch(new URL('../data.wasm', import.meta.url)).then(found => found.arrayBuffer());
export const isNode = typeof readFileSync === 'function';\n",
    ),
    ("node_modules/@s/fetching/data.wasm", "\0asm\x01\0\0\0"),
    (
        "test.mjs",
        "import { box } from 'boxes';\nimport { bytes } from '@s/fetching';
export async function setup() {\n  const found = await bytes();
  console.log(found.byteLength, import.meta.url.split('/').pop());\n}
export function test(n) { for (let i = 0; i < n; i++) box(i); }\n",
    ),
];

pub fn packages_are_found_with_their_files(engine: &str) {
    if !has_esbuild("packages_are_found_with_their_files") {
        return;
    }
    let own = Own::new(PACKAGES);
    let cell = own.cell(engine);
    assert_eq!(cell["verdict"], "leaks", "{cell:#}");
    assert_eq!(cell["transcript"], serde_json::json!(["8 test.mjs"]), "{cell:#}");
    let places = "box node_modules/boxes/lib/index.js < test test.mjs";
    made_at(engine, &cell, "Box", places, [&[6, 7], &[7, 7]]);
}

/// A package whose functions call each other, and the user's own function far outside.
pub fn the_user_s_own_call_of_a_package_is_told(engine: &str) {
    if engine == "jsc" || !has_esbuild("the_user_s_own_call_of_a_package_is_told") {
        return;
    }
    let mut package = "const all = [];\nclass Box {}\nexport function f0() {\n  all.push(new Box());\n}\n".to_owned();
    for depth in 1..=DEEP {
        package += &format!("export function f{depth}() {{\n  f{}();\n}}\n", depth - 1);
    }
    let script = format!(
        "import {{ f{DEEP} }} from 'deep';\nfunction remember() {{\n  f{DEEP}();\n}}
export function test(n) {{\n  for (let i = 0; i < n; i++) remember();\n}}\n"
    );
    let own = Own::new(&[
        ("package.json", "{}"),
        (
            "node_modules/deep/package.json",
            r#"{ "name": "deep", "main": "deep.js" }"#,
        ),
        ("node_modules/deep/deep.js", &package),
        ("test.mjs", &script),
    ]);
    let answer = own.run(&["test", "--engine", engine]);
    answer.expect(1, &[]);
    let line = answer
        .stdout
        .lines()
        .find(|line| line.contains("f0 ("))
        .unwrap_or_default();
    let place = if engine == "v8" { "test.mjs:2" } else { "test.mjs:3" };
    let end = format!(" < … < remember ({place})");
    assert!(line.contains("Box") && line.ends_with(&end), "{}", answer.stdout);
    // In a workflow that is where a change is marked.
    let answer = own.run(&["test", "--engine", engine, "--annotations"]);
    answer.expect(1, &[]);
    let printed = answer.stdout + &answer.stderr;
    assert!(printed.contains("/test.mjs,line="), "{printed}");
}

/// So deep that no engine's stack is kept whole.
const DEEP: usize = 12;

/// A module that is imported like a script, of the user's and of a package.
pub fn a_module_that_is_imported_is_run(engine: &str) {
    if !has_esbuild("a_module_that_is_imported_is_run") {
        return;
    }
    let module = wat::parse_str(
        r#"(module (import "./glue.js" "seen" (func $seen)) (memory (export "memory") 1) (func (export "take") call $seen))"#,
    );
    let module = module.unwrap();
    let glue = "export class Seen {}\nexport const all = [];\nexport function seen() { all.push(new Seen()); }\n";
    for (directory, name) in [("pkg", "./pkg/widget.js"), ("node_modules/widget", "widget")] {
        let script = format!(
            "import {{ take }} from '{name}';\nexport function test(n) {{ for (let i = 0; i < n; i++) take(); }}\n"
        );
        let own = Own::new(&[("package.json", "{}"), ("test.mjs", &script)]);
        own.write(&format!("{directory}/glue.js"), glue);
        own.write(
            &format!("{directory}/widget.js"),
            "export { take } from './widget.wasm';\n",
        );
        own.write(
            &format!("{directory}/package.json"),
            r#"{ "name": "widget", "version": "1.0.0", "module": "widget.js" }"#,
        );
        fs::write(own.directory.join(directory).join("widget.wasm"), &module).unwrap();
        let cell = own.cell(engine);
        assert_eq!(cell["verdict"], "leaks", "{cell:#}");
        let (places, _) = grown(&cell, "Seen");
        assert!(
            engine == "jsc" || places.starts_with(&format!("seen {directory}/glue.js")),
            "{places}"
        );
    }
}

/// What a minifier makes of a script with these lines, and its map.
const MINIFIED: &str = "class e{constructor(s){this.id=s}id}const o=[];function i(n){const s=new e(n);return o.push(s),s}function r(n){i(n)}export{e as Session,r as handle};\n//# sourceMappingURL=app.min.js.map\n";
const MAP: &str = r#"{"version":3,"sources":["../src/app.ts"],"sourcesContent":["export class Session {\n  constructor(private id: number) {}\n}\nconst sessions: Session[] = [];\nfunction openSession(id: number): Session {\n  const made = new Session(id);\n  sessions.push(made);\n  return made;\n}\nexport function handle(id: number): void {\n  openSession(id);\n}\n"],"mappings":"AAAO,MAAMA,CAAQ,CACnB,YAAoBC,EAAY,CAAZ,QAAAA,CAAa,CAAb,EACtB,CACA,MAAMC,EAAsB,CAAC,EAC7B,SAASC,EAAYF,EAAqB,CACxC,MAAMG,EAAO,IAAIJ,EAAQC,CAAE,EAC3B,OAAAC,EAAS,KAAKE,CAAI,EACXA,CACT,CACO,SAASC,EAAOJ,EAAkB,CACvCE,EAAYF,CAAE,CAChB","names":["Session","id","sessions","openSession","made","handle"]}"#;

const MINIFIED_TEST: &str =
    "import { handle } from './dist/app.min.js';\nexport function test(n) { for (let i = 0; i < n; i++) handle(i); }\n";

pub fn a_minified_script_is_told_by_its_sources(engine: &str) {
    let own = Own::new(&[
        ("package.json", "{}"),
        ("test.mjs", MINIFIED_TEST),
        ("dist/app.min.js", MINIFIED),
        ("dist/app.min.js.map", MAP),
    ]);
    let cell = own.cell(engine);
    let (places, lines) = grown(&cell, "Session");
    match engine {
        "jsc" => assert_eq!(places, ""),
        _ => assert_eq!(places, "openSession src/app.ts < handle src/app.ts < test test.mjs"),
    }
    match engine {
        "v8" => assert_eq!(lines, [5, 10, 2]),
        // Compiled code has the place where the function begins.
        "spidermonkey" => assert!(
            [[5, 11, 2], [6, 11, 2]].contains(&[lines[0], lines[1], lines[2]]),
            "{lines:?}"
        ),
        _ => {}
    }
    let explained = own.run(&["explain", "--engine", engine]);
    explained.expect(0, &[]);
    for part in ["module src/app.ts", "└ sessions", "Session  src/app.ts:1"] {
        assert!(explained.stdout.contains(part), "{part}: {}", explained.stdout);
    }
}

pub fn a_broken_map_is_told_once(engine: &str) {
    let own = Own::new(&[
        ("package.json", "{}"),
        ("test.mjs", MINIFIED_TEST),
        ("dist/app.min.js", MINIFIED),
        ("dist/app.min.js.map", "{\"version\":3,\"sou"),
    ]);
    let answer = own.run(&["test", "--engine", engine]);
    answer.expect(1, &[]);
    assert_eq!(
        answer
            .stderr
            .matches("failed to read the source map of `dist/app.min.js`")
            .count(),
        1
    );
    assert!(answer.stdout.contains("+1.00 e a call"), "{}", answer.stdout);
    fs::remove_file(own.directory.join("dist/app.min.js.map")).unwrap();
    let answer = own.run(&["test", "--engine", engine]);
    assert!(
        answer.stderr.contains("it names `app.min.js.map`, which is not there"),
        "{}",
        answer.stderr
    );
}

/// An error of a script, in which the engine's place is one of a bundle.
pub fn an_error_is_told_by_its_own_place(engine: &str) {
    if !has_esbuild("an_error_is_told_by_its_own_place") {
        return;
    }
    let script =
        "interface Unused { a: number }\n\nexport function test(n: number): void {\n  throw new Error('no more');\n}\n";
    let own = Own::new(&[("package.json", "{}"), ("test.ts", script)]);
    let answer = own.run(&["test", "--engine", engine]);
    answer.expect(1, &["Error: no more (test.ts:4:"]);
}

/// What cannot be bundled, with what is said of it: no engine is asked.
pub fn what_cannot_be_bundled_has_no_answer(engine: &str) {
    if !has_esbuild("what_cannot_be_bundled_has_no_answer") {
        return;
    }
    for (name, text, wanted) in [
        (
            "test.mjs",
            "\nimport pad from 'left-pad';\nexport function test() { pad(); }\n",
            &[
                "Could not resolve \"left-pad\"",
                "test.mjs:2:16",
                "`npm install left-pad`",
            ][..],
        ),
        (
            "test.ts",
            "export function test(n: number) {\n  const x: = 3;\n}\n",
            &["Unexpected \"=\"", "test.ts:2:11"],
        ),
        (
            "test.ts",
            "import './app';\nexport function test() {}\n",
            &["Could not resolve \"./app\"", "test.ts:1:7"],
        ),
    ] {
        let own = Own::new(&[("package.json", "{}"), (name, text)]);
        own.run(&["test", "--engine", engine]).expect(2, wanted);
    }
}
