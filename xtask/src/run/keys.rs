//! PressedKeys that are pressed while cells run: `t` prints what runs now.
//!
//! The terminal passes on lines, and shows what is typed. For that time it passes on characters, and shows none; what
//! Ctrl-C and Ctrl-Z do stays.

use crate::run::progress::Progress;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use nix::unistd;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

const RUNNING: u8 = b't';

/// How often to look whether anybody still listens, in milliseconds.
const LOOK: u16 = 200;

/// How the terminal was, while it is not.
static FORMER: Mutex<Option<Termios>> = Mutex::new(None);

/// Reads keys until it is dropped.
#[derive(Debug)]
pub struct PressedKeys(());

impl PressedKeys {
    /// Begins to read keys; `None` without a terminal, or in the background of one, which may not be touched there.
    pub fn listen(progress: &Progress) -> Option<PressedKeys> {
        let terminal = io::stdin();
        let is_ours = terminal.is_terminal()
            && io::stderr().is_terminal()
            && unistd::tcgetpgrp(&terminal).ok() == Some(unistd::getpgrp());
        if !is_ours {
            return None;
        }
        let former = termios::tcgetattr(&terminal).ok()?;
        let mut new = former.clone();
        new.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO);
        {
            let mut slot = lock();
            termios::tcsetattr(&terminal, SetArg::TCSANOW, &new).ok()?;
            slot.get_or_insert(former);
        }
        let progress = progress.clone();
        thread::spawn(move || read(&progress));
        Some(PressedKeys(()))
    }
}

impl Drop for PressedKeys {
    fn drop(&mut self) {
        restore();
    }
}

/// Makes the terminal as it was. Also before a signal ends the command at once.
pub fn restore() {
    if let Some(former) = lock().take() {
        // An error is the terminal's: it may be gone.
        let _ = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &former);
    }
}

/// Reads keys until nobody listens, or the terminal has none any more.
fn read(progress: &Progress) {
    // Else a command that was put into the background would be stopped here.
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGTTIN);
    if blocked.thread_block().is_err() {
        return;
    }
    let terminal = io::stdin();
    let mut key = [0];
    // What is typed later is for somebody else.
    while lock().is_some() {
        let mut waiting = [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)];
        match poll(&mut waiting, LOOK) {
            Ok(0) | Err(Errno::EINTR) => continue,
            Ok(_) => {}
            Err(_) => return,
        }
        match unistd::read(&terminal, &mut key) {
            Ok(1) if key[0] == RUNNING => progress.print_running(),
            Ok(1) | Err(Errno::EINTR) => {}
            _ => return,
        }
    }
}

fn lock() -> MutexGuard<'static, Option<Termios>> {
    FORMER.lock().unwrap_or_else(PoisonError::into_inner)
}
