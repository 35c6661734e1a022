//! What keeps alive what grows in a user's own program, as `explain DIR` tells it.

use crate::census::GUEST;
use crate::world::World;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What grows in a program.
struct Leaking {
    name: &'static str,
    script: &'static str,
    /// The class that stands for all.
    class: &'static str,
    /// The labels of its path, without indices; `"…"` after one that is repeated.
    path: &'static [&'static str],
    /// The step to cut.
    cut: usize,
    /// How many times it has to be cut what keeps them, until nothing does.
    cuts: usize,
}

const LEAKING: &[Leaking] = &[
    Leaking {
        name: "sessions/test.mjs",
        script: "class Widget {}\nconst sessions = new Map();\nconst recent = [];
function remember(widget) {
  if (!sessions.has('main')) sessions.set('main', { all: [] });
  sessions.get('main').all.push(widget);
  recent.push(new Widget());
  if (recent.length > 50) recent.shift();
}
export function test(n) { for (let i = 0; i < n; i++) remember(new Widget()); }",
        class: "Widget",
        path: &["sessions", ".get", ".all", "[]"],
        cut: 3,
        cuts: 1,
    },
    Leaking {
        name: "twice/test.js",
        script: "class Widget {}\nconst all = [];\nconst index = { byNumber: new Map() };\nlet calls = 0;
function test(n) {
  for (let i = 0; i < n; i++) { const made = new Widget(); all.push(made); index.byNumber.set(calls++, made); }
}",
        class: "Widget",
        path: &["all", "[]"],
        cut: 1,
        cuts: 2,
    },
    // What holds all is new each time.
    Leaking {
        name: "state/test.js",
        script: "class Widget {}\nlet state = { items: [] };
function test(n) {
  const made = [];
  for (let i = 0; i < n; i++) made.push(new Widget());
  state = { items: state.items.concat(made) };
}",
        class: "Widget",
        path: &["state", ".items", "[]"],
        cut: 2,
        cuts: 1,
    },
    Leaking {
        name: "list/test.js",
        script: "class Link { constructor(previous) { this.previous = previous; } }\nlet last = null;
function test(n) { for (let i = 0; i < n; i++) last = new Link(last); }",
        class: "Link",
        path: &["last", ".previous…"],
        cut: 0,
        cuts: 1,
    },
    Leaking {
        name: "listeners/test.js",
        script: "class Model {}\nconst listeners = new Set();
function listen(model) { listeners.add(() => model); }
function test(n) { for (let i = 0; i < n; i++) listen(new Model()); }",
        class: "Model",
        path: &["listeners", "element", "model"],
        cut: 1,
        cuts: 1,
    },
    // What hangs on what is to be cut stands for what hangs on that.
    Leaking {
        name: "parts/test.js",
        script: "class Part {}\nclass Session { constructor() { this.parts = [new Part(), new Part()]; } }
const sessions = [];
function test(n) { for (let i = 0; i < n; i++) sessions.push(new Session()); }",
        class: "Session",
        path: &["sessions", "[]"],
        cut: 1,
        cuts: 1,
    },
    // Two lists, of which each keeps what is in the other: one leak.
    Leaking {
        name: "views/test.js",
        script: "class View { constructor(model) { this.model = model; } }
class Model { constructor() { this.view = new View(this); } }\nconst models = [];\nconst views = [];
function test(n) { for (let i = 0; i < n; i++) { const model = new Model(); models.push(model); views.push(model.view); } }",
        class: "Model",
        path: &["models", "[]"],
        cut: 1,
        cuts: 2,
    },
    Leaking {
        name: "computed/test.js",
        script: "class Widget {}\nconst registry = {};\nlet calls = 0;
function test(n) { for (let i = 0; i < n; i++) registry[`w${calls++}`] = new Widget(); }",
        class: "Widget",
        path: &["registry", ".w"],
        cut: 1,
        cuts: 1,
    },
];

fn world() -> World {
    World::new().with_this_machine()
}

fn add(world: &World, name: &str, script: &str) -> PathBuf {
    let path = world.file("programs").join(name);
    let directory = path.parent().unwrap().to_owned();
    fs::create_dir_all(&directory).unwrap();
    fs::write(path, script).unwrap();
    fs::write(directory.join("guest.wasm"), wat::parse_str(GUEST).unwrap()).unwrap();
    directory
}

/// The answer for a program; more arguments may follow its directory.
fn explain(world: &World, directory: &Path, engine: &str, more: &[&str]) -> Value {
    let mut arguments = vec![
        "explain",
        directory.to_str().unwrap(),
        "--engine",
        engine,
        "--format",
        "json",
    ];
    arguments.extend(more);
    let answer = world.run(&arguments);
    answer.expect(0, &[]);
    let json: Value = serde_json::from_str(&answer.stdout).unwrap();
    json["answers"][0].clone()
}

/// A step of a path without what tells one element from another.
fn label(step: &Value) -> String {
    let label = step["label"].as_str().unwrap();
    let label = match label.split_once(['[', '(']) {
        Some((before, _)) if label.ends_with(']') => format!("{before}[]"),
        Some((before, _)) => before.to_owned(),
        None => label.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(),
    };
    match step["repeat"].is_null() {
        true => label,
        false => format!("{label}…"),
    }
}

pub fn what_keeps_alive_what_grows_is_named(engine: &str) {
    let world = world();
    for leaking in LEAKING {
        let directory = add(&world, leaking.name, leaking.script);
        let answer = explain(&world, &directory, engine, &[]);
        let what = format!("{} on {engine}: {answer:#}", leaking.name);
        assert_eq!(answer["answer"], "leaks", "{what}");
        let leak = &answer["leaks"][0];
        assert_eq!(leak["group"]["wrapper"], leaking.class, "{what}");
        let labels: Vec<String> = leak["group"]["steps"].as_array().unwrap().iter().map(label).collect();
        assert_eq!(labels, leaking.path, "{what}");
        assert_eq!(leak["cut"]["step"], leaking.cut, "{what}");
        let further = leak["cut"]["further"].as_array().unwrap();
        assert_eq!(1 + further.len(), leaking.cuts, "{what}");
        for (number, left) in [&leak["cut"]].into_iter().chain(further).enumerate() {
            let is_last = number + 1 == leaking.cuts;
            assert_eq!(left["remaining"] == 0, is_last, "{what}");
            assert_eq!(left["remains"].is_null(), is_last, "{what}");
        }
        assert_eq!(answer["leaks"].as_array().unwrap().len(), 1, "{what}");
        let rate = leak["kinds"]
            .as_array()
            .unwrap()
            .iter()
            .find(|kind| kind["class"] == leaking.class);
        let rate = rate.unwrap()["per_call"].as_f64().unwrap();
        assert!((rate - 1.0).abs() < 0.1, "{what}");
    }
}

pub fn what_is_replaced_is_told_apart(engine: &str) {
    let world = world();
    let sessions = &LEAKING[0];
    let directory = add(&world, sessions.name, sessions.script);
    let answer = explain(&world, &directory, engine, &[]);
    let others = answer["others"].as_array().unwrap();
    let ring = others.iter().find(|group| label(&group["steps"][0]) == "recent");
    let ring = ring.unwrap_or_else(|| panic!("{answer:#}"));
    assert_eq!(ring["growth"], "newest");
    assert_eq!(ring["count"], 50);
    assert_eq!(answer["leaks"].as_array().unwrap().len(), 1, "{answer:#}");
}

pub fn one_class_alone_can_be_asked_about(engine: &str) {
    let world = world();
    let script = "class Widget {}\nclass Gadget {}\nconst widgets = [];\nconst gadgets = [];
function test(n) { for (let i = 0; i < n; i++) { widgets.push(new Widget()); gadgets.push(new Gadget()); } }";
    let directory = add(&world, "two/test.js", script);
    for (class, wanted) in [("Widget", "widgets"), ("Gadget", "gadgets")] {
        let answer = explain(&world, &directory, engine, &["--kind", class]);
        let leaks = answer["leaks"].as_array().unwrap();
        assert_eq!(leaks.len(), 1, "{answer:#}");
        assert_eq!(label(&leaks[0]["group"]["steps"][0]), wanted, "{answer:#}");
    }
    let answer = explain(&world, &directory, engine, &["--kind", "Nothing"]);
    assert!(answer["leaks"].as_array().unwrap().is_empty(), "{answer:#}");
    assert_eq!(
        explain(&world, &directory, engine, &[])["leaks"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

pub fn what_grows_without_objects_is_said_to_do_so(engine: &str) {
    let world = world();
    let load = "const guest = new WebAssembly.Instance(new WebAssembly.Module(readbuffer('guest.wasm'))).exports;\n";
    let script = "function test(n) { for (let i = 0; i < n; i++) guest.take(); }";
    let directory = add(&world, "memory/test.js", &format!("{load}{script}"));
    let run = |directory: &Path| world.run(&["explain", directory.to_str().unwrap(), "--engine", engine]);
    let answer = run(&directory);
    answer.expect(0, &[]);
    assert!(
        answer.stdout.contains("B of linear memory (of guest.wasm) a call"),
        "{}",
        answer.stdout
    );
    assert!(
        answer.stdout.contains("no object of JavaScript grows with it"),
        "{}",
        answer.stdout
    );
    let script = "let sum = 0;\nfunction test(n) { for (let i = 0; i < n; i++) sum += { i }.i; }";
    let answer = run(&add(&world, "dies/test.js", script));
    answer.expect(0, &[]);
    assert!(answer.stdout.contains("nothing grows: collected"), "{}", answer.stdout);
}

/// What a program has computed as the name of a property stays with the object, whatever becomes of the value.
pub fn names_of_properties_are_told_as_such(engine: &str) {
    let world = world();
    let script = "const seen = {};\nlet calls = 0;
function note(name) {\n  seen[name] = 1;\n  seen[name] = null;\n}
function test(n) { for (let i = 0; i < n; i++) note(`n${calls++}`); }";
    let directory = add(&world, "names/test.js", script);
    let answer = world.run(&["explain", directory.to_str().unwrap(), "--engine", engine]);
    answer.expect(0, &[]);
    // To JavaScriptCore they are no objects.
    let wanted = match engine {
        "jsc" => "no objects get more, but one Object takes",
        _ => "without seen → name of a property nothing keeps them alive",
    };
    assert!(answer.stdout.contains(wanted), "{}", answer.stdout);
    let script = "class Widget {}\nconst registry = {};\nlet calls = 0;
function test(n) { for (let i = 0; i < n; i++) registry[`w${calls++}`] = new Widget(); }";
    let directory = add(&world, "computed/test.js", script);
    let answer = world.run(&["explain", directory.to_str().unwrap(), "--engine", engine]);
    answer.expect(0, &[]);
    let wanted = "without registry[…] nothing keeps them alive";
    assert!(answer.stdout.contains(wanted), "{}", answer.stdout);
}

/// One object takes more and more, and no objects get more.
pub fn what_grows_in_one_object_is_named(engine: &str) {
    let world = world();
    for (name, script, labels, knowing) in [
        (
            "numbers/test.js",
            "const log = { entries: [] };\nfunction test(n) { for (let i = 0; i < n; i++) log.entries.push(i); }",
            &["log", ".entries"][..],
            &["v8"][..],
        ),
        (
            "set/test.js",
            "const seen = new Set();\nlet calls = 0;
function test(n) { for (let i = 0; i < n; i++) seen.add(calls++); }",
            &["seen"],
            &["v8", "jsc"],
        ),
    ] {
        let directory = add(&world, name, script);
        let answer = explain(&world, &directory, engine, &[]);
        let what = format!("{name} on {engine}: {answer:#}");
        assert!(answer["leaks"].as_array().unwrap().is_empty(), "{what}");
        let storage = &answer["storage"];
        if !knowing.contains(&engine) {
            assert!(storage.is_null(), "{what}");
            let answer = world.run(&["explain", directory.to_str().unwrap(), "--engine", engine]);
            answer.expect(0, &[]);
            let said = "this engine's snapshot does not tell which one";
            assert!(answer.stdout.contains(said), "{}", answer.stdout);
            continue;
        }
        assert!(storage["bytes"].as_u64().unwrap() > 100_000, "{what}");
        let steps = storage["group"]["steps"].as_array().unwrap();
        let found: Vec<String> = steps.iter().map(label).collect();
        assert_eq!(found, labels, "{what}");
    }
}

pub fn snapshots_are_kept_where_they_are_wanted(engine: &str) {
    let world = world();
    let twice = &LEAKING[1];
    let directory = add(&world, twice.name, twice.script);
    let keep = world.file("kept");
    explain(&world, &directory, engine, &["--keep", keep.to_str().unwrap()]);
    let mut names: Vec<String> = fs::read_dir(&keep)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("twice-")), "{names:?}");
    // The program's own directory is as it was.
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);
}

pub fn an_error_of_the_program_is_no_answer(engine: &str) {
    let world = world();
    let script = "const all = [];\nlet rounds = 0;\nfunction test(n) {
  if (n > 1 && ++rounds === 9) throw new TypeError('in round nine');
  for (let i = 0; i < n; i++) all.push({});
}";
    for (name, script, wanted) in [
        ("throws/test.js", script, "there is no answer: "),
        ("syntax/test.js", "let = ;", "there is no answer: "),
        ("no-test/test.js", "let a = 1;", "defines no function `test(n)`"),
    ] {
        let directory = add(&world, name, script);
        let answer = world.run(&["explain", directory.to_str().unwrap(), "--engine", engine]);
        answer.expect(2, &[wanted]);
        if name == "throws/test.js" {
            assert!(answer.stderr.contains("in round nine"), "{}", answer.stderr);
        }
    }
}

/// JavaScriptCore's snapshots of the kind that WebKit's inspector exports, by its own shell.
fn a_snapshot_for_the_inspector_is_read(engine: &str) {
    let world = world();
    let engines: Value = serde_json::from_str(&world.run(&["engines", "--json"]).stdout).unwrap();
    let programs = engines["programs"].as_array().unwrap();
    let program = programs.iter().find(|program| program["engine"] == engine).unwrap();
    if program["shell"] != "jsc" {
        return;
    }
    let script = world.file("write.js");
    let take = |count: usize| {
        let text = format!(
            "class Widget {{}}\nconst all = [];\nfor (let i = 0; i < {count}; i++) all.push(new Widget());
const text = generateHeapSnapshot();\nprint(typeof text === 'string' ? text : JSON.stringify(text));"
        );
        fs::write(&script, text).unwrap();
        let output = std::process::Command::new(program["program"].as_str().unwrap())
            .arg(&script)
            .output()
            .unwrap();
        let path = world.file("exported.json");
        fs::write(&path, output.stdout).unwrap();
        path
    };
    let path = take(7);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"type\":\"Inspector\""), "{}", &text[..80]);
    let explain = || world.run(&["explain", "--snapshot", path.to_str().unwrap(), "--kind", "Widget"]);
    let answer = explain();
    answer.expect(0, &[]);
    for wanted in [
        "all 7 Widget are kept alive by\n  global\n  └ all    Array\n",
        "without all[…] nothing keeps them alive",
    ] {
        assert!(answer.stdout.contains(wanted), "{}", answer.stdout);
    }
    fs::write(&path, text.replace("\"version\":3", "\"version\":4")).unwrap();
    explain().expect(2, &["it has version 4; only version 2 or 3 is read"]);
}

#[test]
fn snapshots_of_the_inspector() {
    crate::run(
        "jsc",
        "snapshots_of_the_inspector",
        a_snapshot_for_the_inspector_is_read,
    );
}
