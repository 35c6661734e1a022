//! Where things lie in a checkout.

use crate::base::file;
use anyhow::{Result, bail};
use std::env;
use std::path::{Path, PathBuf};

/// A checkout of the project, and the directory that builds write to.
#[derive(Debug)]
pub struct Checkout {
    root: PathBuf,
    target: PathBuf,
}

impl Checkout {
    /// The checkout that the current directory is in.
    pub fn find() -> Result<Checkout> {
        let here = env::current_dir()?;
        let Some(root) = here.ancestors().find(|dir| dir.join("js/lib/shell.js").is_file()) else {
            bail!(
                "`{}` is not in a checkout of wasm-leaks: no directory above it has js/lib/shell.js",
                here.display()
            );
        };
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        let target = set("CARGO_TARGET_DIR").or_else(|| set("CARGO_BUILD_TARGET_DIR"));
        let target = target.map_or(root.join("target"), |target| here.join(target));
        Ok(Checkout {
            root: root.to_owned(),
            target,
        })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The cases, a directory each.
    pub fn js(&self) -> PathBuf {
        self.root.join("js/cases")
    }

    /// The expectations.
    pub fn expected(&self) -> PathBuf {
        self.root.join("expected")
    }

    /// A directory below `target/`, made if it is not there.
    pub fn scratch(&self, name: &str) -> Result<PathBuf> {
        let path = self.target.join("wasm-leaks").join(name);
        file::make_directory(&path)?;
        Ok(path)
    }

    /// `path` as one types it at the root of the checkout.
    pub fn show(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}
