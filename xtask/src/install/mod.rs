//! What installs what, and installing it, when asked to.
//!
//! In: what is missing. Out: commands, shown or run.
//! It knows no case by name, and does not decide what is missing.

pub mod installer;
pub mod recipes;
