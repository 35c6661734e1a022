//! Groups of objects that are kept alive in the same way.

use crate::path::{self, Paths};
use crate::{Edge, EdgeKind, EdgeLabel, Heap, NodeId, NodeKind};
use rustc_hash::FxHashMap as HashMap;

/// The longest run of steps that is recognised when it is repeated.
pub const LONGEST_RUN: usize = 4;

/// Groups nodes by their folded paths, without indices, numbers, keys of maps, and
/// repeats: all elements of a list are one group. Each group has the places of its
/// members in `nodes`, in order. The largest group comes first; of equally large ones
/// the one with the first member. A node that no root leads to is in no group.
pub fn by_path(heap: &Heap, paths: &Paths, nodes: &[NodeId]) -> Vec<Vec<usize>> {
    let mut grouping = Grouping {
        heap,
        paths,
        folded: HashMap::default(),
        chains: Vec::new(),
        numbers: HashMap::default(),
    };
    let mut groups: HashMap<Folded, Vec<usize>> = HashMap::default();
    for (place, node) in nodes.iter().enumerate() {
        if paths.has(*node) {
            let folded = grouping.fold(*node);
            groups.entry(folded).or_default().push(place);
        }
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_by_key(|members| (std::cmp::Reverse(members.len()), members[0]));
    groups
}

/// A folded path: the number of its chain of steps, and what is not yet a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Folded {
    chain: u32,
    pending: Option<u32>,
}

/// A step, and the steps before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Chain {
    before: Option<u32>,
    step: StepKey,
}

/// What makes two steps the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct StepKey {
    kind: Option<EdgeKind>,
    label: String,
    node: String,
    place: Option<(String, u32)>,
}

struct Grouping<'a> {
    heap: &'a Heap,
    paths: &'a Paths,
    folded: HashMap<NodeId, (Folded, Option<Edge>)>,
    chains: Vec<Chain>,
    numbers: HashMap<Chain, u32>,
}

impl Grouping<'_> {
    /// Each node's path is folded once, from that of the node before it.
    fn fold(&mut self, node: NodeId) -> Folded {
        let mut rest = vec![node];
        let mut at = node;
        let (mut folded, mut pending) = loop {
            if let Some(known) = self.folded.get(&at) {
                rest.pop();
                break *known;
            }
            match self.paths.step(self.heap, at) {
                Some((from, _)) => {
                    rest.push(from);
                    at = from;
                }
                None => {
                    rest.pop();
                    let root = self.start(at);
                    self.folded.insert(at, (root, None));
                    break (root, None);
                }
            }
        };
        while let Some(next) = rest.pop() {
            if let Some((_, edge)) = self.paths.step(self.heap, next) {
                let best = path::best_name(pending, edge);
                (folded, pending) = match self.heap.kind(next) {
                    NodeKind::Engine => {
                        let name = self.text(&best);
                        let hidden = Folded {
                            pending: Some(self.number(None, best.kind, name, next)),
                            ..folded
                        };
                        (hidden, Some(best))
                    }
                    _ => (self.append(folded.chain, &best), None),
                };
            }
            self.folded.insert(next, (folded, pending));
        }
        folded
    }

    fn start(&mut self, root: NodeId) -> Folded {
        let key = StepKey {
            kind: None,
            label: String::new(),
            node: match self.heap.globals.contains(&root) {
                true => String::new(),
                false if self.heap.modules.contains(&root) => format!("{root}"),
                false => without_numbers(self.heap.name(root)),
            },
            place: None,
        };
        let chain = self.intern(Chain {
            before: None,
            step: key,
        });
        Folded { chain, pending: None }
    }

    /// Adds a step; a run of steps that repeats the one before it is left out.
    fn append(&mut self, before: u32, edge: &Edge) -> Folded {
        let name = self.text(edge);
        let mut chain = self.number(Some(before), edge.kind, name, edge.to);
        for run in 1..=LONGEST_RUN {
            if let Some(earlier) = self.without_repeat(chain, run) {
                chain = earlier;
                break;
            }
        }
        Folded { chain, pending: None }
    }

    /// The chain without its last `run` steps, if they are those before them again.
    fn without_repeat(&self, chain: u32, run: usize) -> Option<u32> {
        let back = |mut chain: u32, steps: usize| {
            for _ in 0..steps {
                chain = self.chains[chain as usize].before?;
            }
            Some(chain)
        };
        let earlier = back(chain, run)?;
        let same = |steps: usize| {
            let (last, former) = (back(chain, steps)?, back(earlier, steps)?);
            let (last, former) = (&self.chains[last as usize], &self.chains[former as usize]);
            // The start is no step.
            former.before?;
            (last.step == former.step).then_some(())
        };
        (0..run).all(|steps| same(steps).is_some()).then_some(earlier)
    }

    fn text(&self, edge: &Edge) -> String {
        match (edge.kind, edge.label) {
            (EdgeKind::MapValue | EdgeKind::MapKey | EdgeKind::TableSlot, _) => String::new(),
            (EdgeKind::PropertyName | EdgeKind::Internal, _) => String::new(),
            (_, EdgeLabel::Name(_)) => without_numbers(&self.heap.label(edge.label).unwrap_or_default()),
            _ => String::new(),
        }
    }

    fn number(&mut self, before: Option<u32>, kind: EdgeKind, label: String, to: NodeId) -> u32 {
        let place = self.heap.position(to);
        let step = StepKey {
            kind: Some(kind),
            label,
            node: match before {
                Some(_) => without_numbers(self.heap.name(to)),
                None => String::new(),
            },
            place: place.map(|place| (place.file.clone(), place.line)),
        };
        self.intern(Chain { before, step })
    }

    fn intern(&mut self, chain: Chain) -> u32 {
        let next = self.chains.len() as u32;
        let number = *self.numbers.entry(chain.clone()).or_insert(next);
        if number == next {
            self.chains.push(chain);
        }
        number
    }
}

fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for character in text.chars() {
        match character.is_ascii_digit() {
            false => plain.push(character),
            true if plain.ends_with('#') => {}
            true => plain.push('#'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::drawn::{Row, heap};

    #[test]
    fn what_is_kept_in_the_same_way_is_one_group() {
        use EdgeKind::*;
        let heap = heap(&[
            (
                "global",
                vec![
                    (CapturedVariable, "all", 1),
                    (CapturedVariable, "last", 5),
                    (CapturedVariable, "map", 8),
                ],
            ),
            ("Array", vec![(Element, "0", 2), (Element, "1", 3), (Internal, "x", 4)]),
            ("Item1", vec![]),
            ("Item2", vec![]),
            ("Item3", vec![]),
            // A list.
            ("Item", vec![(Property, "next", 6)]),
            ("Item", vec![(Property, "next", 7)]),
            ("Item", vec![(Property, "next", 11)]),
            // Keys, and what only the engine knows.
            ("Map", vec![(Internal, "table", 9)]),
            ("(table)", vec![(MapValue, "key a", 10), (MapValue, "key b", 12)]),
            ("Item", vec![]),
            ("Item", vec![]),
            ("Item", vec![]),
            ("Unreached", vec![]),
        ]);
        let paths = Paths::find(&heap, &[], &[]);
        let nodes: Vec<NodeId> = vec![13, 2, 3, 4, 5, 6, 7, 11, 10, 12];
        let groups = by_path(&heap, &paths, &nodes);
        // The first of the list has no `.next` before it.
        assert_eq!(groups, [vec![5, 6, 7], vec![1, 2], vec![8, 9], vec![3], vec![4]]);
    }

    #[test]
    fn a_run_that_is_repeated_counts_once() {
        use EdgeKind::*;
        let mut rows: Vec<Row> = vec![("global", vec![(CapturedVariable, "head", 1)])];
        for pair in 0..50 {
            let at = 1 + 2 * pair;
            rows.push(("Node", vec![(Property, "next", at + 1)]));
            rows.push(("Link", vec![(Property, "node", at + 2)]));
        }
        rows.push(("Node", vec![]));
        let heap = heap(&rows);
        let paths = Paths::find(&heap, &[], &[]);
        let nodes: Vec<NodeId> = (0..51).map(|pair| 1 + 2 * pair).collect();
        let sizes: Vec<usize> = by_path(&heap, &paths, &nodes).iter().map(Vec::len).collect();
        assert_eq!(sizes, [50, 1]);
    }
}
