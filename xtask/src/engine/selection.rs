//! Which programs the command line asks for.

use crate::browser::place::BrowserPlace;
use std::ffi::OsString;

/// The values of `--engine`, `--browsers` and `--in`.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// Those of `--engine`; none for each engine.
    pub engines: &'a [OsString],
    /// Each browser that is found, too.
    pub browsers: bool,
    /// Where in browsers scripts run.
    pub places: &'a [BrowserPlace],
}

impl<'a> Selection<'a> {
    /// What `--engine` names, and in pages of browsers.
    pub fn of_engines(engines: &'a [OsString]) -> Selection<'a> {
        Selection {
            engines,
            browsers: false,
            places: &[BrowserPlace::Page],
        }
    }
}
