//! Heap snapshots that somebody already has.

use crate::world::{World, repository};
use std::fs;
use std::path::{Path, PathBuf};

/// A snapshot that an engine wrote, cut down to what a path needs.
fn snapshot(name: &str) -> PathBuf {
    repository().join("heap/tests/snapshots").join(name)
}

fn explain(world: &World, files: &[&Path], more: &[&str]) -> crate::world::Answer {
    let mut arguments = vec!["explain".to_owned()];
    for file in files {
        arguments.extend(["--snapshot".to_owned(), file.display().to_string()]);
    }
    arguments.extend(more.iter().map(|word| (*word).to_owned()));
    world.run(&arguments)
}

#[test]
fn a_snapshot_of_each_engine_is_known_by_its_content() {
    let world = World::new();
    for (name, engine) in [
        ("m1.v8.heapsnapshot", "V8"),
        ("m1.node26.heapsnapshot", "V8"),
        ("m1.jsc.json", "JavaScriptCore"),
        ("m1.bun.json", "JavaScriptCore"),
        ("m1.spidermonkey.txt", "SpiderMonkey"),
        ("m1.js140.txt", "SpiderMonkey"),
    ] {
        // Whatever it is called.
        let file = world.file("a file");
        fs::copy(snapshot(name), &file).unwrap();
        let answer = explain(&world, &[&file], &["--kind", "WasmObject"]);
        answer.expect(0, &[]);
        for text in [
            &format!("a file on {engine}: all objects")[..],
            " WasmObject ",
            " kept alive by\n  global\n  └ table",
            "└ .objects  Array",
            "└ obj   WasmObject",
        ] {
            assert!(
                answer.stdout.contains(text),
                "`{text}` is not in {name}:\n{}",
                answer.stdout
            );
        }
    }
}

#[test]
fn of_several_snapshots_only_what_is_new_is_told() {
    let world = World::new();
    let file = snapshot("m1.v8.heapsnapshot");
    let answer = explain(&world, &[&file, &file], &[]);
    answer.expect(0, &[]);
    assert!(
        answer.stdout.contains("no object grows between the snapshots"),
        "{}",
        answer.stdout
    );
    let answer = explain(&world, &[&file], &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(json["answers"][0]["snapshots"], 1);
    assert_eq!(json["answers"][0]["calls"], serde_json::Value::Null);
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let world = World::new();
    let good = snapshot("m1.v8.heapsnapshot");
    let text = fs::read(&good).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = world.file(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let pipe = world.file("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for (file, wanted) in [
        (write("empty", b""), "empty` is empty"),
        (write("other", b"hello"), "other` is no heap snapshot that is known"),
        (write("list", b"[1, 2]"), "list` is no heap snapshot that is known"),
        (
            write("cut", &text[..text.len() / 2]),
            "failed to read the heap snapshot `cut`: it is cut off",
        ),
        (
            write("version", br#"{"version":9,"type":"GCDebugging"}"#),
            "`version`: it has version 9",
        ),
        (world.file("missing"), "missing`: No such file or directory"),
        (world.directory().to_owned(), "it is a directory, not a file"),
        (pipe, "it is a pipe, not a file"),
    ] {
        explain(&world, &[&file], &[]).expect(2, &[wanted]);
    }
    let other = snapshot("m1.jsc.json");
    explain(&world, &[&good, &other], &[]).expect(2, &["the snapshots are of different engines"]);
    explain(&world, &[&good], &["m0"]).expect(2, &["cannot be used with"]);
}
