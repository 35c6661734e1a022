//! JavaScriptCore's classes: which nodes are the engine's own, and what they refer to.

use super::{Edge, EdgeKind, Heap, NodeId, NodeKind};

/// What something that a program sees is to an object of this class that refers to it internally.
pub fn internal(class: &str) -> EdgeKind {
    match class {
        "WebAssembly.Table" => EdgeKind::TableSlot,
        "WebAssembly.Struct" => EdgeKind::WasmGcField,
        "WebAssembly.Array" => EdgeKind::Element,
        "FinalizationRegistry" => EdgeKind::HeldValue,
        // It refers to its target before its handler, but the rows have no order.
        "Proxy" => EdgeKind::ProxyTarget,
        _ => EdgeKind::Internal,
    }
}

/// What a node of this class is, if the class is not the program's.
pub fn node_kind(class: &str) -> NodeKind {
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
        "Cell Butterfly",
        "SparseArrayValueMap",
        "JSInternalPromise",
        "WebAssemblyModuleRecord",
        "JSWebAssemblyModuleRecord",
        "Callee",
        "SlimPromiseReaction",
        "FullPromiseReaction",
        "JSPromiseReaction",
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
pub const GLOBALS: &[&str] = &[
    "global",
    "GlobalObject",
    "JSGlobalLexicalEnvironment",
    "Window",
    "DedicatedWorkerGlobalScope",
];

/// The scopes of modules. Instances of WebAssembly have such, too, which only they keep.
pub fn modules(heap: &Heap) -> Vec<NodeId> {
    let is_record = |id: &NodeId| ["ModuleRecord", "JSModuleRecord"].contains(&heap.name(*id));
    let records = (0..heap.node_count() as NodeId).filter(is_record);
    let parts = records.flat_map(|record| heap.edges(record).iter().map(|edge| edge.to));
    let mut found: Vec<NodeId> = parts.filter(|id| heap.name(*id) == "JSModuleEnvironment").collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Reasons of nodes that live because another one does, such as the value in a WeakMap: not roots.
pub const FOLLOWING: &[&str] = &["Output", "WeakSets"];

/// The one function that a registry refers to is its cleanup callback, and no held value.
pub fn tell_cleanup_callback(heap: &mut Heap, id: NodeId, kinds: &[NodeKind]) {
    let function =
        |edge: &&mut Edge| edge.kind == EdgeKind::HeldValue && kinds.get(edge.to as usize) == Some(&NodeKind::Function);
    let mut functions = heap.edges_mut(id).iter_mut().filter(function);
    if let (Some(edge), None) = (functions.next(), functions.next()) {
        edge.kind = EdgeKind::Internal;
    }
}
