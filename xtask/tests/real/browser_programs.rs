//! Users' own programs in real browsers, and paths: what is alive in a page or a worker, and what keeps it alive.

use crate::browsers::{BROWSERS, in_each};
use crate::world::{Answer, World, repository};
use std::fs;
use std::path::PathBuf;

/// Checks what an explanation tells; a Firefox worker has none yet, and says so.
fn check_explained(answer: &Answer, browser: &str, place: &str, check: impl FnOnce(&str)) {
    if (browser, place) == ("firefox", "worker") {
        let told = "it cannot tell: this browser has no way to write a snapshot of its heap yet";
        assert!(answer.stdout.contains(told), "{}{}", answer.stdout, answer.stderr);
        return;
    }
    answer.expect(0, &[]);
    check(&answer.stdout);
}

#[test]
fn a_path_is_that_of_the_shells() {
    in_each(|browser, place| {
        let world = World::new().with_this_machine();
        let world = world.set("CARGO_TARGET_DIR", repository().join("target"));
        let mut command = world.xtask(&["explain", "m1", "--engine", browser, "--in", place]);
        let answer = Answer::of(command.current_dir(repository()).output().unwrap());
        check_explained(&answer, browser, place, |text| {
            let words: Vec<&str> = text.split_whitespace().collect();
            let text = words.join(" ");
            // The snapshots of WebKitGTK have no places of functions.
            let function = (browser != "webkitgtk").then_some("js/cases/m1/test.js:8");
            let steps = [
                "all 9000 objects stay",
                "└ table ObjectTable js/lib/runtime.js:",
                "└ .objects Array",
                "└ [0] function",
                "└ obj WasmObject #1 js/lib/runtime.js:",
            ];
            for step in steps.into_iter().chain(function) {
                assert!(text.contains(step), "{browser}, {place}, {step}: {text}");
            }
        });
    });
}

/// A program of the user's, in a directory whose name is none of a URL's.
fn own(script: &str, text: &str) -> (World, PathBuf) {
    let world = World::new().with_this_machine();
    let path = world.file("my #1 program").join(script);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    let kept = "const all = [];\nexport const keep = object => { all.push(object); };\n";
    fs::write(path.with_file_name("kept part.mjs"), kept).unwrap();
    (world, path)
}

const LEAK: &str = "import { keep } from './kept part.mjs';
class Widget {}
export function test(n) {
  for (let i = 0; i < n; i++) keep(new Widget());
}
";

/// Each call keeps an object that it has made a while ago.
pub const WAITS: &str = "class Widget { constructor(i) { this.i = i; } }
const kept = [];
const later = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

async function make(i) {
  const widget = new Widget(i);
  await later(70);
  kept.push(widget);
}

export async function test(n) {
  for (let i = 0; i < n; i++) await make(i);
}
";

/// A program, its exit status, and what is told of it: by Chromium, Firefox, and WebKitGTK, which has no places.
type Judged = (&'static str, &'static str, i32, [&'static str; 3]);

const JUDGED: &[Judged] = &[
    (
        "leak.mjs",
        LEAK,
        1,
        [
            "+1.00 Widget a call, made by test (leak.mjs:3)",
            "+1.00 Widget a call, made by test (leak.mjs:4)",
            "+1.00 Widget a call\n",
        ],
    ),
    (
        "fine.mjs",
        "export function test(n) { for (let i = 0; i < n; i++) globalThis.last = { i }; }\n",
        0,
        ["collected, over", "collected, over", "collected, over"],
    ),
    (
        "classic.js",
        "const list = [];\nfunction test(n) { for (let i = 0; i < n; i++) list.push(new Date(i)); }\n",
        1,
        [
            "made by test (classic.js:2)",
            "+1.00 Date a call, made by test (classic.js:2)",
            "+1.00 Date a call\n",
        ],
    ),
    // V8 gives all objects a number meanwhile, and forgets where it has made one that has a number and is moved.
    (
        "waits.mjs",
        WAITS,
        1,
        [
            "+1.00 Widget a call, made by make (waits.mjs:5)",
            "+1.00 Widget a call, made by make (waits.mjs:6)",
            "+1.00 Widget a call\n",
        ],
    ),
    // No count of objects grows.
    (
        "numbers.js",
        "const list = [];\nfunction test(n) { for (let i = 0; i < n; i++) list.push(i + 0.5); }\n",
        1,
        [
            "a call, made by test (numbers.js:2)",
            "B of Array a call, made by the script (numbers.js:1)",
            "B of the JavaScript heap a call",
        ],
    ),
];

#[test]
fn a_program_is_judged_by_what_is_alive() {
    in_each(|browser, place| {
        let index = BROWSERS.iter().position(|name| *name == browser).unwrap();
        for (script, text, status, told) in JUDGED {
            let (world, path) = own(script, text);
            let path = path.to_str().unwrap();
            let answer = world.run(&["test", path, "--engine", browser, "--in", place]);
            let printed = format!("{}{}", answer.stdout, answer.stderr);
            assert!(printed.contains(told[index]), "{browser}, {place}, {script}: {printed}");
            answer.expect(*status, &[]);
            world.assert_clean();
        }
    });
}

#[test]
fn a_program_finds_its_page_and_prints() {
    in_each(|browser, place| {
        let text = "console.log('a', [1]);
export async function setup() {
  const answer = await fetch('program.mjs');
  console.log(answer.status, typeof document, import.meta.url.split('/').pop());
  setTimeout(() => { throw new Error('late'); }, 0);
  await new Promise(resolve => setTimeout(resolve, 20));
}
export function test() {}
";
        let (world, path) = own("program.mjs", text);
        let answer = world.run(&["test", path.to_str().unwrap(), "--engine", browser, "--in", place]);
        let has_document = if place == "page" { "object" } else { "undefined" };
        let told = format!("200 {has_document} program.mjs");
        answer.expect(1, &["a callback threw: Error: late (program.mjs:5:", "a [ 1 ]", &told]);
    });
}

#[test]
fn what_keeps_alive_what_grows_is_named() {
    in_each(|browser, place| {
        let (world, path) = own("leak.mjs", LEAK);
        let answer = world.run(&["explain", path.to_str().unwrap(), "--engine", browser, "--in", place]);
        world.assert_clean();
        check_explained(&answer, browser, place, |text| {
            for told in [
                "Widget that are new are kept alive by",
                "module kept part.mjs",
                "all",
                "leak.mjs:2",
            ] {
                assert!(text.contains(told), "{browser}, {place}, {told}: {text}");
            }
            // What our own requests leave in a page is none of the program's.
            assert!(!text.contains("PerformanceEntry"), "{browser}, {place}: {text}");
        });
    });
}

#[test]
fn what_a_page_alone_has_is_seen() {
    in_each(|browser, place| {
        if browser == "chromium" && place == "page" {
            let text = "export function test(n) {
  for (let i = 0; i < n; i++) {
    const element = document.createElement('div');
    addEventListener('resize', () => element.title);
  }
}
";
            let (world, path) = own("listener.mjs", text);
            let answer = world.run(&["explain", path.to_str().unwrap(), "--engine", browser]);
            answer.expect(0, &[]);
            for told in [
                "<div> that are new are kept alive by",
                "EventListener",
                "captured variable",
            ] {
                assert!(answer.stdout.contains(told), "{told}: {}", answer.stdout);
            }
        }
    });
}

/// A program of a page, its exit status, what is told of it in each browser, and what in Chromium alone, which counts nodes
/// outside of documents, and listeners.
type PageJudged = (&'static str, i32, &'static [&'static str], &'static [&'static str]);

const PAGES_JUDGED: &[PageJudged] = &[
    // No object of scripts is made for these nodes.
    (
        "for (let i = 0; i < n; i++) document.body.insertAdjacentHTML('beforeend', '<p>a</p>');",
        1,
        &["leaks, over", "+2.00 nodes in the document a call"],
        &["+2.00 DOM nodes a call"],
    ),
    (
        "for (let i = 0; i < n; i++) {
    const part = document.createElement('div');
    part.innerHTML = '<p><b>a</b></p>';
    (globalThis.kept ??= []).push(part.firstChild);
  }",
        1,
        &["leaks, over"],
        &["+4.00 DOM nodes a call"],
    ),
    (
        "for (let i = 0; i < n; i++) addEventListener('custom', () => i);",
        1,
        &["leaks, over"],
        &["+1.00 event listeners a call"],
    ),
    (
        "for (let i = 0; i < n; i++) {
    document.body.insertAdjacentHTML('beforeend', '<p>a</p>');
    const last = document.body.lastElementChild;
    last.addEventListener('click', () => i);
    (globalThis.shown ??= []).push(last);
    if (shown.length > 20) shown.shift().remove();
  }",
        0,
        &["page.js  ok"],
        &[],
    ),
];

#[test]
fn what_a_page_has_beside_objects_of_scripts_is_counted() {
    in_each(|browser, place| {
        if place == "worker" {
            return;
        }
        for (body, status, told, in_chromium) in PAGES_JUDGED {
            let (world, path) = own("page.js", &format!("function test(n) {{\n  {body}\n}}\n"));
            let expected = "#: needs = document\n";
            fs::write(path.with_file_name("expected.txt"), expected).unwrap();
            let answer = world.run(&["test", path.to_str().unwrap(), "--engine", browser]);
            let more = if browser == "chromium" { *in_chromium } else { &[] };
            answer.expect(*status, &[]);
            for told in told.iter().chain(more) {
                assert!(answer.stdout.contains(told), "{browser}, {told}: {}", answer.stdout);
            }
            let is_of_nodes = answer.stdout.contains("nodes in the document");
            assert_eq!(is_of_nodes, told.len() > 1, "{browser}, {body}: {}", answer.stdout);
            world.assert_clean();
        }
    });
}
