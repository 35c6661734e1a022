//! Where what is new hangs at what was there before; and which references to cut, so that
//! it does no longer.

use crate::births::Births;
use crate::path::{Paths, References};
use crate::{EdgeKind, Heap, NodeId, NodeKind};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

/// How far the engine's own nodes of an object are looked for.
const OWN_DEPTH: usize = 2;

/// A reference on the path to a node, between two nodes that a program sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What refers; none if it is a root.
    pub holder: Option<NodeId>,
    /// What it refers to.
    pub node: NodeId,
}

/// The entries of nodes that are new: the first new node on the path to each, and what holds it.
#[derive(Debug)]
pub struct Entries<'a> {
    heap: &'a Heap,
    paths: &'a Paths,
    births: &'a Births,
    /// The entry of a node, and the last node up to it that a program sees.
    known: HashMap<NodeId, (Option<Entry>, Option<NodeId>)>,
}

impl<'a> Entries<'a> {
    /// Of the nodes of this heap, by these paths and births.
    pub fn of(heap: &'a Heap, paths: &'a Paths, births: &'a Births) -> Entries<'a> {
        Entries {
            heap,
            paths,
            births,
            known: HashMap::default(),
        }
    }

    /// The entry of a node; none if nothing on its path is new.
    pub fn entry(&mut self, node: NodeId) -> Option<Entry> {
        let mut rest = Vec::new();
        let mut at = node;
        let (mut found, mut holder) = loop {
            if let Some(known) = self.known.get(&at) {
                break *known;
            }
            rest.push(at);
            match self.paths.step(self.heap, at) {
                Some((from, _)) => at = from,
                None => break (None, None),
            }
        };
        while let Some(next) = rest.pop() {
            let is_visible = self.heap.is_visible(next);
            if found.is_none() && is_visible && self.births.is_new(next) {
                found = Some(Entry { holder, node: next });
            }
            holder = if is_visible { Some(next) } else { holder };
            self.known.insert(next, (found, holder));
        }
        found
    }
}

/// The nodes before this one on its path, the nearest first.
fn before<'a>(heap: &'a Heap, paths: &'a Paths, node: NodeId) -> impl Iterator<Item = NodeId> + 'a {
    let mut at = node;
    std::iter::from_fn(move || {
        let (from, _) = paths.step(heap, at)?;
        at = from;
        Some(from)
    })
}

/// The last node that the paths to all of these nodes have in common, and that a program sees
/// or is a root; none if they begin at several roots. A node is part of its own path.
pub fn fork(heap: &Heap, paths: &Paths, nodes: &[NodeId]) -> Option<NodeId> {
    let way = |node: NodeId| {
        let mut way: Vec<NodeId> = before(heap, paths, node).collect();
        way.reverse();
        way.push(node);
        way
    };
    let mut common = way(*nodes.first()?);
    for node in &nodes[1..] {
        let other = way(*node);
        let same = common
            .iter()
            .zip(&other)
            .take_while(|(one, other)| one == other)
            .count();
        common.truncate(same);
    }
    common.into_iter().rev().find(|id| heap.is_visible(*id))
}

/// The entries of nodes below a node that is on all their paths: what it refers to.
pub fn below(heap: &Heap, paths: &Paths, holder: NodeId, nodes: &[NodeId]) -> Vec<Entry> {
    let mut known: HashMap<NodeId, Option<NodeId>> = HashMap::default();
    let mut entry = |node: NodeId| {
        let mut rest = Vec::new();
        let mut at = node;
        let mut found = loop {
            if at == holder {
                break None;
            }
            if let Some(known) = known.get(&at) {
                break *known;
            }
            rest.push(at);
            match paths.step(heap, at) {
                Some((from, _)) => at = from,
                None => break None,
            }
        };
        while let Some(next) = rest.pop() {
            found = found.or(heap.is_visible(next).then_some(next));
            known.insert(next, found);
        }
        found
    };
    let found: Vec<NodeId> = nodes.iter().filter_map(|node| entry(*node)).collect();
    let mut seen = HashSet::default();
    let fresh = found.into_iter().filter(|node| seen.insert(*node));
    fresh
        .map(|node| Entry {
            holder: Some(holder),
            node,
        })
        .collect()
}

/// All references by which the holder of each entry refers to its node, by itself or by what
/// the engine has of its own for it: the elements of an array, the table of a map, a scope. An
/// entry of a map goes with key and value. For [`Paths::find_without`].
pub fn references(heap: &Heap, paths: &Paths, births: &Births, entries: &[Entry]) -> References {
    let mut held: HashMap<NodeId, HashSet<NodeId>> = HashMap::default();
    let mut emptied = HashSet::default();
    let mut found = HashSet::default();
    for entry in entries {
        if let Some((from, edge)) = paths.step(heap, entry.node) {
            found.insert((from, entry.node));
            if heap.kind(from) == NodeKind::Engine && UNNAMED.contains(&edge.kind) && emptied.insert(from) {
                let new = heap.edges(from).iter().map(|edge| edge.to);
                let new = new.filter(|to| births.is_new(*to) && heap.is_visible(*to));
                found.extend(new.map(|to| (from, to)));
            }
        }
        if let Some(holder) = entry.holder {
            held.entry(holder).or_default().insert(entry.node);
        }
    }
    for (holder, nodes) in held {
        for from in engines_own(heap, holder) {
            let to = heap.edges(from).iter().map(|edge| edge.to);
            found.extend(to.filter(|to| nodes.contains(to)).map(|to| (from, to)));
        }
    }
    References(found)
}

/// What the engine's own nodes refer to without a name of the program goes together.
const UNNAMED: [EdgeKind; 5] = [
    EdgeKind::Internal,
    EdgeKind::PropertyName,
    EdgeKind::MapValue,
    EdgeKind::MapKey,
    EdgeKind::SetElement,
];

/// The node, and what the engine has of its own behind it.
fn engines_own(heap: &Heap, node: NodeId) -> Vec<NodeId> {
    let is_own = |id: &NodeId| heap.kind(*id) == NodeKind::Engine && !heap.is_text(*id);
    let mut found = vec![node];
    let mut seen = HashSet::from_iter([node]);
    let mut from = 0;
    for _ in 0..OWN_DEPTH {
        let to = found.len();
        for at in from..to {
            let next = heap.edges(found[at]).iter().map(|edge| edge.to);
            found.extend(next.filter(is_own).filter(|id| seen.insert(*id)));
        }
        from = to;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EdgeKind::*;
    use crate::births::EarlierHeap;
    use crate::tests::drawn::heap;

    /// An array of sessions, each with items that come and stay; items have parts.
    fn sessions() -> (Heap, Births) {
        let mut heap = heap(&[
            ("global", vec![(CapturedVariable, "sessions", 1)]),
            ("Array", vec![(Element, "0", 2), (Element, "1", 3)]),
            ("Session", vec![(Property, "all", 4)]),
            ("Session", vec![(Property, "all", 5)]),
            ("Array", vec![(Element, "0", 7), (Internal, "elements", 6)]),
            ("Array", vec![(Element, "0", 8)]),
            ("(elements)", vec![(Internal, "0", 7)]),
            ("Item", vec![(Property, "part", 9)]),
            ("Item", vec![]),
            ("Part", vec![]),
        ]);
        heap.identities = (1..=10).collect();
        let mut earlier = EarlierHeap::default();
        (1..=6).for_each(|identity| earlier.add(identity, 0));
        let births = Births::of(&heap, &[earlier]);
        (heap, births)
    }

    #[test]
    fn what_is_new_hangs_at_the_last_of_what_was_there() {
        let (heap, births) = sessions();
        let paths = Paths::find(&heap, &[], &[]);
        let mut entries = Entries::of(&heap, &paths, &births);
        let entry = |holder, node| Some(Entry { holder, node });
        assert_eq!(entries.entry(9), entry(Some(4), 7));
        assert_eq!(entries.entry(7), entry(Some(4), 7));
        assert_eq!(entries.entry(8), entry(Some(5), 8));
        assert_eq!(entries.entry(5), None);
    }

    #[test]
    fn paths_fork_at_the_last_node_that_they_share() {
        let (heap, _) = sessions();
        let paths = Paths::find(&heap, &[], &[]);
        assert_eq!(fork(&heap, &paths, &[7, 8]), Some(1));
        assert_eq!(fork(&heap, &paths, &[7, 9]), Some(7));
        assert_eq!(fork(&heap, &paths, &[]), None);
        let found: Vec<NodeId> = below(&heap, &paths, 1, &[7, 8, 9])
            .iter()
            .map(|entry| entry.node)
            .collect();
        assert_eq!(found, [2, 3]);
        assert!(below(&heap, &paths, 7, &[7]).is_empty());
    }

    #[test]
    fn what_is_cut_is_reached_no_longer_unless_something_else_refers_to_it() {
        let (mut heap, births) = sessions();
        let paths = Paths::find(&heap, &[], &[]);
        let entries: Vec<Entry> = [7, 8]
            .iter()
            .filter_map(|id| Entries::of(&heap, &paths, &births).entry(*id))
            .collect();
        let cut = references(&heap, &paths, &births, &entries);
        // The array's elements are the engine's own.
        assert!(
            [(4, 7), (6, 7), (5, 8)]
                .iter()
                .all(|reference| cut.0.contains(reference))
        );
        let after = Paths::find_without(&heap, &[], &[], &cut);
        assert!(!after.has(7) && !after.has(8) && !after.has(9) && after.has(5));
        heap.roots = vec![crate::HeapRoot {
            node: 9,
            name: "stack".to_owned(),
        }];
        let after = Paths::find_without(&heap, &[], &[], &cut);
        assert!(!after.has(7) && after.has(9));
    }
}
