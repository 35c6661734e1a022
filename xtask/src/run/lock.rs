//! A file lock, held by one command at a time.

use crate::run::session::Session;
use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// The interval between attempts.
const POLL: Duration = Duration::from_millis(50);

/// Waits for the lock until Ctrl-C.
pub fn lock(path: &Path, session: &Session) -> Result<Flock<File>> {
    let what = || format!("failed to lock `{}`", path.display());
    // Without waiting, even if a pipe lies in its place.
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)
        .with_context(what)?;
    let mut line = None;
    loop {
        // A caught signal would not interrupt a blocking lock.
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((_, Errno::EWOULDBLOCK)) if session.is_interrupted() => bail!("interrupted"),
            Err((again, Errno::EWOULDBLOCK)) => file = again,
            Err((_, error)) => return Err(error).with_context(what),
        }
        line.get_or_insert_with(|| {
            session
                .progress
                .begin("waiting for another command that builds the guest")
        });
        thread::sleep(POLL);
    }
}
