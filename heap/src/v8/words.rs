//! What V8's nodes and edges are in the words of all engines.

use crate::{Edge, EdgeKind, EdgeLabel, Heap, HeapRoot, NodeId, NodeKind};
use anyhow::{Context, Result};
use std::collections::HashMap;

/// Contexts are objects to V8, but nothing that a program sees.
pub fn node_kind(kind: &str, name: &str) -> NodeKind {
    match kind {
        "closure" => NodeKind::Function,
        "hidden" | "array" | "code" | "object shape" | "synthetic" => NodeKind::Engine,
        _ if name.starts_with("system / ") => NodeKind::Engine,
        _ => NodeKind::Object,
    }
}

/// Finds the global objects and the scopes of global variables, and returns the latter.
pub fn find_globals(heap: &mut Heap) -> Vec<NodeId> {
    let mut objects = Vec::new();
    let mut scopes = Vec::new();
    for id in 0..heap.node_count() as NodeId {
        if !heap.name(id).starts_with("system / NativeContext") {
            continue;
        }
        let named = ["extension", "global_object", "global_proxy_object"];
        let found = named.iter().filter_map(|name| heap.by_name(id, name));
        objects.extend(found.filter(|id| heap.kind(*id) == NodeKind::Object));
        if let Some(table) = heap.by_name(id, "script_context_table") {
            let contexts = heap.edges(table).iter().map(|edge| edge.to);
            scopes.extend(contexts.filter(|id| is_context(heap, *id)));
        }
    }
    heap.globals = scopes.iter().copied().chain(objects).collect();
    scopes
}

fn is_context(heap: &Heap, id: NodeId) -> bool {
    let name = heap.name(id);
    name == "system / Context" || name.starts_with("system / Context / ")
}

/// A root is what a synthetic node leads to: `(Stack roots)`, `(Global handles)`.
pub fn find_roots(heap: &mut Heap, synthetic: &[NodeId]) {
    let mut roots = Vec::new();
    for id in synthetic {
        let name = heap.name(*id).trim_matches(['(', ')']);
        let name = if name.is_empty() { "root" } else { name };
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
    let Some(info) = heap.by_name(id, "scope_info") else {
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
    if heap.names.get(name) == "WebAssembly.Table" {
        let hidden = |edge: &&Edge| edge.label == EdgeLabel::None && heap.kind(edge.to) == NodeKind::Engine;
        let stores: Vec<NodeId> = heap.edges(id).iter().filter(hidden).map(|edge| edge.to).collect();
        stores.into_iter().for_each(|store| name_slots(heap, store));
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

/// The target of the WeakRef that this global variable has, in itself or in a
/// cell; none if it was collected.
pub fn target(
    heap: &Heap,
    scopes: &[NodeId],
    weak: &HashMap<NodeId, NodeId>,
    variable: &str,
) -> Result<Option<NodeId>> {
    let value = scopes.iter().find_map(|scope| heap.by_name(*scope, variable));
    let value = value.with_context(|| format!("no global scope has a variable `{variable}`"))?;
    let cell = heap.edges(value).iter().map(|edge| edge.to);
    Ok([value].into_iter().chain(cell).find_map(|id| weak.get(&id).copied()))
}
