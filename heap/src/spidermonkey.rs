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

use super::births::EarlierHeap;
use super::{Edge, EdgeKind, EdgeLabel, Heap, HeapRoot, NodeId, NodeKind, SourcePosition, TargetHint, shortened};
use anyhow::{Context, Result, bail, ensure};
use cycles::{CycleLog, CycleNode};
use rustc_hash::FxHashMap as HashMap;
use std::io::BufRead;

/// How long a line may be, in bytes.
const LINE: usize = 1 << 20;

#[derive(Debug, Default)]
struct Dump {
    nodes: Vec<DumpNode>,
    edges: Vec<DumpEdge>,
    roots: Vec<(u64, Box<str>)>,
    /// The keys and values of weak maps.
    weak_entries: Vec<WeakEntry>,
    /// Nodes by address.
    ids: HashMap<u64, NodeId>,
    names: super::Names,
    /// What comes after the dump of a page in Firefox.
    cycles: CycleLog,
    /// The first node of C++, which come last.
    first_of_cplusplus: Option<NodeId>,
}

/// An edge that the dump does not tell at its node, with its name, if it has one.
type ExtraEdge<'a> = (EdgeKind, NodeId, Option<&'a str>);

#[derive(Debug)]
struct WeakEntry {
    map: u64,
    key: u64,
    value: u64,
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
    fn read(mut input: impl BufRead) -> Result<Dump> {
        let mut dump = Dump::default();
        let mut line = Vec::new();
        let mut number = 0;
        let mut in_roots = true;
        let mut in_cycles = false;
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
            if in_cycles {
                dump.cycles.read(&text);
            } else if text == cycles::HEADING {
                in_cycles = true;
            } else if text.starts_with("==========") {
                in_roots = false;
            } else if in_roots {
                dump.read_root(&text);
            } else {
                dump.read_node_or_edge(&text)?;
            }
        }
        ensure!(number > 0, "it is empty");
        ensure!(!in_roots && !dump.nodes.is_empty(), "it is cut off before its nodes");
        dump.add_cycles()?;
        Ok(dump)
    }

    /// Adds the objects of C++, with their edges, behind those of scripts.
    fn add_cycles(&mut self) -> Result<()> {
        self.cycles.finish();
        let cycles = std::mem::take(&mut self.cycles);
        let edges = cycles.edges_by_object();
        self.first_of_cplusplus = Some(NodeId::try_from(self.nodes.len()).context("it has too many nodes")?);
        for (number, (address, name)) in cycles.objects.iter().enumerate() {
            let id = NodeId::try_from(self.nodes.len()).context("it has too many nodes")?;
            self.ids.entry(*address).or_insert(id);
            let text = self.names.number(&cycles::text(name));
            let own = edges.get(&number).map_or(&[][..], Vec::as_slice);
            self.nodes.push(DumpNode {
                text,
                edges: u32::try_from(own.len()).context("it has too many edges")?,
            });
            for edge in own {
                let name = self.names.number(&edge.name);
                self.edges.push(DumpEdge { to: edge.to, name });
            }
        }
        drop(edges);
        self.cycles = cycles;
        Ok(())
    }

    /// Whether a node is an object of C++.
    fn is_of_cplusplus(&self, id: NodeId) -> bool {
        self.first_of_cplusplus.is_some_and(|first| id >= first)
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
            if let (Some(map), Some(key), Some(value)) = (field("map="), field("key="), field("value=")) {
                self.weak_entries.push(WeakEntry { map, key, value });
            }
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

    fn heap(self, variable: Option<&str>) -> Result<Heap> {
        let mut heap = Heap::default();
        let mut weak = HashMap::default();
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
                    weak.insert(id, to);
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
                let mut edge = edge(&mut heap, text, name, target, to);
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

    fn is_text(&self, id: NodeId) -> bool {
        self.names.get(self.nodes[id as usize].text).starts_with("string <")
    }

    fn node(&self, id: NodeId) -> (NodeKind, &str) {
        node_kind(self.names.get(self.nodes[id as usize].text))
    }

    /// A key as a program would write it, if it is a string; else its class.
    fn key_words(&self, id: NodeId) -> String {
        let text = self.names.get(self.nodes[id as usize].text);
        match text.strip_prefix("string <").and_then(|text| text.split_once("> ")) {
            Some((_, text)) => format!("{text:?}"),
            None => self.node(id).1.to_owned(),
        }
    }

    /// The records of registries, each with its registry: both refer to the same
    /// queue. The global object has all records in a set, but drops those of a
    /// registry that has died, so that it is the registry that holds them, unless
    /// what they hold keeps the registry alive.
    fn records(&self) -> HashMap<NodeId, NodeId> {
        let mut queues: HashMap<NodeId, NodeId> = HashMap::default();
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
    "ModuleEnvironmentObject",
    "NonSyntacticVariables",
];

/// How the texts of global objects begin: of shells, and of pages.
const GLOBALS: &[&str] = &["global ", "Window ", "DedicatedWorkerGlobalScope "];

/// What a node is, and its class: the text begins with the name of the engine's
/// class, or with what it is that is no object.
fn node_kind(text: &str) -> (NodeKind, &str) {
    // One without a name has nothing behind it.
    if text == "Function" || text.starts_with("Function ") {
        return (NodeKind::Function, "function");
    }
    if let Some(found) = cycles::node_kind(text) {
        return found;
    }
    let Some(class) = class_of(text) else {
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
            "PromiseCombinatorDataHolder",
            "ForOfPIC",
        ]
        .contains(&class);
    // As JavaScriptCore calls them.
    let class = match class {
        "WasmArrayObject" => "WebAssembly.Array",
        "WasmStructObject" => "WebAssembly.Struct",
        _ => class,
    };
    match engine {
        true => (NodeKind::Engine, class),
        false => (NodeKind::Object, class),
    }
}

/// The class of an object. Its text has ` <unknown object>` behind that; in Firefox the private slots, if the class has
/// some, and nothing, if it has other slots. What is no object has a name in lower case there, but for [`NO_OBJECTS`].
fn class_of(text: &str) -> Option<&str> {
    if let Some(class) = text.strip_suffix(" <unknown object>") {
        return Some(class);
    }
    if let Some(at) = text.find(":Private(") {
        let (class, slot) = text[..at].rsplit_once(' ')?;
        return slot.parse::<u32>().is_ok().then_some(class);
    }
    let is_class = text.starts_with(|c: char| c.is_ascii_uppercase()) && !NO_OBJECTS.contains(&text);
    is_class.then_some(text)
}

/// Kinds of cells whose names look like classes, but that have no shape. SpiderMonkey 140 has no name for the buffers of
/// its own collector.
const NO_OBJECTS: &[&str] = &["BigInt", "INVALID"];

/// Names of edges that only the engine knows. A property may have any name, too, but
/// hardly one of these.
const ENGINES: &[&str] = &[
    "vector element",
    "hashset element",
    "hashmap value",
    "hashmap key",
    "global-lexical-env",
    "anyref",
    "WeakMap owner",
];

/// How such names begin.
const PREFIXES: &[&str] = &[
    "**",
    "CLASS_",
    "wasm ",
    "wasm-",
    "proxy",
    "OrderedHash",
    "HashableValue",
    "JSFunction ",
    "JitScript",
    "ForOfPIC",
    "objectDynamicSlots",
    "SavedStacks::",
    "WeakRefObject::",
];

/// How references are called that keep nothing alive.
const NOTED_BY_CODE: &str = "cacheir-weak-";

/// What a reference of a Map or Set is: the engine calls a key, or an element, by what it
/// is made to be found by.
fn entry_kind(class: &str, name: &str) -> Option<EdgeKind> {
    let is_value = name == "value" || name.starts_with("OrderedHash") && name.ends_with(" value");
    let is_key = ["key", "HashableValue"].contains(&name) || name.starts_with("OrderedHash") && !is_value;
    match class {
        "Map" if is_value => Some(EdgeKind::MapValue),
        "Map" if is_key => Some(EdgeKind::MapKey),
        "Set" if is_value || is_key => Some(EdgeKind::SetElement),
        _ => None,
    }
}

/// The index in `objectElements[7]`, and in a name that is only a number: a sparse
/// array has its elements as properties.
fn index(name: &str) -> Option<u32> {
    let text = ["objectElements[", "array element[", "arguments["]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix)?.strip_suffix(']'))
        .unwrap_or(name);
    text.parse().ok().filter(|index: &u32| index.to_string() == text)
}

/// What an edge is, by the node that it begins at, its name, and what it leads to.
fn edge(heap: &mut Heap, from: &str, name: &str, target: NodeKind, to: NodeId) -> Edge {
    let (kind, class) = node_kind(from);
    let entry = entry_kind(class, name);
    let engines = ENGINES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let named = EdgeLabel::Name(heap.names.number(name));
    let (kind, label) = match (index(name), class) {
        _ if entry == Some(EdgeKind::MapKey) => (EdgeKind::MapKey, EdgeLabel::None),
        _ if target == NodeKind::Engine => (EdgeKind::Internal, named),
        (Some(index), _) => (EdgeKind::Element, EdgeLabel::Index(index)),
        (_, "WebAssembly.Table" | "WebAssembly.Instance") if name == "vector element" => {
            (EdgeKind::TableSlot, EdgeLabel::None)
        }
        (_, "WebAssembly.Table") if name == "anyref" => (EdgeKind::TableSlot, EdgeLabel::None),
        (_, "WebAssembly.Instance") if name == "**UNKNOWN SLOT 1**" => {
            (EdgeKind::Property, EdgeLabel::Name(heap.names.number("exports")))
        }
        _ if name == "wasm-array-element" => (EdgeKind::Element, EdgeLabel::None),
        _ if name == "wasm-struct-field" => (EdgeKind::WasmGcField, EdgeLabel::None),
        (_, "FinalizationRecord") if name.starts_with("**UNKNOWN SLOT") => (EdgeKind::HeldValue, EdgeLabel::None),
        _ if entry.is_some() => (entry.unwrap_or(EdgeKind::Internal), EdgeLabel::None),
        // The key is not said.
        (_, class) if name == "**SYMBOL KEY**" && kind != NodeKind::Engine && !SCOPES.contains(&class) => {
            (EdgeKind::Property, EdgeLabel::Name(heap.names.number("<symbol>")))
        }
        _ if name == "propmap_key" => (EdgeKind::PropertyName, EdgeLabel::None),
        _ if name == "proxy target" => (EdgeKind::ProxyTarget, EdgeLabel::None),
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
