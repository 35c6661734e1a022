//! When the nodes of a heap were born, told from snapshots of the same process before.

use crate::{Heap, NodeId};

/// The snapshot in which each node was there for the first time.
#[derive(Debug)]
pub struct Births {
    first: Vec<u8>,
    intervals: usize,
}

impl Births {
    /// `earlier` has the identities of the snapshots before, the oldest first, each as
    /// [`SnapshotFormat::identities`](crate::SnapshotFormat::identities) gives them.
    pub fn of(heap: &Heap, earlier: &[Vec<u64>]) -> Births {
        let first = |identity: &u64| {
            let known = earlier.iter().position(|all| all.binary_search(identity).is_ok());
            u8::try_from(known.unwrap_or(earlier.len())).unwrap_or(u8::MAX)
        };
        Births {
            first: heap.identities.iter().map(first).collect(),
            intervals: earlier.len(),
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
        let births = Births::of(&heap, &[vec![3, 4], vec![3, 4, 7]]);
        let intervals: Vec<usize> = (0..4).map(|id| births.interval(id)).collect();
        assert_eq!(intervals, [0, 2, 1, 0]);
        assert_eq!(births.intervals(), 2);
        assert!(!births.is_new(3));
        assert!(births.is_new(2));
    }
}
