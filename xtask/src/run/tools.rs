//! Runs tools: build tools under a guard, package managers in the open.

use crate::run::lifeline::{End, Lifeline};
use crate::run::process::this_program;
use crate::run::session::Session;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use xshell::{Cmd, Shell, cmd};

/// Runs commands in the current directory.
pub fn shell() -> Result<Shell> {
    Shell::new().context("failed to find the current directory")
}

/// Runs commands in this directory.
pub fn shell_in(directory: &Path) -> Result<Shell> {
    let shell = shell()?;
    shell.change_dir(directory);
    Ok(shell)
}

/// Begins the command line of a guard; the guarded command is added as arguments.
pub fn guarded(shell: &Shell) -> Result<Cmd<'_>> {
    let this = this_program()?;
    Ok(cmd!(shell, "{this} guard --"))
}

/// The output of a tool, and whether it succeeded.
#[derive(Debug)]
pub struct ToolOutput {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

/// Queries a tool, and returns its output if it succeeded.
pub fn query(program: impl AsRef<Path>, arguments: &[impl AsRef<OsStr>], session: &Session) -> Option<String> {
    let shell = Shell::new().ok()?;
    let command = guarded(&shell).ok()?.arg(program.as_ref()).args(arguments);
    let output = run_guarded(command, session).ok()?;
    output.success.then(|| output.stdout.trim_end().to_owned())
}

/// Runs a command from [`guarded`] to its end.
pub fn run_guarded(command: Cmd<'_>, session: &Session) -> Result<ToolOutput> {
    let text = command.to_string();
    let what = || format!("failed to run `{text}`");
    let (lifeline, guards_end) = Lifeline::new().with_context(what)?;
    let _watch = session.interrupt.watch(&lifeline).with_context(what)?;
    let output = Command::from(command)
        .stdin(Stdio::from(guards_end))
        .process_group(0)
        .output()
        .with_context(what)?;
    if session.is_interrupted() {
        bail!("interrupted");
    }
    let end = lifeline.end().with_context(what)?.map(|ended| ended.end);
    let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(ToolOutput {
        success: end == Some(End::Status(0)),
        stdout: read(&output.stdout),
        stderr: read(&output.stderr),
    })
}

/// Runs a command in the open, so that people see its output and can enter a
/// password: its output goes to standard error, and Ctrl-C reaches it. It is
/// never killed from here: a killed package manager leaves a system that needs
/// repair.
pub fn run_openly(command: Cmd<'_>) -> Result<bool> {
    let text = command.to_string();
    let what = || format!("failed to run `{text}`");
    let stderr = std::io::stderr().as_fd().try_clone_to_owned().with_context(what)?;
    let status = Command::from(command)
        .stdin(Stdio::null())
        .stdout(Stdio::from(stderr))
        .status()
        .with_context(what)?;
    Ok(status.success())
}
