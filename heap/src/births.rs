//! When the nodes of a heap were born, told from snapshots of the same process before.

use crate::{Heap, LARGE, LargeNode, NodeId};
use rustc_hash::FxHashMap as HashMap;

/// What is known of a snapshot before.
#[derive(Debug, Default)]
pub struct EarlierHeap {
    /// What tells its nodes from all others of its process, see [`Heap::identity`]; sorted.
    pub identities: Vec<u64>,
    /// The bytes of its large nodes, by their identities.
    large: HashMap<u64, u64>,
}

impl EarlierHeap {
    /// Adds a node, with its own bytes, if the engine writes sizes.
    pub(crate) fn add(&mut self, identity: u64, bytes: u64) {
        self.identities.push(identity);
        if bytes >= LARGE {
            self.large.insert(identity, bytes);
        }
    }
}

/// The snapshot in which each node was there for the first time.
#[derive(Debug)]
pub struct Births {
    first: Vec<u8>,
    intervals: usize,
    /// By how much the large nodes got larger, the largest growth first.
    grown: Vec<(NodeId, u64)>,
}

impl Births {
    /// `earlier` has the snapshots before, the oldest first, each as
    /// [`SnapshotFormat::earlier`](crate::SnapshotFormat::earlier) gives them.
    pub fn of(heap: &Heap, earlier: &[EarlierHeap]) -> Births {
        let first = |identity: &u64| {
            let known = earlier
                .iter()
                .position(|all| all.identities.binary_search(identity).is_ok());
            u8::try_from(known.unwrap_or(earlier.len())).unwrap_or(u8::MAX)
        };
        let before = |identity| earlier.first().and_then(|earlier| earlier.large.get(&identity));
        let growth = |large: &LargeNode| {
            let before = heap.identity(large.node).and_then(before).copied().unwrap_or(0);
            (large.node, large.bytes.saturating_sub(before))
        };
        let mut grown: Vec<(NodeId, u64)> = heap.large().iter().map(growth).collect();
        grown.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        Births {
            first: heap.identities.iter().map(first).collect(),
            intervals: earlier.len(),
            grown,
        }
    }

    /// The interval in which a node was born, from 1 on; 0 if it was there in the first snapshot.
    pub fn interval(&self, id: NodeId) -> usize {
        self.first.get(id as usize).copied().unwrap_or_default().into()
    }

    /// What a program sees of what is new.
    pub fn new_nodes(&self, heap: &Heap) -> Vec<NodeId> {
        let all = 0..heap.node_count() as NodeId;
        all.filter(|id| self.is_new(*id) && heap.is_visible(*id)).collect()
    }

    /// The large nodes, and by how many bytes each got larger since the first snapshot: what is
    /// new by all that it has. The largest growth first.
    pub fn grown(&self) -> &[(NodeId, u64)] {
        &self.grown
    }

    /// How many intervals there are: one fewer than snapshots.
    pub fn intervals(&self) -> usize {
        self.intervals
    }

    /// Whether a node was not there in the first snapshot.
    pub fn is_new(&self, id: NodeId) -> bool {
        self.interval(id) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::drawn::heap;

    #[test]
    fn a_node_is_as_old_as_the_first_snapshot_that_has_it() {
        let mut heap = heap(&[("global", vec![]), ("Item", vec![]), ("Item", vec![]), ("Item", vec![])]);
        heap.identities = vec![3, 9, 7, 4];
        let earlier = [vec![3, 4], vec![3, 4, 7]].map(|identities| EarlierHeap {
            identities,
            large: HashMap::from_iter([(3, LARGE), (4, 2 * LARGE)]),
        });
        heap.note_sizes([3 * LARGE, LARGE - 1, LARGE, 2 * LARGE].into_iter());
        let births = Births::of(&heap, &earlier);
        assert_eq!(births.grown(), [(0, 2 * LARGE), (2, LARGE), (3, 0)]);
        let intervals: Vec<usize> = (0..4).map(|id| births.interval(id)).collect();
        assert_eq!(intervals, [0, 2, 1, 0]);
        assert_eq!(births.intervals(), 2);
        assert!(!births.is_new(3));
        assert!(births.is_new(2));
    }
}
