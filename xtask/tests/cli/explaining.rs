//! `cargo xtask explain`: the possible answers of engines, and how they are shown.

use crate::world::{Answer, D8, JS, JSC, World, repository};
use serde_json::Value;
use std::fs;

const FINISHED: &str = r#"say @ {"type":"quit","status":0}"#;
const WRITTEN: &str = r#"say @ {"type":"snapshot","file":"heap.snapshot"}"#;
const KEPT: &str = r#"say @ {"type":"wrappers","made":10,"alive":10,"rounds":[5,10],"class":"WasmObject","slots":10,"objects":[{"number":1,"class":"WasmObject"}],"linear":[{"number":1,"field":"obj","address":196592,"what":"callback","handle":0,"table":["table","objects"]}]}"#;
const DEAD: &str = r#"say @ {"type":"wrappers","made":10,"alive":0,"rounds":[5,10],"class":"WasmObject","slots":0}"#;

/// A real snapshot of V8's heap, cut down.
fn snapshot() -> String {
    let path = repository().join("heap/tests/snapshots/m1.v8.heapsnapshot");
    fs::read_to_string(path).unwrap()
}

/// Explains m0 on a d8 that does as ordered; `text` is the snapshot that the order `copy` finds.
fn explain(text: &str, orders: &[&str], arguments: &[&str]) -> Answer {
    let world = World::new();
    let file = world.file("snapshot");
    fs::write(&file, text).unwrap();
    let copy = format!("copy {} to heap.snapshot", file.display());
    let orders: Vec<&str> = orders
        .iter()
        .map(|order| if *order == "copy" { copy.as_str() } else { *order })
        .collect();
    world.explainer("d8", D8, &orders);
    let answer = world.run(&[&["explain", "m0", "--engine", "v8"], arguments].concat());
    world.assert_clean();
    answer
}

/// The orders for a good answer.
const GOOD: &[&str] = &[KEPT, "copy", WRITTEN, FINISHED];

#[test]
fn a_path_is_shown_as_text() {
    let answer = explain(&snapshot(), GOOD, &[]);
    answer.expect(0, &[]);
    let wanted = "\
m0 on d8 10.0.1: all 10 objects stay; WasmObject #1 is kept alive by
  global
  └ table                   ObjectTable    js/lib/runtime.js:68
    └ .objects              Array
      └ [0]                 function
        └ obj               WasmObject #1  js/lib/runtime.js:140  captured variable
          ┆ .obj = 0x2fff0  linear memory  callback handle 0  ⟶  table slot [0] above
the dashed edge is invisible to the collector: nothing in linear memory can be traced, so the slot stays a root for ever.
  but the expected verdict is collected: 10 objects do not show that
";
    assert_eq!(
        without_lines_of_runtime(&answer.stdout),
        without_lines_of_runtime(wanted)
    );
}

/// What a case says of linear memory forges no line, and floods nothing.
#[test]
fn what_a_case_says_of_linear_memory_is_inert() {
    for (from, to) in [
        (r#""field":"obj""#, r#""field":"obj\nm9 on d8: forged""#.to_owned()),
        (
            r#""what":"callback""#,
            r#""what":"callback\nm9 on d8: forged""#.to_owned(),
        ),
        (r#""field":"obj""#, format!(r#""field":"{}""#, "long ".repeat(100_000))),
        (
            r#""what":"callback""#,
            format!(r#""what":"{}""#, "long ".repeat(100_000)),
        ),
    ] {
        assert!(KEPT.contains(from));
        let answer = explain(&snapshot(), &[&KEPT.replace(from, &to), "copy", WRITTEN, FINISHED], &[]);
        answer.expect(0, &[]);
        let shown = &answer.stdout;
        assert!(
            shown.contains("⟶  table slot [0] above"),
            "{}",
            &shown[..1_000.min(shown.len())]
        );
        assert!(!shown.lines().any(|line| line.starts_with("m9")), "{shown}");
        assert!(shown.len() < 10_000, "{} bytes", shown.len());
    }
}

/// Line numbers in the runtime may change, which does not matter here.
fn without_lines_of_runtime(text: &str) -> String {
    let mut parts = text.split("js/lib/runtime.js:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "js/lib/runtime.js:" + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

#[test]
fn what_is_the_engines_own_is_shown_if_asked_for() {
    let folded = explain(&snapshot(), GOOD, &[]);
    let verbose = explain(&snapshot(), GOOD, &["--verbose"]);
    assert!(!folded.stdout.contains("system / Context"), "{}", folded.stdout);
    verbose.expect(0, &[]);
    assert!(verbose.stdout.contains("└ (context)"), "{}", verbose.stdout);
    assert!(verbose.stdout.contains("system / Context"), "{}", verbose.stdout);
}

#[test]
fn a_path_is_drawn_in_each_format() {
    let answer = explain(&snapshot(), GOOD, &["--format", "json"]);
    let json: Value = serde_json::from_str(&answer.expect(0, &[]).stdout).unwrap();
    let labels: Vec<&str> = json["answers"][0]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["label"].as_str().unwrap())
        .collect();
    assert_eq!(labels, ["table", ".objects", "[0]", "obj"]);
    assert_eq!(json["answers"][0]["answer"], "kept");
    assert_eq!(json["answers"][0]["linear_memory"]["closes"], 2);

    let mermaid = explain(&snapshot(), GOOD, &["--format", "mermaid"]).stdout;
    assert!(mermaid.starts_with("flowchart TD\n"), "{mermaid}");
    assert!(mermaid.contains("e0n1 -->|\"[0]\"| e0n2\n"), "{mermaid}");
    assert!(mermaid.contains("e0linear -.-> e0n2\n"), "{mermaid}");

    let dot = explain(&snapshot(), GOOD, &["--format", "dot"]).stdout;
    assert!(dot.starts_with("digraph explain {\n"), "{dot}");
    assert!(dot.contains("e0n1 -> e0n2 [label=\"[0]\"];\n"), "{dot}");
    assert!(dot.contains("e0linear -> e0n2 [style=dashed];\n"), "{dot}");
    assert_eq!(dot.matches('{').count(), dot.matches('}').count(), "{dot}");
}

#[test]
fn a_cycle_is_closed_only_by_the_slot_that_the_guest_means() {
    let other = KEPT.replace("\"handle\":0", "\"handle\":1");
    let elsewhere = KEPT.replace(r#"["table","objects"]"#, r#"["other","objects"]"#);
    let of_the_guest = KEPT.replace(r#"["table","objects"]"#, "[]");
    for kept in [other, elsewhere, of_the_guest] {
        let answer = explain(&snapshot(), &[&kept, "copy", WRITTEN, FINISHED], &[]);
        answer.expect(0, &[]);
        assert!(!answer.stdout.contains("above"), "{}", answer.stdout);
        assert!(answer.stdout.contains("linear memory"), "{}", answer.stdout);
    }
}

#[test]
fn nothing_keeps_what_was_collected() {
    let answer = explain("", &[DEAD, FINISHED], &[]);
    answer.expect(0, &[]);
    assert_eq!(
        answer.stdout,
        "m0 on d8 10.0.1: nothing keeps WasmObject #1 alive; all 10 were collected\n"
    );
    let world = World::new();
    world.write("expected/m0.txt", "#: verdict = leaks\n...\n");
    world.explainer("d8", D8, &[DEAD, FINISHED]);
    let answer = world.run(&["explain", "m0", "--engine", "v8"]);
    answer.expect(0, &[]);
    assert!(
        answer
            .stdout
            .contains("but the expected verdict is leaks: 10 objects do not show what stays"),
        "{}",
        answer.stdout
    );
    // Slots that a finalizer should have freed are still in use.
    let dead = DEAD.replace("\"slots\":0", "\"slots\":10");
    let answer = explain("", &[&dead, FINISHED], &[]);
    assert!(
        answer.stdout.contains("10 slots of the table are still in use"),
        "{}",
        answer.stdout
    );
}

#[test]
fn linear_memory_and_slots_are_named_if_wrappers_die() {
    let own = DEAD.replace("\"slots\":0", "\"slots\":7,\"own_slots\":true");
    let grows = r#"say @ {"type":"memory","pages":[3,6],"objects":22000,"pages_grow":true}"#;
    let full = r#"say @ {"type":"memory","pages":[3,10],"full":true,"pages_grow":true}"#;
    let stable = r#"say @ {"type":"memory","pages":[3,4],"objects":32000}"#;
    for (orders, printed) in [
        (
            &[&own, FINISHED][..],
            "  but the case's own count of slots, which it has set itself, is still 7\n",
        ),
        (
            &[DEAD, grows, FINISHED],
            "  but linear memory grew from 3 to 6 pages with 22000 more objects: wrappers die, and the guest's objects in it stay\n",
        ),
        (
            &[DEAD, full, FINISHED],
            "  but linear memory ran out at 10 pages: wrappers die",
        ),
        (
            &[
                DEAD,
                r#"say @ {"type":"memory","entries":[3,9],"objects":6,"entries_grow":true}"#,
                FINISHED,
            ],
            "  but tables grew from 3 to 9 entries with 6 more objects: their entries stay\n",
        ),
        (
            &[
                DEAD,
                r#"say @ {"type":"memory","objects":600,"heap_per_object":48.2}"#,
                FINISHED,
            ],
            "  but the JavaScript heap grew with 600 more objects: something else stays\n",
        ),
    ] {
        let answer = explain("", orders, &[]);
        answer.expect(0, &[]);
        assert!(answer.stdout.contains(printed), "{}", answer.stdout);
    }
    let answer = explain("", &[DEAD, stable, FINISHED], &[]);
    assert!(!answer.stdout.contains("but"), "{}", answer.stdout);
    let answer = explain(&snapshot(), &[KEPT, "copy", WRITTEN, grows, FINISHED], &[]);
    assert!(answer.stdout.contains("linear memory grew"), "{}", answer.stdout);
}

#[test]
fn what_does_not_grow_is_said_to_be_no_leak() {
    let kept = |made: u64, number: u64| {
        KEPT.replace(
            "\"made\":10,\"alive\":10,\"rounds\":[5,10]",
            &format!("\"made\":{made},\"alive\":1,\"rounds\":[{made}]"),
        )
        .replace("\"number\":1,", &format!("\"number\":{number},"))
    };
    for (made, number, printed) in [
        (
            1000,
            1,
            Some("that is no leak: only the first one is kept so, and no later one"),
        ),
        (1000, 1000, Some("that is no leak: only the newest one is kept so")),
        (1000, 400, Some("that is no leak: only one is kept so")),
        (50, 1, None),
    ] {
        let answer = explain(&snapshot(), &[&kept(made, number), "copy", WRITTEN, FINISHED], &[]);
        answer.expect(0, &[]);
        let head = format!("1 of {made} objects stays; WasmObject #{number} is kept alive by");
        assert!(answer.stdout.contains(&head), "{}", answer.stdout);
        assert_eq!(
            printed.is_some(),
            answer.stdout.contains("no leak"),
            "{}",
            answer.stdout
        );
        assert!(answer.stdout.contains(printed.unwrap_or_default()), "{}", answer.stdout);
    }
}

#[test]
fn a_snapshot_that_cannot_be_read_is_no_answer() {
    let whole = snapshot();
    let half = &whole[..whole.len() / 2];
    let unknown = whole.replace("\"to_node\"", "\"target\"");
    for (text, printed) in [
        (half, "cut off"),
        ("", "failed to read the heap snapshot that it wrote: it is empty"),
        (&unknown, "it has an unknown version: no field `to_node`"),
        ("nonsense", "it is not the JSON that was expected"),
        ("{}", "does not begin as V8's snapshots do"),
    ] {
        let answer = explain(text, GOOD, &[]);
        answer.expect(2, &["error: m0 on d8 10.0.1: there is no answer", printed]);
        assert_eq!(answer.stdout, "");
    }
    let answer = explain("", &[KEPT, WRITTEN, FINISHED], &[]);
    answer.expect(2, &["failed to read the heap snapshot that it wrote"]);
}

#[test]
fn a_snapshot_in_an_unknown_version_of_any_engine_is_no_answer() {
    let address = KEPT.replace(
        "\"class\":\"WasmObject\"}",
        "\"class\":\"WasmObject\",\"address\":\"0x10\"}",
    );
    for (name, engine, probe, kept, text, printed) in [
        (
            "jsc",
            "jsc",
            JSC,
            address.as_str(),
            r#"{"version":4,"type":"GCDebugging","nodes":[0,0,0,0,0,"0x0","0x0"]}"#,
            "it has version 4; only version 3 is read",
        ),
        ("js", "spidermonkey", JS, KEPT, "# Anything.", "it is cut off in line 1"),
    ] {
        let world = World::new();
        let write = format!("write heap.snapshot {text}");
        world.explainer(name, probe, &[kept, &write, WRITTEN, FINISHED]);
        let answer = world.run(&["explain", "m0", "--engine", engine]);
        answer.expect(2, &[printed]);
        world.assert_clean();
    }
}

#[test]
fn a_snapshot_that_is_too_large_is_not_read() {
    let answer = explain("", &[KEPT, "grow heap.snapshot 2147483648", WRITTEN, FINISHED], &[]);
    answer.expect(
        2,
        &[
            "failed to read the heap snapshot that it wrote: it has 2048 MiB, and reading it would take about",
            "the limit is 2048 MiB",
        ],
    );
}

#[test]
fn a_case_that_fails_before_it_is_asked_is_no_answer() {
    for (orders, printed) in [
        (&["crash"][..], "it crashed: signal 6 (SIGABRT); it printed nothing"),
        (
            &["say error: boom", "exit 1"],
            "the case ended before it could be queried: it did not call `main`, or did not finish; it printed `error: boom`",
        ),
        (
            &["complain Error: early", "complain     at js/lib/shell.js:76:3"],
            "it printed `Error: early`",
        ),
        (&[], "the case ended before it could be queried: it did not call `main`"),
        (&["say @ gibberish"], "is not telemetry"),
        (
            &[r#"say @ {"type":"wrappers","made":0,"alive":0}"#, FINISHED],
            "the case made no wrapper: in some rounds of some hundred objects no constructor called `born(this)`",
        ),
        (
            &[KEPT, "say error: disk full"],
            "it stopped before it wrote its heap; it printed `error: disk full`",
        ),
        (&[KEPT, "copy", WRITTEN, "crash"], "it crashed: signal 6"),
    ] {
        explain(&snapshot(), orders, &[]).expect(2, &[printed]);
    }
}

#[test]
fn an_engine_that_hangs_while_it_writes_is_ended() {
    let orders = [KEPT, "write heap.snapshot {\"snapshot\":", "hang"];
    let answer = explain("", &orders, &["--timeout", "0.5"]);
    answer.expect(2, &["it ran out of time after 0.5 s"]);
}

#[test]
fn an_engine_that_cannot_tell_stops_no_other() {
    let silent = r#"say @ {"type":"no-snapshot","reason":"it is too old"}"#;
    let world = World::new();
    world.explainer("jsc", JSC, &[silent, FINISHED]);
    let alone = world.run(&["explain", "m0", "--engine", "jsc"]);
    alone.expect(2, &[]);
    assert_eq!(alone.stdout, "m0 on jsc 2.1: it cannot tell: it is too old\n");
    let dead = DEAD.replace("\"slots\":0", "\"slots\":10");
    world.explainer("d8", D8, &[&dead, FINISHED]);
    let both = world.run(&["explain", "m0"]);
    both.expect(0, &[]);
    assert!(
        both.stdout.contains("nothing keeps WasmObject #1 alive"),
        "{}",
        both.stdout
    );
    assert!(both.stdout.contains("it cannot tell: it is too old"), "{}", both.stdout);
    // A failed engine does not stop others, but an answer is missing.
    world.explainer("js", JS, &["crash"]);
    let all = world.run(&["explain", "m0"]);
    all.expect(2, &["m0 on js 102.1: there is no answer: it crashed"]);
    assert!(
        all.stdout.contains("nothing keeps WasmObject #1 alive"),
        "{}",
        all.stdout
    );
    world.assert_clean();
}

#[test]
fn an_engine_that_lacks_what_the_case_needs_cannot_tell() {
    let world = World::new();
    world.explainer("d8", &D8.replace(",\"finalization-registry\"", ""), &[KEPT]);
    let answer = world.run(&["explain", "m0", "--engine", "v8"]);
    answer.expect(2, &[]);
    assert_eq!(
        answer.stdout,
        "m0 on d8 10.0.1: it cannot tell: it has no finalization-registry, which the case needs\n"
    );
}

#[test]
fn what_is_repeated_is_shown_once() {
    let answer = explain(&longer(20_000, 1), GOOD, &[]);
    answer.expect(0, &[]);
    assert!(answer.stdout.contains("└ .obj, 19999 times "), "{}", answer.stdout);
    assert!(answer.stdout.lines().count() < 12, "{}", answer.stdout);
    let answer = explain(&longer(3, 1), GOOD, &[]);
    assert!(
        answer.stdout.contains("└ .obj, 2 times ") || !answer.stdout.contains("times"),
        "{}",
        answer.stdout
    );
    let answer = explain(&longer(300, 3), GOOD, &["--format", "mermaid"]);
    assert!(answer.stdout.contains(".obj, these 3 steps "), "{}", answer.stdout);
}

#[test]
fn of_a_long_path_the_ends_are_shown() {
    let text = longer(20_000, 7);
    let answer = explain(&text, GOOD, &[]);
    answer.expect(0, &[]);
    assert!(answer.stdout.contains("more steps"), "{}", answer.stdout);
    assert!(
        answer.stdout.lines().count() < 60 && answer.stdout.len() < 20_000,
        "{}",
        answer.stdout.len()
    );
    for format in ["mermaid", "dot"] {
        let drawn = explain(&text, GOOD, &["--format", format]);
        assert!(drawn.expect(0, &[]).stdout.lines().count() < 200, "{}", drawn.stdout);
    }
}

/// The snapshot with this many more objects between the wrapper and its holder, of so
/// many classes in turn.
fn longer(links: usize, classes: usize) -> String {
    let text = snapshot();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let fields = whole["snapshot"]["meta"]["node_fields"].as_array().unwrap().len();
    let numbers = |row: &Value| {
        row.as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    let strings: Vec<String> = serde_json::from_value(whole["strings"].clone()).unwrap();
    let name = |wanted: &str| strings.iter().position(|text| text == wanted).unwrap() as u64;
    let (mut nodes, mut edges) = (numbers(&whole["nodes"]), numbers(&whole["edges"]));
    let place = |number: usize| (number * fields) as u64;
    let wrapper = (0..nodes.len() / fields)
        .find(|node| nodes[node * fields] == 3 && nodes[node * fields + 1] == name("WasmObject"))
        .unwrap();
    let first = nodes.len() / fields;
    // All edges to the wrapper now lead to the first link, except weak ones.
    for edge in edges
        .chunks_mut(3)
        .filter(|edge| edge[0] != 6 && edge[2] == place(wrapper))
    {
        edge[2] = place(first);
    }
    for link in 0..links {
        let class = if classes == 1 {
            name("Array")
        } else {
            (link % classes) as u64
        };
        nodes.extend([3, class, 900_001 + 2 * link as u64, 16, 1, 0, 0]);
        let next = if link + 1 < links { first + link + 1 } else { wrapper };
        edges.extend([2, name("obj"), place(next)]);
    }
    // In the original order: a snapshot begins with the meaning of its numbers.
    let (before, rest) = text.split_once("\"nodes\":").unwrap();
    let (_, rest) = rest.split_once("\"edges\":").unwrap();
    let (_, after) = rest.split_once(']').unwrap();
    format!("{before}\"nodes\":{nodes:?},\"edges\":{edges:?}{after}")
}

#[test]
fn a_page_is_written_whole_or_not_at_all() {
    let answer = explain(&snapshot(), GOOD, &["--page", "page.md"]);
    answer.expect(0, &[]);
    assert_eq!(answer.stdout, "");
    explain(&snapshot(), GOOD, &["--page", "no/such/page.md"]).expect(2, &["`no/such/page.md` cannot be written"]);
    explain("", GOOD, &["--page", "page.md"]).expect(2, &["there is no answer", "`page.md` is not written"]);
    explain(&snapshot(), GOOD, &["--page", "page.md", "--format", "dot"]).expect(2, &["cannot be used with"]);
}

#[test]
fn wrong_usage_is_said() {
    let world = World::new();
    world.run(&["explain"]).expect(2, &["<CASE | DIR | GLOB>"]);
    world.run(&["explain", "m9"]).expect(2, &["there is no case `m9`"]);
    world
        .run(&["explain", "m0", "--format", "svg"])
        .expect(2, &["invalid value 'svg'"]);
    world.run(&["explain", "m0"]).expect(2, &["no engine was found"]);
    world.run(&["explian", "m0"]).expect(2, &["explain"]);
}

#[test]
fn filters_choose_what_is_explained() {
    let world = World::new();
    let file = world.file("snapshot");
    fs::write(&file, snapshot()).unwrap();
    let copy = format!("copy {} to heap.snapshot", file.display());
    world.explainer("d8", D8, &[KEPT, &copy, WRITTEN, FINISHED]);
    world.explainer("jsc", JSC, &[DEAD, FINISHED]);
    world.copy("js/cases/m1");
    world.copy("expected/m1.txt");
    let explained = |words: &[&str]| -> Vec<String> {
        let answer = world.run(&[&["explain", "--format", "json"], words].concat());
        answer.expect(0, &[]);
        let json: Value = serde_json::from_str(&answer.stdout).unwrap();
        let cell = |cell: &Value| {
            format!(
                "{} on {}",
                cell["case"].as_str().unwrap(),
                cell["engine"].as_str().unwrap()
            )
        };
        json["answers"].as_array().unwrap().iter().map(cell).collect()
    };
    assert_eq!(explained(&["m*", "--not", "m0", "--engine", "v8"]), ["m1 on v8"]);
    assert_eq!(explained(&["--verdict", "collected"]), ["m0 on v8", "m0 on jsc"]);
    // What has not failed is not explained, and what has is.
    world
        .run(&["explain", "--failed"])
        .expect(2, &["`--failed` finds no record of a run of 4 cells"]);
    let fake = world.engine("js", JS, crate::world::M0);
    let engines = ["--engine", fake.to_str().unwrap()];
    world
        .run(&[&["test", "m0", "m1"], &engines[..]].concat())
        .expect(1, &["FAILED m1"]);
    let answer = world.run(&[&["explain", "m0", "--failed"], &engines[..]].concat());
    answer.expect(0, &["nothing to run again: of 1 cell, 1 ran, and none failed"]);
    let usage = "required arguments were not provided";
    world.run(&["explain"]).expect(2, &[usage]);
}
