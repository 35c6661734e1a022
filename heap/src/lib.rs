//! One model of a JavaScript heap, read from what three engines write: nodes, named
//! edges, roots, and the shortest path from a root to an object.
//!
//! Bytes in, a [`Heap`] out; the crate opens no file and starts no engine.
//!
//! ```
//! use heap::path::{PathStart, fold, shortest};
//! use heap::{MEMORY_LIMIT, SnapshotFormat, TargetHint};
//!
//! # fn main() -> anyhow::Result<()> {
//! let snapshot = include_bytes!("../tests/snapshots/m1.v8.heapsnapshot");
//! let format = SnapshotFormat::V8;
//!
//! // Refuse what would not fit, before anything is read.
//! format.check_size(snapshot.len() as u64, MEMORY_LIMIT)?;
//! let heap = format.parse(&snapshot[..], TargetHint::WeakRef("explainTarget"))?;
//!
//! let object = heap.targets[0].expect("it is alive");
//! let path = shortest(&heap, object).expect("a root leads to it");
//! assert!(matches!(path.start, PathStart::Global(_)));
//!
//! // Without the nodes that only the engine knows.
//! let steps: Vec<String> = fold(&heap, &path)
//!     .iter()
//!     .map(|edge| format!("{} {}", heap.label(edge.label).unwrap_or_default(), heap.name(edge.to)))
//!     .collect();
//! assert_eq!(steps[0], "table ObjectTable");
//! assert_eq!(steps[1], "objects Array");
//! assert_eq!(steps[3], "obj WasmObject");
//! # Ok(())
//! # }
//! ```
//!
//! # How to make a snapshot
//!
//! The objects have to be findable: in V8 and SpiderMonkey by a global variable
//! (`const explainTarget = new WeakRef(object)`, or an array of WeakRefs) in a
//! classic script, in JavaScriptCore by their addresses, which `describe(object)` prints.
//!
//! | format | shell | host |
//! | --- | --- | --- |
//! | [`SnapshotFormat::V8`] | d8 `--allow-natives-syntax`, `%TakeHeapSnapshot('FILE')` | `v8.writeHeapSnapshot(FILE)` in Node.js and Deno; the Memory panel of Chrome |
//! | [`SnapshotFormat::Jsc`] | `generateHeapSnapshotForGCDebugging()` returns it | `generateHeapSnapshotForDebugging()` of `bun:jsc` |
//! | [`SnapshotFormat::SpiderMonkey`] | `dumpHeap('FILE')` | |

#![warn(missing_docs)]

mod edge;
mod format;
mod json;
mod jsc;
mod jsc_classes;
mod names;
mod spidermonkey;
mod target;
mod v8;
mod web_assembly;
pub mod births;
pub mod entry;
pub mod group;
pub mod path;

#[cfg(test)]
mod tests;

pub use edge::{Edge, EdgeKind, EdgeLabel};
pub use format::{MEMORY_LIMIT, SnapshotFormat};
pub use target::{HELD_TARGETS, ReportedReference, TargetHint};

use anyhow::{Context, Result, ensure};
use names::{Names, shortened};
use rustc_hash::FxHashMap as HashMap;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// A node's number, from 0 on, in the order of the snapshot.
pub type NodeId = u32;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// A value that a program sees.
    Object,
    /// A function that a program sees.
    Function,
    /// The engine's own: contexts, hidden classes, backing stores.
    Engine,
}

#[derive(Debug, Clone, Copy)]
struct StoredNode {
    kind: NodeKind,
    name: u32,
    /// Where its edges end; they begin where those of the node before end.
    edges_end: u32,
}

/// A node that the collector starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeapRoot {
    /// The node.
    pub node: NodeId,
    /// What it is, in the engine's words.
    pub name: String,
}

/// Where a function is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourcePosition {
    /// Its name, as the engine loaded it.
    pub file: String,
    /// The line, from 1 on.
    pub line: u32,
    /// The column, from 1 on; 0 if the engine reports none.
    pub column: u32,
}

/// A heap, as it was when the snapshot was made.
///
/// A [`NodeId`] is one of this heap's; that of another heap may panic.
#[derive(Debug, Default)]
pub struct Heap {
    nodes: Vec<StoredNode>,
    edges: Vec<Edge>,
    names: Names,
    /// Global objects, and the scopes of global variables: roots that a program can name.
    pub globals: Vec<NodeId>,
    /// The scopes of modules: what a program can name in its files.
    pub modules: Vec<NodeId>,
    /// All other roots.
    pub roots: Vec<HeapRoot>,
    /// The objects that the hint leads to, in its order; none where one is not in the heap any more.
    pub targets: Vec<Option<NodeId>>,
    /// The engine's own objects that all scripts share, and that refer to everything.
    realms: Vec<NodeId>,
    /// WeakMaps by key and value.
    weak_maps: HashMap<(NodeId, NodeId), NodeId>,
    positions: BTreeMap<NodeId, SourcePosition>,
    /// Which nodes are strings.
    texts: Vec<bool>,
    /// What tells a node from all others, in all snapshots of one process: V8's number of it, or its address.
    identities: Vec<u64>,
    /// Nodes that take many bytes by themselves.
    large: Vec<LargeNode>,
}

/// A node that takes [`LARGE`] bytes or more by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LargeNode {
    /// An object, or what the engine keeps its elements in.
    pub node: NodeId,
    /// Its size in bytes, as the engine counts it, without what it refers to.
    pub bytes: u64,
}

/// The least bytes of a [`LargeNode`].
pub const LARGE: u64 = 16 << 10;

impl Heap {
    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// What a node is.
    pub fn kind(&self, id: NodeId) -> NodeKind {
        self.nodes[id as usize].kind
    }

    /// The class of an object, or the engine's name of the node.
    pub fn name(&self, id: NodeId) -> &str {
        self.names.get(self.nodes[id as usize].name)
    }

    /// Gives objects and captured variables other names, where there is one: those that a script
    /// had before it was made smaller.
    pub fn rename(&mut self, new: impl Fn(&str) -> Option<String>) {
        let mut known: HashMap<u32, u32> = HashMap::default();
        let names = &mut self.names;
        let mut renamed = |number: u32| {
            *known.entry(number).or_insert_with(|| match new(names.get(number)) {
                Some(name) => names.number(&name),
                None => number,
            })
        };
        for (id, node) in self.nodes.iter_mut().enumerate() {
            let is_text = self.texts.get(id).copied().unwrap_or_default();
            if node.kind == NodeKind::Object && !is_text {
                node.name = renamed(node.name);
            }
        }
        for edge in self
            .edges
            .iter_mut()
            .filter(|edge| edge.kind == EdgeKind::CapturedVariable)
        {
            if let EdgeLabel::Name(number) = edge.label {
                edge.label = EdgeLabel::Name(renamed(number));
            }
        }
    }

    /// The edges of a node, in the order of the snapshot.
    pub fn edges(&self, id: NodeId) -> &[Edge] {
        &self.edges[self.range(id)]
    }

    /// The text of an edge's label; none if the engine reports none.
    pub fn label(&self, label: EdgeLabel) -> Option<String> {
        match label {
            EdgeLabel::Name(name) => Some(self.names.get(name).to_owned()),
            EdgeLabel::Index(index) => Some(index.to_string()),
            EdgeLabel::None => None,
        }
    }

    /// Where a function is written, if the engine reports it.
    pub fn position(&self, id: NodeId) -> Option<&SourcePosition> {
        self.positions.get(&id)
    }

    /// Whether it is a string: its name is then its content, or the engine's word for it.
    pub fn is_text(&self, id: NodeId) -> bool {
        self.texts.get(id as usize).copied().unwrap_or_default()
    }

    /// Whether a program sees it: an object, a function, or a string.
    pub fn is_visible(&self, id: NodeId) -> bool {
        self.kind(id) != NodeKind::Engine || self.is_text(id)
    }

    /// What tells a node from all others in the snapshots of one process: in V8 its number, else
    /// its address. An address may be used again, once its object has died.
    pub fn identity(&self, id: NodeId) -> Option<u64> {
        self.identities.get(id as usize).copied()
    }

    /// The nodes that take many bytes by themselves, in no order; none if the engine writes no
    /// sizes.
    pub fn large(&self) -> &[LargeNode] {
        &self.large
    }

    /// Notes which nodes are large, by the sizes of all.
    fn note_sizes(&mut self, sizes: impl Iterator<Item = u64>) {
        let large = (0..).zip(sizes).filter(|(_, bytes)| *bytes >= LARGE);
        self.large = large.map(|(node, bytes)| LargeNode { node, bytes }).collect();
    }

    /// The WeakMap that has this key and value.
    pub fn weak_map(&self, key: NodeId, value: NodeId) -> Option<NodeId> {
        self.weak_maps.get(&(key, value)).copied()
    }

    /// How many nodes of each class there are among these, with one of them; in no order.
    pub fn classes(&self, nodes: &[NodeId]) -> Vec<(NodeId, usize)> {
        let mut found: HashMap<(NodeKind, bool, u32), (NodeId, usize)> = HashMap::default();
        for id in nodes {
            let node = self.nodes[*id as usize];
            let is_text = self.is_text(*id);
            let name = if is_text || node.kind == NodeKind::Function {
                0
            } else {
                node.name
            };
            found.entry((node.kind, is_text, name)).or_insert((*id, 0)).1 += 1;
        }
        found.into_values().collect()
    }

    /// The nodes that have a property that is of this class.
    pub fn with_part(&self, class: &str) -> Vec<NodeId> {
        let Some(name) = self.names.known(class) else {
            return Vec::new();
        };
        let is_part = |edge: &Edge| edge.kind == EdgeKind::Property && self.nodes[edge.to as usize].name == name;
        let all = 0..self.nodes.len() as NodeId;
        all.filter(|id| self.edges(*id).iter().any(is_part)).collect()
    }

    /// The file of a module's scope, if the engine tells of a function in it where it is written.
    pub fn module_file(&self, scope: NodeId) -> Option<&str> {
        let mut functions = self.edges(scope).iter().filter_map(|edge| self.position(edge.to));
        functions.next().map(|position| position.file.as_str())
    }

    /// An edge of this name, and where it leads.
    fn by_name(&self, id: NodeId, name: &str) -> Option<NodeId> {
        let named = |edge: &&Edge| matches!(edge.label, EdgeLabel::Name(label) if self.names.get(label) == name);
        self.edges(id).iter().find(named).map(|edge| edge.to)
    }

    /// Where an edge leads that has this name from the engine. A program's property or
    /// variable may have the same one.
    fn by_engines_name(&self, id: NodeId, name: &str) -> Option<NodeId> {
        let is_engines = |edge: &&Edge| edge.kind == EdgeKind::Internal;
        let named = |edge: &&Edge| matches!(edge.label, EdgeLabel::Name(label) if self.names.get(label) == name);
        self.edges(id).iter().filter(is_engines).find(named).map(|edge| edge.to)
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
                && self
                    .globals
                    .iter()
                    .chain(&self.modules)
                    .chain(self.targets.iter().flatten())
                    .all(|id| there(*id)),
            "an edge leads to a missing node"
        );
        Ok(())
    }
}

/// The address in `0x7fe7534bc1e0`; engines write the same one with more or fewer leading zeros.
pub fn parse_address(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}
