//! Features that an engine may lack.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A feature that `js/lib/probe.js` looks for, under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// Scripts can start a collection.
    Gc,
    FinalizationRegistry,
    ExternrefTables,
    WasmGc,
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().unwrap_or_default().get_name())
    }
}
