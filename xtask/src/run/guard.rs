//! The guard: a small process between the command and each program it runs.
//!
//! Killing a program is not enough: jsvu's wrappers start the engine as a
//! child, engines start others, and the command itself may be killed by a
//! signal that it never sees. The guard outlives the command by the moment
//! that it takes to kill the program and all that came of it.

use crate::base::status::Status;
use crate::run::lifeline::{End, GuardMessage, GuardReport};
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::time::TimeValLike;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Runs the program until it ends or the lifeline does, then kills what it left
/// behind. If the lifeline ended first, the stage is removed here: the command
/// may be gone.
pub fn guard(stage: Option<&Path>, command: &[OsString]) -> Result<Status> {
    adopt_orphans().context("failed to become the reaper of orphans")?;
    let lifeline = std::io::stdin().as_fd().try_clone_to_owned();
    let mut lifeline = UnixStream::from(lifeline.context("failed to take up the lifeline")?);

    let mut child = match start(command) {
        Ok(child) => child,
        Err(error) => {
            report(&mut lifeline, &GuardMessage::Failed(error.to_string()));
            return Ok(Status::NoAnswer);
        }
    };
    // A process id fits: the kernel's own type for it is signed.
    let group = Pid::from_raw(i32::try_from(child.id())?);
    report(&mut lifeline, &GuardMessage::Started(group.as_raw()));

    let cut = Arc::new(AtomicBool::new(false));
    watch(lifeline.try_clone()?, group, Arc::clone(&cut));
    let status = child.wait().context("failed to wait for the program")?;
    kill_the_rest(group);

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let end = match (status.code(), status.signal()) {
        (Some(status), _) => End::Status(status),
        (None, signal) => End::Signal(signal.unwrap_or_default()),
    };
    report(
        &mut lifeline,
        &GuardMessage::Ended(GuardReport {
            end,
            cpu_seconds: seconds(usage.user_time()) + seconds(usage.system_time()),
            peak_bytes: peak_bytes(usage.max_rss()),
        }),
    );
    if let Some(stage) = stage.filter(|_| cut.load(Ordering::SeqCst)) {
        // The command removes it too, if it is still there to do so.
        let _ = fs::remove_dir_all(stage);
    }
    Ok(Status::Expected)
}

/// Starts the program as the leader of a process group of its own.
fn start(command: &[OsString]) -> Result<Child> {
    let (program, arguments) = command.split_first().context("no program")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).process_group(0);
    die_with_parent(&mut command);
    Ok(command.spawn()?)
}

/// Kills the program's group, and all its other descendants, at the end of the lifeline.
fn watch(mut lifeline: UnixStream, group: Pid, cut: Arc<AtomicBool>) {
    thread::spawn(move || {
        let mut byte = [0];
        // The command never writes: this returns at the end of the line.
        let _ = lifeline.read(&mut byte);
        cut.store(true, Ordering::SeqCst);
        kill_all(group);
    });
}

/// Kills whatever the program left behind, and waits until it is gone.
fn kill_the_rest(group: Pid) {
    let _ = killpg(group, Signal::SIGKILL);
    // Mostly there is nothing left, and no need to look through all processes.
    // Where orphans are not adopted, there never is.
    let mut options = Some(WaitPidFlag::WNOHANG);
    while waitpid(None, options) != Err(Errno::ECHILD) {
        kill_all(group);
        options = None;
    }
}

/// Kills the group, and each descendant that has left it. What is gone already is none of our business.
fn kill_all(group: Pid) {
    let _ = killpg(group, Signal::SIGKILL);
    for pid in descendants() {
        let _ = kill(pid, Signal::SIGKILL);
    }
}

/// Reports to the command, which may be gone.
fn report(lifeline: &mut UnixStream, message: &GuardMessage) {
    if let Ok(mut line) = serde_json::to_vec(message) {
        line.push(b'\n');
        let _ = lifeline.write_all(&line);
    }
}

fn seconds(time: nix::sys::time::TimeVal) -> f64 {
    // Microseconds of a run are far below what an f64 holds exactly.
    time.num_microseconds() as f64 / 1e6
}

/// Linux and the BSDs tell kilobytes, macOS tells bytes (getrusage(2)).
fn peak_bytes(max_rss: nix::libc::c_long) -> u64 {
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    u64::try_from(max_rss).unwrap_or(0) * unit
}

#[cfg(target_os = "linux")]
fn adopt_orphans() -> nix::Result<()> {
    nix::sys::prctl::set_child_subreaper(true)
}

/// Elsewhere a process that has left the group and lost its parent is out of reach.
#[cfg(not(target_os = "linux"))]
fn adopt_orphans() -> nix::Result<()> {
    Ok(())
}

/// Should the guard itself be killed, the kernel kills the program.
#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    // SAFETY: Between fork and exec only async-signal-safe calls are allowed; this is one system call and allocates nothing.
    unsafe {
        command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?));
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}

/// Every living process that descends from this one.
#[cfg(target_os = "linux")]
fn descendants() -> Vec<Pid> {
    let parents = parents();
    let mut found = vec![Pid::this()];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

#[cfg(not(target_os = "linux"))]
fn descendants() -> Vec<Pid> {
    Vec::new()
}

/// Every process with its parent, from `/proc/PID/stat`: `PID (NAME) STATE PARENT …`, where NAME may hold anything.
#[cfg(target_os = "linux")]
fn parents() -> Vec<(Pid, Pid)> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read(entry.path().join("stat")).ok()?;
            let stat = String::from_utf8_lossy(&stat);
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((Pid::from_raw(pid), Pid::from_raw(parent)))
        })
        .collect()
}
