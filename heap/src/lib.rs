//! One model of a heap: nodes, named edges, roots. The parsers of the engines'
//! snapshots make it; who looks for paths knows no engine.

mod format;
mod json;
mod jsc;
mod spidermonkey;
mod v8;
pub mod path;

#[cfg(test)]
mod tests;

pub use format::{MEMORY_LIMIT, SnapshotFormat};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// A node's number.
pub type NodeId = u32;

/// How many characters of a name are kept: strings of the program are names too.
const NAME: usize = 200;

/// What the way from one node to the next is: one vocabulary for all engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeKind {
    Property,
    Element,
    CapturedVariable,
    TableSlot,
    WasmGcField,
    /// What a FinalizationRegistry holds for its finalizer.
    HeldValue,
    /// Something of the engine's own.
    Internal,
}

impl EdgeKind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            EdgeKind::Property => "property",
            EdgeKind::Element => "element",
            EdgeKind::CapturedVariable => "captured variable",
            EdgeKind::TableSlot => "WebAssembly table slot",
            EdgeKind::WasmGcField => "WasmGC field",
            EdgeKind::HeldValue => "held value",
            EdgeKind::Internal => "internal",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub kind: EdgeKind,
    /// The name of a property, variable or field, or what the engine calls it;
    /// the index of an element or slot. None where the engine does not tell.
    pub label: EdgeLabel,
    pub to: NodeId,
}

impl Edge {
    /// The index of an element or slot, if the engine tells.
    pub fn index(&self) -> Option<u32> {
        match self.label {
            EdgeLabel::Index(index) => Some(index),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeLabel {
    Name(u32),
    Index(u32),
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// Something that a program sees.
    Object,
    Function,
    /// The engine's own: contexts, hidden classes, backing stores. Folded away.
    Engine,
}

#[derive(Debug, Clone, Copy)]
struct StoredNode {
    kind: NodeKind,
    name: u32,
    /// Where its edges end; they begin where those of the node before end.
    edges_end: u32,
}

/// Something that the collector starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeapRoot {
    pub node: NodeId,
    /// What it is, in the engine's words.
    pub name: String,
}

/// Where a function is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourcePosition {
    /// As the engine was told to load it.
    pub file: String,
    /// From 1 on.
    pub line: u32,
}

/// How the object of interest is found in a snapshot.
#[derive(Debug, Clone, Copy)]
pub enum TargetHint<'a> {
    /// A variable of the global scope has a WeakRef to it.
    WeakRef(&'a str),
    /// It is at this address.
    Address(&'a str),
}

#[derive(Debug, Default)]
pub struct Heap {
    nodes: Vec<StoredNode>,
    edges: Vec<Edge>,
    names: Names,
    /// Global objects, and the scopes of global variables: roots that a program can name.
    pub globals: Vec<NodeId>,
    pub roots: Vec<HeapRoot>,
    /// The node that is asked about; none if it is not in the heap any more.
    pub target: Option<NodeId>,
    positions: BTreeMap<NodeId, SourcePosition>,
    /// Nodes by address, where the engine tells addresses and somebody may ask.
    addresses: HashMap<NodeId, u64>,
}

impl Heap {
    /// The nodes' number.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn kind(&self, id: NodeId) -> NodeKind {
        self.nodes[id as usize].kind
    }

    /// The class of an object, or what the engine calls the node.
    pub fn name(&self, id: NodeId) -> &str {
        self.names.get(self.nodes[id as usize].name)
    }

    pub fn edges(&self, id: NodeId) -> &[Edge] {
        &self.edges[self.range(id)]
    }

    /// The text of an edge's label.
    pub fn label(&self, label: EdgeLabel) -> Option<String> {
        match label {
            EdgeLabel::Name(name) => Some(self.names.get(name).to_owned()),
            EdgeLabel::Index(index) => Some(index.to_string()),
            EdgeLabel::None => None,
        }
    }

    /// Where a function is written, if the engine tells.
    pub fn position(&self, id: NodeId) -> Option<&SourcePosition> {
        self.positions.get(&id)
    }

    /// Where a node is in the engine's memory, if it tells.
    pub fn address(&self, id: NodeId) -> Option<u64> {
        self.addresses.get(&id).copied()
    }

    /// An edge of this name, and where it leads.
    fn by_name(&self, id: NodeId, name: &str) -> Option<NodeId> {
        let named = |edge: &&Edge| matches!(edge.label, EdgeLabel::Name(label) if self.names.get(label) == name);
        self.edges(id).iter().find(named).map(|edge| edge.to)
    }

    /// Adds a node; its edges are added next.
    fn add_node(&mut self, kind: NodeKind, name: u32) -> Result<NodeId> {
        let id = u32::try_from(self.nodes.len()).context("it has too many nodes")?;
        let edges_end = u32::try_from(self.edges.len()).context("it has too many edges")?;
        self.nodes.push(StoredNode { kind, name, edges_end });
        Ok(id)
    }

    /// Adds an edge of the node that was added last.
    fn add_edge(&mut self, edge: Edge) -> Result<()> {
        self.edges.push(edge);
        let end = u32::try_from(self.edges.len()).context("it has too many edges")?;
        self.nodes
            .last_mut()
            .context("an edge comes before any node")?
            .edges_end = end;
        Ok(())
    }

    fn edges_mut(&mut self, id: NodeId) -> &mut [Edge] {
        let range = self.range(id);
        &mut self.edges[range]
    }

    /// Where a node's edges are among all.
    fn range(&self, id: NodeId) -> Range<usize> {
        let id = id as usize;
        let start = id.checked_sub(1).map_or(0, |before| self.nodes[before].edges_end);
        start as usize..self.nodes[id].edges_end as usize
    }

    /// Every edge, and every root, leads to a node.
    fn check(&self) -> Result<()> {
        let nodes = self.nodes.len();
        let there = |id: NodeId| (id as usize) < nodes;
        ensure!(
            self.edges.iter().all(|edge| there(edge.to))
                && self.roots.iter().all(|root| there(root.node))
                && self.globals.iter().chain(&self.target).all(|id| there(*id)),
            "an edge leads to a node that is not there"
        );
        Ok(())
    }
}

/// Names, each kept once.
#[derive(Debug, Default)]
struct Names {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
}

impl Names {
    fn get(&self, name: u32) -> &str {
        self.texts.get(name as usize).map_or("", |text| text)
    }

    fn number(&mut self, text: &str) -> u32 {
        let text = shortened(text);
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }
}

/// The address in `0x7fe7534bc1e0`; engines tell the same one with more or fewer zeros before it.
pub fn parse_address(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// No more of a text than is kept.
fn shortened(text: &str) -> &str {
    match text.char_indices().nth(NAME) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}
