//! Where the program reads and writes: a checkout with its `target/`, or any
//! directory with the user's cache directory.

use crate::base::{file, invocation};
use anyhow::{Context, Result, anyhow, bail};
use std::env;
use std::path::{Path, PathBuf};

/// The program's name in directories.
const NAME: &str = env!("CARGO_PKG_NAME");

/// Files that mark a checkout: hardly any other directory has them.
const MARKS: [&str; 2] = ["js/lib/shell.js", "js/lib/runtime.js"];

/// The directories of one run.
#[derive(Debug)]
pub struct Directories {
    checkout: Option<PathBuf>,
    scratch: PathBuf,
}

impl Directories {
    /// The directories of the checkout that contains the current directory;
    /// outside of a checkout, only the user's cache directory.
    pub fn find() -> Result<Directories> {
        let here =
            env::current_dir().context("failed to find the current directory; change to a directory that exists")?;
        let is_checkout = |directory: &&Path| MARKS.iter().all(|mark| directory.join(mark).is_file());
        Ok(match here.ancestors().find(is_checkout) {
            Some(root) => {
                let target = variable("CARGO_TARGET_DIR").or_else(|| variable("CARGO_BUILD_TARGET_DIR"));
                Directories {
                    scratch: target
                        .map_or(root.join("target"), |target| here.join(target))
                        .join(NAME),
                    checkout: Some(root.to_owned()),
                }
            }
            None => Directories {
                scratch: cache()?.join(NAME),
                checkout: None,
            },
        })
    }

    /// The checkout; `None` outside of one.
    pub fn checkout(&self) -> Option<&Path> {
        self.checkout.as_deref()
    }

    /// The checkout, which the subcommand `what` needs. The error names the current directory.
    pub fn need_checkout(&self, what: &str) -> Result<&Path> {
        match &self.checkout {
            Some(root) => Ok(root),
            None => bail!(
                "`{} {what}` needs a checkout of {NAME}, and `{}` is not in one: change to a checkout and run \
                 `cargo xtask {what}`",
                invocation::name(),
                env::current_dir().unwrap_or_default().display()
            ),
        }
    }

    /// A directory for the program's own files, created if missing: below
    /// `target/` in a checkout, else below the user's cache directory.
    pub fn scratch(&self, name: &str) -> Result<PathBuf> {
        let path = self.scratch.join(name);
        file::make_directory(&path).map_err(|error| self.advise(error))?;
        Ok(path)
    }

    /// Adds advice to an error from writing one of the program's own files.
    pub fn advise(&self, error: anyhow::Error) -> anyhow::Error {
        let variable = match self.checkout {
            Some(_) => "CARGO_TARGET_DIR",
            None => "XDG_CACHE_HOME",
        };
        anyhow!("{error:#}; make it writable, or set {variable} to a directory that is")
    }

    /// `path` relative to the root of the checkout.
    pub fn show(&self, path: &Path) -> String {
        let root = self.checkout.as_deref().unwrap_or(Path::new(""));
        path.strip_prefix(root).unwrap_or(path).display().to_string()
    }
}

/// The user's cache directory, by the XDG base directory specification or macOS's rules.
fn cache() -> Result<PathBuf> {
    // The specification requires ignoring a relative path.
    if let Some(cache) = variable("XDG_CACHE_HOME").filter(|cache| cache.is_absolute()) {
        return Ok(cache);
    }
    let home = variable("HOME").context("failed to find the user's cache directory; set HOME or XDG_CACHE_HOME")?;
    Ok(home.join(match cfg!(target_os = "macos") {
        true => "Library/Caches",
        false => ".cache",
    }))
}

fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
