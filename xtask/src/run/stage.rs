//! The directory that a program runs in: a copy of the scripts and the guest
//! that it needs, so that it sees only plain relative names, whatever the
//! checkout's path; so that an edit in mid-run changes nothing; and so that
//! what it leaves behind (a core, a log) goes with it.

use crate::base::directories::Checkout;
use crate::base::file;
use anyhow::{Context, Result};
use std::env;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

#[derive(Debug)]
pub struct Stage(TempDir);

impl Stage {
    /// An empty stage below `target/`; in the system's temporary directory if
    /// the path of `target/` is not UTF-8, for jsc and Node.js cannot work in such a one.
    pub fn new(checkout: &Checkout) -> Result<Stage> {
        let mut parent = checkout.scratch("stages")?;
        if parent.to_str().is_none() {
            parent = env::temp_dir();
        }
        let directory = tempfile::Builder::new()
            .prefix("wasm-leaks-")
            .tempdir_in(&parent)
            .with_context(|| {
                format!(
                    "failed to make a directory in `{}`; make it writable, or set CARGO_TARGET_DIR to one that is",
                    parent.display()
                )
            })?;
        Ok(Stage(directory))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Puts a copy of a file on the stage under this relative name.
    pub fn add(&self, from: &Path, name: &str) -> Result<()> {
        let to = self.path().join(name);
        file::make_directory(file::directory(&to))?;
        fs::copy(from, &to).with_context(|| format!("failed to copy `{}` to `{}`", from.display(), to.display()))?;
        Ok(())
    }
}
