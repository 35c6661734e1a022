//! Which references hold the objects of a leak, and what becomes of these once they are cut: what else keeps them alive is cut
//! in its turn, as an author does who mends the leak.

use crate::explain::leak::{Cut, Left};
use crate::explain::leaks::{CHANCE, Finding, NewGroup, representative};
use heap::entry::{self, Entries, Entry};
use heap::path::{Paths, References};
use heap::{EdgeKind, NodeId, NodeKind, group};
use std::collections::HashSet;

/// Paths of a group that are compared.
const COMPARED: usize = 20;

/// So many times it is cut what still keeps the objects alive; each takes a search of the whole heap.
const MOST_CUTS: usize = 6;

impl Finding<'_> {
    /// What becomes of the objects of a group once the references are cut that hold them, and those that hold them then; with
    /// the paths that are left in the end.
    pub(super) fn cut(&self, group: &NewGroup) -> Option<(Cut, Paths)> {
        let mut entries = self.entries(group, self.paths);
        // Of one object alone nothing tells what came when.
        let is_alone = self.program.snapshots == 1 && group.nodes.len() == 1;
        if entries.is_empty() || is_alone || self.is_root(group) {
            return None;
        }
        let (step, has_many_names) = (self.step_of(group, &entries), self.have_many_names(&entries));
        let mut cut = References::default();
        let mut all_left = Vec::new();
        let mut after: Option<Paths> = None;
        loop {
            let paths = after.as_ref().unwrap_or(self.paths);
            let is_more = cut.add(entry::references(self.heap(), paths, &self.program.births, &entries));
            let paths = Paths::find_without(self.heap(), &self.preferred, &self.foreign, &cut);
            let groups = self.left(std::slice::from_ref(group), &paths);
            let left = Left {
                remaining: groups.iter().map(|group| group.nodes.len() as u64).sum(),
                remains: groups
                    .first()
                    .and_then(|group| Some(Box::new(self.kept(group, &paths)?.0))),
            };
            entries = groups.iter().flat_map(|group| self.entries(group, &paths)).collect();
            all_left.push(left);
            after = Some(paths);
            if entries.is_empty() || !is_more || all_left.len() == MOST_CUTS {
                break;
            }
        }
        let mut all_left = all_left.into_iter();
        let cut = Cut {
            step,
            has_many_names,
            left: all_left.next()?,
            further: all_left.collect(),
        };
        Some((cut, after?))
    }

    /// The objects of these groups to which these paths lead, grouped by them, the largest group first; none if it is by chance
    /// that they do: a few are on the stack, or what a compiler works on.
    pub(super) fn left(&self, groups: &[NewGroup], paths: &Paths) -> Vec<NewGroup> {
        let nodes = || groups.iter().flat_map(|group| &group.nodes).copied();
        let left: Vec<NodeId> = nodes().filter(|id| paths.has(*id)).collect();
        if (left.len() as u64) * CHANCE < nodes().count() as u64 {
            return Vec::new();
        }
        let same_path = |places: Vec<usize>| NewGroup {
            class: groups[0].class.clone(),
            nodes: places.into_iter().map(|place| left[place]).collect(),
            growth: groups[0].growth,
        };
        group::by_path(self.heap(), paths, &left)
            .into_iter()
            .map(same_path)
            .collect()
    }

    /// Whether nothing keeps the objects of these groups alive by these paths but what is held beside them.
    pub(super) fn die(&self, groups: &[NewGroup], paths: &Paths, beside: &HashSet<NodeId>) -> bool {
        let left = self.left(groups, paths);
        let mut nodes = left.iter().flat_map(|group| &group.nodes);
        nodes.all(|node| self.hangs_on(*node, paths, beside))
    }

    /// Whether the path to a node leads through one of these.
    pub(super) fn hangs_on(&self, node: NodeId, paths: &Paths, these: &HashSet<NodeId>) -> bool {
        let path = paths.to(self.heap(), node).filter(|_| !these.is_empty());
        path.is_some_and(|path| path.edges.iter().any(|edge| these.contains(&edge.to)))
    }

    /// Whether the objects are roots themselves.
    fn is_root(&self, group: &NewGroup) -> bool {
        let path = self.paths.to(self.heap(), representative(group));
        path.is_none_or(|path| path.edges.is_empty())
    }

    /// Whether these are properties of different names: a program has computed them.
    pub(super) fn have_many_names(&self, entries: &[Entry]) -> bool {
        let label = |entry: &Entry| {
            let path = self.paths.to(self.heap(), entry.node)?;
            let edge = path.edges.last()?;
            (edge.kind == EdgeKind::Property).then(|| self.heap().label(edge.label))
        };
        let labels: Option<HashSet<Option<String>>> = entries.iter().map(label).collect();
        labels.is_some_and(|labels| labels.len() > 1)
    }

    /// The references that hold the objects of a group, by these paths, each its own.
    pub(super) fn entries(&self, group: &NewGroup, paths: &Paths) -> Vec<Entry> {
        let heap = self.heap();
        let every = group.nodes.len().div_ceil(COMPARED);
        let some: Vec<NodeId> = group.nodes.iter().copied().step_by(every).collect();
        let mut entries = Entries::of(heap, paths, &self.program.births);
        let first = entries.entry(group.nodes[0]);
        if let (Some(fork), Some(first)) = (entry::fork(heap, paths, &some), first)
            && self.depth(fork, paths) >= self.depth(first.node, paths)
        {
            let below = entry::below(heap, paths, fork, &group.nodes);
            if !below.is_empty() {
                return below;
            }
        }
        let found = group.nodes.iter().filter_map(|node| entries.entry(*node));
        let mut seen = HashSet::new();
        found.filter(|entry| seen.insert(entry.node)).collect()
    }

    /// How many steps lead to a node.
    pub(super) fn depth(&self, node: NodeId, paths: &Paths) -> usize {
        match paths.to(self.heap(), node) {
            Some(path) => self.steps_before(&path.edges, node),
            None => 0,
        }
    }

    /// The number of steps of a path up to a node.
    fn steps_before(&self, edges: &[heap::Edge], node: NodeId) -> usize {
        let to = edges
            .iter()
            .position(|edge| edge.to == node)
            .map_or(edges.len(), |at| at + 1);
        let last = edges.last().map(|edge| edge.to);
        let is_step = |edge: &&heap::Edge| {
            self.wanted.verbose || self.heap().kind(edge.to) != NodeKind::Engine || Some(edge.to) == last
        };
        edges[..to].iter().filter(is_step).count()
    }

    /// The step, on the path that is shown of the group, that the references are.
    pub(super) fn step_of(&self, group: &NewGroup, entries: &[Entry]) -> usize {
        let Some((kept, places)) = self.kept(group, self.paths) else {
            return 0;
        };
        let path = self.paths.to(self.heap(), representative(group));
        let nodes: HashSet<NodeId> = entries.iter().map(|entry| entry.node).collect();
        let at = path.and_then(|path| {
            let edge = path.edges.iter().find(|edge| nodes.contains(&edge.to))?;
            Some(self.steps_before(&path.edges, edge.to))
        });
        let last = kept.steps.len().saturating_sub(1);
        at.and_then(|steps| places.get(steps.saturating_sub(1)).copied())
            .unwrap_or(last)
            .min(last)
    }
}
