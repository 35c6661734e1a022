//! Errors in a checkout: cases, expectations, the guest, `target/`.

use crate::world::{Answer, D8, JS, M0, World, repository};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn every_case_has_an_expectation_and_every_expectation_is_used() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.write("js/cases/m5/test.js", "main(test);");
    // An unfinished case does not prevent runs of the others.
    world.run(&["test", "m0"]).expect(0, &["1 ok"]);
    for arguments in [&["test"][..], &["test", "m5"], &["test", "m0", "m5"]] {
        let printed = "the case `m5` has no expectation: write expected/m5.txt";
        world.run(arguments).expect(2, &[printed]);
    }
    fs::remove_dir_all(world.checkout.join("js/cases/m5")).unwrap();
    for (name, printed) in [
        (
            "expected/m7.txt",
            "`expected/m7.txt` is never used: there is no js/cases/m7/test.js; did you mean `m0`?",
        ),
        (
            "expected/m0.v9.txt",
            "`expected/m0.v9.txt` is never used: `v9` is no engine, no versions of one such as `v8-10.2` or `v8-10.2..13`, no shell, host or browser, and no program of wasm-leaks.toml; did you mean `v8`?",
        ),
        (
            "expected/m0.v8-13..10.txt",
            "`expected/m0.v8-13..10.txt` is never used: `v8-13..10` is no version: 13 is not before 10",
        ),
        (
            "expected/m0.text",
            "`expected/m0.text` is never used: expectations are CASE.txt",
        ),
    ] {
        world.write(name, "#: verdict = leaks\n");
        world.run(&["test"]).expect(2, &[printed]);
        fs::remove_file(world.checkout.join(name)).unwrap();
    }
    world.write("js/cases/Bad Name/test.js", "");
    world
        .run(&["test"])
        .expect(2, &["use lower-case letters, digits and hyphens"]);
}

#[test]
fn a_malformed_expectation_names_its_file_and_line() {
    let world = World::new();
    world.engine("d8", D8, M0);
    for (text, printed) in [
        (
            "#: verdict = collected\nok\n{{(}}\n",
            "expected/m0.txt:3: bad regex `(`",
        ),
        (
            "# A comment.\n#: verdikt = collected\n",
            "expected/m0.txt:2: unknown directive `verdikt`; did you mean `verdict`?",
        ),
        ("hello\n", "expected/m0.txt:1: a line `#: verdict = …` is missing"),
    ] {
        world.write("expected/m0.txt", text);
        world.run(&["test"]).expect(2, &[printed]);
    }
    fs::write(world.checkout.join("expected/m0.txt"), b"#: verdict = leaks\n\xff\n").unwrap();
    world.run(&["test"]).expect(2, &["`expected/m0.txt` is not UTF-8"]);
}

#[test]
fn an_expectation_can_stand_in_for_one_engine() {
    let world = World::new();
    world.engine("d8", D8, &["say hello"]);
    world.write("expected/m0.v8.txt", "#: verdict = inconclusive\nhello\n");
    world.run(&["test"]).expect(1, &["it exited with 0 before its end"]);
    world.engine("d8", D8, &["say hello", r#"say @ {"type":"quit","status":0}"#]);
    world.run(&["test"]).expect(0, &["1 ok"]);
}

#[test]
fn a_cell_is_skipped_where_the_engine_lacks_what_the_case_needs() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.write("expected/m0.txt", "#: verdict = collected\n#: needs = gc wasm-gc\n");
    let answer = world.run(&["test"]);
    answer.expect(0, &["1 skipped"]);
    assert!(answer.stdout.contains("skipped no wasm-gc"), "{}", answer.stdout);
}

#[test]
fn a_guest_that_does_not_compile_is_no_answer() {
    let world = World::new().set("PATH", std::env::var_os("PATH").unwrap_or_default());
    // Reuses the compiled standard library.
    let world = world.set("CARGO_TARGET_DIR", repository().join("target"));
    world.copy("xtask/Cargo.toml");
    for library in ["heap", "instrument"] {
        world.copy(&format!("{library}/Cargo.toml"));
        world.write(&format!("{library}/src/lib.rs"), "");
    }
    for name in [
        "src/main.rs",
        "tests/fake-engine/main.rs",
        "tests/cli/main.rs",
        "tests/real/main.rs",
    ] {
        world.write(&format!("xtask/{name}"), "fn main() {}");
    }
    world.write("guest/linear/src/lib.rs", "compile_error!(\"the guest is broken\");");
    let output = world
        .xtask(&["build"])
        .env("HOME", std::env::var_os("HOME").unwrap_or_default())
        .output()
        .unwrap();
    Answer::of(output).expect(2, &["the guest is broken", "failed to build the guest `linear` with `"]);
}

#[test]
fn without_a_rust_for_wasm32_there_is_no_answer() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.write("guest/linear/src/lib.rs", "// Not what was built.");
    world.run(&["test"]).expect(
        2,
        &["no Rust toolchain here can build the guest", "wasm32-unknown-unknown"],
    );
    // A compiler with neither the target nor the library's sources cannot build.
    world.tool("rustc", &["say /nowhere".to_owned()]);
    world
        .run(&["build"])
        .expect(2, &["no Rust toolchain here can build the guest"]);
}

#[test]
fn a_target_that_cannot_be_written_is_no_answer() {
    let world = World::new();
    world.engine("d8", D8, M0);
    let target = world.checkout.join("target");
    fs::remove_dir_all(&target).unwrap();
    fs::create_dir(&target).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o555)).unwrap();
    let answer = Answer::of(world.xtask_without_root(&["test"]).output().unwrap());
    answer.expect(
        2,
        &[
            "failed to make the directory `",
            "make it writable, or set CARGO_TARGET_DIR",
        ],
    );
}

#[test]
fn a_target_that_can_no_longer_be_written_is_no_answer() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.run(&["test"]).expect(0, &["1 ok"]);
    for (name, printed) in [
        ("stages", "failed to make a directory in `"),
        ("runs", "failed to write the record `"),
    ] {
        let open = |bits| {
            let directory = world.checkout.join("target/wasm-leaks").join(name);
            fs::set_permissions(&directory, fs::Permissions::from_mode(bits)).unwrap();
        };
        // The other one is writable for all.
        world.open(&world.checkout.join("target/wasm-leaks/stages"), 0o022);
        world.open(&world.checkout.join("target/wasm-leaks/runs"), 0o022);
        open(0o555);
        let answer = Answer::of(world.xtask_without_root(&["test"]).output().unwrap());
        answer.expect(2, &[printed, "make it writable, or set CARGO_TARGET_DIR"]);
        open(0o755);
    }
}

#[test]
fn what_an_editor_leaves_behind_is_passed_over() {
    let world = World::new();
    world.engine("d8", D8, M0);
    std::os::unix::fs::symlink("nowhere", world.checkout.join("guest/linear/src/.#lib.rs")).unwrap();
    world.write("guest/linear/src/lib.rs~", "old");
    world.write("js/cases/m0/.test.js.swp", "");
    world.write("expected/m0.txt~", "old");
    world.run(&["test"]).expect(0, &["1 ok"]);
}

#[test]
fn a_case_may_be_a_link_to_elsewhere() {
    let world = World::new();
    world.engine("d8", D8, M0);
    fs::rename(world.checkout.join("js/cases/m0"), world.file("m0")).unwrap();
    std::os::unix::fs::symlink(world.file("m0"), world.checkout.join("js/cases/m0")).unwrap();
    for word in ["m0", "js/cases/m0", "js"] {
        world.run(&["test", word]).expect(0, &["1 ok"]);
    }
}

#[test]
fn guests_in_text_are_found_and_assembled() {
    let world = World::new();
    world.engine("d8", D8, M0);
    let expectation = fs::read_to_string(world.checkout.join("expected/m0.txt")).unwrap();
    world.write("expected/m0.txt", &format!("#: guest = m2x\n{expectation}"));
    world
        .run(&["test"])
        .expect(2, &["expected/m0.txt: there is no guest `m2x`; did you mean `m2`?"]);
    world.write("expected/m0.txt", &format!("#: guest = m2\n{expectation}"));
    world.run(&["test"]).expect(0, &["1 ok"]);
    let answer = world.run(&["build"]);
    answer.expect(0, &[]);
    assert!(answer.stdout.contains("/guests/m2-"), "{}", answer.stdout);
    world.write("guest/m2.wat", "(module\n  (fun))");
    world
        .run(&["test"])
        .expect(2, &["failed to assemble the guest `m2`", "guest/m2.wat:2:4"]);
}

#[test]
fn every_case_says_in_three_lines_what_it_shows() {
    for entry in fs::read_dir(repository().join("js/cases")).unwrap() {
        let path = entry.unwrap().path().join("test.js");
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let header = text
            .lines()
            .take_while(|line| line.starts_with("// "))
            .collect::<Vec<_>>();
        assert!((1..=3).contains(&header.len()), "{}: {header:?}", path.display());
        assert!(header.concat().contains("Compare"), "{}: {header:?}", path.display());
    }
}

#[test]
fn the_findings_are_up_to_date() {
    let command = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wasm-leaks"));
        command
            .args(["findings", "--check"])
            .env("CARGO_PKG_NAME", "wasm-leaks");
        command
    };
    let answer = Answer::of(command().current_dir(repository()).output().unwrap());
    answer.expect(0, &[]);
    // A changed claim makes them out of date.
    let world = World::new();
    for name in ["js", "expected", "docs"] {
        world.copy(name);
    }
    let text = fs::read_to_string(world.checkout.join("expected/m1.txt")).unwrap();
    world.write("expected/m1.txt", &text.replace("#: shows = ", "#: shows = perhaps "));
    let answer = Answer::of(command().current_dir(&world.checkout).output().unwrap());
    answer.expect(1, &["`docs/findings.md` is out of date", "run `cargo xtask findings`"]);
    world.run(&["findings"]).expect(0, &[]);
    world.run(&["findings", "--check"]).expect(0, &[]);
    world.write("r.json", "{}");
    world.run(&["findings", "r.json"]).expect(
        2,
        &["failed to read results from `r.json`: it does not begin with `\"schema\": \"wasm-leaks/results\"`"],
    );
}

#[test]
fn an_expectation_can_be_for_versions_and_for_a_named_program() {
    let world = World::new();
    let leak = &["rounds leak", r#"say @ {"type":"quit","status":0}"#];
    world.engine("js91", &JS.replace("102.1", "91.1"), M0);
    world.engine("js128", &JS.replace("102.1", "128.3"), leak);
    world.engine("js140", &JS.replace("102.1", "140.0"), M0);
    let all = ["test", "m0", "--engine", "spidermonkey=all"];
    world.run(&all).expect(1, &["3 cells: 2 ok, 1 FAILED"]);
    let leaks = "#: verdict = leaks\n...\n";
    world.write("expected/m0.spidermonkey-128..140.txt", leaks);
    world.run(&all).expect(0, &["3 cells: 3 ok"]);
    // From a version on, and for one program alone.
    fs::rename(
        world.checkout.join("expected/m0.spidermonkey-128..140.txt"),
        world.checkout.join("expected/m0.spidermonkey-128.txt"),
    )
    .unwrap();
    world.run(&all).expect(
        1,
        &[
            "FAILED m0 on spidermonkey: js 140.0",
            "expected `leaks`",
            "3 cells: 2 ok, 1 FAILED",
        ],
    );
    let toml = "[program.newest]\nengine = \"spidermonkey\"\npath = \"js140\"\n";
    world.write("wasm-leaks.toml", toml);
    world.write("expected/m0.newest.txt", "#: verdict = collected\n...\n");
    world
        .run(&["test", "m0", "--engine", "newest"])
        .expect(0, &["1 cell: 1 ok"]);
    // What comes is written where it is expected.
    world
        .run(&[
            "test",
            "m0",
            "--engine",
            "spidermonkey=all",
            "--engine",
            "newest",
            "--accept=overwrite",
        ])
        .expect(0, &["expected/m0.spidermonkey-128.txt"]);
    let text = fs::read_to_string(world.checkout.join("expected/m0.spidermonkey-128.txt")).unwrap();
    assert!(text.starts_with("#: verdict = collected | leaks\n"), "{text}");
    let text = fs::read_to_string(world.checkout.join("expected/m0.newest.txt")).unwrap();
    assert_eq!(text, "#: verdict = collected\n...\n");
    fs::remove_file(world.checkout.join("wasm-leaks.toml")).unwrap();
    world
        .run(&["test"])
        .expect(2, &["`expected/m0.newest.txt` is never used: `newest` is no engine"]);
}

#[test]
fn an_expectation_beside_an_own_script_can_be_for_versions() {
    let world = World::new();
    world.engine("js91", &JS.replace("102.1", "91.1"), M0);
    world.write("own/test.js", "function test() {}");
    world.write("own/expected.spidermonkey-92.txt", "#: verdict = leaks\n");
    let words = ["test", "own", "--engine", "spidermonkey", "--list", "--verdict"];
    world.run(&[&words[..], &["collected"]].concat()).expect(0, &[]);
    world
        .run(&[&words[..], &["leaks"]].concat())
        .expect(2, &["leaves none of 1 cell"]);
    world.engine("js92", &JS.replace("102.1", "92.1"), M0);
    world.run(&[&words[..], &["leaks"]].concat()).expect(0, &[]);
    world.write("own/expected.spidermonky.txt", "#: verdict = leaks\n");
    world.run(&words[..4]).expect(
        2,
        &[
            "`own/expected.spidermonky.txt` is never used: `spidermonky` is no engine",
            "did you mean `spidermonkey`?",
        ],
    );
}
