//! Runs a program under a guard, within limits, and returns how it ended and its output.

use crate::base::file;
use crate::base::invocation::this_program;
use crate::run::lifeline::{End, Lifeline, LifelineEnd};
use crate::run::limits::{Limits, Stop};
use crate::run::questions::{Answering, QuestionFilter};
use crate::run::session::Session;
use crate::run::stage::Stage;
use crate::run::supervise::{Guarded, Supervised, supervise};
use anyhow::{Context, Result, bail, ensure};
use os_pipe::PipeReader;
use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// The size of the end of standard error that is kept, in bytes.
const STDERR_KEPT: usize = 8 << 10;

/// After so few bytes the reader waits for more to come: a program that prints line by line would wake it at each,
/// which cost a tenth of what a cell does beside its engine. One whose questions wait for an answer is not kept waiting.
const FEW: usize = 4 << 10;
const BETWEEN_FEW: Duration = Duration::from_micros(250);

/// The time for the pipes of a program that has ended to close.
const GRACE: Duration = Duration::from_secs(5);

/// The most lines that a program may print: each costs more memory than its bytes.
pub const LINES: u64 = 200_000;

/// How a program ended.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    pub stop: Option<Stop>,
    pub end: Option<End>,
}

/// A program could not be started, for a reason of its own.
#[derive(Debug)]
pub struct NotStarted {
    program: PathBuf,
    reason: String,
}

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to start `{}`: {}", self.program.display(), self.reason)
    }
}

impl Error for NotStarted {}

/// A program that has ended, and its output.
#[derive(Debug)]
pub struct Finished {
    /// Why it was killed, if it was.
    pub stop: Option<Stop>,
    /// `None` if the guard was killed before it could report.
    pub end: Option<End>,
    /// The lines of standard output; invalid UTF-8 is replaced.
    pub lines: Vec<String>,
    /// The end of standard error.
    pub stderr: String,
    pub seconds: f64,
    /// Processor time, children included.
    pub cpu_seconds: f64,
    pub peak_bytes: u64,
}

impl Finished {
    /// How it ended.
    pub fn ending(&self) -> Ending {
        Ending {
            stop: self.stop,
            end: self.end,
        }
    }
}

/// Runs the program on the stage. The outer error is trouble of this machine or this
/// command, such as a full disk, and says nothing about the program.
pub fn run(
    program: &Path,
    arguments: &[String],
    environment: &BTreeMap<String, String>,
    stage: &Stage,
    limits: Limits,
    session: &Session,
) -> Result<Result<Finished, NotStarted>> {
    run_in("", program, arguments, environment, stage, limits, session)
}

/// Runs the program in a directory of the stage, with these variables beside those of this command.
pub fn run_in(
    directory: &str,
    program: &Path,
    arguments: &[String],
    environment: &BTreeMap<String, String>,
    stage: &Stage,
    limits: Limits,
    session: &Session,
) -> Result<Result<Finished, NotStarted>> {
    stage.clear()?;
    let (lifeline, guards_end) = Lifeline::new().context("failed to make a lifeline")?;
    let watch = session
        .interrupt
        .watch(&lifeline)
        .context("failed to watch a lifeline")?;
    let (stdout, stdout_writer) = os_pipe::pipe().context("failed to make a pipe")?;
    let (stderr, stderr_writer) = os_pipe::pipe().context("failed to make a pipe")?;

    // The program has the environment of its guard.
    let command = duct::cmd(this_program()?, guard_arguments(program, arguments, stage));
    let command = environment
        .iter()
        .fold(command, |command, (name, value)| command.env(name, value));
    // The expression holds its ends of the pipes: it is dropped at the end of the statement.
    let guard = command
        .dir(stage.path().join(directory))
        .stdin_file(guards_end)
        .stdout_file(stdout_writer)
        .stderr_file(stderr_writer)
        // Ctrl-C goes to the terminal's process group: the guard is not in it, and ends with its lifeline.
        .before_spawn(|command| {
            command.process_group(0);
            Ok(())
        })
        .unchecked()
        .start()
        .with_context(|| format!("failed to start a guard in `{}`", stage.path().display()))?;

    let flood = Arc::new(Flood {
        limit: limits.output,
        bytes: AtomicU64::new(0),
        lines: AtomicU64::new(0),
        over: AtomicBool::new(false),
        lifeline: lifeline.share().context("failed to share a lifeline")?,
    });
    let stdout =
        drain(stdout, usize::MAX, stage.answering(), Arc::clone(&flood)).context("failed to start a thread")?;
    let stderr = drain(stderr, STDERR_KEPT, None, Arc::clone(&flood)).context("failed to start a thread")?;

    let supervised = supervise(&SupervisedGuard { guard, flood: &flood }, limits, &lifeline, session)?;
    drop(watch);
    let stop = stop(supervised, &flood, limits, session);
    let ended = match lifeline.end() {
        LifelineEnd::NotStarted(error) if error.is_shortage => {
            bail!("failed to start `{}`: {}", program.display(), error.reason)
        }
        LifelineEnd::NotStarted(error) => {
            return Ok(Err(NotStarted {
                program: program.to_owned(),
                reason: error.reason,
            }));
        }
        LifelineEnd::Ended(ended) => Some(ended),
        LifelineEnd::Silent => None,
    };
    ensure!(
        stage.path().is_dir(),
        "the directory `{}` vanished while `{}` ran in it",
        stage.path().display(),
        program.display()
    );
    // All writers are gone, so these end too, except if a process escaped where orphans are not adopted.
    let printed = [stdout, stderr].map(|pipe| pipe.recv_timeout(GRACE).ok());
    if stop.is_some() || ended.is_none() || printed.contains(&None) {
        stage.spoil();
    }
    let [stdout, stderr] = printed.map(Option::unwrap_or_default);
    // The stage is gone when people read the output, but the checkout has files of the same names.
    let prefix = format!("{}/", stage.path().display());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&prefix, "");
    Ok(Ok(Finished {
        stop,
        end: ended.map(|ended| ended.end),
        lines: text(&stdout).lines().map(str::to_owned).collect(),
        stderr: text(&stderr),
        seconds: supervised.elapsed.as_secs_f64(),
        cpu_seconds: ended.map_or(0.0, |ended| ended.cpu_seconds),
        peak_bytes: ended.map_or(0, |ended| ended.peak_bytes),
    }))
}

/// Why the program was killed, if it was.
fn stop(supervised: Supervised, flood: &Flood, limits: Limits, session: &Session) -> Option<Stop> {
    if session.is_interrupted() {
        return Some(Stop::Interrupted);
    }
    if flood.over.load(Ordering::SeqCst) {
        return Some(Stop::Flooded(limits.output));
    }
    supervised.stop
}

/// The guard of a program whose output is drained.
struct SupervisedGuard<'a> {
    guard: duct::Handle,
    flood: &'a Flood,
}

impl Guarded for SupervisedGuard<'_> {
    fn wait(&self, most: Duration) -> io::Result<bool> {
        Ok(self.guard.wait_timeout(most)?.is_some())
    }

    fn kill(&self) -> io::Result<()> {
        self.guard.kill()
    }

    fn pid(&self) -> Option<u32> {
        self.guard.pids().first().copied()
    }

    fn printed(&self) -> u64 {
        self.flood.bytes.load(Ordering::SeqCst)
    }

    fn is_over(&self) -> bool {
        self.flood.over.load(Ordering::SeqCst)
    }
}

fn guard_arguments(program: &Path, arguments: &[String], stage: &Stage) -> Vec<OsString> {
    let mut all: Vec<OsString> = ["guard", "--stages"].map(OsString::from).into();
    all.push(file::directory(stage.path()).into());
    all.push("--".into());
    all.push(program.into());
    all.extend(arguments.iter().map(OsString::from));
    all
}

/// Counts a program's output, and ends the program when it is too much.
#[derive(Debug)]
struct Flood {
    limit: u64,
    bytes: AtomicU64,
    lines: AtomicU64,
    over: AtomicBool,
    lifeline: Lifeline,
}

impl Flood {
    /// The number of these bytes that there is room for.
    fn admit(&self, bytes: &[u8]) -> usize {
        let before = self.bytes.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        let room = usize::try_from(self.limit.saturating_sub(before)).unwrap_or(usize::MAX);
        let new = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let lines = self.lines.fetch_add(new, Ordering::SeqCst) + new;
        let over = bytes.len() > room || lines > LINES;
        if over && !self.over.swap(true, Ordering::SeqCst) {
            self.lifeline.cut();
        }
        if lines > LINES { 0 } else { bytes.len().min(room) }
    }
}

/// Reads a pipe to its end, and sends its last `kept` bytes. Questions are passed on, where there is somebody who answers.
fn drain(
    mut pipe: PipeReader,
    kept: usize,
    answering: Option<Arc<dyn Answering>>,
    flood: Arc<Flood>,
) -> io::Result<Receiver<Vec<u8>>> {
    let (sender, receiver) = channel();
    // Not `thread::spawn`, which panics if the machine has no thread to spare.
    thread::Builder::new().spawn(move || {
        let mut all = Vec::new();
        let mut chunk = vec![0; 64 << 10];
        let mut filter = QuestionFilter::default();
        let mut keep = |bytes: &[u8]| {
            let room = flood.admit(bytes);
            all.extend_from_slice(&bytes[..room]);
            if all.len() > kept.saturating_mul(2) {
                all.drain(..all.len() - kept);
            }
        };
        while let Ok(count @ 1..) = pipe.read(&mut chunk) {
            match &answering {
                Some(answering) => filter.feed(&chunk[..count], &mut keep, |question| answering.asked(question)),
                None => {
                    keep(&chunk[..count]);
                    if count < FEW {
                        thread::sleep(BETWEEN_FEW);
                    }
                }
            }
        }
        keep(&filter.rest());
        all.drain(..all.len().saturating_sub(kept));
        // The receiver is gone if this took too long.
        let _ = sender.send(all);
    })?;
    Ok(receiver)
}
