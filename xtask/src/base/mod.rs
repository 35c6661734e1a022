//! The base of every other wing: files, text, directories, output, exit status.
//!
//! In: paths and strings. Out: whole files, inert text.
//! It knows no program, engine, case or result.

pub mod directories;
pub mod file;
pub mod invocation;
pub mod output;
pub mod stable_hash;
pub mod status;
pub mod suggest;
pub mod text;
