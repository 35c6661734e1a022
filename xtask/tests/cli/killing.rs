//! A command that is killed, at whatever moment: no directory is left of it.

use crate::world::{D8, M0, PATIENCE, World, wait as wait_for, wait_until};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Instant;

const CASES: [&str; 3] = ["m0", "first", "second"];

/// A checkout with some cases for one engine, and where its commands have their stages.
fn world() -> (World, PathBuf) {
    let world = World::new();
    for case in CASES {
        world.write(&format!("js/cases/{case}/test.js"), &format!("// {case}"));
        world.write(&format!("expected/{case}.txt"), "#: verdict = collected\n...\n");
    }
    world.engine("d8", D8, M0);
    let stages = world.checkout.join("target/wasm-leaks/stages");
    (world, stages)
}

fn start(world: &World) -> Child {
    let arguments = [&["test"], &CASES[..], &["--engine", "v8", "--jobs", "1"]].concat();
    let mut command = world.xtask(&arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// How many files and directories there are below this one.
fn count(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| 1 + count(&entry.path())).sum()
}

/// Kills a command as soon as it is so; whether it still ran.
fn killed_when(world: &World, stages: &Path, so: impl Fn() -> bool) -> bool {
    let mut child = start(world);
    let started = Instant::now();
    while !so() && child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < PATIENCE, "the command does not end");
        thread::yield_now();
    }
    let ran = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    wait_for(&mut child);
    wait_until("nothing is left of the stages", || count(stages) == 0);
    ran
}

#[test]
fn no_stage_is_left_when_the_command_is_killed_as_it_fills_one() {
    let (world, stages) = world();
    // The directory of the stages, the stage, and then its files.
    let ran = (1..=12).filter(|least| killed_when(&world, &stages, || count(&stages) >= *least));
    assert!(ran.count() > 2, "the command was never killed");
    world.assert_clean();
}

#[test]
fn no_stage_is_left_when_the_command_is_killed_between_cells() {
    let (world, stages) = world();
    let runs = world.checkout.join("target/wasm-leaks/runs");
    let lines = || -> usize {
        let records = fs::read_dir(&runs).into_iter().flatten().flatten();
        let texts = records.filter_map(|record| fs::read_to_string(record.path()).ok());
        texts.map(|text| text.lines().count()).sum()
    };
    let kill_at = |more: usize| {
        let _ = fs::remove_dir_all(&runs);
        // The first line is that of the run; each cell that ends has one.
        killed_when(&world, &stages, || lines() >= more)
    };
    let ran = (1..=CASES.len()).filter(|more| kill_at(*more));
    assert!(ran.count() > 0, "the command was never killed");
    world.assert_clean();
}

/// The children of a process, from Linux.
#[cfg(target_os = "linux")]
fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    let lines = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lines
        .flat_map(|line| {
            line.split_whitespace()
                .map(|id| id.parse().unwrap())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The command removes then itself what it has made.
#[cfg(target_os = "linux")]
#[test]
fn no_stage_is_left_if_the_sweeper_is_killed() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let (world, _) = world();
    let (pid, go_on) = (world.file("pid"), world.file("go-on"));
    let orders = [
        format!("note-pid {}", pid.display()),
        format!("wait-for-lines 1 {}", go_on.display()),
    ];
    world.engine("d8", D8, &[&orders[0], &orders[1], M0[0], M0[1]]);
    let mut child = start(&world);
    wait_until("the engine runs", || crate::world::pids(&pid).len() == 1);
    let is_sweeper = |id: &u32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).nth(1) == Some(b"sweep")
    };
    let sweepers: Vec<u32> = children(child.id()).into_iter().filter(is_sweeper).collect();
    assert_eq!(sweepers.len(), 1);
    kill(Pid::from_raw(sweepers[0].cast_signed()), Signal::SIGKILL).unwrap();
    fs::write(&go_on, "now\n").unwrap();
    assert_eq!(wait_for(&mut child), Some(0));
    world.assert_clean();
}
