//! What all engines' instances of WebAssembly have in common.

use crate::{Edge, EdgeKind, EdgeLabel, Heap, NodeId, NodeKind};
use rustc_hash::FxHashSet as HashSet;

/// The class of an instance.
pub const INSTANCE: &str = "WebAssembly.Instance";

/// An instance refers to its tables and memories itself, too. What it exports is better
/// reached by the exports object, which has the names that a program knows.
pub fn prefer_exports(heap: &mut Heap) {
    let Some(label) = heap.names.known("exports").map(EdgeLabel::Name) else {
        return;
    };
    for id in 0..heap.node_count() as NodeId {
        if heap.kind(id) != NodeKind::Object || heap.name(id) != INSTANCE {
            continue;
        }
        let Some(exports) = exports_of(heap, id, label) else {
            continue;
        };
        let exported: HashSet<NodeId> = heap
            .edges(exports)
            .iter()
            .filter(|edge| edge.kind == EdgeKind::Property && heap.kind(edge.to) == NodeKind::Object)
            .map(|edge| edge.to)
            .collect();
        for edge in heap.edges_mut(id) {
            if edge.kind == EdgeKind::Internal && exported.contains(&edge.to) {
                *edge = Edge {
                    kind: EdgeKind::Property,
                    label,
                    to: exports,
                };
            }
        }
    }
}

/// The exports object, which the instance or its module record refers to.
fn exports_of(heap: &Heap, id: NodeId, label: EdgeLabel) -> Option<NodeId> {
    let own = |id: NodeId| {
        let named = |edge: &&Edge| edge.kind == EdgeKind::Property && edge.label == label;
        let found = heap.edges(id).iter().find(named).map(|edge| edge.to);
        found.filter(|to| heap.kind(*to) == NodeKind::Object)
    };
    let engines = heap.edges(id).iter().map(|edge| edge.to);
    let mut engines = engines.filter(|to| heap.kind(*to) == NodeKind::Engine);
    own(id).or_else(|| engines.find_map(own))
}
