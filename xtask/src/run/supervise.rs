//! Waits for a guard, and ends its program when a limit of time or of memory is passed.

use crate::run::clock::{Clock, Usage};
use crate::run::lifeline::Lifeline;
use crate::run::limits::{Limits, Stop};
use crate::run::memory::{self, MemoryWatch};
use crate::run::session::Session;
use crate::run::tree::cpu_time;
use anyhow::{Context, Result};
use nix::unistd::Pid;
use std::io;
use std::time::{Duration, Instant};

/// The time for a guard to kill its program, before it is killed itself.
const GRACE: Duration = Duration::from_secs(5);

/// A running guard.
pub trait Guarded {
    /// Waits for at most this long; returns whether it has ended.
    fn wait(&self, most: Duration) -> io::Result<bool>;
    fn kill(&self) -> io::Result<()>;
    fn pid(&self) -> Option<u32>;
    /// The bytes that the program has printed.
    fn printed(&self) -> u64;
    /// Whether the lifeline was cut for another reason, such as too much output.
    fn is_over(&self) -> bool;
}

/// How long a guard took, and why its program was ended, if it took too much.
#[derive(Debug, Clone, Copy)]
pub struct Supervised {
    pub elapsed: Duration,
    pub stop: Option<Stop>,
}

/// Waits until the guard ends. The lifeline is cut when the program passes a limit;
/// a guard that does not end after its lifeline is killed.
pub fn supervise(guard: &impl Guarded, limits: Limits, lifeline: &Lifeline, session: &Session) -> Result<Supervised> {
    let started = Instant::now();
    let mut clock = Clock::new(limits.time);
    let interval = clock.interval();
    let mut looked = started;
    let mut stop = None;
    let mut cut: Option<Instant> = None;
    let pid = guard.pid().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
    let mut memory = MemoryWatch::new(pid, limits.memory);
    while !guard
        .wait(interval.min(memory::INTERVAL))
        .context("failed to wait for a guard")?
    {
        if stop.is_none() && cut.is_none() {
            stop = memory.check(interval).map(Stop::TookMemory);
            if stop.is_none() && looked.elapsed() >= interval {
                looked = Instant::now();
                let usage = Usage {
                    elapsed: started.elapsed(),
                    cpu: pid.and_then(cpu_time),
                    printed: guard.printed(),
                };
                stop = clock.check(usage).map(Stop::TimedOut);
            }
            if stop.is_some() {
                lifeline.cut();
            }
        }
        if stop.is_some() || guard.is_over() || session.is_interrupted() {
            let since = cut.get_or_insert_with(Instant::now);
            if since.elapsed() >= GRACE {
                guard.kill().context("failed to kill a guard")?;
                break;
            }
        }
    }
    Ok(Supervised {
        elapsed: started.elapsed(),
        stop,
    })
}
