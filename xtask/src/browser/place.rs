//! Where in a browser scripts run.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A page, or a dedicated worker of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum BrowserPlace {
    Page,
    Worker,
}

impl fmt::Display for BrowserPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BrowserPlace::Page => "page",
            BrowserPlace::Worker => "worker",
        })
    }
}
