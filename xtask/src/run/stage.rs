//! The directory that a program runs in: a copy of all the files it needs.
//!
//! So it sees only plain relative names, independent of the user's paths; an edit while
//! it runs changes nothing; and files that it leaves (a core, a log) are removed.

use crate::base::file;
use crate::run::session::Session;
use anyhow::{Context, Result};
use std::env;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

#[derive(Debug)]
pub struct Stage(TempDir);

impl Stage {
    /// An empty stage among the program's own files; if their path is not UTF-8, in
    /// the system's temporary directory, because jsc and Node.js do not work in such a path.
    pub fn new(session: &Session) -> Result<Stage> {
        let mut parent = session.directories.scratch("stages")?;
        if parent.to_str().is_none() {
            parent = env::temp_dir();
        }
        let directory = tempfile::Builder::new()
            .prefix(concat!(env!("CARGO_PKG_NAME"), "-"))
            .tempdir_in(&parent)
            .with_context(|| format!("failed to make a directory in `{}`", parent.display()))
            .map_err(|error| session.directories.advise(error))?;
        Ok(Stage(directory))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Copies a file to the stage, under this relative name.
    pub fn copy(&self, from: &Path, name: &str) -> Result<()> {
        let to = self.place(name)?;
        fs::copy(from, &to).with_context(|| format!("failed to copy `{}` to `{}`", from.display(), to.display()))?;
        Ok(())
    }

    /// Writes a file on the stage, under this relative name.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let to = self.place(name)?;
        fs::write(&to, bytes).with_context(|| format!("failed to write `{}`", to.display()))
    }

    fn place(&self, name: &str) -> Result<std::path::PathBuf> {
        let to = self.path().join(name);
        file::make_directory(file::directory(&to))?;
        Ok(to)
    }
}
