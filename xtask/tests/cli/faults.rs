//! Faults of the file system, of processes and of numbers, in tables: each ends with a
//! message that says whose fault it was, the right status, and no panic.

use crate::world::{Answer, D8, JS, JSC, M0, World, lives, pids, wait as wait_for, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A fault, the exit status of `test --engine v8`, and what is printed.
type Fault = (&'static str, fn(&World), i32, &'static [&'static str]);

/// A world in which m0 on d8 is ok, with a program that could stand in for d8.
fn world() -> World {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.engine(
        "node",
        r#"say @ {"type":"probe","engine":"v8","shell":"node","version":"20.1.0","features":["gc","finalization-registry"]}"#,
        M0,
    );
    world
}

fn all_end_well(faults: &[Fault]) {
    for (name, fault, status, printed) in faults {
        let world = world();
        fault(&world);
        let answer = world.run(&["test", "--engine", "v8"]);
        let whole = format!("{name}: {}\n{}", answer.stdout, answer.stderr);
        assert_eq!(answer.status, Some(*status), "{whole}");
        for text in *printed {
            assert!(
                answer.stderr.contains(text) || answer.stdout.contains(text),
                "`{text}` is not printed: {whole}"
            );
        }
        assert!(!answer.stderr.contains("panicked"), "{whole}");
        // No other program is judged in its place.
        assert!(!answer.stdout.contains("node 20.1.0"), "{whole}");
    }
}

/// The program's own files.
fn own(world: &World, name: &str) -> PathBuf {
    world.checkout.join("target/wasm-leaks").join(name)
}

/// The files of a directory of its own with this extension.
fn files(world: &World, directory: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(own(world, directory)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().unwrap_or_default() == extension);
    assert!(!paths.is_empty(), "{directory}/*.{extension}");
    paths.sort();
    paths
}

/// Runs once, so that all caches are there, then damages each file.
fn damage(world: &World, directory: &str, extension: &str, damage: fn(&Path)) {
    world.run(&["test", "--engine", "v8"]).expect(0, &["1 ok"]);
    files(world, directory, extension).iter().for_each(|path| damage(path));
}

fn truncate(path: &Path) {
    fs::write(path, "").unwrap();
}

fn halve(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

/// Changes one letter of text, or one byte.
fn garble(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn become_directory(path: &Path) {
    fs::remove_file(path).unwrap();
    fs::create_dir(path).unwrap();
}

fn become_pipe(path: &Path) {
    let _ = fs::remove_file(path);
    mkfifo(path, Mode::from_bits_truncate(0o600)).unwrap();
}

/// Replaces a directory by a file, or makes the file.
fn become_file(path: &Path) {
    let _ = fs::remove_dir_all(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "").unwrap();
}

fn become_dangling_link(path: &Path) {
    let _ = fs::remove_dir_all(path);
    let _ = fs::remove_file(path);
    symlink("/nowhere/at all", path).unwrap();
}

/// With m0 on a guest in text.
fn in_text(world: &World) {
    let expectation = fs::read_to_string(world.checkout.join("expected/m0.txt")).unwrap();
    world.write("expected/m0.txt", &format!("#: guest = m2\n{expectation}"));
}

const NO_DIRECTORY: &[&str] = &["error: ", "failed to make the directory `", "CARGO_TARGET_DIR"];
const REBUILDS: &[&str] = &["no Rust toolchain here can build the guest"];

#[test]
fn a_fault_of_the_checkout_is_not_the_engines() {
    all_end_well(&[
        (
            "target is a file",
            |w| become_file(&w.checkout.join("target")),
            2,
            NO_DIRECTORY,
        ),
        (
            "target leads nowhere",
            |w| become_dangling_link(&w.checkout.join("target")),
            2,
            NO_DIRECTORY,
        ),
        (
            "its own directory is a file",
            |w| become_file(&w.checkout.join("target/wasm-leaks")),
            2,
            NO_DIRECTORY,
        ),
        ("probes is a file", |w| become_file(&own(w, "probes")), 2, NO_DIRECTORY),
        (
            "canaries is a file",
            |w| become_file(&own(w, "canaries")),
            2,
            NO_DIRECTORY,
        ),
        ("stages is a file", |w| become_file(&own(w, "stages")), 2, NO_DIRECTORY),
        (
            "stages leads nowhere",
            |w| become_dangling_link(&own(w, "stages")),
            2,
            NO_DIRECTORY,
        ),
        ("runs is a file", |w| become_file(&own(w, "runs")), 2, NO_DIRECTORY),
        ("guests is a file", |w| become_file(&own(w, "guests")), 2, NO_DIRECTORY),
        (
            "the probe is a pipe",
            |w| become_pipe(&w.checkout.join("js/lib/probe.js")),
            2,
            &["error: failed to read `", "probe.js`: it is a pipe, not a file"],
        ),
        (
            "the canary is gone",
            |w| fs::remove_file(w.checkout.join("js/lib/canary.js")).unwrap(),
            2,
            &["error: failed to read `", "canary.js`: No such file"],
        ),
        (
            "the stage vanishes under the case",
            |w| {
                drop(w.engine(
                    "d8",
                    D8,
                    &[&format!("remove {}", own(w, "stages").display()), M0[0], M0[1]],
                ))
            },
            2,
            &["error: the directory `", "vanished while `"],
        ),
        (
            "the stage vanishes under the canary",
            |w| {
                let remove = format!("canary: remove {}", own(w, "stages").display());
                w.fake(&w.bin.join("d8"), &[format!("probe: {D8}"), remove]);
            },
            2,
            &["error: failed to run the canary on `", "vanished while `"],
        ),
        (
            "the stage vanishes under the probe",
            |w| {
                let remove = format!("probe: remove {}", own(w, "stages").display());
                w.fake(&w.bin.join("d8"), &[remove, format!("probe: {D8}")]);
            },
            2,
            &["error: failed to probe `", "vanished while `"],
        ),
    ]);
}

#[test]
fn what_is_damaged_is_noticed() {
    all_end_well(&[
        (
            "no probe is left",
            |w| damage(w, "probes", "json", truncate),
            0,
            &["1 ok"],
        ),
        (
            "half a probe is left",
            |w| damage(w, "probes", "json", halve),
            0,
            &["1 ok"],
        ),
        (
            "a probe is garbled",
            |w| damage(w, "probes", "json", garble),
            0,
            &["d8 10.0.1", "1 ok"],
        ),
        (
            "a probe is a directory",
            |w| damage(w, "probes", "json", become_directory),
            0,
            &[
                "warning: failed to write `",
                "d8` will be probed again",
                "d8 10.0.1",
                "1 ok",
            ],
        ),
        (
            "a probe is a pipe",
            |w| damage(w, "probes", "json", become_pipe),
            0,
            &["d8 10.0.1", "1 ok"],
        ),
        (
            "a probe is that of another program",
            |w| {
                w.engine("js", JS, M0);
                w.run(&["test"]).expect(0, &["2 ok"]);
                let probes = files(w, "probes", "json");
                let texts: Vec<_> = probes.iter().map(|path| fs::read(path).unwrap()).collect();
                fs::write(&probes[0], &texts[1]).unwrap();
                fs::write(&probes[1], &texts[0]).unwrap();
            },
            0,
            &["d8 10.0.1", "1 ok"],
        ),
        (
            "a canary is a directory",
            |w| damage(w, "canaries", "", become_directory),
            0,
            &["warning: failed to write `", "d8` will be tested again", "1 ok"],
        ),
        (
            "no guest is left",
            |w| damage(w, "guests", "wasm", truncate),
            2,
            REBUILDS,
        ),
        (
            "half a guest is left",
            |w| damage(w, "guests", "wasm", halve),
            2,
            REBUILDS,
        ),
        (
            "a guest is garbled",
            |w| damage(w, "guests", "wasm", garble),
            2,
            REBUILDS,
        ),
        (
            "a guest is a directory",
            |w| damage(w, "guests", "wasm", become_directory),
            2,
            REBUILDS,
        ),
        (
            "a guest is a pipe",
            |w| damage(w, "guests", "wasm", become_pipe),
            2,
            REBUILDS,
        ),
        (
            "a digest is gone",
            |w| damage(w, "guests", "digest", truncate),
            2,
            REBUILDS,
        ),
        (
            "a guest in text is garbled",
            |w| {
                in_text(w);
                damage(w, "guests", "wasm", garble);
                // The Rust guest is not used.
                assert_eq!(w.run(&["build"]).status, Some(0));
            },
            0,
            &["1 ok"],
        ),
        (
            "a guest in text is a directory",
            |w| {
                in_text(w);
                damage(w, "guests", "wasm", become_directory);
            },
            2,
            &["error: failed to write `", "/guests/m2-"],
        ),
    ]);
}

#[test]
fn a_fault_of_a_case_names_its_file() {
    all_end_well(&[
        (
            "an expectation is a directory",
            |w| become_directory(&w.checkout.join("expected/m0.txt")),
            2,
            &["expected/m0.txt`: it is a directory, not a file"],
        ),
        (
            "an expectation is a pipe",
            |w| become_pipe(&w.checkout.join("expected/m0.txt")),
            2,
            &["expected/m0.txt`: it is a pipe, not a file"],
        ),
        (
            "an expectation leads nowhere",
            |w| become_dangling_link(&w.checkout.join("expected/m0.txt")),
            2,
            &["failed to read `", "expected/m0.txt`: No such file"],
        ),
        (
            "an expectation is huge",
            |w| {
                let file = fs::File::create(w.checkout.join("expected/m0.txt")).unwrap();
                file.set_len(1 << 40).unwrap();
            },
            2,
            &["expected/m0.txt`: it is larger than 16 MiB"],
        ),
        (
            "an expectation is not text",
            |w| fs::write(w.checkout.join("expected/m0.txt"), b"\xff\0").unwrap(),
            2,
            &["expected/m0.txt` is not UTF-8"],
        ),
        (
            "a script is a directory",
            |w| become_directory(&w.checkout.join("js/cases/m0/test.js")),
            2,
            &["js/cases/m0/test.js` is not a file: a case is a directory with a script `test.js`"],
        ),
        (
            "a script is a pipe",
            |w| become_pipe(&w.checkout.join("js/cases/m0/test.js")),
            2,
            &["js/cases/m0/test.js` is not a file"],
        ),
        (
            "a case looks like a flag",
            |w| w.write("js/cases/-x/test.js", ""),
            2,
            &["js/cases/-x` cannot be a case: ", "no hyphen first"],
        ),
        (
            "a guest in text is a pipe",
            |w| {
                in_text(w);
                become_pipe(&w.checkout.join("guest/m2.wat"));
            },
            2,
            &["there is no guest `m2`"],
        ),
        (
            "a guest in text is not text",
            |w| {
                in_text(w);
                fs::write(w.checkout.join("guest/m2.wat"), b"(module \xff)").unwrap();
            },
            2,
            &["guest/m2.wat` is not UTF-8"],
        ),
    ]);
}

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
        (&[M0[0], quit, "children 400", "hang"], 1, &["it ran out of time"]),
        (&[M0[0], quit, "children 400"], 0, &["1 ok"]),
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
        let arguments = [
            "test",
            "--engine",
            "v8",
            "--timeout",
            "0.5",
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
fn no_number_is_too_large() {
    let largest = u64::MAX.to_string();
    for (arguments, status, printed) in [
        (&["--timeout", "1e19"][..], 2, "at most 31536000"),
        (&["--timeout", "31536000"], 0, "1 ok"),
        (&["--timeout", "inf"], 2, "a number of seconds above 0"),
        (&["--repeat", &largest], 2, "expected a whole number from 1 to 10000"),
        (
            &["--repeat", "1000000000000"],
            2,
            "expected a whole number from 1 to 10000",
        ),
        (&["--repeat", "10001"], 2, "expected a whole number from 1 to 10000"),
        (&["--jobs", &largest], 2, "expected a whole number from 1 to 1000"),
        (&["--jobs", "1000"], 0, "1 ok"),
    ] {
        let world = World::new();
        world.engine("d8", D8, M0);
        let answer = world.run(&[&["test", "--engine", "v8"], arguments].concat());
        answer.expect(status, &[printed]);
    }
    let world = World::new();
    world.engine("d8", D8, &["hang"]);
    world
        .run(&["test", "--engine", "v8", "--timeout", "1e-300"])
        .expect(1, &["it ran out of time after 0 s"]);
    // Numbers in telemetry.
    for number in [0, 1, u64::MAX, 1 << 63] {
        for field in ["objects", "initial", "maximum"] {
            let mut lines = telemetry();
            lines[0][field] = number.into();
            numbers_are_judged(&lines);
            // The same without running out of memory, and collected.
            lines.retain(|line| !["out-of-memory", "still-full"].contains(&line["type"].as_str().unwrap()));
            lines.last_mut().unwrap()["live"] = 0.into();
            numbers_are_judged(&lines);
        }
        for field in ["allocated", "live", "pages", "slots"] {
            let mut lines = telemetry();
            lines[1..].iter_mut().for_each(|line| line[field] = number.into());
            numbers_are_judged(&lines);
        }
    }
}

/// Telemetry of a leak.
fn telemetry() -> Vec<serde_json::Value> {
    let start = serde_json::json!({ "type": "start", "objects": 1000, "initial": 2, "maximum": 10 });
    let kinds = [
        "round",
        "round",
        "round",
        "round",
        "out-of-memory",
        "settled",
        "still-full",
    ];
    let later = kinds.into_iter().zip(1..).map(|(kind, number)| {
        serde_json::json!({
            "type": kind, "allocated": 1000 * number, "live": 1000 * number, "pages": 3, "slots": 1,
        })
    });
    [start].into_iter().chain(later).collect()
}

/// Runs a case with this telemetry: whatever the verdict, it is one.
fn numbers_are_judged(telemetry: &[serde_json::Value]) {
    let world = World::new();
    let mut orders: Vec<String> = telemetry.iter().map(|line| format!("say @ {line}")).collect();
    orders.push(M0[1].to_owned());
    let orders: Vec<&str> = orders.iter().map(String::as_str).collect();
    world.engine("d8", D8, &orders);
    world
        .run(&["test", "--engine", "v8"])
        .expect(1, &["the numbers: ", "1 FAILED"]);
}

/// Starts a command whose output is read when it has ended.
fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn results_are_written_wherever_they_can_be() {
    let world = world();
    let arguments = |path: &Path| {
        [
            "test".into(),
            "--engine".into(),
            "v8".into(),
            "--json".into(),
            path.to_owned(),
        ]
    };
    let link = world.file("link.json");
    symlink("target.json", &link).unwrap();
    world.run(&arguments(&link)).expect(0, &["1 ok"]);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let target = world.file("target.json");
    assert!(fs::read_to_string(&target).unwrap().contains("wasm-leaks/results"));
    // Permissions are kept.
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    world.run(&arguments(&link)).expect(0, &["1 ok"]);
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o640);

    let pipe = world.file("pipe");
    become_pipe(&pipe);
    world.run(&arguments(&pipe)).expect(
        2,
        &["error: failed to write `", "pipe`: no process reads this pipe", "1 ok"],
    );
    world
        .run(&arguments(Path::new("/dev/full")))
        .expect(2, &["error: failed to write `/dev/full`: No space left on device"]);
    // The table cannot be printed, but the results are written.
    fs::remove_file(&target).unwrap();
    let mut command = world.xtask(&arguments(&target));
    command.stdout(fs::File::options().write(true).open("/dev/full").unwrap());
    let answer = Answer::of(command.output().unwrap());
    answer.expect(2, &["error: failed to write to standard output", "1 ok"]);
    assert!(fs::read_to_string(&target).unwrap().contains("wasm-leaks/results"));
    // Results that are read.
    world
        .run(&["findings", pipe.to_str().unwrap()])
        .expect(2, &["pipe`: it is a pipe, not a file"]);
}

/// Permissions do not stop root: as another user, with the checkout open to all but for this.
#[test]
fn what_is_not_permitted_is_said_of_its_file() {
    type Forbidden = (fn(&World) -> PathBuf, u32, &'static [&'static str]);
    let cases: &[Forbidden] = &[
        (
            |w| w.checkout.join("js/cases/m0"),
            0o000,
            &["failed to look at `", "m0/test.js`: Permission denied"],
        ),
        (
            |w| w.checkout.join("js/cases"),
            0o000,
            &["failed to list `", "js/cases`: Permission denied"],
        ),
        (
            |w| w.checkout.join("js/cases/m0/test.js"),
            0o000,
            &["failed to read `", "test.js`: Permission denied"],
        ),
        (
            |w| w.checkout.join("expected/m0.txt"),
            0o000,
            &["failed to read `", "m0.txt`: Permission denied"],
        ),
        (
            |w| w.checkout.join("js/lib/canary.js"),
            0o000,
            &["failed to read `", "canary.js`: Permission denied"],
        ),
        (
            |w| w.checkout.join("results.json"),
            0o444,
            &["results.json` cannot be written: Permission denied"],
        ),
        (
            |w| own(w, "stages"),
            0o555,
            &["failed to make a directory in `", "set CARGO_TARGET_DIR"],
        ),
        (
            |w| own(w, "runs"),
            0o555,
            &["failed to write the record `", "set CARGO_TARGET_DIR"],
        ),
    ];
    for (path, mode, printed) in cases {
        let world = world();
        world
            .run(&["test", "--engine", "v8", "--json", "results.json"])
            .expect(0, &["1 ok"]);
        open_to_all(&world, world.directory());
        let path = path(&world);
        let before = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
        let arguments = ["test", "--engine", "v8", "--json", "results.json"];
        let answer = Answer::of(world.xtask_without_root(&arguments).output().unwrap());
        fs::set_permissions(&path, before).unwrap();
        answer.expect(2, printed);
    }
    // Nothing that is made can be used.
    let world = world();
    open_to_all(&world, world.directory());
    let own = world.checkout.join("target/wasm-leaks");
    fs::remove_dir_all(&own).unwrap();
    fs::create_dir_all(&own).unwrap();
    open_to_all(&world, &own);
    let command = world.xtask_without_root(&["test", "--engine", "v8"]);
    let mut umask = world.command("/bin/sh", &["-c", "umask 777; exec \"$0\" \"$@\""]);
    umask.arg(command.get_program()).args(command.get_args());
    if nix::unistd::geteuid().is_root() {
        std::os::unix::process::CommandExt::uid(&mut umask, 65534);
    }
    Answer::of(umask.output().unwrap()).expect(2, &["error: ", "Permission denied"]);
}

fn open_to_all(world: &World, path: &Path) {
    if fs::symlink_metadata(path).unwrap().is_symlink() {
        return;
    }
    world.open(path, if path.is_dir() { 0o777 } else { 0o666 });
    for entry in fs::read_dir(path).into_iter().flatten() {
        open_to_all(world, &entry.unwrap().path());
    }
}

#[test]
fn a_machine_without_room_is_no_missing_engine() {
    let bash = which::which("bash").unwrap();
    for (limit, printed) in [
        // No file can grow, as on a full disk.
        (
            "trap '' XFSZ; ulimit -f 0",
            &["error: failed to probe `", "failed to write `"][..],
        ),
        ("ulimit -n 9", &["error: failed to", "Too many open files"]),
        ("ulimit -n 16", &["error: failed to", "Too many open files"]),
    ] {
        let world = world();
        let script = format!("{limit}; exec \"$0\" test --engine v8");
        let arguments = ["-c", &script, env!("CARGO_BIN_EXE_wasm-leaks")];
        let answer = Answer::of(world.command(&bash, &arguments).output().unwrap());
        answer.expect(2, printed);
        assert!(!answer.stderr.contains("no engine was found"), "{}", answer.stderr);
        assert!(!answer.stdout.contains("node"), "{}", answer.stdout);
    }
}

#[test]
fn a_tool_that_hangs_is_given_up() {
    let world = World::new();
    world.engine("jsc", &JSC.replace(r#""2.1""#, "null"), M0);
    world.tool("dpkg-query", &["hang".to_owned()]);
    world.run(&["test", "--engine", "jsc"]).expect(
        0,
        &[
            "dpkg-query",
            "it ran out of time after 20 s without output",
            "will be probed again",
            "1 ok",
        ],
    );
    // It is asked again.
    world.tool("dpkg-query", &["say 1.2.3".to_owned()]);
    let answer = world.run(&["test", "--engine", "jsc"]);
    answer.expect(0, &["1 ok"]);
    assert!(answer.stdout.contains("jsc 1.2.3"), "{}", answer.stdout);
}

#[test]
fn a_directory_that_is_gone_is_named() {
    let world = world();
    let directory = world.file("soon gone");
    fs::create_dir(&directory).unwrap();
    let script = "cd \"$1\" && \"$2\" \"$1\" && exec \"$0\" test";
    let program = env!("CARGO_BIN_EXE_wasm-leaks");
    let mut command = world.command("/bin/sh", &["-c", script, program]);
    command.arg(&directory).arg(which::which("rmdir").unwrap());
    Answer::of(command.output().unwrap()).expect(
        2,
        &["failed to find the current directory; change to a directory that exists"],
    );
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
}

#[test]
fn what_a_killed_command_left_is_swept() {
    let world = world();
    let stages = own(&world, "stages");
    let left = stages.join("wasm-leaks-stage-left00");
    fs::create_dir_all(left.join("js/lib")).unwrap();
    // Of a command that runs.
    let (pid, go_on) = (world.file("pid"), world.file("go-on"));
    let orders = [
        format!("note-pid {}", pid.display()),
        format!("wait-for-lines 1 {}", go_on.display()),
    ];
    world.engine("d8", D8, &[&orders[0], &orders[1], M0[0], M0[1]]);
    world.engine("jsc", JSC, M0);
    let mut child = start(world.xtask(&["test", "--engine", "v8"]));
    wait_until("the engine runs", || pids(&pid).len() == 1);
    assert!(!left.exists());
    world.run(&["test", "--engine", "jsc"]).expect(0, &["1 ok"]);
    fs::write(&go_on, "now\n").unwrap();
    assert_eq!(wait_for(&mut child), Some(0));
    world.assert_clean();
}

#[test]
fn a_signal_ends_a_command_that_is_stuck() {
    // A reader that never reads: the results do not fit into the pipe.
    let world = world();
    world.engine("d8", D8, &["say-long 1000000 x", M0[1]]);
    let pipe = world.file("pipe");
    become_pipe(&pipe);
    let reader = fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let child = start(world.xtask(&["test", "--engine", "v8", "--json", pipe.to_str().unwrap()]));
    let mut child = child;
    let is_open = || {
        let open = fs::read_dir(format!("/proc/{}/fd", child.id()))
            .into_iter()
            .flatten()
            .flatten();
        open.filter_map(|entry| fs::read_link(entry.path()).ok())
            .any(|path| path == pipe)
    };
    if cfg!(target_os = "linux") {
        wait_until("the command writes its results", is_open);
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    // By the signal itself, as nothing else could.
    assert_eq!(wait_for(&mut child), None);
    drop(reader);
}
