//! How the program was called, so that the commands it prints can be copied.

use std::env;

/// `cargo xtask`, the alias in the checkout, if cargo runs the program; else its own name.
pub fn name() -> &'static str {
    // Cargo sets it for programs that `cargo run` and `cargo test` start.
    match env::var("CARGO_PKG_NAME").as_deref() {
        Ok(env!("CARGO_PKG_NAME")) => "cargo xtask",
        _ => env!("CARGO_PKG_NAME"),
    }
}
