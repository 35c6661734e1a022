//! What hangs, and what was killed.

use super::{become_pipe, own, world};
use crate::world::{Answer, D8, JSC, M0, World, pids, wait as wait_for, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::process::{Child, Command, Stdio};

/// Starts a command whose output is read when it has ended.
fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
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
