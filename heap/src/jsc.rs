//! JavaScriptCore's snapshot for debugging the collector: JSON, with rows of
//! numbers (Source/JavaScriptCore/heap/HeapSnapshotBuilder.cpp).

use super::json::{Item, Row, stream};
use super::{Edge, EdgeKind, EdgeLabel, Heap, HeapRoot, NodeId, NodeKind, TargetHint, parse_address, shortened};
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;
use std::io::BufRead;

/// The version that is read.
const VERSION: u64 = 3;

/// The kind of snapshot that has addresses.
const TYPE: &str = "GCDebugging";

/// The flag of a node whose class is the name of its constructor.
const OF_PROGRAM: u64 = 1 << 1;

#[derive(Debug, Default)]
struct JscRows {
    nodes: Vec<JscNodeRow>,
    edges: Vec<JscEdgeRow>,
    classes: Vec<Box<str>>,
    edge_types: Vec<Box<str>>,
    edge_names: Vec<Box<str>>,
    labels: Vec<Box<str>>,
    roots: Vec<[u64; 3]>,
    version: Option<u64>,
    kind: Option<String>,
}

#[derive(Debug)]
struct JscNodeRow {
    /// The engine's number of it, in no order.
    number: u64,
    /// Its class is one of the program's, by the name of its constructor.
    of_program: bool,
    class: u32,
    address: u64,
}

#[derive(Debug, Clone, Copy)]
struct JscEdgeRow {
    from: u64,
    to: u64,
    kind: u8,
    name: u32,
}

/// Reads a snapshot.
pub fn parse(input: impl BufRead, wanted: TargetHint<'_>) -> Result<Heap> {
    let mut rows = JscRows::default();
    stream(input, |key, value| rows.read(key, value))?;
    ensure!(
        rows.kind.as_deref() == Some(TYPE),
        "it is no `{TYPE}` snapshot of JavaScriptCore"
    );
    match rows.version {
        Some(VERSION) => {}
        Some(version) => bail!("it has version {version}; only version {VERSION} is read"),
        None => bail!("it names no version; only version {VERSION} is read"),
    }
    ensure!(!rows.nodes.is_empty(), "it has no nodes");
    rows.heap(wanted)
}

impl JscRows {
    fn read(&mut self, key: &str, value: Row<'_, '_>) -> Result<()> {
        match key {
            "version" => self.version = Some(value.small()?),
            "type" => self.kind = Some(value.small()?),
            "nodes" => self.read_nodes(value)?,
            "edges" => rows(value, |[from, to, kind, name]: [u64; 4]| {
                self.edges.push(JscEdgeRow {
                    from,
                    to,
                    kind: u8::try_from(kind).context("an edge's type is not a type")?,
                    name: u32::try_from(name).context("an edge's name is not a name")?,
                });
                Ok(())
            })?,
            "roots" => rows(value, |root| {
                self.roots.push(root);
                Ok(())
            })?,
            "nodeClassNames" => texts(value, &mut self.classes)?,
            "edgeTypes" => texts(value, &mut self.edge_types)?,
            "edgeNames" => texts(value, &mut self.edge_names)?,
            "labels" => texts(value, &mut self.labels)?,
            _ => value.skip()?,
        }
        Ok(())
    }

    /// Each node has seven items: its number, size, class, flags, label, and two addresses.
    fn read_nodes(&mut self, value: Row<'_, '_>) -> Result<()> {
        let mut numbers = [0; 7];
        let mut column = 0;
        value.items(|item| {
            numbers[column] = match item {
                Item::Number(number) => number,
                Item::Text(text) => parse_address(text).with_context(|| format!("`{text}` is no address"))?,
            };
            column += 1;
            if column == numbers.len() {
                column = 0;
                let [number, _, class, flags, _, address, _] = numbers;
                self.nodes.push(JscNodeRow {
                    number,
                    of_program: flags & OF_PROGRAM != 0,
                    class: u32::try_from(class).context("a node's class is not a class")?,
                    address,
                });
            }
            Ok(())
        })?;
        ensure!(column == 0, "a row is cut off");
        Ok(())
    }

    fn heap(mut self, wanted: TargetHint<'_>) -> Result<Heap> {
        let TargetHint::Address(wanted) = wanted else {
            bail!("JavaScriptCore's snapshots do not have the targets of WeakRefs");
        };
        let wanted = parse_address(wanted).with_context(|| format!("`{wanted}` is no address"))?;
        let mut heap = Heap::default();
        let ids: HashMap<u64, NodeId> = (0..).zip(&self.nodes).map(|(id, node)| (node.number, id)).collect();
        self.edges.sort_by_key(|edge| ids.get(&edge.from).copied());
        let kinds: Vec<NodeKind> = self.nodes.iter().map(|node| self.kind(node)).collect();
        let mut edges = self.edges.iter().peekable();
        for (id, node) in (0..).zip(&self.nodes) {
            let kind = kinds[id as usize];
            let name = heap.names.number(self.class(node));
            heap.add_node(kind, name)?;
            if kind == NodeKind::Function {
                heap.addresses.insert(id, node.address);
            }
            if node.address == wanted && kind != NodeKind::Engine {
                heap.target = Some(id);
            }
            while let Some(edge) = edges.next_if(|edge| ids.get(&edge.from) == Some(&id)) {
                let to = *ids.get(&edge.to).context("an edge leads to a missing node")?;
                let (kind, label) = self.edge(&mut heap, *edge, node, kinds[to as usize]);
                heap.add_edge(Edge { kind, label, to })?;
            }
            tell_cleanup_callback(&mut heap, id, &kinds);
        }
        ensure!(edges.next().is_none(), "an edge begins at a missing node");
        let is_global = |node: &JscNodeRow| !node.of_program && GLOBALS.contains(&self.class(node));
        let globals = (0..).zip(&self.nodes).filter(|(_, node)| is_global(node));
        heap.globals = globals.map(|(id, _)| id).collect();
        heap.roots = self.roots(&ids)?;
        Ok(heap)
    }

    fn class(&self, node: &JscNodeRow) -> &str {
        self.classes.get(node.class as usize).map_or("", |name| name)
    }

    fn kind(&self, node: &JscNodeRow) -> NodeKind {
        match node.of_program {
            true => NodeKind::Object,
            false => node_kind(self.class(node)),
        }
    }

    /// What an edge is: the engine calls all that is neither property, index nor variable internal.
    fn edge(&self, heap: &mut Heap, edge: JscEdgeRow, from: &JscNodeRow, target: NodeKind) -> (EdgeKind, EdgeLabel) {
        let kind = self.edge_types.get(usize::from(edge.kind)).map_or("", |name| name);
        let name = self.edge_names.get(edge.name as usize).map_or("", |name| name);
        match kind {
            "Property" => (EdgeKind::Property, EdgeLabel::Name(heap.names.number(name))),
            // A generator's registers are variables by number.
            "Variable" if name.parse::<u32>().is_err() => {
                (EdgeKind::CapturedVariable, EdgeLabel::Name(heap.names.number(name)))
            }
            "Index" => (EdgeKind::Element, EdgeLabel::Index(edge.name)),
            _ if target == NodeKind::Engine || from.of_program => (EdgeKind::Internal, EdgeLabel::None),
            _ => (internal(self.class(from)), EdgeLabel::None),
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
                let name = name.unwrap_or("root".to_owned());
                Ok(HeapRoot { node, name })
            })
            .collect()
    }
}

/// What something that a program sees is to an object of this class that refers to it internally.
fn internal(class: &str) -> EdgeKind {
    match class {
        "WebAssembly.Table" => EdgeKind::TableSlot,
        "WebAssembly.Struct" => EdgeKind::WasmGcField,
        "WebAssembly.Array" => EdgeKind::Element,
        "FinalizationRegistry" => EdgeKind::HeldValue,
        _ => EdgeKind::Internal,
    }
}

fn node_kind(class: &str) -> NodeKind {
    const ENGINE: &[&str] = &[
        "<root>",
        "Structure",
        "StructureRareData",
        "StructureChain",
        "PropertyTable",
        "SymbolTable",
        "JSLexicalEnvironment",
        "JSModuleEnvironment",
        "JSGlobalLexicalEnvironment",
        "JSPropertyNameEnumerator",
        "FunctionRareData",
        "GetterSetter",
        "CustomGetterSetter",
        "Immutable Butterfly",
        "SparseArrayValueMap",
        "JSInternalPromise",
        "WebAssemblyModuleRecord",
        "JSWebAssemblyModuleRecord",
        "Callee",
    ];
    const ENDINGS: &[&str] = &["Executable", "CodeBlock", "SourceCode", "ScriptFetcher"];
    if class.ends_with("Function") {
        NodeKind::Function
    } else if ENGINE.contains(&class) || ENDINGS.iter().any(|ending| class.ends_with(ending)) {
        NodeKind::Engine
    } else {
        NodeKind::Object
    }
}

/// Global objects, and the scope of global variables.
const GLOBALS: &[&str] = &["global", "GlobalObject", "JSGlobalLexicalEnvironment"];

/// Reasons of nodes that live because another one does, such as the value in a WeakMap: not roots.
const FOLLOWING: &[&str] = &["Output", "WeakSets"];

/// The one function that a registry refers to is its cleanup callback, and no held value.
fn tell_cleanup_callback(heap: &mut Heap, id: NodeId, kinds: &[NodeKind]) {
    let function =
        |edge: &&mut Edge| edge.kind == EdgeKind::HeldValue && kinds.get(edge.to as usize) == Some(&NodeKind::Function);
    let mut functions = heap.edges_mut(id).iter_mut().filter(function);
    if let (Some(edge), None) = (functions.next(), functions.next()) {
        edge.kind = EdgeKind::Internal;
    }
}

/// A row of rows of numbers.
fn rows<const N: usize>(value: Row<'_, '_>, mut take: impl FnMut([u64; N]) -> Result<()>) -> Result<()> {
    let mut row = [0; N];
    let mut column = 0;
    value.numbers(|number| {
        row[column] = number;
        column += 1;
        if column == N {
            column = 0;
            take(row)?;
        }
        Ok(())
    })?;
    ensure!(column == 0, "a row is cut off");
    Ok(())
}

fn texts(value: Row<'_, '_>, into: &mut Vec<Box<str>>) -> Result<()> {
    value.strings(|text| {
        into.push(shortened(text).into());
        Ok(())
    })
}
