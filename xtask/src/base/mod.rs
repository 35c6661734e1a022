//! What every other wing stands on: files, text, directories, output, exit status.
//!
//! In: paths and strings. Out: bytes that are whole, text that is inert.
//! It knows no program, engine, case or result.

pub mod directories;
pub mod file;
pub mod invocation;
pub mod output;
pub mod status;
pub mod suggest;
pub mod text;
