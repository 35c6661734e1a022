//! How a command ends: by a signal, killed, or with its guard; what is left of it, and what it keeps.

use crate::world::{D8, JSC, M0, World, lives, pids, wait as wait_for, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::{Child, Stdio};

/// Starts a command whose engine hangs with a deaf child; returns it, the file of the child's pid, and the world.
fn hanging() -> (Child, std::path::PathBuf, World) {
    let world = World::new();
    let pid = world.file("pid");
    let note = format!("note-pid {}", pid.display());
    let hang = format!("hang-with-deaf-child {}", pid.display());
    world.engine("d8", D8, &[&note, &hang]);
    let child = world
        .xtask(&["test", "--engine", "v8", "--json", "results.json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("the engine and its child run", || pids(&pid).len() == 2);
    (child, pid, world)
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

#[test]
fn nothing_outlives_a_command_that_is_interrupted() {
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let (mut child, pid, world) = hanging();
        send(&child, signal);
        assert_eq!(wait_for(&mut child), Some(status));
        // Not only soon, but at this point.
        assert!(!pids(&pid).into_iter().any(lives), "{signal}");
        let answer = crate::world::Answer::of(child.wait_with_output().unwrap());
        assert!(
            answer.stderr.contains("interrupted: 0 of 1 runs of cells ended"),
            "{}",
            answer.stderr
        );
        world.assert_clean();
    }
}

/// A command that runs one case on two engines, one after the other.
fn two_cells(world: &World) -> Child {
    let engines = ["--engine", "v8", "--engine", "jsc"];
    let rest = ["--json", "results.json"];
    world
        .xtask(&[&["test", "--jobs", "1"], &engines[..], &rest[..]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A command with one ended and one hanging cell; with the files of the pids.
fn halfway() -> (Child, std::path::PathBuf, World) {
    let world = World::new();
    let pid = world.file("pid");
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, &[&format!("note-pid {}", pid.display()), "hang"]);
    let child = two_cells(&world);
    wait_until("the second cell runs", || pids(&pid).len() == 1);
    (child, pid, world)
}

/// The only record of a world, read by a command that reads results.
fn cells_in_record(world: &World) -> usize {
    let runs = world.checkout.join("target/wasm-leaks/runs");
    let mut records = std::fs::read_dir(runs).unwrap();
    let record = records.next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&record).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    std::fs::create_dir_all(world.checkout.join("docs")).unwrap();
    let _ = std::fs::remove_file(world.checkout.join("docs/findings.jsonl"));
    world.run(&["findings", record.to_str().unwrap()]).expect(0, &[]);
    let page = std::fs::read_to_string(world.checkout.join("docs/findings.md")).unwrap();
    assert!(page.contains("| `m0` | collected | not run |"), "{page}");
    text.lines().count() - 1
}

#[test]
fn what_was_found_is_kept_when_the_command_is_interrupted() {
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let (mut child, _, world) = halfway();
        send(&child, signal);
        assert_eq!(wait_for(&mut child), Some(status));
        let answer = crate::world::Answer::of(child.wait_with_output().unwrap());
        assert!(
            answer.stdout.contains("m0    ok collected   not run"),
            "{}",
            answer.stdout
        );
        let printed = "interrupted: 1 of 2 runs of cells ended, 1 did not; the record is `";
        assert!(answer.stderr.contains(printed), "{}", answer.stderr);
        let json = std::fs::read(world.checkout.join("results.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(
            (&json["planned"], json["cells"].as_array().unwrap().len()),
            (&2.into(), 1)
        );
        assert_eq!(cells_in_record(&world), 1);
    }
}

#[test]
fn what_was_found_is_kept_when_the_command_is_killed() {
    let (mut child, pid, world) = halfway();
    send(&child, Signal::SIGKILL);
    wait_for(&mut child);
    wait_until("the engine is gone", || !pids(&pid).into_iter().any(lives));
    assert_eq!(cells_in_record(&world), 1);
}

#[test]
fn a_signal_that_is_ignored_stays_so() {
    // Like `nohup`.
    let world = World::new();
    let pid = world.file("pid");
    let wait = world.file("go-on");
    let orders = [
        format!("note-pid {}", pid.display()),
        format!("wait-for-lines 1 {}", wait.display()),
    ];
    world.engine("d8", D8, &[&orders[0], &orders[1], M0[0], M0[1]]);
    let nohup = which::which("nohup").unwrap();
    let xtask = [env!("CARGO_BIN_EXE_wasm-leaks"), "test", "--engine", "v8"];
    let mut child = world
        .command(nohup, &xtask)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("the engine runs", || pids(&pid).len() == 1);
    send(&child, Signal::SIGHUP);
    std::fs::write(&wait, "now\n").unwrap();
    assert_eq!(wait_for(&mut child), Some(0));
}

#[test]
fn a_wait_for_another_command_can_be_interrupted() {
    let world = World::new();
    world.write("guest/linear/src/lib.rs", "// Not what was built.");
    let lock = world.checkout.join("target/wasm-leaks/cargo/lock");
    std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
    let file = std::fs::File::create(&lock).unwrap();
    let held = nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusive).unwrap();
    let mut child = world.xtask(&["build"]).stderr(Stdio::piped()).spawn().unwrap();
    let opened = || {
        let open = std::fs::read_dir(format!("/proc/{}/fd", child.id()))
            .into_iter()
            .flatten()
            .flatten();
        open.filter_map(|entry| std::fs::read_link(entry.path()).ok())
            .any(|path| path == lock)
    };
    if cfg!(target_os = "linux") {
        wait_until("the command waits for the lock", opened);
    }
    send(&child, Signal::SIGINT);
    assert_eq!(wait_for(&mut child), Some(130));
    let answer = crate::world::Answer::of(child.wait_with_output().unwrap());
    assert!(answer.stderr.starts_with("interrupted: "), "{}", answer.stderr);
    drop(held);
}

/// The parent of a process, from Linux.
#[cfg(target_os = "linux")]
fn parent(pid: i32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, rest) = stat.rsplit_once(')').unwrap();
    rest.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_guard_that_is_killed_leaves_no_engine_behind() {
    let world = World::new();
    let pid = world.file("pid");
    world.engine("d8", D8, &[&format!("note-pid {}", pid.display()), "hang"]);
    let mut child = world
        .xtask(&["test", "--engine", "v8"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("the engine runs", || pids(&pid).len() == 1);
    let engine = Pid::from_raw(pids(&pid)[0]);
    kill(Pid::from_raw(parent(engine.as_raw())), Signal::SIGKILL).unwrap();
    assert_eq!(wait_for(&mut child), Some(1));
    wait_until("the engine is gone", || !lives(engine.as_raw()));
}

#[test]
fn nothing_outlives_a_command_that_is_killed() {
    let (mut child, pid, world) = hanging();
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the engine and its child are gone", || {
        !pids(&pid).into_iter().any(lives)
    });
    let stages = world.checkout.join("target/wasm-leaks/stages");
    wait_until("the stage is gone", || {
        std::fs::read_dir(&stages).unwrap().next().is_none()
    });
    world.assert_clean();
}

/// An engine runs on each processor at once: with one, the first has answered when the second runs.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_explanation_shows_the_answers_it_had() {
    let world = World::new();
    let pid = world.file("pid");
    let dead = r#"say @ {"type":"wrappers","made":10,"alive":0,"class":"WasmObject"}"#;
    world.explainer("d8", D8, &[dead, M0[1]]);
    world.explainer("jsc", JSC, &[&format!("note-pid {}", pid.display()), "hang"]);
    let taskset = which::which("taskset").unwrap();
    let program = [
        "--cpu-list",
        "0",
        env!("CARGO_BIN_EXE_wasm-leaks"),
        "explain",
        "m0",
        "--engine",
        "v8",
        "--engine",
        "jsc",
    ];
    let mut child = world
        .command(taskset, &program)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("the second engine runs", || pids(&pid).len() == 1);
    send(&child, Signal::SIGINT);
    assert_eq!(wait_for(&mut child), Some(130));
    let answer = crate::world::Answer::of(child.wait_with_output().unwrap());
    let (stdout, stderr) = (&answer.stdout, &answer.stderr);
    assert!(stdout.contains("nothing keeps WasmObject #1 alive"), "{stdout}");
    assert!(!stdout.contains("jsc"), "{stdout}");
    assert!(stderr.contains("interrupted: 1 of 2 answers had come"), "{stderr}");
}

#[test]
fn what_was_found_is_kept_when_another_cell_cannot_be_run() {
    let world = World::new();
    let (pid, go_on) = (world.file("pid"), world.file("go-on"));
    let orders = [
        format!("note-pid {}", pid.display()),
        format!("wait-for-lines 1 {}", go_on.display()),
    ];
    world.engine("d8", D8, &[&orders[0], &orders[1], M0[0], M0[1]]);
    world.engine("jsc", JSC, M0);
    let mut child = two_cells(&world);
    wait_until("the first cell runs", || pids(&pid).len() == 1);
    let script = world.checkout.join("js/cases/m0/test.js");
    let text = std::fs::read(&script).unwrap();
    std::fs::remove_file(&script).unwrap();
    std::fs::write(&go_on, "now\n").unwrap();
    assert_eq!(wait_for(&mut child), Some(2));
    let answer = crate::world::Answer::of(child.wait_with_output().unwrap());
    answer.expect(2, &["stopped: 1 of 2 runs of cells ended", "test.js` is gone"]);
    assert!(
        answer.stdout.contains("m0    ok collected   not run"),
        "{}",
        answer.stdout
    );
    let json = std::fs::read(world.checkout.join("results.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["cells"].as_array().unwrap().len(), 1);
    std::fs::write(&script, text).unwrap();
    assert_eq!(cells_in_record(&world), 1);
}

#[test]
fn a_record_that_cannot_grow_stays_readable() {
    let world = World::new();
    let note = format!(r#"say @ {{"type":"note","text":"{}"}}"#, "x".repeat(40_000));
    world.engine("d8", D8, &[&note, M0[0], M0[1]]);
    // Files of 32 KiB at most: the record's first line fits, that of a cell does not.
    let script = "trap '' XFSZ; ulimit -f 32; exec \"$0\" test --engine v8";
    let bash = which::which("bash").unwrap();
    let arguments = ["-c", script, env!("CARGO_BIN_EXE_wasm-leaks")];
    let answer = crate::world::Answer::of(world.command(bash, &arguments).output().unwrap());
    answer.expect(0, &["failed to write the record", "1 ok"]);
    let runs = std::fs::read_dir(world.checkout.join("target/wasm-leaks/runs")).unwrap();
    let records: Vec<_> = runs.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(records.len(), 1);
    let text = std::fs::read_to_string(&records[0]).unwrap();
    assert!(text.ends_with('\n') && text.lines().count() == 1, "{text}");
}
