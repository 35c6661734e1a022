//! The shortest path from a root to a node.

use crate::{Edge, EdgeKind, Heap, NodeId, NodeKind};
use std::collections::VecDeque;

/// A path: where it begins, and the edges from there on. It has at least one
/// edge, unless a root is the node itself.
#[derive(Debug, PartialEq, Eq)]
pub struct RetainingPath {
    /// The root.
    pub start: PathStart,
    /// The edges, from the root on.
    pub edges: Vec<Edge>,
}

/// What a path begins at.
#[derive(Debug, PartialEq, Eq)]
pub enum PathStart {
    /// A global object, or the scope of global variables.
    Global(NodeId),
    /// Another root, with what the engine calls it.
    Root(NodeId, String),
}

/// The shortest path from what a program can name, its global variables; without
/// any, from another root. None if no root leads to the node.
pub fn shortest(heap: &Heap, to: NodeId) -> Option<RetainingPath> {
    let global = |edges: Vec<Edge>, id| RetainingPath {
        start: PathStart::Global(id),
        edges,
    };
    if let Some((id, edges)) = search(heap, &heap.globals, to) {
        return Some(global(edges, id));
    }
    let roots: Vec<NodeId> = heap.roots.iter().map(|root| root.node).collect();
    let (id, edges) = search(heap, &roots, to)?;
    let root = heap.roots.iter().find(|root| root.node == id)?;
    Some(RetainingPath {
        start: PathStart::Root(id, root.name.clone()),
        edges,
    })
}

/// Breadth first from all starts at once. Of equally short paths the one that
/// comes first is taken, and so the same one each time.
fn search(heap: &Heap, starts: &[NodeId], to: NodeId) -> Option<(NodeId, Vec<Edge>)> {
    const UNSEEN: NodeId = NodeId::MAX;
    // By which node, and which of its edges, each node was reached.
    let mut reached: Vec<(NodeId, u32)> = vec![(UNSEEN, 0); heap.node_count()];
    let mut queue = VecDeque::new();
    for start in starts {
        if reached[*start as usize].0 == UNSEEN {
            reached[*start as usize] = (*start, 0);
            queue.push_back(*start);
        }
    }
    while let Some(id) = queue.pop_front() {
        if id == to {
            break;
        }
        for (number, edge) in (0..).zip(heap.edges(id)) {
            let by = &mut reached[edge.to as usize];
            if by.0 == UNSEEN {
                *by = (id, number);
                queue.push_back(edge.to);
            }
        }
    }
    let mut edges = Vec::new();
    let mut id = to;
    loop {
        let (from, number) = reached[id as usize];
        match from {
            UNSEEN => return None,
            _ if from == id => break,
            _ => edges.push(heap.edges(from)[number as usize]),
        }
        id = from;
    }
    edges.reverse();
    Some((id, edges))
}

/// Folds away the nodes that are the engine's own; the last one always stays. A
/// step that stands for several edges has the last name among them.
pub fn fold(heap: &Heap, path: &RetainingPath) -> Vec<Edge> {
    let mut steps = Vec::new();
    // The best name so far for the step that is being folded.
    let mut pending: Option<Edge> = None;
    for (index, edge) in path.edges.iter().enumerate() {
        let best = match pending {
            Some(before) if !is_named(edge) && is_named(&before) => Edge { to: edge.to, ..before },
            _ => *edge,
        };
        let is_last = index + 1 == path.edges.len();
        pending = match heap.kind(edge.to) != NodeKind::Engine || is_last {
            true => {
                steps.push(best);
                None
            }
            false => Some(best),
        };
    }
    steps
}

/// Whether the program, or its author, has a name for it.
fn is_named(edge: &Edge) -> bool {
    edge.kind != EdgeKind::Internal
}
