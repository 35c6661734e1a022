//! What an engine may lack.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A feature that `js/lib/probe.js` looks for, under the name that it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// Scripts can ask for a collection.
    Gc,
    FinalizationRegistry,
    ExternrefTables,
    WasmGc,
}

/// Every feature, with its name.
pub const FEATURES: &[(Feature, &str)] = &[
    (Feature::Gc, "gc"),
    (Feature::FinalizationRegistry, "finalization-registry"),
    (Feature::ExternrefTables, "externref-tables"),
    (Feature::WasmGc, "wasm-gc"),
];

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = FEATURES.iter().find(|(feature, _)| feature == self);
        f.write_str(name.map_or("unknown", |(_, name)| name))
    }
}

/// The feature of this name.
pub fn named(name: &str) -> Option<Feature> {
    FEATURES
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(feature, _)| *feature)
}
