//! Runs tools: what builds a guest under a guard, what installs in the open.

use crate::interrupt::Interrupt;
use crate::lifeline::{End, Lifeline, Word};
use crate::process::this_program;
use anyhow::{Context, Result, bail};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use xshell::{Cmd, Shell, cmd};

/// A shell whose commands run in this directory.
pub fn shell_in(directory: &Path) -> Result<Shell> {
    let shell = Shell::new().context("failed to find the current directory")?;
    shell.change_dir(directory);
    Ok(shell)
}

/// Starts a command line by the guard; the command to be guarded is added as arguments.
pub fn guarded(shell: &Shell) -> Result<Cmd<'_>> {
    let this = this_program()?;
    Ok(cmd!(shell, "{this} guard --"))
}

/// Runs a command that [`guarded`] began to its end. Returns whether it
/// succeeded, and what it printed on standard error.
pub fn run_guarded(command: Cmd<'_>, interrupt: &Interrupt) -> Result<(bool, String)> {
    let what = || format!("failed to run `{command}`");
    let (lifeline, guards_end) = Lifeline::new().with_context(what)?;
    let _watch = interrupt.watch(&lifeline).with_context(what)?;
    let text = command.to_string();
    let output = Command::from(command)
        .stdin(Stdio::from(guards_end))
        .process_group(0)
        .output()
        .with_context(|| format!("failed to run `{text}`"))?;
    let mut end = None;
    for word in lifeline.words() {
        match word {
            Word::Failed(error) => bail!("failed to start `{text}`: {error}"),
            Word::Started(_) => {}
            Word::Ended(ended) => end = Some(ended.end),
        }
    }
    if interrupt.signal().is_some() {
        bail!("interrupted");
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((end == Some(End::Status(0)), stderr))
}

/// Runs a command in the open, so that people see what it does, and can be
/// asked for a password: what it prints goes to standard error, and Ctrl-C
/// reaches it. It is not killed from here: a package manager that is killed
/// leaves a system that has to be repaired.
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
