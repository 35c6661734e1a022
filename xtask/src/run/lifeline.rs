//! The line between the command and a guard: a socket that is the guard's
//! standard input. While the command holds its end, the guarded program may
//! run; if the line ends, for any reason, the program is killed. On the
//! same socket, the guard reports how the program ended.

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

/// A guard's report, one line of JSON each.
#[derive(Debug, Serialize, Deserialize)]
pub enum GuardMessage {
    /// The program could not be started.
    Failed(StartError),
    /// The process group that it leads.
    Started(i32),
    Ended(GuardReport),
}

/// Why a program could not be started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StartError {
    pub reason: String,
    /// The machine had no process, memory or file to spare: the program may be fine.
    pub is_shortage: bool,
}

impl StartError {
    pub fn of(error: &io::Error) -> StartError {
        let errno = error.raw_os_error().map(Errno::from_raw);
        StartError {
            reason: error.to_string(),
            is_shortage: matches!(
                errno,
                Some(Errno::EAGAIN | Errno::ENOMEM | Errno::EMFILE | Errno::ENFILE)
            ),
        }
    }
}

/// How a program ended, and the resources that it and its children used.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct GuardReport {
    /// The exit status, or the signal that ended it.
    pub end: End,
    /// Processor time of the program and its children, in seconds.
    pub cpu_seconds: f64,
    /// The peak memory of one of them, in bytes.
    pub peak_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    Status(i32),
    Signal(i32),
}

/// The command's end of the line.
#[derive(Debug)]
pub struct Lifeline(UnixStream);

impl Lifeline {
    /// A lifeline, and the end that becomes a guard's standard input.
    pub fn new() -> io::Result<(Lifeline, OwnedFd)> {
        let (ours, theirs) = UnixStream::pair()?;
        Ok((Lifeline(ours), theirs.into()))
    }

    /// A second handle of the same end.
    pub fn share(&self) -> io::Result<Lifeline> {
        self.0.try_clone().map(Lifeline)
    }

    /// Makes the guard kill the program. Its report can still be read.
    pub fn cut(&self) {
        // The only error is that the guard has already gone.
        let _ = self.0.shutdown(Shutdown::Write);
    }

    /// How the program ended, by the guard's report; to be called once the guard
    /// has exited. If the guard was killed before it could report, the rest of the
    /// program's group is killed here.
    pub fn end(mut self) -> LifelineEnd {
        let mut text = String::new();
        // A truncated message counts as not sent.
        let _ = self.0.read_to_string(&mut text);
        let mut group = None;
        for message in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            match message {
                GuardMessage::Failed(error) => return LifelineEnd::NotStarted(error),
                GuardMessage::Started(leader) => group = Some(leader),
                GuardMessage::Ended(ended) => return LifelineEnd::Ended(ended),
            }
        }
        if let Some(leader) = group {
            let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
        }
        LifelineEnd::Silent
    }
}

/// The last report of a guard.
#[derive(Debug)]
pub enum LifelineEnd {
    NotStarted(StartError),
    Ended(GuardReport),
    /// The guard was killed before it could report.
    Silent,
}
