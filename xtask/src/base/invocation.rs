//! How the program was called, so that the commands it prints can be copied, and how it calls itself.

use anyhow::{Context, Result};
use std::env;
use std::path::PathBuf;

/// `cargo xtask`, the alias in the checkout, if cargo runs the program; else its own name.
pub fn name() -> &'static str {
    // Cargo sets it for programs that `cargo run` and `cargo test` start.
    match env::var("CARGO_PKG_NAME").as_deref() {
        Ok(env!("CARGO_PKG_NAME")) => "cargo xtask",
        _ => env!("CARGO_PKG_NAME"),
    }
}

/// The running program itself, even if its file has been replaced since.
pub fn this_program() -> Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    env::current_exe().context("failed to find the path of this program")
}
