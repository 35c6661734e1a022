//! Where the program reads and writes: a checkout with its `target/`, or any
//! directory with the user's cache directory.

use crate::base::{file, invocation};
use anyhow::{Context, Result, anyhow, bail};
use std::env;
use std::path::{Path, PathBuf};

/// The program's name, as directories have it.
const NAME: &str = env!("CARGO_PKG_NAME");

/// What a checkout has, and hardly any other directory.
const MARKS: [&str; 2] = ["js/lib/shell.js", "js/lib/runtime.js"];

/// The directories of one run.
#[derive(Debug)]
pub struct Directories {
    checkout: Option<PathBuf>,
    scratch: PathBuf,
}

impl Directories {
    /// Those of the checkout that the current directory is in; outside of one,
    /// those of the current directory.
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

    /// The checkout; none if the program runs outside of one.
    pub fn checkout(&self) -> Option<&Path> {
        self.checkout.as_deref()
    }

    /// The checkout, for `what` only a checkout can do. The error says where it is missing.
    pub fn need_checkout(&self, what: &str) -> Result<&Path> {
        match &self.checkout {
            Some(root) => Ok(root),
            None => bail!(
                "`{} {what}` works on the cases of a checkout of {NAME}, and `{}` is not in one: change to a checkout \
                 and use `cargo xtask {what}`",
                invocation::name(),
                env::current_dir().unwrap_or_default().display()
            ),
        }
    }

    /// A directory for files of the program's own, made if it is not there: below
    /// `target/` in a checkout, else below the user's cache directory.
    pub fn scratch(&self, name: &str) -> Result<PathBuf> {
        let path = self.scratch.join(name);
        file::make_directory(&path).map_err(|error| self.advise(error))?;
        Ok(path)
    }

    /// An error in writing a file of the program's own, with what to do about it.
    pub fn advise(&self, error: anyhow::Error) -> anyhow::Error {
        let variable = match self.checkout {
            Some(_) => "CARGO_TARGET_DIR",
            None => "XDG_CACHE_HOME",
        };
        anyhow!("{error:#}; make it writable, or set {variable} to a directory that is")
    }

    /// `path` as one types it at the root of the checkout.
    pub fn show(&self, path: &Path) -> String {
        let root = self.checkout.as_deref().unwrap_or(Path::new(""));
        path.strip_prefix(root).unwrap_or(path).display().to_string()
    }
}

/// The user's cache directory, as the XDG base directory specification and macOS have it.
fn cache() -> Result<PathBuf> {
    // A relative one is to be ignored, says the specification.
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
