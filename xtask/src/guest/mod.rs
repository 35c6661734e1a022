//! Builds guests: wasm32 modules, from Rust crates and from WebAssembly text.
//!
//! In: the guests' names, and the sources in the checkout. Out: modules, with the glue if they have any.
//! It reports tools that a build needs and this machine lacks, and installs nothing.

pub mod crates;
pub mod guests;
pub mod toolchain;
