//! Ctrl-C, and the other signals that ask the command to end.

use crate::run::keys;
use crate::run::lifeline::Lifeline;
use crate::run::progress::Progress;
use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The time to end by itself after a signal: a guard may take 5 s to kill its program, and its pipes 5 s more.
const GRACE: Duration = Duration::from_secs(15);

/// Whether a signal has arrived, and the lifelines to cut when one does.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    signal: Option<i32>,
    lifelines: BTreeMap<u64, Lifeline>,
    next: u64,
}

impl Interrupt {
    /// From here on, the first signal ends all guarded programs, and then the
    /// command; the second ends the command at once. A command that is stuck, such as in a
    /// file system that does not answer, is ended some seconds after the first.
    ///
    /// `SIGUSR1` prints what runs now.
    pub fn listen(&self, progress: &Progress) -> Result<()> {
        // `nohup` and a shell's `&` make the command ignore some signals: they stay ignored.
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGUSR1]
            .into_iter()
            .filter(|signal| !is_ignored(*signal));
        let mut signals = Signals::new(signals).context("failed to listen for signals")?;
        let (interrupt, progress) = (self.clone(), progress.clone());
        thread::spawn(move || {
            for signal in signals.forever() {
                if signal == SIGUSR1 {
                    progress.print_running();
                    continue;
                }
                if interrupt.signal().is_some() {
                    die(signal);
                }
                thread::spawn(move || {
                    thread::sleep(GRACE);
                    die(signal);
                });
                interrupt.end(signal);
            }
        });
        Ok(())
    }

    /// The signal that arrived, if any.
    pub fn signal(&self) -> Option<i32> {
        self.state().signal
    }

    /// Cuts the lifeline at the first signal, unless the returned value is dropped before.
    pub fn watch(&self, lifeline: &Lifeline) -> io::Result<Watch<'_>> {
        let shared = lifeline.share()?;
        let mut state = self.state();
        if state.signal.is_some() {
            shared.cut();
        }
        let key = state.next;
        state.next += 1;
        state.lifelines.insert(key, shared);
        Ok(Watch { interrupt: self, key })
    }

    fn end(&self, signal: i32) {
        let mut state = self.state();
        state.signal = Some(signal);
        state.lifelines.values().for_each(Lifeline::cut);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the command at once, as the signal does by itself.
fn die(signal: i32) {
    keys::restore();
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

/// Whether the signal was ignored when the command began; always false outside of Linux.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

/// A watched lifeline.
#[derive(Debug)]
pub struct Watch<'a> {
    interrupt: &'a Interrupt,
    key: u64,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.interrupt.state().lifelines.remove(&self.key);
    }
}
