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
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// The letters and digits of a stage's name: browsers make sockets below, whose paths may have some 100 bytes.
const LETTERS: usize = 3;

/// Larger files are not compared with what is left of a stage before, in bytes.
const COMPARED: u64 = 1 << 20;

/// A stage, removed when it is dropped, unless the next one can have its directory.
pub struct Stage {
    /// `None` once it is dropped.
    directory: Option<TempDir>,
    /// Answers what programs on it ask.
    answering: Option<Arc<dyn Answering>>,
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
    /// An empty stage in the directory of those of this command.
    pub fn new(session: &Session) -> Result<Stage> {
        let of = |directory, left| Stage {
            directory: Some(directory),
            answering: None,
            files: Mutex::new(Files {
                left,
                ..Files::default()
            }),
            is_spoiled: AtomicBool::new(false),
            spares: Arc::clone(&session.spares),
        };
        if let Some(spare) = session.spares.take() {
            return Ok(of(spare.directory, spare.files));
        }
        let root = session.stage_root()?;
        let directory = tempfile::Builder::new()
            .prefix("")
            .rand_bytes(LETTERS)
            .tempdir_in(&root)
            .with_context(|| format!("failed to make a directory in `{}`", root.display()))
            .map_err(|error| session.directories.advise(error))?;
        Ok(of(directory, BTreeSet::new()))
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
                files: files.placed,
            });
        }
    }
}
