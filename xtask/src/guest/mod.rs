pub mod guests;
pub mod crates;
pub mod toolchain;
