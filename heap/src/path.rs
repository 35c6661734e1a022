//! The shortest paths from roots to nodes.

use crate::{Edge, EdgeKind, Heap, NodeId, NodeKind};
use rustc_hash::FxHashSet as HashSet;
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
    /// The scope of a module.
    Module(NodeId),
    /// Another root, with what the engine calls it.
    Root(NodeId, String),
}

/// The shortest path from what a program can name, its global variables; without
/// any, from another root. None if no root leads to the node.
pub fn shortest(heap: &Heap, to: NodeId) -> Option<RetainingPath> {
    Paths::find(heap, &[], &[]).to(heap, to)
}

const UNSEEN: NodeId = NodeId::MAX;

/// References, each from one node to another.
#[derive(Debug, Default)]
pub struct References(pub(crate) HashSet<(NodeId, NodeId)>);

impl References {
    /// Adds others; whether one of them is new.
    pub fn add(&mut self, others: References) -> bool {
        let before = self.0.len();
        self.0.extend(others.0);
        self.0.len() > before
    }
}

/// A shortest path to each node, found in one search.
#[derive(Debug)]
pub struct Paths {
    /// By which node, and which of its edges, each node was reached; a root by itself.
    reached: Vec<(NodeId, u32)>,
}

impl Paths {
    /// Finds them. Paths through the variables, global or of a module, of the first set of
    /// names are preferred to all others, then those of the next set, then those from any global
    /// variable, then those from other roots. Before the last ones, none leads through an
    /// avoided node, unless one of the names is that of the node itself.
    pub fn find(heap: &Heap, preferred: &[std::collections::HashSet<String>], avoided: &[NodeId]) -> Paths {
        Paths::find_without(heap, preferred, avoided, &References::default())
    }

    /// As [`Paths::find`], as if there were no such references.
    pub fn find_without(
        heap: &Heap,
        preferred: &[std::collections::HashSet<String>],
        avoided: &[NodeId],
        cut: &References,
    ) -> Paths {
        let mut search = Search {
            heap,
            cut,
            reached: vec![(UNSEEN, 0); heap.node_count()],
            queue: VecDeque::new(),
            closed: HashSet::default(),
        };
        // Through the global object and the like each object leads to all others.
        let everywhere: Vec<NodeId> = heap.globals.iter().chain(&heap.realms).copied().collect();
        search
            .closed
            .extend(everywhere.iter().chain(&heap.modules).chain(avoided));
        for global in heap.globals.iter().chain(&heap.modules) {
            search.reach(*global, *global, 0);
        }
        search.queue.clear();
        let mut named = Vec::new();
        for names in preferred {
            for global in heap.globals.iter().chain(&heap.modules) {
                for (number, edge) in (0..).zip(heap.edges(*global)) {
                    let label = heap.label(edge.label);
                    if edge.kind != EdgeKind::Internal && label.is_some_and(|label| names.contains(&label)) {
                        search.reach(edge.to, *global, number);
                        named.push(edge.to);
                    }
                }
            }
            search.run();
        }
        search.open(&named);
        search.open(&everywhere);
        search.open(&heap.modules);
        search.open(avoided);
        for root in &heap.roots {
            search.reach(root.node, root.node, 0);
        }
        search.run();
        Paths {
            reached: search.reached,
        }
    }

    /// The path to a node; none if no root leads to it.
    pub fn to(&self, heap: &Heap, to: NodeId) -> Option<RetainingPath> {
        let mut edges = Vec::new();
        let mut id = to;
        while let Some((from, edge)) = self.step(heap, id) {
            edges.push(*edge);
            id = from;
        }
        if self.reached[id as usize].0 == UNSEEN {
            return None;
        }
        edges.reverse();
        let start = match heap.globals.contains(&id) {
            true => PathStart::Global(id),
            false if heap.modules.contains(&id) => PathStart::Module(id),
            false => {
                let root = heap.roots.iter().find(|root| root.node == id)?;
                PathStart::Root(id, root.name.clone())
            }
        };
        Some(RetainingPath { start, edges })
    }

    /// The last edge of the path to a node, and where it begins; none at a root.
    pub(crate) fn step<'a>(&self, heap: &'a Heap, id: NodeId) -> Option<(NodeId, &'a Edge)> {
        let (from, number) = self.reached[id as usize];
        (from != UNSEEN && from != id).then(|| (from, &heap.edges(from)[number as usize]))
    }

    /// Whether a root leads to it.
    pub fn has(&self, id: NodeId) -> bool {
        self.reached[id as usize].0 != UNSEEN
    }
}

/// Breadth first from all starts at once. Of equally short paths the one that
/// comes first is taken, and so the same one each time.
struct Search<'a> {
    heap: &'a Heap,
    cut: &'a References,
    reached: Vec<(NodeId, u32)>,
    queue: VecDeque<NodeId>,
    /// Nodes that are reached, but not passed.
    closed: HashSet<NodeId>,
}

impl Search<'_> {
    fn reach(&mut self, id: NodeId, from: NodeId, number: u32) {
        let by = &mut self.reached[id as usize];
        let is_cut = || !self.cut.0.is_empty() && self.cut.0.contains(&(from, id));
        if by.0 == UNSEEN && !is_cut() {
            *by = (from, number);
            self.queue.push_back(id);
        }
    }

    /// Passes these nodes, if they are reached.
    fn open(&mut self, nodes: &[NodeId]) {
        let opened = nodes.iter().filter(|id| self.closed.remove(id));
        let opened: Vec<NodeId> = opened.copied().collect();
        let reached = opened.iter().filter(|id| self.reached[**id as usize].0 != UNSEEN);
        self.queue.extend(reached);
        self.run();
    }

    fn run(&mut self) {
        while let Some(id) = self.queue.pop_front() {
            if self.closed.contains(&id) {
                continue;
            }
            for (number, edge) in (0..).zip(self.heap.edges(id)) {
                self.reach(edge.to, id, number);
            }
        }
    }
}

/// Folds away the nodes that are the engine's own; the last one always stays. A
/// step that stands for several edges has the last name among them.
pub fn fold(heap: &Heap, path: &RetainingPath) -> Vec<Edge> {
    let mut steps = Vec::new();
    let mut pending = None;
    for (index, edge) in path.edges.iter().enumerate() {
        let best = best_name(pending, edge);
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

/// The best name so far for a step that is being folded.
pub(crate) fn best_name(pending: Option<Edge>, edge: &Edge) -> Edge {
    match pending {
        Some(before) if !is_named(edge) && is_named(&before) => Edge { to: edge.to, ..before },
        _ => *edge,
    }
}

/// Whether the program, or its author, has a name for it.
fn is_named(edge: &Edge) -> bool {
    edge.kind != EdgeKind::Internal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeapRoot;
    use crate::tests::drawn::{Row, heap};

    /// Each edge with its label and where it leads.
    fn words(heap: &Heap, edges: &[Edge]) -> Vec<String> {
        let step = |edge: &Edge| format!("{} {}", heap.label(edge.label).unwrap(), heap.name(edge.to));
        edges.iter().map(step).collect()
    }

    #[test]
    fn a_path_through_a_preferred_name_of_the_program_comes_first() {
        use EdgeKind::*;
        let heap = heap(&[
            (
                "global",
                vec![
                    (CapturedVariable, "other", 3),
                    (Internal, "mine", 3),
                    (Property, "mine", 1),
                ],
            ),
            ("Array", vec![(Element, "0", 2)]),
            ("Holder", vec![(Property, "item", 3)]),
            ("Item", vec![]),
        ]);
        let preferred = [std::collections::HashSet::from(["mine".to_owned()])];
        for (preferred, wanted) in [
            (&[][..], &["other Item"][..]),
            (&preferred, &["mine Array", "0 Holder", "item Item"]),
        ] {
            let path = Paths::find(&heap, preferred, &[]).to(&heap, 3).unwrap();
            assert_eq!(path.start, PathStart::Global(0));
            assert_eq!(words(&heap, &path.edges), wanted);
        }
    }

    #[test]
    fn a_path_from_another_root_begins_with_what_the_engine_calls_it() {
        use EdgeKind::*;
        let mut heap = heap(&[
            ("global", vec![]),
            ("Array", vec![]),
            ("Holder", vec![(Property, "item", 3)]),
            ("Item", vec![]),
        ]);
        let root = |node, name: &str| HeapRoot {
            node,
            name: name.to_owned(),
        };
        heap.roots = vec![root(1, "handles"), root(2, "stack")];
        let path = shortest(&heap, 3).unwrap();
        assert_eq!(path.start, PathStart::Root(2, "stack".to_owned()));
        assert_eq!(words(&heap, &path.edges), ["item Item"]);
    }

    #[test]
    fn a_step_over_the_engines_own_nodes_has_the_last_name_that_the_program_gave() {
        use EdgeKind::*;
        let folded = |rows: &[Row]| {
            let heap = heap(rows);
            let path = shortest(&heap, heap.node_count() as NodeId - 1).unwrap();
            words(&heap, &fold(&heap, &path))
        };
        let first = |kind, label| ("global", vec![(kind, label, 1)]);
        let table = |kind, label| ("(table)", vec![(kind, label, 2)]);
        for (rows, wanted) in [
            ([first(Property, "a"), table(Internal, "b"), ("Item", vec![])], "a Item"),
            ([first(Internal, "a"), table(Property, "b"), ("Item", vec![])], "b Item"),
            ([first(Property, "a"), table(MapValue, "b"), ("Item", vec![])], "b Item"),
            ([first(Internal, "a"), table(Internal, "b"), ("Item", vec![])], "b Item"),
            // The last node is shown, whose ever it is.
            (
                [first(Property, "a"), table(Internal, "b"), ("(store)", vec![])],
                "a (store)",
            ),
        ] {
            assert_eq!(folded(&rows), [wanted], "{rows:?}");
        }
    }
}
