//! The directory that a program runs in: a copy of all the files it needs.
//!
//! So it sees only plain relative names, independent of the user's paths; an edit while
//! it runs changes nothing; and files that it leaves (a core, a log) are removed.
//! The directory may be one in which another program ran that left nothing (see [`Spares`]).

use crate::base::file;
use crate::run::questions::Answering;
use crate::run::session::Session;
use crate::run::spares::{Spare, Spares, leads_to_file};
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;
use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// The start of a stage's name.
const PREFIX: &str = concat!(env!("CARGO_PKG_NAME"), "-stage-");

/// Larger files are not compared with what is left of a stage before, in bytes.
const COMPARED: u64 = 1 << 20;

/// A stage, removed when it is dropped, unless the next one can have its directory.
pub struct Stage {
    /// `None` once it is dropped.
    directory: Option<TempDir>,
    /// Answers what programs on it ask.
    answering: Option<Arc<dyn Answering>>,
    /// Held as long as the command is alive: what a killed command left is not locked.
    /// `None` on file systems without locks.
    lock: Option<Flock<File>>,
    files: Mutex<Files>,
    /// Whether something may be left of the programs that ran on it, or of what was placed, that its files do not show.
    is_spoiled: AtomicBool,
    spares: Arc<Spares>,
}

/// The relative names of the files of a stage.
#[derive(Default)]
struct Files {
    placed: BTreeSet<PathBuf>,
    /// Those of a stage before, not yet written over or removed.
    left: BTreeSet<PathBuf>,
}

impl Stage {
    /// An empty stage among the program's own files; if their path is not plain, in
    /// the system's temporary directory.
    pub fn new(session: &Session) -> Result<Stage> {
        let parent = parent(session)?;
        session.sweep.call_once(|| sweep(&parent));
        let of = |directory, lock, left| Stage {
            directory: Some(directory),
            answering: None,
            lock,
            files: Mutex::new(Files {
                left,
                ..Files::default()
            }),
            is_spoiled: AtomicBool::new(false),
            spares: Arc::clone(&session.spares),
        };
        if let Some(spare) = session.spares.take() {
            return Ok(of(spare.directory, spare.lock, spare.files));
        }
        loop {
            let directory = tempfile::Builder::new()
                .prefix(PREFIX)
                .tempdir_in(&parent)
                .with_context(|| format!("failed to make a directory in `{}`", parent.display()))
                .map_err(|error| session.directories.advise(error))?;
            match lock(directory.path()) {
                Locked::Ours(lock) => return Ok(of(directory, lock, BTreeSet::new())),
                // Another command took it for one that was left behind, before it was locked.
                Locked::Others => {}
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.directory.as_ref().map_or(Path::new(""), TempDir::path)
    }

    /// From here on programs on it may ask.
    pub fn answer(&mut self, answering: Arc<dyn Answering>) {
        self.answering = Some(answering);
    }

    /// Who answers what programs on it ask; nobody, unless somebody was named.
    pub fn answering(&self) -> Option<Arc<dyn Answering>> {
        self.answering.clone()
    }

    /// Copies a file to the stage, under this relative name.
    pub fn copy(&self, from: &Path, name: impl AsRef<Path>) -> Result<()> {
        let to = self.place(name.as_ref())?;
        if !self.is_left(name.as_ref()) || file::size(from)? > COMPARED {
            file::copy(from, &to)?;
        } else {
            let bytes = fs::read(from).with_context(|| format!("failed to read `{}`", from.display()))?;
            self.write_over(&to, &bytes)?;
        }
        self.placed(name.as_ref(), &to);
        Ok(())
    }

    /// Makes a link to a directory, under this relative name.
    pub fn link(&self, to: &Path, name: impl AsRef<Path>) -> Result<()> {
        let what = || format!("failed to make a link to `{}`", to.display());
        let target = fs::canonicalize(to).with_context(what)?;
        self.spoil();
        self.clear()?;
        symlink(target, self.place(name.as_ref())?).with_context(what)
    }

    /// Writes a file on the stage, under this relative name.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let to = self.path().join(name);
        if self.is_left(name.as_ref()) {
            self.write_over(&to, bytes)?;
        } else if fs::write(&to, bytes).is_err() {
            // Most of a cell's files are put beside others.
            self.place(name.as_ref())?;
            fs::write(&to, bytes).with_context(|| format!("failed to write `{}`", to.display()))?;
        }
        self.placed(name.as_ref(), &to);
        Ok(())
    }

    /// Removes what is left of a stage before: what was to be placed has been.
    pub fn clear(&self) -> Result<()> {
        for name in std::mem::take(&mut self.files().left) {
            self.remove(&name)
                .with_context(|| format!("failed to remove `{}`", self.path().join(&name).display()))?;
        }
        Ok(())
    }

    /// Its directory is removed when it is dropped.
    pub fn spoil(&self) {
        self.is_spoiled.store(true, Ordering::SeqCst);
    }

    /// Makes place for a file.
    fn place(&self, name: &Path) -> Result<PathBuf> {
        let is_in_the_way = {
            let left = &self.files().left;
            name.ancestors().skip(1).any(|directory| left.contains(directory))
                || !left.contains(name) && leads_to_file(left, name)
        };
        if is_in_the_way {
            self.clear()?;
        }
        let to = self.path().join(name);
        file::make_directory(file::directory(&to))?;
        Ok(to)
    }

    fn is_left(&self, name: &Path) -> bool {
        self.files().left.contains(name)
    }

    /// Makes a file that is left have these bytes. It mostly has: then the disk has nothing to do. It is never emptied
    /// first, which makes ext4 write it to the disk as soon as it is closed.
    fn write_over(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let write = || {
            let mut file = File::options().read(true).write(true).open(path)?;
            let length = bytes.len() as u64;
            let mut old = Vec::new();
            if file.metadata()?.len() == length && length <= COMPARED {
                Read::by_ref(&mut file).take(length).read_to_end(&mut old)?;
                if old == bytes {
                    return Ok(());
                }
                file.rewind()?;
            }
            file.write_all(bytes)?;
            file.set_len(length)
        };
        write().with_context(|| format!("failed to write `{}`", path.display()))
    }

    fn placed(&self, name: &Path, path: &Path) {
        self.spares.learn(path);
        let mut files = self.files();
        files.left.remove(name);
        files.placed.insert(name.to_owned());
    }

    /// Removes a file of a stage before, with the directories that it leaves empty.
    fn remove(&self, name: &Path) -> io::Result<()> {
        fs::remove_file(self.path().join(name))?;
        for directory in name.ancestors().skip(1).filter(|name| *name != Path::new("")) {
            match fs::remove_dir(self.path().join(directory)) {
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => break,
                removed => removed?,
            }
        }
        Ok(())
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let Some(directory) = self.directory.take() else {
            return;
        };
        let files = std::mem::take(&mut *self.files());
        // What was never run may have files of both.
        if !self.is_spoiled.load(Ordering::SeqCst) && files.left.is_empty() {
            self.spares.offer(Spare {
                directory,
                lock: self.lock.take(),
                files: files.placed,
            });
        }
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
