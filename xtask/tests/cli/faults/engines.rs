//! Programs that do what no engine should.

use super::{become_dangling_link, become_pipe};
use crate::world::{D8, M0, World, lives, pids};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// A case on an engine with these orders, the exit status, and what is printed.
#[test]
fn an_engine_may_do_anything() {
    let quit = M0[1];
    let fork = |world: &World| format!("fork-and-exit {}", world.file("pid").display());
    for (orders, status, printed) in [
        (
            &["exit 0"][..],
            1,
            &["it exited with 0 before its end", "the transcript is empty"][..],
        ),
        (&["exit 3"], 1, &["it exited with 3 before its end"]),
        (&["say-byte 255", quit], 1, &["actual:   \u{fffd}"]),
        (&["say-half Callback aft"], 1, &["actual:   Callback aft"]),
        (
            &["say-half @ {\"type\":\"quit\",\"sta"],
            1,
            &["line 1 of its output begins with `@ ` but is not telemetry"],
        ),
        (&["say-nul", quit], 1, &["actual:   a\\x00b"]),
        (
            &["say-long 15000000 @ {\"type\":\"round\",\"allocated\":\""],
            1,
            &["is not telemetry"],
        ),
        (
            &["say-long 15000000 @ {\"type\":\"start\",\"objects\":\"", "exit 1"],
            1,
            &["is not telemetry"],
        ),
        // The parser quotes what it cannot take.
        (
            &["say-long 15000000 @ {\"type\":\"round\",\"allocated\":\"…\"}"],
            1,
            &["is not telemetry: "],
        ),
        (&["say-long 2000000 x", quit], 1, &["actual:   xxx"]),
        (&["flood 1000000000"], 1, &["it printed more than 16 MiB"]),
        (&["flood-lines 1000000000"], 1, &["200000 lines"]),
        (
            &["close", "hang"],
            1,
            &[
                "it ran out of time after 0.5 s without output or progress",
                "no round had ended",
            ],
        ),
        (
            &[M0[0], "hang"],
            1,
            &[
                "it ran out of time",
                "100 rounds had ended, with 1000 of 100000 objects live",
            ],
        ),
        (&["burn"], 1, &["it ran out of time after 0.5 s of processor time"]),
        (
            &["burn-in-child"],
            1,
            &["it ran out of time after 0.5 s of processor time"],
        ),
        (&[M0[0], quit, "children 1200", "hang"], 1, &["it ran out of time"]),
        (&[M0[0], quit, "children 1200"], 0, &["1 ok"]),
        (&[M0[0], quit, "FORK"], 0, &["1 ok"]),
        (&["crash"], 1, &["it crashed: signal 6"]),
    ] {
        let world = World::new();
        let orders: Vec<String> = orders
            .iter()
            .map(|order| order.replace("FORK", &fork(&world)))
            .collect();
        let orders: Vec<&str> = orders.iter().map(String::as_str).collect();
        world.engine("d8", D8, &orders);
        let json = world.file("results.json");
        // Only what is to meet the limit has a short one.
        let meets_limit = printed.iter().any(|text| text.contains("ran out of time"));
        // By then there have to be many children.
        let many = orders.iter().any(|order| order.starts_with("children"));
        let limit = match (meets_limit, many) {
            (true, true) => "5",
            (true, false) => "0.5",
            (false, _) => "60",
        };
        let arguments = [
            "test",
            "--engine",
            "v8",
            "--timeout",
            limit,
            "--json",
            json.to_str().unwrap(),
        ];
        let answer = world.run(&arguments);
        answer.expect(status, printed);
        assert!(
            answer.stderr.len() < 10_000,
            "{orders:?}: {} bytes",
            answer.stderr.len()
        );
        // How it ended is known, and what it took: the guard has reported.
        let json: serde_json::Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
        let cell = &json["cells"][0];
        let reason = cell["reason"].as_str().unwrap_or_default();
        // A line of the transcript is told whole.
        let is_short = cell["outcome"] != "broke" || reason.len() < 10_000;
        assert!(is_short, "{orders:?}: {} bytes", reason.len());
        assert!(!cell["end"].is_null(), "{orders:?}: {cell}");
        if cfg!(target_os = "linux") {
            assert!(cell["peak_bytes"].as_u64().unwrap() > 0, "{orders:?}: {cell}");
        }
        assert!(!pids(&world.file("pid")).into_iter().any(lives), "{orders:?}");
        world.assert_clean();
    }
}

/// Something at a path in place of d8, and the reason why it is not used.
#[test]
fn what_is_no_engine_is_refused_with_the_reason() {
    type Candidate = (fn(&Path), &'static str);
    let candidates: &[Candidate] = &[
        (|path| fs::create_dir(path).unwrap(), "it is a directory"),
        (|path| become_pipe(path), "it is not a file"),
        (|path| fs::write(path, "#!/bin/sh\n").unwrap(), "it is not executable"),
        (|path| become_dangling_link(path), "it does not exist"),
        (|path| symlink(path, path).unwrap(), "it cannot be looked at: "),
        (|path| executable(path, "#!/nowhere/sh\n"), "failed to start `"),
        (
            |path| executable(path, "\u{7f}ELF garbage"),
            "it is not a JavaScript engine",
        ),
        (|path| executable(path, "#!/bin/sh\n"), "it printed nothing"),
        (|path| executable(path, "#!/bin/sh\nexit 7\n"), "it printed nothing"),
        (
            |path| executable(path, "#!/bin/sh\nprintf 'a\\000\\033[31m\\377'\n"),
            "it printed `a\\x00\\x1b[31m\u{fffd}`",
        ),
        (
            |path| executable(path, "#!/bin/sh\nprintf '@ {\"type\":\"probe\"'\n"),
            "it is not a JavaScript engine",
        ),
        (
            |path| executable(path, "#!/bin/sh\nkill -9 $$\n"),
            "it was ended by signal 9 when probed",
        ),
        (
            |path| {
                executable(
                    path,
                    "#!/bin/sh\nwhile :; do echo ooooooooooooooooooooooooooooooooooooooooo; done\n",
                )
            },
            "it printed more than 1024 KiB when probed",
        ),
        (
            |path| {
                executable(
                    path,
                    "#!/bin/sh\necho '@ {\"type\":\"probe\",\"engine\":\"v9\",\"shell\":\"d9\",\"features\":[]}'\n",
                )
            },
            "it is an unknown JavaScript shell",
        ),
    ];
    for (make, reason) in candidates {
        let world = World::new();
        let path = world.file("an engine");
        make(&path);
        world
            .run(&["test", "--engine", path.to_str().unwrap()])
            .expect(2, &["error: `", "an engine` cannot be used: ", reason]);
        // In a variable, it is passed over.
        let world = world.set("D8", &path);
        world.engine("d8", D8, M0);
        let answer = world.run(&["test", "--engine", "v8"]);
        answer.expect(0, &["an engine` ($D8) is not used for v8: ", reason, "1 ok"]);
        world.assert_clean();
    }
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn nothing_that_an_engine_says_of_itself_forges_a_line() {
    let world = World::new();
    let reason = r#"{"type":"canary","reason":"a\n[31mm0 ok collected"}"#;
    world.fake(
        &world.bin.join("d8"),
        &[format!("probe: {D8}"), format!("canary: say @ {reason}")],
    );
    let answer = world.run(&["test", "--engine", "v8"]);
    answer.expect(1, &["the canary: a\\n"]);
    let answer = world.run(&["explain", "m0", "--engine", "v8"]);
    answer.expect(2, &[]);
    assert!(
        answer.stdout.contains("it cannot tell: the canary: a\\n"),
        "{}",
        answer.stdout
    );
    world.explainer(
        "d8",
        D8,
        &[r#"say @ {"type":"no-snapshot","reason":"a\nm1 on d8: nothing"}"#, M0[1]],
    );
    let answer = world.run(&["explain", "m0", "--engine", "v8"]);
    answer.expect(2, &[]);
    assert!(
        answer.stdout.contains("it cannot tell: a\\nm1 on d8"),
        "{}",
        answer.stdout
    );
    // Nor does it flood the terminal.
    let long = format!(r#"{{"type":"canary","reason":"{}"}}"#, "long ".repeat(100_000));
    world.fake(
        &world.bin.join("d8"),
        &[format!("probe: {D8}"), format!("canary: say @ {long}")],
    );
    for command in [&["test", "--engine", "v8"][..], &["explain", "m0", "--engine", "v8"]] {
        let answer = world.run(command);
        let printed = answer.stdout.len() + answer.stderr.len();
        assert!(
            printed < 10_000,
            "{printed} bytes: {}",
            &answer.stdout[..1_000.min(answer.stdout.len())]
        );
    }
    let flood = format!(
        r#"say @ {{"type":"no-snapshot","reason":"{}"}}"#,
        "long ".repeat(100_000)
    );
    world.explainer("d8", D8, &[&flood, M0[1]]);
    let answer = world.run(&["explain", "m0", "--engine", "v8"]);
    answer.expect(2, &[]);
    assert!(answer.stdout.len() < 10_000, "{} bytes", answer.stdout.len());
}

#[test]
fn a_snapshot_is_a_file() {
    let world = World::new();
    let wrapper = r#"say @ {"type":"wrappers","made":10,"alive":10,"class":"WasmObject","objects":[{"number":1,"class":"WasmObject"}]}"#;
    let snapshot = r#"say @ {"type":"snapshot","file":"heap"}"#;
    world.explainer("d8", D8, &["make-pipe heap", wrapper, snapshot, M0[1]]);
    world
        .run(&["explain", "m0", "--engine", "v8"])
        .expect(2, &["heap`: it is a pipe, not a file"]);
}
