//! What grows in one object: the storage of an array, a map, a string.

use crate::explain::growth::Growth;
use crate::explain::leak::GrowingStorage;
use crate::explain::leaks::{Finding, NewGroup, class};
use crate::measure::census::{Census, KindGrowth, What};
use heap::{NodeId, NodeKind};

/// What grows in one object has at least one in so many bytes of what was counted.
const STORAGE: f64 = 2.0;

impl Finding<'_> {
    /// The one object that got larger by a good part of what was counted; or that is so large, for
    /// storage grows in steps, and maybe not between the snapshots.
    pub(super) fn storage(&self, census: &Census) -> Option<GrowingStorage> {
        let heap = self.heap();
        let bytes = |growth: &KindGrowth| match growth.kind.what {
            What::Bytes | What::Heap => growth.per_call,
            _ => 0.0,
        };
        let rate = census.grows.iter().map(bytes).fold(0.0, f64::max);
        let least = |calls: u64| rate * calls as f64 / STORAGE;
        let is_ours = |node: NodeId| !self.paths.has(node) || self.is_ours(node, self.paths);
        let grown = self.program.births.grown().iter();
        let large = heap.large().iter().filter(|large| !heap.is_text(large.node));
        let candidates = grown
            .filter(|(_, bytes)| *bytes as f64 >= least(self.program.calls.unwrap_or(0)))
            .map(|(node, _)| *node)
            .chain(
                large
                    .filter(|large| large.bytes as f64 >= least(self.program.all_calls))
                    .map(|large| large.node),
            );
        let node = candidates.filter(|_| rate > 0.0).find(|node| !is_ours(*node))?;
        let path = self.paths.to(heap, node)?;
        // The engine's own store has no name: it belongs to the object before.
        let mut nodes = path.edges.iter().rev().map(|edge| edge.to);
        let owner = nodes.find(|id| heap.kind(*id) != NodeKind::Engine)?;
        let group = NewGroup {
            class: class(heap, owner),
            nodes: vec![owner],
            growth: Growth::One,
        };
        self.wanted.kind.is_none_or(|kind| kind == group.class).then_some(())?;
        Some(GrowingStorage {
            bytes: heap.large().iter().find(|large| large.node == node)?.bytes,
            group: self.kept(&group, self.paths)?.0,
        })
    }
}
