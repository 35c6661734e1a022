//! The directory of all stages of a command, and the sweeper: a small process that removes it when the command is gone,
//! however that ended.
//!
//! The sweeper runs before the directory is made. The command and the guards of its programs hold the directory, and the
//! sweeper waits until nobody does: what still runs would make files, or the whole path, again.

use crate::base::directories::Directories;
use crate::base::file;
use crate::base::invocation::this_program;
use crate::base::status::Status;
use crate::run::hold::{Hold, hold, take, take_when_free};
use crate::run::lifeline::Lifeline;
use crate::run::stage_place::place;
use anyhow::{Context, Result};
use nix::unistd::geteuid;
use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The command that the sweeper is.
pub const SWEEP: &str = "sweep";

/// The start of the directory's name.
const PREFIX: &str = concat!(env!("CARGO_PKG_NAME"), "-stage-");

/// How long it is tried to remove a directory, and to wait for the sweeper: where orphans are not adopted, a process may
/// still write into it.
const PATIENCE: Duration = Duration::from_secs(5);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);

/// The directory, removed when it is dropped.
#[derive(Debug)]
pub struct StageRoot {
    path: PathBuf,
    hold: Option<Hold>,
    sweeper: Child,
    lifeline: Lifeline,
}

impl StageRoot {
    /// Makes the directory, and removes those that killed commands and sweepers left in the same place.
    pub fn make(directories: &Directories) -> Result<StageRoot> {
        let parent = place(directories)?;
        sweep_others(&parent);
        let path = parent.join(format!("{PREFIX}{:012x}", random() >> 16));
        let (lifeline, theirs) = Lifeline::new().context("failed to make a lifeline")?;
        // From here on it is removed, whatever becomes of this command.
        let sweeper = Command::new(this_program()?)
            .arg(SWEEP)
            .arg(&path)
            .stdin(theirs)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C goes to the terminal's process group.
            .process_group(0)
            .spawn()
            .context("failed to start the process that removes stages")?;
        let mut root = StageRoot {
            path,
            hold: None,
            sweeper,
            lifeline,
        };
        root.hold = Some(root.make_directory().map_err(|error| directories.advise(error))?);
        Ok(root)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn make_directory(&self) -> Result<Hold> {
        loop {
            if let Err(error) = DirBuilder::new().mode(0o700).create(&self.path)
                && error.kind() != ErrorKind::AlreadyExists
            {
                let parent = file::directory(&self.path);
                return Err(error).with_context(|| format!("failed to make a directory in `{}`", parent.display()));
            }
            // Else another command took it for one that was left behind.
            if let Some(hold) = hold(&self.path) {
                return Ok(hold);
            }
        }
    }
}

impl Drop for StageRoot {
    fn drop(&mut self) {
        self.hold = None;
        self.lifeline.cut();
        until(|| matches!(self.sweeper.try_wait(), Ok(None)));
        // It may have been killed.
        remove(&self.path);
    }
}

/// The sweeper: waits until the command is gone, and all guards, and removes the directory.
pub fn sweep(directory: &Path) -> Status {
    // The command writes nothing: this returns when its end of the lifeline is closed.
    let _ = io::stdin().read_to_end(&mut Vec::new());
    if let Some(_hold) = take_when_free(directory) {
        remove(directory);
    }
    Status::Expected
}

/// Removes what killed commands left behind, whose sweepers were killed as well.
fn sweep_others(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let named = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let own = entry
            .metadata()
            .is_ok_and(|facts| facts.is_dir() && facts.uid() == geteuid().as_raw());
        if named
            && own
            && let Some(hold) = take(&path)
            && hold.is_locked()
        {
            // Another command may remove it at the same time.
            let _ = fs::remove_dir_all(&path);
        }
    }
}

fn remove(directory: &Path) {
    until(|| fs::remove_dir_all(directory).is_err_and(|error| error.kind() != ErrorKind::NotFound));
}

/// Calls it again and again while it is so, but not for ever.
fn until(mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while is_so() && started.elapsed() < PATIENCE {
        thread::sleep(BETWEEN_ATTEMPTS);
    }
}

/// 64 random bits: std has no other source of them.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_dead_commands_are_swept() {
        let parent = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = parent.path().join(name);
            fs::create_dir_all(path.join("js/lib")).unwrap();
            path
        };
        let [left, alive, other] = ["a", "b"]
            .map(|name| format!("{PREFIX}{name}"))
            .map(|name| make(&name))
            .into_iter()
            .chain([make("notes")])
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let _hold = hold(&alive).unwrap();
        sweep_others(parent.path());
        assert_eq!([left, alive, other].map(|path| path.exists()), [false, true, true]);
    }
}
