//! Builds guests: wasm32 modules, from Rust crates, from C, and from WebAssembly text. Bundles
//! users' scripts that cannot run as they are.
//!
//! In: the sources of guests, as cases name them, and scripts. Out: modules, with the glue if they
//! have any, and bundles with their source maps.
//! It reports tools that a build needs and this machine lacks, and installs nothing.

pub mod block_script;
pub mod built;
pub mod bundle;
pub mod cargo;
pub mod clang;
pub mod crates;
pub mod esbuild;
pub mod glue;
pub mod guests;
pub mod imports;
pub mod instrumenting;
pub mod mirror;
pub mod text;
pub mod toolchain;
pub mod wasm_imports;
