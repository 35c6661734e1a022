//! The build script of the guests whose memory is JavaScript's: imported, 2 to 10 pages
//! of 64 KiB. Its stack lies within the first page, so that the rest is left for objects.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=../link.rs");
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "wasm32") {
        for argument in [
            "--import-memory",
            "--initial-memory=131072",
            "--max-memory=655360",
            "-zstack-size=16384",
        ] {
            println!("cargo::rustc-link-arg-cdylib={argument}");
        }
    }
}
