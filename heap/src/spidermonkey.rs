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

use super::{Edge, EdgeKind, EdgeLabel, Heap, HeapRoot, NodeId, NodeKind, SourcePosition, TargetHint, shortened};
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;
use std::io::BufRead;

/// How long a line may be, in bytes.
const LINE: usize = 1 << 20;

#[derive(Debug, Default)]
struct Dump {
    nodes: Vec<DumpNode>,
    edges: Vec<DumpEdge>,
    roots: Vec<(u64, Box<str>)>,
    /// The keys and values of weak maps.
    weak_entries: Vec<(u64, u64)>,
    /// Nodes by address.
    ids: HashMap<u64, NodeId>,
    names: super::Names,
}

#[derive(Debug)]
struct DumpNode {
    /// The engine's text, which begins with its kind.
    text: u32,
    edges: u32,
}

#[derive(Debug)]
struct DumpEdge {
    to: u64,
    name: u32,
}

/// Reads a dump.
pub fn parse(input: impl BufRead, wanted: TargetHint<'_>) -> Result<Heap> {
    let TargetHint::WeakRef(variable) = wanted else {
        bail!("SpiderMonkey's addresses do not last");
    };
    let dump = Dump::read(input)?;
    dump.heap(variable)
}

impl Dump {
    fn read(mut input: impl BufRead) -> Result<Dump> {
        let mut dump = Dump::default();
        let mut line = Vec::new();
        let mut number = 0;
        let mut in_roots = true;
        loop {
            line.clear();
            let read = std::io::Read::take(&mut input, LINE as u64).read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            ensure!(line.pop() == Some(b'\n'), "it is cut off in line {}", number + 1);
            let text = String::from_utf8_lossy(&line);
            ensure!(
                number > 0 || text == "# Roots.",
                "it has an unknown version: it does not begin with `# Roots.`"
            );
            number += 1;
            if text.starts_with("==========") {
                in_roots = false;
            } else if in_roots {
                dump.read_root(&text);
            } else {
                dump.read_node_or_edge(&text)?;
            }
        }
        ensure!(number > 0, "it is empty");
        ensure!(!in_roots && !dump.nodes.is_empty(), "it is cut off before its nodes");
        Ok(dump)
    }

    /// What is no root and no entry of a weak map in this part is a heading.
    fn read_root(&mut self, text: &str) {
        if let Some((address, name)) = cell(text) {
            self.roots.push((address, shortened(name).into()));
        } else if let Some(entry) = text.strip_prefix("WeakMapEntry ") {
            let field = |name| {
                entry
                    .split(' ')
                    .find_map(|word| super::parse_address(word.strip_prefix(name)?))
            };
            self.weak_entries.extend(field("key=").zip(field("value=")));
        }
    }

    /// What is neither in this part is a heading.
    fn read_node_or_edge(&mut self, text: &str) -> Result<()> {
        if let Some((to, name)) = text.strip_prefix("> ").and_then(cell) {
            let node = self.nodes.last_mut().context("an edge comes before any node")?;
            node.edges += 1;
            let name = self.names.number(name);
            self.edges.push(DumpEdge { to, name });
        } else if let Some((address, text)) = cell(text) {
            let id = NodeId::try_from(self.nodes.len()).context("it has too many nodes")?;
            self.ids.insert(address, id);
            let text = self.names.number(text);
            self.nodes.push(DumpNode { text, edges: 0 });
        }
        Ok(())
    }

    fn heap(self, variable: &str) -> Result<Heap> {
        let mut heap = Heap::default();
        let mut weak = HashMap::new();
        let records = self.records();
        let extra = self.extra_edges(&records);
        let mut rest = &self.edges[..];
        for node in &self.nodes {
            let text = self.names.get(node.text);
            let (kind, class) = node_kind(text);
            let number = heap.names.number(class);
            let id = heap.add_node(kind, number)?;
            let own;
            (own, rest) = rest.split_at(node.edges as usize);
            for raw in own {
                let name = self.names.get(raw.name);
                let Some(to) = self.ids.get(&raw.to).copied() else {
                    // Permanent strings and symbols are in no zone that is dumped; all the rest is.
                    ensure!(
                        name != "shape" && name != "base",
                        "it is cut off: an object's {name} is missing"
                    );
                    continue;
                };
                if name.starts_with("WeakRefObject") {
                    weak.insert(id, to);
                    continue;
                }
                if name == "hashset element" && records.contains_key(&to) {
                    continue;
                }
                let (target, _) = self.node(to);
                let edge = edge(&mut heap, text, name, target, to);
                heap.add_edge(edge)?;
            }
            // Its edges come last: an object's shape is the first of them.
            let has_shape = own.first().is_some_and(|raw| self.names.get(raw.name) == "shape");
            ensure!(
                kind == NodeKind::Engine || has_shape,
                "it is cut off: an object has no shape"
            );
            for (name, to) in extra.get(&id).into_iter().flatten() {
                let label = EdgeLabel::Name(heap.names.number(name));
                heap.add_edge(Edge {
                    kind: EdgeKind::Internal,
                    label,
                    to: *to,
                })?;
            }
        }
        let scopes = self.find_globals(&mut heap);
        heap.roots = self.roots(&records);
        let value = scopes.iter().find_map(|scope| heap.by_name(*scope, variable));
        let value = value.with_context(|| format!("it is cut off: `{variable}` is missing"))?;
        heap.target = weak.get(&value).copied();
        self.find_classes(&mut heap)?;
        self.find_positions(&mut heap);
        Ok(heap)
    }

    fn node(&self, id: NodeId) -> (NodeKind, &str) {
        node_kind(self.names.get(self.nodes[id as usize].text))
    }

    /// The records of registries, each with its registry: both refer to the same
    /// queue. The global object has all records in a set, but drops those of a
    /// registry that has died, so that it is the registry that holds them, unless
    /// what they hold keeps the registry alive.
    fn records(&self) -> HashMap<NodeId, NodeId> {
        let mut queues: HashMap<NodeId, NodeId> = HashMap::new();
        let mut waiting: Vec<(NodeId, NodeId)> = Vec::new();
        let mut rest = &self.edges[..];
        for (id, node) in (0..).zip(&self.nodes) {
            let own;
            (own, rest) = rest.split_at(node.edges as usize);
            let (_, class) = self.node(id);
            let targets = own.iter().filter_map(|edge| self.ids.get(&edge.to).copied());
            let mut to_queue = targets.filter(|to| self.node(*to).1 == "FinalizationQueue");
            match class {
                "FinalizationRegistry" => queues.extend(to_queue.map(|queue| (queue, id))),
                "FinalizationRecord" => waiting.extend(to_queue.next().map(|queue| (queue, id))),
                _ => {}
            }
        }
        let registry = |(queue, record)| Some((record, *queues.get(&queue)?));
        waiting.into_iter().filter_map(registry).collect()
    }

    /// Edges that the dump does not tell at their nodes: from a registry to its
    /// records, and from the key in a weak map to the value, which it keeps alive
    /// for as long as the map lives.
    fn extra_edges(&self, records: &HashMap<NodeId, NodeId>) -> HashMap<NodeId, Vec<(&'static str, NodeId)>> {
        let of_records = records
            .iter()
            .map(|(record, registry)| (*registry, ("record", *record)));
        let id = |address: &u64| self.ids.get(address).copied();
        let entry = |(key, value): &(u64, u64)| Some((id(key)?, ("value in a WeakMap", id(value)?)));
        let mut extra: HashMap<NodeId, Vec<(&'static str, NodeId)>> = HashMap::new();
        for (from, edge) in of_records.chain(self.weak_entries.iter().filter_map(entry)) {
            extra.entry(from).or_default().push(edge);
        }
        // In the same order each time, which that of a hash map is not.
        extra.values_mut().for_each(|edges| edges.sort_unstable());
        extra
    }

    /// Finds the global objects and the scopes of global variables, and returns the latter.
    fn find_globals(&self, heap: &mut Heap) -> Vec<NodeId> {
        let global = |id: &NodeId| self.names.get(self.nodes[*id as usize].text).starts_with("global ");
        let objects: Vec<NodeId> = (0..self.nodes.len() as NodeId).filter(global).collect();
        let scope = |id: &NodeId| heap.by_name(*id, "global-lexical-env");
        let scopes: Vec<NodeId> = objects.iter().filter_map(scope).collect();
        heap.globals = scopes.iter().chain(&objects).copied().collect();
        scopes
    }

    /// Records are held by the global object itself for as long as their registry
    /// lives; where nothing else leads to one, that is the root.
    fn roots(&self, records: &HashMap<NodeId, NodeId>) -> Vec<HeapRoot> {
        let root = |(address, name): &(u64, Box<str>)| {
            let node = *self.ids.get(address)?;
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
        roots.chain(records.into_iter().map(record)).collect()
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
            let script = heap.by_name(id, "script");
            let text = script.map(|script| self.names.get(self.nodes[script as usize].text));
            let place = text.and_then(|text| text.strip_prefix("script ")?.rsplit_once(':'));
            if let Some((file, line)) = place
                && let Ok(line) = line.parse()
            {
                let file = file.to_owned();
                heap.positions.insert(id, SourcePosition { file, line });
            }
        }
    }
}

/// `0x1d5a69f3e038 B text`: an address, a colour, and a text.
fn cell(line: &str) -> Option<(u64, &str)> {
    let (address, rest) = line.split_once(' ')?;
    let (_colour, text) = rest.split_once(' ')?;
    Some((super::parse_address(address)?, text))
}

/// Classes of environments, whose properties are variables.
const SCOPES: &[&str] = &[
    "LexicalEnvironment",
    "Call",
    "Var",
    "WasmCall",
    "With",
    "NonSyntacticVariables",
];

/// What a node is, and its class: the text begins with the name of the engine's
/// class, or with what it is that is no object.
fn node_kind(text: &str) -> (NodeKind, &str) {
    const UNKNOWN: &str = " <unknown object>";
    // One without a name has nothing behind it.
    if text == "Function" || text.starts_with("Function ") {
        return (NodeKind::Function, "function");
    }
    let Some(class) = text.strip_suffix(UNKNOWN) else {
        return (NodeKind::Engine, text);
    };
    let engine = SCOPES.contains(&class)
        || class.starts_with("Finalization") && class != "FinalizationRegistry"
        || class.starts_with("AsyncFunctionGenerator")
        || [
            "SavedFrame",
            "ScriptSource",
            "PromiseDebugInfo",
            "PromiseReactionRecord",
        ]
        .contains(&class);
    match engine {
        true => (NodeKind::Engine, class),
        false => (NodeKind::Object, class),
    }
}

/// What an edge is, by the node that it begins at, its name, and what it leads to.
fn edge(heap: &mut Heap, from: &str, name: &str, target: NodeKind, to: NodeId) -> Edge {
    const ENGINES: &[&str] = &[
        "vector element",
        "hashset element",
        "hashmap value",
        "hashmap key",
        "global-lexical-env",
        "proxy target",
    ];
    let (kind, class) = node_kind(from);
    let engines = name.starts_with("**")
        || name.starts_with("CLASS_")
        || ENGINES.contains(&name)
        || ["Map", "Set"].contains(&class) && ["key", "value"].contains(&name);
    // A sparse array has its elements as properties.
    let index = name
        .strip_prefix("objectElements[")
        .map_or(Some(name), |rest| rest.strip_suffix(']'))
        .and_then(|text| text.parse().ok().filter(|index: &u32| index.to_string() == text));
    let named = EdgeLabel::Name(heap.names.number(name));
    let (kind, label) = match (index, class) {
        _ if target == NodeKind::Engine => (EdgeKind::Internal, named),
        (Some(index), _) => (EdgeKind::Element, EdgeLabel::Index(index)),
        (_, "WebAssembly.Table" | "WebAssembly.Instance") if name == "vector element" => {
            (EdgeKind::TableSlot, EdgeLabel::None)
        }
        (_, "FinalizationRecord") if name.starts_with("**UNKNOWN SLOT") => (EdgeKind::HeldValue, EdgeLabel::None),
        _ if engines => (EdgeKind::Internal, named),
        (_, class) if SCOPES.contains(&class) => match name {
            "enclosing_environment" => (EdgeKind::Internal, named),
            // `this` is kept as a variable that no program could name.
            ".this" => (EdgeKind::CapturedVariable, EdgeLabel::Name(heap.names.number("this"))),
            _ => (EdgeKind::CapturedVariable, named),
        },
        _ if kind == NodeKind::Engine => (EdgeKind::Internal, named),
        _ => (EdgeKind::Property, named),
    };
    Edge { kind, label, to }
}
