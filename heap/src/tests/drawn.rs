//! Heaps that are written down as tables.

use crate::{Edge, EdgeKind, EdgeLabel, Heap, NodeId, NodeKind};

/// A node's class, and its edges by kind, label and target.
pub type Row = (&'static str, Vec<(EdgeKind, &'static str, NodeId)>);

/// The heap of these nodes; the first one is its global object. A class in brackets is the engine's own.
pub fn heap(rows: &[Row]) -> Heap {
    let mut heap = Heap::default();
    for (name, edges) in rows {
        let kind = match *name {
            "function" => NodeKind::Function,
            name if name.starts_with('(') => NodeKind::Engine,
            _ => NodeKind::Object,
        };
        let number = heap.names.number(name);
        heap.add_node(kind, number).unwrap();
        for (kind, label, to) in edges {
            let label = match label.parse() {
                Ok(index) => EdgeLabel::Index(index),
                Err(_) => EdgeLabel::Name(heap.names.number(label)),
            };
            heap.add_edge(Edge {
                kind: *kind,
                label,
                to: *to,
            })
            .unwrap();
        }
    }
    heap.globals = vec![0];
    heap
}
