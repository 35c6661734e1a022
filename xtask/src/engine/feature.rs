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
    /// References to functions of a type.
    FunctionReferences,
    Simd,
    RelaxedSimd,
    TailCalls,
    /// WebAssembly's exceptions, with `try_table`.
    Exceptions,
    /// The same, with `try`.
    LegacyExceptions,
    Memory64,
    MultiMemory,
    ExtendedConst,
    /// Shared memories.
    Atomics,
    /// A timer waits as long as it is told to.
    Timers,
    Microtasks,
    EventTarget,
    AbortController,
    MessageChannel,
    StructuredClone,
    Performance,
    TextEncoder,
    Url,
    Crypto,
    Fetch,
    Worker,
    Console,
    /// Node.js's `process`.
    Process,
    /// A page, with elements.
    Document,
}

/// The global names by which scripts use a feature of the host.
const NAMES: &[(Feature, &[&str])] = &[
    (
        Feature::Timers,
        &[
            "setTimeout",
            "setInterval",
            "clearTimeout",
            "clearInterval",
            "setImmediate",
        ],
    ),
    (Feature::Microtasks, &["queueMicrotask"]),
    (Feature::EventTarget, &["EventTarget", "Event", "CustomEvent"]),
    (Feature::AbortController, &["AbortController", "AbortSignal"]),
    (
        Feature::MessageChannel,
        &["MessageChannel", "MessagePort", "BroadcastChannel"],
    ),
    (Feature::StructuredClone, &["structuredClone"]),
    (Feature::Performance, &["performance"]),
    (Feature::TextEncoder, &["TextEncoder"]),
    (Feature::Url, &["URL", "URLSearchParams"]),
    (Feature::Crypto, &["crypto"]),
    (Feature::Fetch, &["fetch", "Request", "Response", "Headers"]),
    (Feature::Worker, &["Worker"]),
    (Feature::Console, &["console"]),
    (Feature::Process, &["process", "Buffer", "require"]),
    (
        Feature::Document,
        &[
            "document",
            "window",
            "HTMLElement",
            "customElements",
            "MutationObserver",
            "ResizeObserver",
            "IntersectionObserver",
            "requestAnimationFrame",
            "matchMedia",
        ],
    ),
    (Feature::FinalizationRegistry, &["FinalizationRegistry", "WeakRef"]),
    (Feature::Gc, &["gc"]),
];

impl Feature {
    /// The feature that a global name belongs to.
    pub fn of_name(name: &str) -> Option<Feature> {
        NAMES
            .iter()
            .find(|(_, names)| names.contains(&name))
            .map(|(feature, _)| *feature)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().unwrap_or_default().get_name())
    }
}
