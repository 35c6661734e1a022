//! `compare`: what changed between the results of two runs.

use crate::spoilt::spoil;
use crate::world::{Answer, D8, JSC, M0, World, repository};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The results of m0 on a d8 that leaks or does not, as a document.
fn results(world: &World, orders: &[&str]) -> Value {
    world.engine("d8", D8, orders);
    let path = world.file("results");
    let words = ["test", "m0", "--engine", "v8", "--json", path.to_str().unwrap()];
    world.run(&words);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

const LEAK: &[&str] = &["rounds leak", r#"say @ {"type":"quit","status":0}"#];

fn written(world: &World, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = world.file(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

fn compared(world: &World, old: impl AsRef<Path>, new: impl AsRef<Path>, flags: &[&str]) -> Answer {
    let mut words: Vec<&OsStr> = vec!["compare".as_ref(), old.as_ref().as_os_str(), new.as_ref().as_os_str()];
    words.extend(flags.iter().map(OsStr::new));
    world.run(&words)
}

/// Compares two documents; the status, and what standard output has.
fn of(world: &World, old: &Value, new: &Value) -> (Option<i32>, String) {
    let old = written(world, "old.json", old.to_string());
    let new = written(world, "new.json", new.to_string());
    let answer = compared(world, &old, &new, &[]);
    (answer.status, answer.stdout)
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[test]
fn a_leak_that_was_none_is_worse_and_the_other_way_round_better() {
    let world = World::new();
    let (good, bad) = (results(&world, M0), results(&world, LEAK));
    let (status, text) = of(&world, &good, &bad);
    assert_has(
        &text,
        &[
            "worse\n  m0 on v8: d8 10.0.1\n    worse: verdict collected → leaks\n    worse: outcome ok → FAILED: ",
            "    worse: new growth: +1.00 objects for each object made\n",
            "time\n",
            "1 cell in both: 1 worse\n",
        ],
    );
    assert_eq!(status, Some(1));
    let (status, text) = of(&world, &bad, &good);
    assert_has(
        &text,
        &["better: verdict leaks → collected", "1 cell in both: 1 better\n"],
    );
    assert_eq!(status, Some(0));
    let (status, text) = of(&world, &good, &good);
    assert_has(&text, &["1 cell in both: 1 as before\n"]);
    assert!(!text.contains("worse") && !text.contains("only in"), "{text}");
    assert_eq!(status, Some(0));
}

#[test]
fn what_counts_as_worse_is_a_table() {
    let world = World::new();
    let good = results(&world, M0);
    let with = |members: Value| {
        let mut changed = good.clone();
        for (name, value) in members.as_object().unwrap() {
            changed["cells"][0][name] = value.clone();
        }
        changed
    };
    for (old, new, status, printed) in [
        (
            json!({}),
            json!({"outcome": "skipped", "verdict": null}),
            1,
            "outcome ok → skipped",
        ),
        (
            json!({}),
            json!({"outcome": "broke", "verdict": null, "reason": "it crashed"}),
            1,
            "ok → broke: it crashed",
        ),
        (
            json!({}),
            json!({"outcome": "inconclusive", "verdict": null}),
            1,
            "ok → inconclusive",
        ),
        (
            json!({"outcome": "skipped", "verdict": null}),
            json!({}),
            0,
            "better: outcome skipped → ok",
        ),
        (
            json!({"outcome": "skipped", "verdict": null}),
            json!({"verdict": "leaks"}),
            0,
            "other: verdict none → leaks",
        ),
        (
            json!({"outcome": "FAILED"}),
            json!({"outcome": "broke"}),
            0,
            "other: outcome FAILED → broke",
        ),
        (
            json!({"verdict": "bounded"}),
            json!({"verdict": "leaks"}),
            1,
            "worse: verdict bounded → leaks",
        ),
        (
            json!({"verdict": "late"}),
            json!({"verdict": "leaks"}),
            1,
            "worse: verdict late → leaks",
        ),
        (
            json!({}),
            json!({"verdict": "bounded"}),
            0,
            "other: verdict collected → bounded",
        ),
        (
            json!({"seconds": 1.0}),
            json!({"seconds": 90.0}),
            0,
            "m0 on v8: d8 10.0.1: 1.0 s → 90.0 s",
        ),
    ] {
        let (actual, text) = of(&world, &with(old.clone()), &with(new.clone()));
        assert_has(&text, &[printed]);
        assert_eq!(actual, Some(status), "{old} {new}:\n{text}");
    }
}

/// Results of a user's own case in which so much of these classes grows a call, made in a line of `test`.
fn growing(good: &Value, line: u32, classes: &[(&str, f64)]) -> Value {
    let grows = classes.iter().map(|(class, rate)| {
        json!({"per_call": rate, "fit": 1.0, "kind": {"what": "objects", "class": class, "builtin": null, "module": null,
            "stack": [{"name": "test", "file": "test.mjs", "line": line, "column": 3}]}})
    });
    let mut document = good.clone();
    document["cells"][0]["verdict"] = "leaks".into();
    document["cells"][0]["census"] = json!({"verdict": "leaks", "reader": "v8", "calls": 1000, "round": 10,
        "readings": 10, "unsettled": 0, "grows": grows.collect::<Vec<_>>(), "stays": [], "doubt": null, "stopped": null});
    document
}

#[test]
fn growth_is_compared_kind_by_kind_and_noise_is_none() {
    let world = World::new();
    let good = results(&world, M0);
    let of_kinds = |line, classes: &[(&str, f64)]| growing(&good, line, classes);
    let old = of_kinds(6, &[("Widget", 1.0), ("Gadget", 2.0)]);
    for (new, status, printed) in [
        // Another line of the same function, and a few hundredths more.
        (of_kinds(60, &[("Widget", 1.05), ("Gadget", 1.9)]), 0, "1 as before"),
        (
            of_kinds(7, &[("Widget", 1.0), ("Gadget", 2.0), ("Other", 0.01)]),
            1,
            "worse: new growth: +0.010 Other a call, made by test (test.mjs:7)",
        ),
        (
            of_kinds(7, &[("Widget", 3.0), ("Gadget", 2.0)]),
            1,
            "worse: growth +1.00 Widget → +3.00 Widget a call, made by test (test.mjs:7)",
        ),
        (
            of_kinds(7, &[("Widget", 0.5), ("Gadget", 2.0)]),
            0,
            "better: growth +1.00 Widget → +0.50 Widget",
        ),
        (
            of_kinds(7, &[("Widget", 1.0)]),
            0,
            "better: grows no more: +2.00 Gadget a call",
        ),
    ] {
        let (actual, text) = of(&world, &old, &new);
        assert_has(&text, &[printed]);
        assert_eq!(actual, Some(status), "{text}");
    }
    // Where the engine was asked for the classes afterwards, they are named.
    let mut classes = of_kinds(6, &[("Widget", 3.0), ("Gadget", 2.0)]);
    let kind = &mut classes["cells"][0]["census"]["grows"][0]["kind"];
    kind["class"] = Value::Null;
    kind["classes"] = json!([["Array", 1.0], ["Widget", 2.0], ["rare", 0.01]]);
    let (_, text) = of(&world, &old, &classes);
    assert_has(&text, &["worse: new growth: +3.00 Widget, Array a call, made by test"]);
    // However many kinds there are, each is compared: what a page leaves out does not come and go.
    let classes: Vec<String> = (0..60).map(|number| format!("Class{}", "x".repeat(number))).collect();
    let rates: Vec<(&str, f64)> = classes.iter().map(|class| (class.as_str(), 1.0)).collect();
    let reversed: Vec<(&str, f64)> = rates.iter().rev().copied().collect();
    let (status, text) = of(&world, &of_kinds(1, &rates), &of_kinds(1, &reversed));
    assert_eq!(status, Some(0), "{text}");
}

#[test]
fn the_heap_beside_objects_that_grow_is_shown_and_not_judged() {
    let world = World::new();
    let leak = results(&world, LEAK);
    let with = |slope: f64, heap: Value| {
        let mut document = leak.clone();
        document["cells"][0]["numbers"]["slope"] = slope.into();
        document["cells"][0]["numbers"]["heap_per_object"] = heap;
        document
    };
    for (old, new, status, printed) in [
        (
            with(1.0, Value::Null),
            with(1.0, json!(100.0)),
            0,
            "other: new growth: +100.0 B of the JavaScript heap",
        ),
        (
            with(1.0, json!(100.0)),
            with(1.0, Value::Null),
            0,
            "other: grows no more: +100.0 B of the JavaScript heap",
        ),
        (with(1.0, json!(100.0)), with(1.0, json!(190.0)), 0, "1 as before"),
        (
            with(1.0, json!(100.0)),
            with(1.0, json!(210.0)),
            1,
            "worse: growth +100.0 B of the JavaScript heap → +210.0 B",
        ),
        // Where no object grows it is what leaks.
        (
            with(0.0, Value::Null),
            with(0.0, json!(100.0)),
            1,
            "worse: new growth: +100.0 B of the JavaScript heap",
        ),
    ] {
        let (actual, text) = of(&world, &old, &new);
        assert_has(&text, &[printed]);
        assert_eq!(actual, Some(status), "{text}");
    }
}

/// An explanation of m0 on d8, with a path for each of these globals.
fn explained(globals: &[&str], index: usize) -> Value {
    let group = |global: &&str| {
        json!({"wrapper": format!("WasmObject #{index}"), "count": index, "growth": "grows", "root": "global",
        "linear_memory": null, "others": [],
        "steps": [
            {"label": global, "node": "Array", "kind": "property", "place": null},
            {"label": format!("[{index}]"), "node": format!("WasmObject #{index}"), "kind": "element",
             "place": format!("/home/user{index}/lib/a.js:{index}")},
        ]})
    };
    let leaks = globals
        .iter()
        .map(|global| json!({"group": group(global), "cut": null}));
    json!({"schema": "wasm-leaks/explanations", "version": 3, "answers": [
        {"case": "m0", "engine": "v8", "program": "d8 10.0.1", "answer": "leaks",
         "leaks": leaks.collect::<Vec<_>>(), "others": []}]})
}

#[test]
fn a_retaining_path_is_known_again_and_a_new_one_is_worse() {
    let world = World::new();
    let bad = results(&world, LEAK).to_string();
    let side = |name: &str, answers: &Value| {
        written(&world, &format!("{name}/results.json"), &bad);
        written(&world, &format!("{name}/deeper/explained.json"), answers.to_string());
        world.file(name)
    };
    let old = side("old", &explained(&["all"], 1));
    for (answers, status, printed) in [
        // Other numbers, indices, lines and directories.
        (
            explained(&["all"], 4711),
            0,
            "1 cell in both: 1 as before; 1 retaining path as before\n",
        ),
        (
            explained(&["all", "cache"], 1),
            1,
            "worse: new retaining path: global → cache → []: WasmObject (",
        ),
        (
            explained(&["all", "all"], 1),
            1,
            "worse: one more retaining path like this: global → all",
        ),
        (
            explained(&["cache"], 1),
            1,
            "better: retaining path is gone: global → all → []: WasmObject (",
        ),
        (explained(&[], 1), 0, "better: retaining path is gone"),
    ] {
        let new = side("new", &answers);
        let answer = compared(&world, &old, &new, &[]);
        assert_has(&answer.stdout, &[printed]);
        assert_eq!(answer.status, Some(status), "{}", answer.stdout);
    }
    // Where one side was not asked, or had no answer, nothing is said of paths.
    let mut failed = explained(&[], 1);
    failed["answers"][0]["answer"] = "failed".into();
    let new = side("new", &failed);
    let answer = compared(&world, &old, &new, &[]);
    assert!(
        answer.status == Some(0) && !answer.stdout.contains("retaining"),
        "{}",
        answer.stdout
    );
    // Explanations alone are compared, too.
    let (one, other) = (
        written(&world, "one.json", explained(&["all"], 1).to_string()),
        written(&world, "other.json", explained(&["cache"], 1).to_string()),
    );
    assert_eq!(compared(&world, &one, &other, &[]).status, Some(1));
    assert_eq!(compared(&world, &one, &one, &[]).status, Some(0));
}

#[test]
fn what_only_one_side_has_is_named() {
    let world = World::new();
    let good = results(&world, M0);
    let mut more = good.clone();
    let mut program = more["programs"][0].clone();
    program["engine"] = "jsc".into();
    program["title"] = "jsc 2.1".into();
    program["shell"] = "jsc".into();
    more["programs"].as_array_mut().unwrap().push(program);
    for (case, program) in [("m1", 0), ("m2", 0), ("m0", 1)] {
        let mut cell = good["cells"][0].clone();
        cell["case"] = case.into();
        cell["program"] = program.into();
        more["cells"].as_array_mut().unwrap().push(cell);
    }
    let wanted = "  all cells on jsc: jsc 2.1\n  m1, m2 on v8: d8 10.0.1\n";
    let (status, text) = of(&world, &good, &more);
    assert_has(&text, &[&format!("only in NEW\n{wanted}")]);
    assert_eq!(status, Some(0));
    let (status, text) = of(&world, &more, &good);
    assert_has(&text, &[&format!("only in OLD\n{wanted}")]);
    assert_eq!(status, Some(0));
    // Another version of a program is compared with it.
    let text = good.to_string().replace("10.0.1", "11.4.0");
    let newer: Value = serde_json::from_str(&text).unwrap();
    let (status, text) = of(&world, &newer, &results(&world, LEAK));
    assert_has(&text, &["m0 on v8: d8 11.4.0 → d8 10.0.1\n"]);
    assert_eq!(status, Some(1));
    // With nothing in common there is no answer.
    let text = good.to_string().replace("\"m0\"", "\"m9\"");
    let answer = compared(
        &world,
        written(&world, "old.json", text),
        written(&world, "new.json", good.to_string()),
        &[],
    );
    answer.expect(2, &["have no cell in common"]);
    assert_has(&answer.stdout, &["only in OLD\n  m9 on v8", "only in NEW\n  m0 on v8"]);
}

#[test]
fn runs_of_one_side_are_put_together() {
    let world = World::new();
    world.engine("jsc", JSC, M0);
    let good = results(&world, M0);
    written(&world, "old/v8.json", good.to_string());
    let jsc = world.file("old/jsc.json");
    let words = ["test", "m0", "--engine", "jsc", "--json", jsc.to_str().unwrap()];
    world.run(&words).expect(0, &[]);
    let whole = world.file("whole.json");
    let words = [
        "test",
        "m0",
        "--engine",
        "v8",
        "--engine",
        "jsc",
        "--json",
        whole.to_str().unwrap(),
    ];
    world.run(&words).expect(0, &[]);
    let answer = compared(&world, world.file("old"), &whole, &[]);
    answer.expect(0, &[]);
    assert_has(&answer.stdout, &["2 cells in both: 2 as before"]);
    // One bad run of several is seen.
    written(&world, "old/again.json", results(&world, LEAK).to_string());
    let answer = compared(&world, &whole, world.file("old"), &[]);
    answer.expect(1, &[]);
    assert_has(&answer.stdout, &["worse: verdict collected → collected 1/2, leaks 1/2"]);
}

#[test]
fn a_peak_within_one_verdict_is_neither_worse_nor_better() {
    let world = World::new();
    let of_amounts = |amounts: &str| {
        let rounds = format!("rounds collect {amounts}");
        results(&world, &[&rounds, r#"say @ {"type":"quit","status":0}"#])
    };
    let old = of_amounts("1000 3");
    for (amounts, printed) in [
        ("3000 3", "    other: peak 1,000 → 3,000 objects\n"),
        ("1002 9", "    other: peak 3 → 9 pages of linear memory\n"),
        ("2000 4", "1 cell in both: 1 as before\n"),
    ] {
        let (status, text) = of(&world, &old, &of_amounts(amounts));
        assert_has(&text, &[printed]);
        assert_eq!(status, Some(0), "{text}");
    }
}

#[test]
fn a_comparison_is_json_too() {
    let world = World::new();
    let old = written(&world, "old.json", results(&world, M0).to_string());
    let new = written(&world, "new.json", results(&world, LEAK).to_string());
    for flag in ["--format", "--message-format"] {
        let answer = compared(&world, &old, &new, &[flag, "json"]);
        answer.expect(1, &[]);
        let json: Value = serde_json::from_str(&answer.stdout).unwrap();
        assert_eq!(
            (&json["schema"], &json["version"]),
            (&json!("wasm-leaks/comparison"), &json!(2))
        );
        assert_eq!(json["worse"], true);
        let cell = &json["cells"][0];
        assert_eq!((&cell["case"], &cell["engine"]), (&json!("m0"), &json!("v8")));
        assert_eq!(cell["was"]["outcome"], "ok");
        assert_eq!(
            cell["changes"][0],
            json!({"direction": "worse", "what": "verdict", "was": "collected", "is": "leaks"})
        );
    }
}

#[test]
fn what_cannot_be_read_is_no_answer() {
    let world = World::new();
    let good = results(&world, M0);
    let text = good.to_string();
    let mut newer = good.clone();
    newer["version"] = 99.into();
    let pipe = world.file("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::create_dir(world.file("empty-directory")).unwrap();
    written(&world, "with-cut/a.json", &text);
    written(&world, "with-cut/b.json", &text[..text.len() / 2]);
    let large = world.file("large");
    File::create(&large).unwrap().set_len(200 << 20).unwrap();
    let larger = world.file("larger");
    File::create(&larger).unwrap().set_len(600 << 20).unwrap();
    let fine = written(&world, "fine.json", &text);
    for (file, wanted) in [
        (written(&world, "text", "hello"), "it is not JSON"),
        (written(&world, "empty", ""), "it is empty"),
        (written(&world, "cut", &text[..text.len() / 2]), "it is not JSON"),
        (written(&world, "newer", newer.to_string()), "version 99 of the schema"),
        (
            written(&world, "other", "{\"schema\": \"x\", \"version\": 1}"),
            "it does not begin with",
        ),
        (large, "it is not JSON"),
        (larger, "it is larger than 512 MiB"),
        (pipe, "it is a pipe"),
        (world.file("missing"), "No such file or directory"),
        (world.file("empty-directory"), "there are no results in the directory"),
        (world.file("with-cut"), "b.json`: it is not JSON"),
    ] {
        for (old, new) in [(&file, &fine), (&fine, &file)] {
            let answer = compared(&world, old, new, &[]);
            answer.expect(2, &[wanted]);
            assert_eq!(answer.stdout, "", "{wanted}");
        }
    }
    world.run(&["compare", "a"]).expect(2, &["<NEW>"]);
}

#[test]
fn results_of_200_megabytes_are_compared() {
    let world = World::new();
    let good = results(&world, M0);
    let mut large = good.clone();
    // Cells with long transcripts, as many cases.
    let lines = vec!["x".repeat(1 << 20); 20];
    let cells: Vec<Value> = (0..10)
        .map(|number| {
            let mut cell = good["cells"][0].clone();
            cell["number"] = number.into();
            cell["case"] = format!("m{number}").into();
            cell["transcript"] = json!(lines);
            cell
        })
        .collect();
    large["cells"] = Value::Array(cells);
    let old = written(&world, "old.json", large.to_string());
    assert!(fs::metadata(&old).unwrap().len() > 200 << 20);
    let new = written(&world, "new.json", good.to_string());
    let answer = compared(&world, &old, &new, &[]);
    answer.expect(0, &[]);
    assert_has(
        &answer.stdout,
        &["1 cell in both: 1 as before", "only in OLD\n  m1, m2, "],
    );
}

#[test]
fn nothing_in_results_is_active_in_a_comparison() {
    let world = World::new();
    let good = results(&world, M0);
    for odd in [
        "<script>alert(1)</script>",
        "::error file=x::y",
        "\n::error::y",
        "##[error]y",
        "\u{1b}]0;title\u{7}\u{0}\u{9b}31m\r",
        "a\u{202e}b\u{2066}c\u{200b}\u{feff}\u{2028}\u{e0041}",
        "SURROGATE",
    ] {
        let file = |name: &str, document: &Value, answers: Value| {
            let spoilt = |mut document: Value| {
                spoil(&mut document, odd, &[]);
                document.to_string().replace("SURROGATE", r"\ud800 \udc00\ud83d")
            };
            written(&world, &format!("{name}/results.json"), spoilt(document.clone()));
            written(&world, &format!("{name}/explained.json"), spoilt(answers));
            world.file(name)
        };
        let mut failed = growing(&good, 6, &[("Widget", 1.0)]);
        failed["cells"][0]["outcome"] = "FAILED".into();
        failed["cells"][0]["reason"] = "x".into();
        let mut more = failed.clone();
        let mut cell = failed["cells"][0].clone();
        cell["program"] = 1.into();
        let program = more["programs"][0].clone();
        more["programs"].as_array_mut().unwrap().push(program);
        more["cells"].as_array_mut().unwrap().push(cell);
        let old = file("old", &good, explained(&[], 1));
        let new = file("new", &more, explained(&["all"], 1));
        let answer = compared(&world, &old, &new, &[]);
        answer.expect(1, &[]);
        assert_has(&answer.stdout, &["new growth", "new retaining path", "only in NEW"]);
        let acts = |c: char| {
            (c.is_control() && c != '\n' && c != '\t')
                || "\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}\u{e0041}".contains(c)
        };
        for text in [&answer.stdout, &answer.stderr] {
            assert!(!text.contains(acts), "{odd:?}:\n{text}");
            let commands = text.lines().any(|line| line.trim_start().starts_with("::"));
            assert!(!commands && !text.contains("##["), "{odd:?}:\n{text}");
        }
        let answer = compared(&world, &old, &new, &["--format", "json"]);
        answer.expect(1, &[]);
        serde_json::from_str::<Value>(&answer.stdout).unwrap();
        assert!(!answer.stdout.contains("##["), "{}", answer.stdout);
    }
}

#[test]
fn results_of_older_versions_are_compared_too() {
    let world = World::new();
    let old = repository().join("xtask/tests/results/version-1.json");
    let new = repository().join("docs/findings.jsonl");
    let answer = compared(&world, &old, &new, &[]);
    assert!(matches!(answer.status, Some(0 | 1)), "{}", answer.stderr);
    assert_has(&answer.stdout, &["cells in both: ", "v8: d8 10.2.154.26-node.37"]);
}
