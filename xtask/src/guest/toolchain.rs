//! The Rust toolchains of this machine, and how each builds for wasm32.

use crate::base::directories::Checkout;
use crate::run::interrupt::Interrupt;
use crate::run::tools as tool;
use anyhow::Result;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

pub const TARGET: &str = "wasm32-unknown-unknown";

/// How a compiler can build a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    /// The target's standard library is installed.
    Target,
    /// The library's sources are, and cargo builds what the guest needs of it.
    Sources,
}

#[derive(Debug)]
pub struct Toolchain {
    pub rustc: PathBuf,
    pub means: Means,
}

/// The toolchains that can build a guest; those that have the target come first.
pub fn all(checkout: &Checkout, interrupt: &Interrupt) -> Result<Vec<Toolchain>> {
    let mut found = Vec::new();
    for rustc in compilers() {
        if let Some(means) = means(checkout, &rustc, interrupt)? {
            found.push(Toolchain { rustc, means });
        }
    }
    found.sort_by_key(|toolchain| toolchain.means);
    Ok(found)
}

/// Every `rustc` there is: the one in the environment, then those on PATH.
pub fn compilers() -> Vec<PathBuf> {
    let named = env::var_os("RUSTC").filter(|rustc| !rustc.is_empty());
    let named = named.and_then(|rustc| which::which(rustc).ok());
    let on_path = which::which_all("rustc").map(Iterator::collect).unwrap_or_default();
    let mut all: Vec<PathBuf> = named.into_iter().chain::<Vec<PathBuf>>(on_path).collect();
    let mut seen = Vec::new();
    // Not by what a link leads to: rustup's programs are all links to one. But `/bin` may be a link to `/usr/bin`.
    all.retain(|path| {
        let directory = path.parent().map(fs::canonicalize).and_then(Result::ok);
        let new = !seen.contains(&directory);
        seen.push(directory);
        new
    });
    all
}

fn means(checkout: &Checkout, rustc: &Path, interrupt: &Interrupt) -> Result<Option<Means>> {
    let shell = tool::shell_in(checkout.root())?;
    let ask = |what: &str| {
        let command = tool::guarded(&shell)
            .ok()?
            .arg(rustc)
            .args(["--print", what, "--target", TARGET]);
        let said = tool::run_guarded(command, interrupt).ok()?;
        // One that cannot answer cannot build.
        said.success.then(|| PathBuf::from(said.stdout.trim_end()))
    };
    let core = |library: &PathBuf| {
        fs::read_dir(library).is_ok_and(|mut files| {
            files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libcore-")))
        })
    };
    if ask("target-libdir").is_some_and(|library| core(&library)) {
        return Ok(Some(Means::Target));
    }
    let sources = |sysroot: PathBuf| sysroot.join("lib/rustlib/src/rust/library/core/src/lib.rs").is_file();
    Ok(ask("sysroot").is_some_and(sources).then_some(Means::Sources))
}
