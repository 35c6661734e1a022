//! What SpiderMonkey's `dumpHeap` writes: text, a line a node and a line an edge
//! (js/src/jsfriendapi.cpp, `js::DumpHeap`).
//!
//! ```text
//! # Roots.
//! 0x1d5a69f3e038 B env chain
//! # Weak maps.
//! ==========
//! 0x1d5a69f7c128 B Array <unknown object>
//! > 0x1d5a69f77270 B objectElements[0]
//! ```

mod cycles;
mod dump;
mod words;

use super::births::EarlierHeap;
use super::{Edge, EdgeKind, EdgeLabel, Heap, HeapRoot, NodeId, NodeKind, SourcePosition, TargetHint};
use anyhow::{Context, Result, bail, ensure};
use cycles::CycleNode;
use dump::{Dump, DumpEdge, LINE, WeakEntry};
use rustc_hash::FxHashMap as HashMap;
use std::io::BufRead;
use words::{GLOBALS, edge, node_kind};

/// How references are called that keep nothing alive.
const NOTED_BY_CODE: &str = "cacheir-weak-";

/// An edge that the dump does not tell at its node, with its name, if it has one.
type ExtraEdge<'a> = (EdgeKind, NodeId, Option<&'a str>);

/// Reads a dump.
pub fn parse(input: impl BufRead, wanted: TargetHint<'_>) -> Result<Heap> {
    let variable = match wanted {
        TargetHint::WeakRef(variable) => Some(variable),
        TargetHint::Nothing(_) => None,
        TargetHint::Address(..) => bail!("SpiderMonkey's addresses do not last"),
    };
    let dump = Dump::read(input)?;
    dump.heap(variable)
}

/// The addresses of all nodes; a dump has no sizes.
pub fn earlier(mut input: impl BufRead, found: &mut EarlierHeap) -> Result<()> {
    let mut line = Vec::new();
    let mut in_roots = true;
    loop {
        line.clear();
        let read = std::io::Read::take(&mut input, LINE as u64).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        // An edge's line begins with `> `, one of a node with its address.
        match line.first() {
            Some(b'=') => in_roots = false,
            Some(b'0') if !in_roots => {
                let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
                let text = String::from_utf8_lossy(&line[..end]);
                if let Some(address) = super::parse_address(&text) {
                    found.add(address, 0);
                }
            }
            _ => {}
        }
    }
}

impl Dump {
    fn heap(self, variable: Option<&str>) -> Result<Heap> {
        let mut heap = Heap::default();
        let records = self.records();
        let weak = self.add_nodes(&mut heap, &records)?;
        let id = |address: &u64| self.ids.get(address).copied();
        let entry = |entry: &WeakEntry| Some(((id(&entry.key)?, id(&entry.value)?), id(&entry.map)?));
        heap.weak_maps = self.weak_entries.iter().filter_map(entry).collect();
        let scopes = self.find_globals(&mut heap);
        let is_module = |id: &NodeId| heap.name(*id) == "ModuleEnvironmentObject";
        heap.modules = (0..heap.node_count() as NodeId).filter(is_module).collect();
        heap.roots = self.roots(&records);
        if let Some(variable) = variable {
            let value = scopes.iter().find_map(|scope| heap.by_name(*scope, variable));
            let value = value.with_context(|| format!("it is cut off: `{variable}` is missing"))?;
            heap.targets = targets(&heap, value, &weak);
        }
        heap.texts = (0..self.nodes.len() as NodeId).map(|id| self.is_text(id)).collect();
        heap.identities = vec![0; self.nodes.len()];
        for (address, id) in &self.ids {
            heap.identities[*id as usize] = *address;
        }
        self.find_classes(&mut heap)?;
        self.find_positions(&mut heap);
        Ok(heap)
    }

    /// Adds all nodes with their edges, and returns the targets of WeakRefs.
    fn add_nodes(&self, heap: &mut Heap, records: &HashMap<NodeId, NodeId>) -> Result<HashMap<NodeId, NodeId>> {
        let mut weak = HashMap::default();
        let extra = self.extra_edges(records);
        let mut rest = &self.edges[..];
        for node in &self.nodes {
            let text = self.names.get(node.text);
            let (kind, class) = node_kind(text);
            let number = heap.names.number(class);
            let id = heap.add_node(kind, number)?;
            let own;
            (own, rest) = rest.split_at(node.edges as usize);
            if let Some(to) = self.add_edges(heap, text, own, records)? {
                weak.insert(id, to);
            }
            // Its edges come last: an object's shape is the first of them.
            let has_shape = own.first().is_some_and(|raw| self.names.get(raw.name) == "shape");
            ensure!(
                kind == NodeKind::Engine || has_shape || self.is_of_cplusplus(id),
                "it is cut off: an object has no shape"
            );
            for (kind, to, name) in extra.get(&id).into_iter().flatten() {
                let label = match name {
                    Some(name) => EdgeLabel::Name(heap.names.number(name)),
                    None => EdgeLabel::None,
                };
                heap.add_edge(Edge {
                    kind: *kind,
                    label,
                    to: *to,
                })?;
            }
        }
        Ok(weak)
    }

    /// Adds the edges of the node with this text, and returns what it is a WeakRef to, if so.
    fn add_edges(
        &self,
        heap: &mut Heap,
        text: &str,
        own: &[DumpEdge],
        records: &HashMap<NodeId, NodeId>,
    ) -> Result<Option<NodeId>> {
        let mut weak = None;
        let mut key = None;
        for (place, raw) in own.iter().enumerate() {
            let name = self.names.get(raw.name);
            let Some(to) = self.ids.get(&raw.to).copied() else {
                // Permanent strings and symbols are in no zone that is dumped; all the rest is.
                ensure!(
                    !is_in_each_dump(text, place, name),
                    "it is cut off: an object's {name} is missing"
                );
                key = None;
                continue;
            };
            if name.starts_with("WeakRefObject") {
                weak = Some(to);
                continue;
            }
            if name == "hashset element" && records.contains_key(&to) {
                continue;
            }
            // Compiled code notes what it saw last, weakly.
            if name.starts_with(NOTED_BY_CODE) {
                continue;
            }
            // A program names strings, too.
            let target = match self.is_text(to) {
                true => NodeKind::Object,
                false => self.node(to).0,
            };
            let mut edge = edge(heap, text, name, target, to);
            match edge.kind {
                // A key comes before its value.
                EdgeKind::MapKey => key = Some(self.key_words(to)),
                EdgeKind::MapValue => {
                    if let Some(key) = key.take() {
                        edge.label = EdgeLabel::Name(heap.names.number(&key));
                    }
                }
                _ => key = None,
            }
            heap.add_edge(edge)?;
        }
        Ok(weak)
    }

    /// Edges that the dump does not tell at their nodes: from a registry to its
    /// records, from the key in a weak map to the value, which it keeps alive
    /// for as long as the map lives, and from an object of scripts to that of C++ behind it.
    fn extra_edges(&self, records: &HashMap<NodeId, NodeId>) -> HashMap<NodeId, Vec<ExtraEdge<'_>>> {
        let of_records = records
            .iter()
            .map(|(record, registry)| (*registry, (EdgeKind::Internal, *record, None)));
        let id = |address: &u64| self.ids.get(address).copied();
        let entry = |entry: &WeakEntry| Some((id(&entry.key)?, (EdgeKind::WeakMapValue, id(&entry.value)?, None)));
        let of_weak_maps = self.weak_entries.iter().filter_map(entry);
        let to_cplusplus = self.cycles.edges.iter().filter_map(|edge| match edge.from {
            CycleNode::Script(from) => Some((id(&from)?, (EdgeKind::Internal, id(&edge.to)?, Some(&*edge.name)))),
            CycleNode::CPlusPlus(_) => None,
        });
        let mut extra: HashMap<NodeId, Vec<ExtraEdge<'_>>> = HashMap::default();
        for (from, edge) in of_records.chain(of_weak_maps).chain(to_cplusplus) {
            extra.entry(from).or_default().push(edge);
        }
        // In the same order each time, which that of a hash map is not.
        extra.values_mut().for_each(|edges| edges.sort_unstable());
        extra
    }

    /// Finds the global objects and the scopes of global variables, and returns the latter.
    fn find_globals(&self, heap: &mut Heap) -> Vec<NodeId> {
        let global = |id: &NodeId| {
            let text = self.names.get(self.nodes[*id as usize].text);
            GLOBALS.iter().any(|global| text.starts_with(global))
        };
        let objects: Vec<NodeId> = (0..self.nodes.len() as NodeId).filter(global).collect();
        let scope = |id: &NodeId| heap.by_name(*id, "global-lexical-env");
        let scopes: Vec<NodeId> = objects.iter().filter_map(scope).collect();
        heap.globals = scopes.iter().chain(&objects).copied().collect();
        scopes
    }

    /// What an object of C++ holds is no root by itself, if the object is known; one that something unknown holds is.
    ///
    /// Records are held by the global object itself for as long as their registry
    /// lives; where nothing else leads to one, that is the root.
    fn roots(&self, records: &HashMap<NodeId, NodeId>) -> Vec<HeapRoot> {
        let root = |(address, name): &(u64, Box<str>)| {
            let node = *self.ids.get(address)?;
            let holder = cycles::holder(name).and_then(|holder| self.ids.get(&holder));
            if holder.is_some_and(|holder| self.is_of_cplusplus(*holder)) {
                return None;
            }
            Some(HeapRoot {
                node,
                name: name.to_string(),
            })
        };
        let mut records: Vec<NodeId> = records.keys().copied().collect();
        records.sort_unstable();
        let record = |node| HeapRoot {
            node,
            name: "records of finalization registries".to_owned(),
        };
        let roots = self.roots.iter().filter_map(root);
        let known = self.cycles.known.iter().filter_map(|address| self.ids.get(address));
        let known = known.filter(|id| self.is_of_cplusplus(**id)).map(|node| HeapRoot {
            node: *node,
            name: "held by the browser".to_owned(),
        });
        roots.chain(records.into_iter().map(record)).chain(known).collect()
    }

    /// An instance is an `Object` to the engine; its class is the constructor of its prototype.
    fn find_classes(&self, heap: &mut Heap) -> Result<()> {
        for id in 0..NodeId::try_from(heap.node_count())? {
            if heap.name(id) != "Object" {
                continue;
            }
            let class = heap
                .by_name(id, "shape")
                .and_then(|shape| heap.by_name(shape, "base"))
                .and_then(|base| heap.by_name(base, "baseshape_proto"))
                .and_then(|prototype| heap.by_name(prototype, "constructor"));
            let text = class.map(|class| self.names.get(self.nodes[class as usize].text));
            if let Some(class) = text.and_then(|text| text.strip_prefix("Function ")) {
                let number = heap.names.number(class);
                heap.nodes[id as usize].name = number;
            }
        }
        Ok(())
    }

    /// The name of a function's script is `script FILE:LINE`.
    fn find_positions(&self, heap: &mut Heap) {
        for id in 0..heap.node_count() as NodeId {
            if heap.kind(id) != NodeKind::Function {
                continue;
            }
            if let Some(position) = self.position(heap, id) {
                heap.positions.insert(id, position);
            }
        }
    }

    /// The latter name is that in newer versions, where a property may be called `script`.
    fn position(&self, heap: &Heap, function: NodeId) -> Option<SourcePosition> {
        let names = ["script", "JSFunction script"];
        let named = |edge: &&Edge| {
            heap.label(edge.label)
                .is_some_and(|label| names.contains(&label.as_str()))
        };
        let text = |edge: &Edge| {
            let text = self.names.get(self.nodes[edge.to as usize].text);
            text.strip_prefix("script ")
        };
        let (file, line) = heap
            .edges(function)
            .iter()
            .filter(named)
            .find_map(text)?
            .rsplit_once(':')?;
        Some(SourcePosition {
            file: file.to_owned(),
            line: line.parse().ok()?,
            column: 0,
        })
    }
}

/// The targets of a WeakRef, or of the WeakRefs in an array.
fn targets(heap: &Heap, value: NodeId, weak: &HashMap<NodeId, NodeId>) -> Vec<Option<NodeId>> {
    if heap.name(value) != "Array" {
        return vec![weak.get(&value).copied()];
    }
    let element = |edge: &Edge| (edge.kind == EdgeKind::Element).then_some((edge.index()?, edge.to));
    let mut elements: Vec<(u32, NodeId)> = heap.edges(value).iter().filter_map(element).collect();
    elements.sort_unstable();
    elements.iter().map(|(_, id)| weak.get(id).copied()).collect()
}

/// Whether what this edge leads to is in each dump that is whole: the shape of an object,
/// and what a shape has, which comes last. A property may be called so, too, but never
/// comes first, and no shape has one.
fn is_in_each_dump(from: &str, place: usize, name: &str) -> bool {
    match from {
        "shape" => ["base", "propertymap"].contains(&name),
        _ => place == 0 && name == "shape",
    }
}
