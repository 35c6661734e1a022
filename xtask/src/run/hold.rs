//! Whether a directory is in use: a lock that all who use it share, and that who removes it has alone.

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::path::Path;

/// As long as this lives nobody removes the directory. `None` on file systems without locks.
#[derive(Debug)]
pub struct Hold(Option<Flock<File>>);

impl Hold {
    /// Whether others are kept away by it.
    pub fn is_locked(&self) -> bool {
        self.0.is_some()
    }
}

/// Keeps a directory from being removed; `None` if it is gone, or about to be.
pub fn hold(directory: &Path) -> Option<Hold> {
    locked(directory, FlockArg::LockSharedNonblock)
}

/// The directory, to be removed: `None` if it is gone, or somebody uses it.
pub fn take(directory: &Path) -> Option<Hold> {
    locked(directory, FlockArg::LockExclusiveNonblock)
}

/// The same, once nobody uses it any more.
pub fn take_when_free(directory: &Path) -> Option<Hold> {
    locked(directory, FlockArg::LockExclusive)
}

fn locked(directory: &Path, how: FlockArg) -> Option<Hold> {
    let Ok(file) = File::open(directory) else {
        return directory.exists().then_some(Hold(None));
    };
    let lock = match Flock::lock(file, how) {
        Ok(lock) => Some(lock),
        Err((_, Errno::EWOULDBLOCK)) => return None,
        Err(_) => None,
    };
    // It may have been removed after it was opened.
    directory.exists().then_some(Hold(lock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_is_not_taken() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_owned();
        let holds = [hold(&path), hold(&path)];
        assert!(holds.iter().all(Option::is_some));
        assert!(take(&path).is_none());
        drop(holds);
        let taken = take(&path);
        assert!(taken.is_some());
        assert!(hold(&path).is_none());
        drop(directory);
        drop(taken);
        assert!(hold(&path).is_none());
    }
}
