//! References from one node to another, in one vocabulary for all engines.

use crate::NodeId;
use serde::Serialize;

/// How one node refers to the next: one vocabulary for all engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeKind {
    /// A property of an object.
    Property,
    /// An element of an array.
    Element,
    /// A variable, global or captured by a function.
    CapturedVariable,
    /// A slot of a WebAssembly table.
    TableSlot,
    /// A field of a WasmGC struct.
    WasmGcField,
    /// The value that a FinalizationRegistry passes to its finalizer.
    HeldValue,
    /// The value in a Map; its label is the key, if that is known.
    MapValue,
    /// The key in a Map.
    MapKey,
    /// An element of a Set.
    SetElement,
    /// From the key in a WeakMap to the value: it lives as long as both map and key.
    WeakMapValue,
    /// The target of a Proxy.
    ProxyTarget,
    /// The name of a property, in the table of an object that has many of them.
    PropertyName,
    /// A reference that only the engine knows.
    Internal,
}

impl EdgeKind {
    /// The kind as text, for people.
    pub fn words(self) -> &'static str {
        match self {
            EdgeKind::Property => "property",
            EdgeKind::Element => "element",
            EdgeKind::CapturedVariable => "captured variable",
            EdgeKind::TableSlot => "WebAssembly table slot",
            EdgeKind::WasmGcField => "WasmGC field",
            EdgeKind::HeldValue => "held value",
            EdgeKind::MapValue => "value in a Map",
            EdgeKind::MapKey => "key in a Map",
            EdgeKind::SetElement => "element of a Set",
            EdgeKind::WeakMapValue => "value in a WeakMap",
            EdgeKind::ProxyTarget => "target of a Proxy",
            EdgeKind::PropertyName => "name of a property",
            EdgeKind::Internal => "internal",
        }
    }
}

/// A reference from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// What kind of reference it is.
    pub kind: EdgeKind,
    /// Its name or index, if the engine reports one.
    pub label: EdgeLabel,
    /// The node that it leads to.
    pub to: NodeId,
}

impl Edge {
    /// The index of an element or slot, if the engine reports it.
    pub fn index(&self) -> Option<u32> {
        match self.label {
            EdgeLabel::Index(index) => Some(index),
            _ => None,
        }
    }
}

/// What an edge is called; [`crate::Heap::label`] gives it as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeLabel {
    /// The number of a name: of a property, variable or field, or the engine's own.
    Name(u32),
    /// The index of an element or slot.
    Index(u32),
    /// The engine reports neither.
    None,
}
