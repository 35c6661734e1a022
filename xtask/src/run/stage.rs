//! The directory that a program runs in: a copy of all the files it needs.
//!
//! So it sees only plain relative names, independent of the user's paths; an edit while
//! it runs changes nothing; and files that it leaves (a core, a log) are removed.

use crate::base::file;
use crate::run::session::Session;
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;
use std::env;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The start of a stage's name.
const PREFIX: &str = concat!(env!("CARGO_PKG_NAME"), "-stage-");

/// A stage, removed when it is dropped.
#[derive(Debug)]
pub struct Stage {
    directory: TempDir,
    /// Held as long as the command is alive: what a killed command left is not locked.
    /// `None` on file systems without locks.
    _lock: Option<Flock<File>>,
}

impl Stage {
    /// An empty stage among the program's own files; if their path is not plain, in
    /// the system's temporary directory.
    pub fn new(session: &Session) -> Result<Stage> {
        let parent = parent(session)?;
        session.sweep.call_once(|| sweep(&parent));
        loop {
            let directory = tempfile::Builder::new()
                .prefix(PREFIX)
                .tempdir_in(&parent)
                .with_context(|| format!("failed to make a directory in `{}`", parent.display()))
                .map_err(|error| session.directories.advise(error))?;
            match lock(directory.path()) {
                Locked::Ours(lock) => {
                    return Ok(Stage { directory, _lock: lock });
                }
                // Another command took it for one that was left behind, before it was locked.
                Locked::Others => {}
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Copies a file to the stage, under this relative name.
    pub fn copy(&self, from: &Path, name: impl AsRef<Path>) -> Result<()> {
        file::copy(from, &self.place(name)?)
    }

    /// Makes a link to a directory, under this relative name.
    pub fn link(&self, to: &Path, name: impl AsRef<Path>) -> Result<()> {
        let what = || format!("failed to make a link to `{}`", to.display());
        let target = fs::canonicalize(to).with_context(what)?;
        symlink(target, self.place(name)?).with_context(what)
    }

    /// Writes a file on the stage, under this relative name.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let to = self.path().join(name);
        // Most of a cell's files are put beside others.
        if fs::write(&to, bytes).is_ok() {
            return Ok(());
        }
        let to = self.place(name)?;
        fs::write(&to, bytes).with_context(|| format!("failed to write `{}`", to.display()))
    }

    fn place(&self, name: impl AsRef<Path>) -> Result<PathBuf> {
        let to = self.path().join(name);
        file::make_directory(file::directory(&to))?;
        Ok(to)
    }
}

/// Where stages are.
fn parent(session: &Session) -> Result<PathBuf> {
    let own = session.directories.scratch("stages")?;
    let others = [env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
    let plain = |path: &&PathBuf| is_plain(path) && path.is_dir();
    // Engines report the names that links lead to.
    let resolve = |path: PathBuf| fs::canonicalize(&path).unwrap_or(path);
    let all = [own.clone()].into_iter().chain(others).map(resolve);
    Ok(all.into_iter().find(|path| plain(&path)).unwrap_or(own))
}

/// Whether every engine takes the path for a path. Some make a URL of it to find a
/// module: jsc fails below a directory `a%20b` or one with a line feed, Bun below `a?b`;
/// jsc and Node.js fail in a path that is not UTF-8.
pub fn is_plain(path: &Path) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@, ".contains(c);
    path.to_str().is_some_and(|path| path.chars().all(is_plain))
}

enum Locked {
    Ours(Option<Flock<File>>),
    Others,
}

/// Locks a directory.
fn lock(directory: &Path) -> Locked {
    let Ok(file) = File::open(directory) else {
        return match directory.exists() {
            true => Locked::Ours(None),
            false => Locked::Others,
        };
    };
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        // It may have been removed after it was opened.
        Ok(lock) if directory.exists() => Locked::Ours(Some(lock)),
        Ok(_) | Err((_, Errno::EWOULDBLOCK)) => Locked::Others,
        Err(_) => Locked::Ours(None),
    }
}

/// Removes the stages that killed commands left behind.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let named = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let own = entry
            .metadata()
            .is_ok_and(|facts| facts.is_dir() && facts.uid() == geteuid().as_raw());
        if named
            && own
            && let Locked::Ours(Some(_lock)) = lock(&path)
        {
            // Its guard may remove it at the same time.
            let _ = fs::remove_dir_all(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_of_dead_commands_are_swept() {
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
        let Locked::Ours(Some(_lock)) = lock(&alive) else {
            panic!("nobody else locks it");
        };
        sweep(parent.path());
        assert_eq!([left, alive, other].map(|path| path.exists()), [false, true, true]);
    }

    #[test]
    fn a_path_is_plain_if_no_url_can_be_seen_in_it() {
        for (path, plain) in [
            ("/home/me/My Projects/wasm-leaks_2/target", true),
            ("/a%20b", false),
            ("/a?b", false),
            ("/a#b", false),
            ("/a\nb", false),
            ("/a\tb", false),
            ("/a'b", false),
            ("/a:b", false),
            ("/ä", false),
        ] {
            assert_eq!(is_plain(Path::new(path)), plain, "{path:?}");
        }
    }
}
