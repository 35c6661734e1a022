//! A part of the build scripts of guests whose memory is JavaScript's: imported, 2 to 10 pages
//! of 64 KiB. Its stack lies within the first page, so that the rest is left for objects.

use std::env;

/// Tells cargo how the guest is linked for wasm32: with such a memory, and with these arguments.
pub fn link(more: &[&str]) {
    println!("cargo::rerun-if-changed=../link.rs");
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "wasm32") {
        let memory = [
            "--import-memory",
            "--initial-memory=131072",
            "--max-memory=655360",
            "-zstack-size=16384",
        ];
        for argument in memory.iter().chain(more) {
            println!("cargo::rustc-link-arg-cdylib={argument}");
        }
    }
}
