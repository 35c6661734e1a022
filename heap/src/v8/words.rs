//! What V8's nodes and edges are in the words of all engines.

use super::embedder::is_of_embedder;
use crate::web_assembly::INSTANCE;
use crate::{Edge, EdgeKind, EdgeLabel, Heap, HeapRoot, NodeId, NodeKind};
use anyhow::{Context, Result};
use rustc_hash::FxHashMap as HashMap;

/// A proxy is nothing to V8's snapshots, but it is to a program.
const PROXY: &str = "system / JSProxy";

/// The class of an object, by the engine's name.
pub fn class(name: &str) -> &str {
    match name {
        PROXY => "Proxy",
        _ => name,
    }
}

/// Contexts are objects to V8, but nothing that a program sees.
pub fn node_kind(kind: &str, name: &str) -> NodeKind {
    match kind {
        "closure" => NodeKind::Function,
        _ if name == PROXY => NodeKind::Object,
        "hidden" | "array" | "code" | "object shape" | "synthetic" | "number" => NodeKind::Engine,
        _ if name.starts_with("system / ") || is_of_embedder(kind, name) => NodeKind::Engine,
        _ => NodeKind::Object,
    }
}

/// Finds the global objects and the scopes of global variables, and returns the latter.
pub fn find_globals(heap: &mut Heap) -> Vec<NodeId> {
    let mut objects = Vec::new();
    let mut scopes = Vec::new();
    let mut realms = Vec::new();
    for id in 0..heap.node_count() as NodeId {
        if !heap.name(id).starts_with("system / NativeContext") {
            continue;
        }
        realms.push(id);
        let named = ["extension", "global_object", "global_proxy_object"];
        let found = named.iter().filter_map(|name| heap.by_engines_name(id, name));
        objects.extend(found.filter(|id| heap.kind(*id) == NodeKind::Object));
        if let Some(table) = heap.by_engines_name(id, "script_context_table") {
            let contexts = heap.edges(table).iter().map(|edge| edge.to);
            scopes.extend(contexts.filter(|id| is_context(heap, *id)));
        }
    }
    heap.realms = realms;
    heap.globals = scopes.iter().copied().chain(objects).collect();
    scopes
}

fn is_context(heap: &Heap, id: NodeId) -> bool {
    let name = heap.name(id);
    name == "system / Context" || name.starts_with("system / Context / ")
}

/// Finds the scopes of modules: the context of a module's code, which is a generator once it
/// runs. What a module exports is in cells, of which its table of exports has the names.
pub fn find_modules(heap: &mut Heap) {
    let is_module = |id: &NodeId| heap.name(*id) == "system / SourceTextModule";
    let modules: Vec<NodeId> = (0..heap.node_count() as NodeId).filter(is_module).collect();
    for module in &modules {
        let parts: Vec<NodeId> = heap.edges(*module).iter().map(|edge| edge.to).collect();
        let scope = parts.iter().find_map(|part| heap.by_engines_name(*part, "context"));
        heap.modules.extend(scope.filter(|scope| is_context(heap, *scope)));
        for part in parts {
            name_exported(heap, part);
        }
    }
    heap.modules.extend(modules);
    heap.modules.dedup();
}

/// Names the variables in the cells of a table of exports: each cell comes after its name.
fn name_exported(heap: &mut Heap, table: NodeId) {
    let mut name = None;
    let mut cells = Vec::new();
    for edge in heap.edges(table) {
        match heap.name(edge.to) {
            "system / Cell" => cells.extend(name.take().map(|name: String| (edge.to, name))),
            text => name = (heap.kind(edge.to) == NodeKind::Object).then(|| text.to_owned()),
        }
    }
    for (cell, name) in cells {
        let number = heap.names.number(&name);
        for edge in heap.edges_mut(cell) {
            edge.kind = EdgeKind::CapturedVariable;
            edge.label = EdgeLabel::Name(number);
        }
    }
}

/// What is kept only as long as something else keeps it, though V8 calls it a root.
const WEAK_ROOTS: [&str; 1] = ["Internalized strings"];

/// A root is what a synthetic node leads to: `(Stack roots)`, `(Global handles)`.
pub fn find_roots(heap: &mut Heap, synthetic: &[NodeId]) {
    let mut roots = Vec::new();
    for id in synthetic {
        let name = heap.name(*id).trim_matches(['(', ')']);
        let name = if name.is_empty() { "root" } else { name };
        if WEAK_ROOTS.contains(&name) {
            continue;
        }
        for edge in heap.edges(*id) {
            if synthetic.binary_search(&edge.to).is_err() {
                roots.push(HeapRoot {
                    node: edge.to,
                    name: name.to_owned(),
                });
            }
        }
    }
    heap.roots = roots;
}

/// The variables of a block's scope have no names, but its scope info has all of
/// them, in order. A variable that holds a small integer has no edge, so that
/// of several, the names may only be known together.
pub fn name_variables(heap: &mut Heap, id: NodeId) {
    if !is_context(heap, id) {
        return;
    }
    let Some(info) = heap.by_engines_name(id, "scope_info") else {
        return;
    };
    let is_string = |edge: &&Edge| edge.label == EdgeLabel::None && heap.kind(edge.to) == NodeKind::Object;
    let names: Vec<String> = heap
        .edges(info)
        .iter()
        .filter(is_string)
        .map(|edge| heap.name(edge.to).to_owned())
        .collect();
    let hidden = |edge: &Edge| edge.label == EdgeLabel::None;
    let count = heap.edges(id).iter().filter(|edge| hidden(edge)).count();
    if count == 0 || names.is_empty() {
        return;
    }
    let labels: Vec<EdgeLabel> = match count == names.len() {
        true => names
            .iter()
            .map(|name| EdgeLabel::Name(heap.names.number(name)))
            .collect(),
        false => vec![EdgeLabel::Name(heap.names.number(&names.join(" or "))); count],
    };
    let mut labels = labels.into_iter();
    for edge in heap.edges_mut(id) {
        if hidden(edge) {
            edge.kind = EdgeKind::CapturedVariable;
            edge.label = labels.next().unwrap_or(EdgeLabel::None);
        }
    }
}

/// A registry's cell refers to the cells beside it and to what is held for the finalizer; to the target weakly.
pub fn name_held_values(heap: &mut Heap, id: NodeId) {
    const CELL: &str = "system / WeakCell";
    if heap.name(id) != CELL {
        return;
    }
    let held: Vec<bool> = heap
        .edges(id)
        .iter()
        .map(|edge| {
            edge.label == EdgeLabel::None
                && heap.kind(edge.to) != NodeKind::Engine
                && heap.name(edge.to) != "FinalizationRegistry"
        })
        .collect();
    for (edge, held) in heap.edges_mut(id).iter_mut().zip(held) {
        if held {
            edge.kind = EdgeKind::HeldValue;
        }
    }
}

/// Names of WebAssembly's objects are those of their prototypes; slots of a table
/// are what its backing store has by number; fields of a struct begin with `$`.
pub fn name_of_web_assembly(heap: &mut Heap, id: NodeId) {
    if heap.kind(id) != NodeKind::Object {
        return;
    }
    if heap.name(id).ends_with(" (wasm)") {
        name_fields(heap, id);
        return;
    }
    let Some(prototype) = heap.by_name(id, "__proto__") else {
        return;
    };
    let name = heap.nodes[prototype as usize].name;
    if !heap.names.get(name).starts_with("WebAssembly.") {
        return;
    }
    heap.nodes[id as usize].name = name;
    if heap.names.get(name) == INSTANCE {
        name_exports(heap, id);
    }
    if heap.names.get(name) == "WebAssembly.Table" {
        let hidden = |edge: &&Edge| edge.label == EdgeLabel::None && heap.kind(edge.to) == NodeKind::Engine;
        let stores: Vec<NodeId> = heap.edges(id).iter().filter(hidden).map(|edge| edge.to).collect();
        stores.into_iter().for_each(|store| name_slots(heap, store));
    }
}

/// The exports object of an instance has a name only in newer versions, or none at all.
fn name_exports(heap: &mut Heap, id: NodeId) {
    let is_exports = |edge: &Edge| {
        let label = heap.label(edge.label);
        let named = label.as_deref() == Some("exports") || label.as_deref() == Some("exports_object");
        let unnamed = label.is_none() && heap.kind(edge.to) == NodeKind::Object && heap.name(edge.to) == "Object";
        edge.kind == EdgeKind::Internal && (named || unnamed)
    };
    let found = heap.edges(id).iter().position(is_exports);
    let exports = EdgeLabel::Name(heap.names.number("exports"));
    if let Some(edge) = found.and_then(|place| heap.edges_mut(id).get_mut(place)) {
        edge.kind = EdgeKind::Property;
        edge.label = exports;
    }
}

fn name_slots(heap: &mut Heap, store: NodeId) {
    let slots: Vec<Option<u32>> = heap
        .edges(store)
        .iter()
        .map(|edge| {
            let index = heap.label(edge.label)?.parse().ok()?;
            (heap.kind(edge.to) != NodeKind::Engine).then_some(index)
        })
        .collect();
    for (edge, slot) in heap.edges_mut(store).iter_mut().zip(slots) {
        if let Some(slot) = slot {
            edge.kind = EdgeKind::TableSlot;
            edge.label = EdgeLabel::Index(slot);
        }
    }
}

fn name_fields(heap: &mut Heap, id: NodeId) {
    let fields: Vec<Option<u32>> = heap
        .edges(id)
        .to_vec()
        .iter()
        .map(|edge| {
            let name = heap.label(edge.label).filter(|_| edge.kind == EdgeKind::Property)?;
            Some(heap.names.number(name.strip_prefix('$')?))
        })
        .collect();
    for (edge, field) in heap.edges_mut(id).iter_mut().zip(fields) {
        if let Some(field) = field {
            edge.kind = EdgeKind::WasmGcField;
            edge.label = EdgeLabel::Name(field);
        }
    }
}

/// Its target is the first object that a proxy refers to, and its handler the second.
pub fn name_target(heap: &mut Heap, id: NodeId) {
    if heap.kind(id) != NodeKind::Object || heap.name(id) != "Proxy" {
        return;
    }
    let hidden = |edge: &Edge| edge.label == EdgeLabel::None && heap.kind(edge.to) != NodeKind::Engine;
    let found = heap.edges(id).iter().position(hidden);
    if let Some(edge) = found.and_then(|place| heap.edges_mut(id).get_mut(place)) {
        edge.kind = EdgeKind::ProxyTarget;
    }
}

/// The entries of a Map or Set are in its table: behind a head of three numbers and so
/// many buckets, each a key, a value if it is a map, and the number of the next entry.
/// Numbers have no edge, so that it takes the place of an edge to tell what it is.
pub fn name_entries(heap: &mut Heap, id: NodeId, is_text: &impl Fn(NodeId) -> bool) {
    let is_map = match heap.name(id) {
        "Map" => true,
        "Set" => false,
        _ => return,
    };
    let Some(table) = heap
        .by_engines_name(id, "table")
        .filter(|_| heap.kind(id) == NodeKind::Object)
    else {
        return;
    };
    if heap.kind(table) != NodeKind::Engine {
        return;
    }
    let places: Vec<Option<u32>> = heap.edges(table).iter().map(|edge| place(heap, edge)).collect();
    let Some(first) = places.iter().flatten().min().copied() else {
        return;
    };
    let keys_by_place: HashMap<u32, NodeId> = places
        .iter()
        .zip(heap.edges(table))
        .filter_map(|(place, edge)| Some(((*place)?, edge.to)))
        .collect();
    let key = key_place(first, &keys_by_place);
    let named: Vec<Option<(EdgeKind, Option<String>)>> = places
        .iter()
        .map(|place| {
            let place = (*place)?;
            Some(match (is_map, key.map(|key| (place + 3 - key) % 3)) {
                (false, _) => (EdgeKind::SetElement, None),
                (true, Some(0)) => (EdgeKind::MapKey, None),
                (true, Some(1)) => {
                    let key = keys_by_place.get(&(place - 1));
                    (EdgeKind::MapValue, key.map(|key| key_words(heap, *key, is_text)))
                }
                (true, _) => return None,
            })
        })
        .collect();
    for (number, named) in named.into_iter().enumerate() {
        let Some((kind, key)) = named else {
            continue;
        };
        let label = match key {
            Some(key) => EdgeLabel::Name(heap.names.number(&key)),
            None => EdgeLabel::None,
        };
        let edge = &mut heap.edges_mut(table)[number];
        edge.kind = kind;
        edge.label = label;
    }
}

/// The place of an entry's part in the table.
fn place(heap: &Heap, edge: &Edge) -> Option<u32> {
    match edge.label {
        EdgeLabel::Index(index) => Some(index),
        label => heap.label(label)?.parse().ok(),
    }
}

/// The places of keys, modulo three: from the first entry, if it is there, since the
/// number of buckets is a power of two; or from a key and its value.
fn key_place(first: u32, places: &HashMap<u32, NodeId>) -> Option<u32> {
    let begins = |place: u32| {
        place
            .checked_sub(3)
            .is_some_and(|buckets| buckets >= 2 && buckets.is_power_of_two())
    };
    if begins(first) {
        return Some(first % 3);
    }
    if begins(first - first.min(1)) {
        return Some((first - 1) % 3);
    }
    let pair = places.keys().filter(|place| places.contains_key(&(*place + 1))).min()?;
    Some(pair % 3)
}

/// A key as a program would write it, if it is a string; else its class.
fn key_words(heap: &Heap, key: NodeId, is_text: &impl Fn(NodeId) -> bool) -> String {
    match is_text(key) {
        true => format!("{:?}", heap.name(key)),
        false => heap.name(key).to_owned(),
    }
}

/// The key and the table of an entry of a WeakMap, by the engine's numbers.
pub struct Ephemeron {
    pub key: u32,
    pub table: u32,
}

/// `3 / part of key (Object @15331) -> value (Counted @14913) pair in WeakMap (table @15353)`.
/// The names in it may be anything.
pub fn ephemeron(name: &str) -> Option<Ephemeron> {
    let (_, rest) = name.split_once(" / part of key (")?;
    let (key, rest) = rest.split_once(") -> value (")?;
    let (_, table) = rest.rsplit_once(") pair in WeakMap (table @")?;
    Some(Ephemeron {
        key: key.rsplit_once('@')?.1.parse().ok()?,
        table: table.strip_suffix(')')?.parse().ok()?,
    })
}

/// The targets of the WeakRefs that this global variable has, in itself, in a cell, or
/// in an array; none for one that was collected.
pub fn targets(
    heap: &Heap,
    scopes: &[NodeId],
    weak: &HashMap<NodeId, NodeId>,
    variable: &str,
) -> Result<Vec<Option<NodeId>>> {
    let value = scopes.iter().find_map(|scope| heap.by_name(*scope, variable));
    let value = value.with_context(|| format!("no global scope has a variable `{variable}`"))?;
    let is = |id: NodeId, name: &str| heap.kind(id) == NodeKind::Object && heap.name(id) == name;
    let known = |id: &NodeId| is(*id, "WeakRef") || is(*id, "Array");
    let cell = heap.edges(value).iter().map(|edge| edge.to);
    let Some(value) = [value].into_iter().chain(cell).find(known) else {
        return Ok(Vec::new());
    };
    if is(value, "WeakRef") {
        return Ok(vec![weak.get(&value).copied()]);
    }
    let element = |edge: &Edge| (edge.kind == EdgeKind::Element).then_some((edge.index()?, edge.to));
    let mut elements: Vec<(u32, NodeId)> = heap.edges(value).iter().filter_map(element).collect();
    elements.sort_unstable();
    Ok(elements.iter().map(|(_, id)| weak.get(id).copied()).collect())
}
