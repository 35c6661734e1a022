//! What the cells and edges of SpiderMonkey's dump are in the words of all engines.

use super::cycles;
use crate::{Edge, EdgeKind, EdgeLabel, Heap, NodeId, NodeKind};

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
pub const GLOBALS: &[&str] = &["global ", "Window ", "DedicatedWorkerGlobalScope "];

/// What a node is, and its class: the text begins with the name of the engine's
/// class, or with what it is that is no object.
pub fn node_kind(text: &str) -> (NodeKind, &str) {
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
pub fn edge(heap: &mut Heap, from: &str, name: &str, target: NodeKind, to: NodeId) -> Edge {
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
