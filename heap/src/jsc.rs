//! JavaScriptCore's snapshots: JSON, with rows of numbers
//! (Source/JavaScriptCore/heap/HeapSnapshotBuilder.cpp). Those for debugging the collector
//! have addresses and say why a root is one; those for the inspector are smaller.

mod rows;

use super::births::EarlierHeap;
use super::jsc_classes::{FOLLOWING, GLOBALS, internal, modules, node_kind, tell_cleanup_callback};
use super::json::stream;
use super::{Edge, EdgeKind, EdgeLabel, HELD_TARGETS, Heap, HeapRoot, NodeId, NodeKind, ReportedReference, TargetHint};
use anyhow::{Context, Result, bail, ensure};
use rows::{JscEdge, JscEdgeRow, JscNodeRow, JscRows, JscType};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
use std::io::BufRead;

/// Reads a snapshot.
pub fn parse(input: impl BufRead, wanted: TargetHint<'_>) -> Result<Heap> {
    let mut rows = JscRows::default();
    stream(input, |key, value| rows.read(key, value))?;
    let kind = rows.snapshot_type()?;
    match rows.version {
        Some(version) if kind.versions.contains(&version) => {}
        Some(version) => bail!("it has version {version}; only version {} is read", versions(kind)),
        None => bail!("it names no version; only version {} is read", versions(kind)),
    }
    ensure!(!rows.nodes.is_empty(), "it has no nodes");
    rows.heap(wanted)
}

/// The addresses of all nodes, and their bytes.
pub fn earlier(input: impl BufRead, found: &mut EarlierHeap) -> Result<()> {
    let mut rows = JscRows::default();
    stream(input, |key, value| match key {
        "type" | "nodes" => rows.read(key, value),
        _ => value.skip(),
    })?;
    let nodes = rows.nodes.iter();
    nodes.for_each(|node| found.add(node.address, node.bytes.into()));
    Ok(())
}

impl JscRows {
    fn heap(mut self, wanted: TargetHint<'_>) -> Result<Heap> {
        let is_held = matches!(wanted, TargetHint::WeakRef(_));
        let (wanted, reported) = match wanted {
            TargetHint::Address(wanted, reported) => (wanted, reported),
            TargetHint::Nothing(reported) => (&[][..], reported),
            TargetHint::WeakRef(_) => (&[][..], &[][..]),
        };
        let mut heap = Heap::default();
        let kind = self.snapshot_type()?;
        if let Some(root) = kind.root {
            self.take_roots(root);
        }
        let held = match is_held {
            true => self
                .take_held()
                .with_context(|| format!("it has no property `{HELD_TARGETS}`"))?,
            false => Vec::new(),
        };
        self.add_reported(reported);
        let ids: HashMap<u64, NodeId> = (0..).zip(&self.nodes).map(|(id, node)| (node.number, id)).collect();
        self.edges.sort_by_key(|edge| ids.get(&edge.from).copied());
        let reactions = self.reactions();
        let kind = |node: &JscNodeRow| match reactions.contains(&node.number) {
            true => NodeKind::Engine,
            false => self.kind(node),
        };
        let kinds: Vec<NodeKind> = self.nodes.iter().map(kind).collect();
        let mut by_address: HashMap<u64, NodeId> = HashMap::default();
        let mut edges = self.edges.iter().peekable();
        for (id, node) in (0..).zip(&self.nodes) {
            let kind = kinds[id as usize];
            let name = heap.names.number(self.class(node));
            heap.add_node(kind, name)?;
            if kind != NodeKind::Engine {
                by_address.insert(node.address, id);
            }
            while let Some(edge) = edges.next_if(|edge| ids.get(&edge.from) == Some(&id)) {
                let to = *ids.get(&edge.to).context("an edge leads to a missing node")?;
                let (kind, label) = match edge.what {
                    JscEdge::Row(kind, name) => {
                        let engines = (
                            kinds[id as usize] == NodeKind::Engine,
                            kinds[to as usize] == NodeKind::Engine,
                        );
                        self.edge(&mut heap, (kind, name), node, engines)
                    }
                    JscEdge::Reported(number) => {
                        let reported = &reported[number];
                        let label = reported.label.as_deref();
                        let label = label.map_or(EdgeLabel::None, |label| EdgeLabel::Name(heap.names.number(label)));
                        (reported.kind, label)
                    }
                };
                heap.add_edge(Edge { kind, label, to })?;
            }
            tell_cleanup_callback(&mut heap, id, &kinds);
        }
        ensure!(edges.next().is_none(), "an edge begins at a missing node");
        let is_global = |node: &JscNodeRow| !node.of_program && GLOBALS.contains(&self.class(node));
        let globals = (0..).zip(&self.nodes).filter(|(_, node)| is_global(node));
        heap.globals = globals.map(|(id, _)| id).collect();
        heap.modules = modules(&heap);
        heap.roots = self.roots(&ids)?;
        heap.targets = match is_held {
            true => held.iter().map(|number| ids.get(&(*number)?).copied()).collect(),
            false => wanted.iter().map(|address| by_address.get(address).copied()).collect(),
        };
        heap.texts = self.nodes.iter().map(|node| self.class(node) == "string").collect();
        heap.note_sizes(self.nodes.iter().map(|node| node.bytes.into()));
        heap.identities = self.nodes.iter().map(|node| node.address).collect();
        let at = |address: u64| by_address.get(&address).copied();
        let entry = |reported: &ReportedReference| Some(((at(reported.from)?, at(reported.to)?), at(reported.map?)?));
        heap.weak_maps = reported.iter().filter_map(entry).collect();
        Ok(heap)
    }

    /// Takes the edges from this node for what they are.
    fn take_roots(&mut self, root: u64) {
        let roots = self.edges.extract_if(.., |edge| edge.from == root);
        // Its labels say nothing.
        self.roots = roots.map(|edge| [edge.to, u64::MAX, u64::MAX]).collect();
    }

    /// Takes away the array that holds the targets, and the reference to it; returns their numbers, by index.
    fn take_held(&mut self) -> Option<Vec<Option<u64>>> {
        let name = |edge: &JscEdgeRow| match edge.what {
            JscEdge::Row(kind, name) => Some((self.edge_types.get(usize::from(kind))?.as_ref(), name)),
            JscEdge::Reported(_) => None,
        };
        let is_held = |edge: &&JscEdgeRow| {
            name(edge).is_some_and(|(kind, name)| kind == "Property" && self.edge_name(name) == HELD_TARGETS)
        };
        let holder = self.edges.iter().find(is_held)?.to;
        let element = |edge: &JscEdgeRow| match name(edge) {
            Some(("Index", index)) if edge.from == holder => Some((index, edge.to)),
            _ => None,
        };
        let mut elements: Vec<(u32, u64)> = self.edges.iter().filter_map(element).collect();
        elements.sort_unstable();
        // One that has died is `undefined`, to which nothing leads. An index is no length to trust.
        let count = elements
            .last()
            .map_or(0, |(index, _)| *index as usize + 1)
            .min(self.nodes.len());
        let mut found = vec![None; count];
        for (index, number) in elements {
            if let Some(place) = found.get_mut(index as usize) {
                *place = Some(number);
            }
        }
        self.edges.retain(|edge| edge.from != holder && edge.to != holder);
        Some(found)
    }

    /// Adds what a script reported of objects that are in the snapshot.
    fn add_reported(&mut self, reported: &[ReportedReference]) {
        if reported.is_empty() {
            return;
        }
        // They come first, for they have the better names.
        let known = std::mem::take(&mut self.edges);
        let numbers: HashMap<u64, u64> = self.nodes.iter().map(|node| (node.address, node.number)).collect();
        for (number, reference) in reported.iter().enumerate() {
            if let Some((from, to)) = numbers.get(&reference.from).zip(numbers.get(&reference.to)) {
                self.edges.push(JscEdgeRow {
                    from: *from,
                    to: *to,
                    what: JscEdge::Reported(number),
                });
            }
        }
        self.edges.extend(known);
    }

    /// What waits for a promise is an object to the engine, with what is called then; or,
    /// if there is more, one that has all that as elements. No program has it.
    fn reactions(&self) -> HashSet<u64> {
        let class: HashMap<u64, &str> = self.nodes.iter().map(|node| (node.number, self.class(node))).collect();
        let is = |number: u64, name: &str| class.get(&number).is_some_and(|class| *class == name);
        let waits = |edge: &&JscEdgeRow| is(edge.from, "Promise") && is(edge.to, "Object");
        let candidates: HashSet<u64> = self.edges.iter().filter(waits).map(|edge| edge.to).collect();
        let mut found: HashMap<u64, (usize, usize, usize)> = HashMap::default();
        for edge in self.edges.iter().filter(|edge| candidates.contains(&edge.from)) {
            let JscEdge::Row(kind, name) = edge.what else {
                continue;
            };
            let counts = found.entry(edge.from).or_default();
            match self.edge_types.get(usize::from(kind)).map_or("", |kind| kind) {
                "Property" if ["onFulfilled", "onRejected"].contains(&self.edge_name(name)) => counts.0 += 1,
                "Property" => counts.1 += 1,
                "Index" => counts.2 += 1,
                _ => {}
            }
        }
        let is_reaction =
            |(own, others, elements): (usize, usize, usize)| own == 2 || own + others == 0 && elements > 0;
        let reactions = found.into_iter().filter(|(_, counts)| is_reaction(*counts));
        reactions.map(|(number, _)| number).collect()
    }

    fn edge_name(&self, name: u32) -> &str {
        self.edge_names.get(name as usize).map_or("", |name| name)
    }

    fn class(&self, node: &JscNodeRow) -> &str {
        match self.classes.get(node.class as usize).map_or("", |name| name) {
            "ProxyObject" => "Proxy",
            name => name,
        }
    }

    fn kind(&self, node: &JscNodeRow) -> NodeKind {
        match node.of_program {
            true => NodeKind::Object,
            false => node_kind(self.class(node)),
        }
    }

    /// What an edge is, by its type and name, and by whether its ends are the engine's own:
    /// the engine calls all that is neither property, index nor variable internal.
    fn edge(
        &self,
        heap: &mut Heap,
        (kind, name): (u8, u32),
        from: &JscNodeRow,
        (from_engine, to_engine): (bool, bool),
    ) -> (EdgeKind, EdgeLabel) {
        let kind = self.edge_types.get(usize::from(kind)).map_or("", |name| name);
        let class = self.class(from);
        let text = self.edge_name(name);
        match kind {
            "Property" | "Index" if from_engine => (EdgeKind::Internal, EdgeLabel::None),
            "Property" => (EdgeKind::Property, EdgeLabel::Name(heap.names.number(text))),
            // A generator's registers are variables by number.
            "Variable" if text.parse::<u32>().is_err() => {
                (EdgeKind::CapturedVariable, EdgeLabel::Name(heap.names.number(text)))
            }
            "Index" => (EdgeKind::Element, EdgeLabel::Index(name)),
            _ if to_engine || from.of_program => (EdgeKind::Internal, EdgeLabel::None),
            _ if class.ends_with("WebAssemblyModuleRecord") && !to_engine => {
                (EdgeKind::Property, EdgeLabel::Name(heap.names.number("exports")))
            }
            _ => (internal(class), EdgeLabel::None),
        }
    }

    /// Numbers of nodes, with what they are reached by; the first label is the more telling one.
    fn roots(&self, ids: &HashMap<u64, NodeId>) -> Result<Vec<HeapRoot>> {
        let label = |number: u64| {
            let label = usize::try_from(number).ok().and_then(|number| self.labels.get(number));
            label.map_or("", |label| label)
        };
        let is_root = |[_, why, _]: &&[u64; 3]| !FOLLOWING.contains(&label(*why));
        self.roots
            .iter()
            .filter(is_root)
            .map(|[node, why, more]| {
                let node = *ids.get(node).context("a root is a missing node")?;
                let name = [label(*why), label(*more)].map(str::to_owned);
                let name = name.into_iter().find(|name| !name.is_empty());
                let name = name.unwrap_or("unknown".to_owned());
                Ok(HeapRoot { node, name })
            })
            .collect()
    }
}

/// The versions of a type, in words.
fn versions(kind: JscType) -> String {
    let versions: Vec<String> = kind.versions.iter().map(u64::to_string).collect();
    versions.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{PathStart, shortest};

    /// A page as the inspector writes it: `kept` of its window holds one of three objects, and our own array two of them.
    const PAGE: &str = r#"{"version":3,"type":"Inspector",
"nodes":[0,0,0,0, 10,64,1,0, 11,64,2,0, 12,32,3,2, 13,32,3,2, 14,32,3,2],
"nodeClassNames":["<root>","Window","Array","Item"],
"edges":[0,10,0,0, 10,11,1,0, 11,12,2,0, 11,14,2,2, 10,14,1,1, 10,13,1,1],
"edgeTypes":["Internal","Property","Index","Variable"],
"edgeNames":["HELD","kept"]}"#;

    #[test]
    fn targets_are_those_that_are_held_and_by_nothing_else() {
        let text = PAGE.replace("HELD", HELD_TARGETS);
        let heap = parse(text.as_bytes(), TargetHint::WeakRef("any")).unwrap();
        assert_eq!(heap.targets, [Some(3), None, Some(5)]);
        let path = shortest(&heap, 5).unwrap();
        assert!(matches!(path.start, PathStart::Global(_)));
        assert_eq!(path.edges.len(), 1);
        assert_eq!(heap.label(path.edges[0].label).as_deref(), Some("kept"));
        assert!(shortest(&heap, 3).is_none());
    }

    #[test]
    fn where_nothing_is_held_that_is_said() {
        let error = parse(PAGE.as_bytes(), TargetHint::WeakRef("any")).unwrap_err();
        assert_eq!(error.to_string(), format!("it has no property `{HELD_TARGETS}`"));
        let far = PAGE
            .replace("HELD", HELD_TARGETS)
            .replace("11,14,2,2", "11,14,2,4294967295");
        let heap = parse(far.as_bytes(), TargetHint::WeakRef("any")).unwrap();
        assert_eq!(heap.targets.len(), 6);
    }
}
