//! The guard: a small process between the command and each program it runs.
//!
//! Killing a program is not enough: jsvu's wrappers start the engine as a
//! child, engines start other processes, and the command itself may be killed
//! by a signal that it never sees. The guard outlives the command just long
//! enough to kill the program and all its descendants.

use crate::base::status::Status;
use crate::run::hold::hold;
use crate::run::lifeline::{End, GuardMessage, GuardReport, StartError};
use crate::run::memory;
use crate::run::tree::descendants;
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::time::TimeValLike;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

/// Runs the program until it or the lifeline ends, then kills its remaining
/// descendants. Until then nobody removes the directory of the stages, if there is one.
pub fn guard(stages: Option<&Path>, command: &[OsString]) -> Result<Status> {
    let held = stages.map(hold);
    if held.as_ref().is_some_and(Option::is_none) {
        // The command is gone, and the directory is being removed.
        return Ok(Status::NoAnswer);
    }
    adopt_orphans().context("failed to become the reaper of orphans")?;
    let lifeline = std::io::stdin().as_fd().try_clone_to_owned();
    let mut lifeline = UnixStream::from(lifeline.context("failed to take up the lifeline")?);

    let mut child = match start(command) {
        Ok(child) => child,
        Err(error) => {
            report(&mut lifeline, &GuardMessage::Failed(StartError::of(&error)));
            return Ok(Status::NoAnswer);
        }
    };
    memory::offer_to_the_kernel(child.id());
    // A process id fits: the kernel's own type for it is signed.
    let group = Pid::from_raw(i32::try_from(child.id())?);
    report(&mut lifeline, &GuardMessage::Started(group.as_raw()));

    watch(lifeline.try_clone()?, group);
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
    Ok(Status::Expected)
}

/// Starts the program as the leader of a process group of its own.
fn start(command: &[OsString]) -> io::Result<Child> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).process_group(0);
    die_with_parent(&mut command);
    command.spawn()
}

/// Kills the program's group and all its other descendants when the lifeline ends.
fn watch(mut lifeline: UnixStream, group: Pid) {
    thread::spawn(move || {
        let mut byte = [0];
        // The command never writes: this returns when the lifeline ends.
        let _ = lifeline.read(&mut byte);
        kill_all(group);
    });
}

/// Kills the program's remaining descendants, and waits until they are gone.
fn kill_the_rest(group: Pid) {
    let _ = killpg(group, Signal::SIGKILL);
    // Usually nothing remains, and the scan of all processes is not needed.
    // Where orphans are not adopted, nothing ever remains.
    while reap_the_dead() == Family::Alive {
        kill_all(group);
        // The dead are reaped together: there may be hundreds, and each scan sees all processes.
        let _ = waitpid(None, None);
    }
}

/// Whether children of this process remain.
#[derive(Debug, PartialEq, Eq)]
enum Family {
    Alive,
    Gone,
}

/// Reaps all children that are dead.
fn reap_the_dead() -> Family {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return Family::Alive,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return Family::Gone,
        }
    }
}

/// Kills the group, and each descendant that has left it. Errors mean that a process is already gone.
fn kill_all(group: Pid) {
    let _ = killpg(group, Signal::SIGKILL);
    for pid in descendants(Pid::this()) {
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
    // An f64 holds the microseconds of a run exactly.
    time.num_microseconds() as f64 / 1e6
}

/// Linux and the BSDs report kilobytes, macOS reports bytes (getrusage(2)).
fn peak_bytes(max_rss: nix::libc::c_long) -> u64 {
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    u64::try_from(max_rss).unwrap_or(0) * unit
}

#[cfg(target_os = "linux")]
fn adopt_orphans() -> nix::Result<()> {
    nix::sys::prctl::set_child_subreaper(true)
}

/// Elsewhere a process that left the group and lost its parent cannot be killed.
#[cfg(not(target_os = "linux"))]
fn adopt_orphans() -> nix::Result<()> {
    Ok(())
}

/// If the thread that starts the program is killed, the kernel kills the program.
#[cfg(target_os = "linux")]
pub fn die_with_parent(command: &mut Command) {
    // SAFETY: Between fork and exec only async-signal-safe calls are allowed; this is one system call and allocates nothing.
    unsafe {
        command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?));
    }
}

/// Elsewhere the kernel does not.
#[cfg(not(target_os = "linux"))]
pub fn die_with_parent(_: &mut Command) {}
