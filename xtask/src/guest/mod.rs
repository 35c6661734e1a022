//! Builds guests: wasm32 modules, from Rust crates, from C, and from WebAssembly text.
//!
//! In: the sources of guests, as cases name them. Out: modules, with the glue if they have any.
//! It reports tools that a build needs and this machine lacks, and installs nothing.

pub mod built;
pub mod cargo;
pub mod clang;
pub mod crates;
pub mod glue;
pub mod guests;
pub mod mirror;
pub mod text;
pub mod toolchain;
