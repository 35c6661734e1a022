//! Runs tools: build tools under a guard, package managers in the open.

use crate::base::invocation::this_program;
use crate::run::lifeline::{End, Lifeline, LifelineEnd};
use crate::run::limits::{Limits, Stop};
use crate::run::session::Session;
use crate::run::supervise::{Guarded, supervise};
use anyhow::{Context, Result, bail};
use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
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

/// The limit of a query: package managers answer in a second, but wait for locks and networks.
const QUERY: Duration = Duration::from_secs(20);

/// The limit of a build; see [`Clock`](crate::run::clock::Clock). Some machines are slow.
const BUILD: Duration = Duration::from_secs(30 * 60);

/// The most bytes that are read of either output.
const OUTPUT: u64 = 16 << 20;

/// Queries a tool, and returns its output if it is there and succeeded. An error says that
/// it did not come to an end: its answer is not known.
pub fn query(program: &str, arguments: &[impl AsRef<OsStr>], session: &Session) -> Result<Option<String>> {
    if which::which(program).is_err() {
        return Ok(None);
    }
    let shell = shell()?;
    let output = ask(guarded(&shell)?.arg(program).args(arguments), session)?;
    Ok(output.success.then(|| output.stdout.trim_end().to_owned()))
}

/// Runs a command from [`guarded`] that answers soon.
pub fn ask(command: Cmd<'_>, session: &Session) -> Result<ToolOutput> {
    run_within(QUERY, command, session)
}

/// Runs a command from [`guarded`] that builds something.
pub fn build(command: Cmd<'_>, session: &Session) -> Result<ToolOutput> {
    run_within(BUILD, command, session)
}

fn run_within(limit: Duration, command: Cmd<'_>, session: &Session) -> Result<ToolOutput> {
    let text = command.to_string();
    let what = || format!("failed to run `{text}`");
    let (lifeline, guards_end) = Lifeline::new().with_context(what)?;
    let _watch = session.interrupt.watch(&lifeline).with_context(what)?;
    let mut child = Command::from(command)
        .stdin(Stdio::from(guards_end))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(what)?;
    let printed = Arc::new(AtomicU64::new(0));
    let stdout = read(child.stdout.take(), &printed).with_context(what)?;
    let stderr = read(child.stderr.take(), &printed).with_context(what)?;
    let tool = SupervisedTool {
        child: RefCell::new(child),
        printed: &printed,
    };
    let limits = Limits {
        time: limit,
        output: u64::MAX,
        memory: u64::MAX,
    };
    let supervised = supervise(&tool, limits, &lifeline, session).with_context(what)?;
    if session.is_interrupted() {
        bail!("interrupted");
    }
    if let Some(Stop::TimedOut(overrun)) = supervised.stop {
        bail!("{}: {overrun}", what());
    }
    let end = match lifeline.end() {
        LifelineEnd::NotStarted(error) => bail!("{}: {}", what(), error.reason),
        LifelineEnd::Ended(ended) => Some(ended.end),
        LifelineEnd::Silent => None,
    };
    let [stdout, stderr] = [stdout, stderr].map(|output| output.recv_timeout(GRACE).unwrap_or_default());
    Ok(ToolOutput {
        success: end == Some(End::Status(0)),
        stdout,
        stderr,
    })
}

/// The time for the pipes of a tool that has ended to close.
const GRACE: Duration = Duration::from_secs(5);

/// Reads a pipe to its end, and sends its text.
fn read(pipe: Option<impl Read + Send + 'static>, printed: &Arc<AtomicU64>) -> io::Result<Receiver<String>> {
    let (sender, receiver) = channel();
    let printed = Arc::clone(printed);
    let mut pipe = pipe;
    thread::Builder::new().spawn(move || {
        let mut all = Vec::new();
        let mut chunk = vec![0; 64 << 10];
        while let Some(Ok(count @ 1..)) = pipe.as_mut().map(|pipe| pipe.read(&mut chunk)) {
            printed.fetch_add(count as u64, Ordering::SeqCst);
            if all.len() as u64 <= OUTPUT {
                all.extend_from_slice(&chunk[..count]);
            }
        }
        // The receiver is gone if this took too long.
        let _ = sender.send(String::from_utf8_lossy(&all).into_owned());
    })?;
    Ok(receiver)
}

/// The guard of a tool whose output is read.
struct SupervisedTool<'a> {
    child: RefCell<Child>,
    printed: &'a AtomicU64,
}

/// The interval at which a tool is waited for: queries take some milliseconds.
const POLL: Duration = Duration::from_millis(2);

impl Guarded for SupervisedTool<'_> {
    fn wait(&self, most: Duration) -> io::Result<bool> {
        let until = Instant::now() + most;
        while Instant::now() < until {
            if self.child.borrow_mut().try_wait()?.is_some() {
                return Ok(true);
            }
            thread::sleep(POLL);
        }
        Ok(false)
    }

    fn kill(&self) -> io::Result<()> {
        let mut child = self.child.borrow_mut();
        child.kill()?;
        child.wait().map(|_| ())
    }

    fn pid(&self) -> Option<u32> {
        Some(self.child.borrow().id())
    }

    fn printed(&self) -> u64 {
        self.printed.load(Ordering::SeqCst)
    }

    fn is_over(&self) -> bool {
        false
    }
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
