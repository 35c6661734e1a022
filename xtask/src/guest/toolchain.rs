//! The Rust toolchains of this machine, and how each builds for wasm32.

use crate::run::session::Session;
use crate::run::tools;
use anyhow::Result;
use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

pub const TARGET: &str = "wasm32-unknown-unknown";

/// The standard library for wasm32 that a compiler has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StdLibrary {
    /// The target's standard library is installed.
    Target,
    /// The library's sources are installed, and cargo builds the parts that the guest needs.
    Sources,
}

#[derive(Debug)]
pub struct Toolchain {
    pub rustc: PathBuf,
    pub library: StdLibrary,
}

/// The toolchains that can build a guest; those with the target come first.
pub fn toolchains(session: &Session) -> Result<Vec<Toolchain>> {
    let mut found = Vec::new();
    for rustc in compilers() {
        if let Some(library) = std_library(&rustc, session)? {
            found.push(Toolchain { rustc, library });
        }
    }
    found.sort_by_key(|toolchain| toolchain.library);
    Ok(found)
}

/// Every `rustc`: the one in the environment, then those on PATH.
pub fn compilers() -> Vec<PathBuf> {
    let named = env::var_os("RUSTC").filter(|rustc| !rustc.is_empty());
    let named = named.and_then(|rustc| which::which(rustc).ok());
    let on_path = which::which_all("rustc").map(Iterator::collect).unwrap_or_default();
    let mut all: Vec<PathBuf> = named.into_iter().chain::<Vec<PathBuf>>(on_path).collect();
    let mut seen = Vec::new();
    // Links of files are not resolved: rustup's programs are all links to one. But `/bin` may be a link to `/usr/bin`.
    all.retain(|path| {
        let directory = path.parent().map(fs::canonicalize).and_then(Result::ok);
        let new = !seen.contains(&directory);
        seen.push(directory);
        new
    });
    all
}

fn std_library(rustc: &Path, session: &Session) -> Result<Option<StdLibrary>> {
    let shell = tools::shell()?;
    let query = |what: &str| {
        let command = tools::guarded(&shell)
            .ok()?
            .arg(rustc)
            .args(["--print", what, "--target", TARGET]);
        let output = tools::ask(command, session).ok()?;
        // A compiler that cannot answer cannot build.
        output.success.then(|| PathBuf::from(output.stdout.trim_end()))
    };
    let core = |library: &PathBuf| {
        fs::read_dir(library).is_ok_and(|mut files| {
            files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libcore-")))
        })
    };
    if query("target-libdir").is_some_and(|library| core(&library)) {
        return Ok(Some(StdLibrary::Target));
    }
    let sources = |sysroot: PathBuf| sysroot.join("lib/rustlib/src/rust/library/core/src/lib.rs").is_file();
    Ok(query("sysroot").is_some_and(sources).then_some(StdLibrary::Sources))
}

/// No compiler here can build for wasm32.
#[derive(Debug)]
pub struct NoToolchain;

impl fmt::Display for NoToolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no Rust toolchain here can build the guest: no `rustc` on PATH has the target {TARGET}, or the standard \
             library's sources"
        )
    }
}

impl std::error::Error for NoToolchain {}
