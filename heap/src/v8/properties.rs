//! Properties of V8's objects: what a program calls them, and the names themselves, which an object with many properties has
//! in a table.

use crate::{EdgeKind, EdgeLabel, Heap, NodeId, NodeKind};
use rustc_hash::FxHashSet as HashSet;
use std::borrow::Cow;

/// Tables of the shapes that an object may come to have. Each entry, and the name of a property in it, goes with its shape, and
/// that with the last object.
pub const KEPT_BY_THEIR_SHAPES: [&str; 2] = ["system / TransitionArray", "(transition array)"];

/// Tables of the properties that all objects of a shape have.
const OF_SHAPES: [&str; 2] = ["system / DescriptorArray", "(map descriptors)"];

/// How the names of symbols end by which a page's global object has what it made once.
const CACHED: &str = "CachedAccessor>";

/// The name of a property as a program has it: `document` for `<symbol Window#DocumentCachedAccessor>`.
pub fn name(engines: &str) -> Cow<'_, str> {
    let cached = engines
        .strip_prefix("<symbol ")
        .and_then(|rest| rest.strip_suffix(CACHED));
    let Some((_, property)) = cached.and_then(|rest| rest.split_once('#')) else {
        return Cow::Borrowed(engines);
    };
    let mut characters = property.chars();
    match characters.next() {
        Some(first) => Cow::Owned(first.to_lowercase().chain(characters).collect()),
        None => Cow::Borrowed(engines),
    }
}

/// Tells the names of properties from all else that an object, or the shape of objects, has in a table of these.
pub fn name_names(heap: &mut Heap, id: NodeId, is_text: &impl Fn(NodeId) -> bool) {
    if heap.kind(id) != NodeKind::Object {
        if OF_SHAPES.contains(&heap.name(id)) {
            set_names(heap, id, is_text);
        }
        return;
    }
    let table = heap.by_engines_name(id, "properties");
    let Some(table) = table.filter(|table| heap.kind(*table) == NodeKind::Engine) else {
        return;
    };
    if !heap.edges(table).iter().any(|edge| is_text(edge.to)) {
        return;
    }
    // A value is there, too, and the object itself refers to it.
    let is_property = |edge: &&crate::Edge| edge.kind == EdgeKind::Property;
    let values: HashSet<NodeId> = heap.edges(id).iter().filter(is_property).map(|edge| edge.to).collect();
    set_names(heap, table, &|id| is_text(id) && !values.contains(&id));
}

/// What a table refers to is a name, if it is one at all.
fn set_names(heap: &mut Heap, table: NodeId, is_name: &impl Fn(NodeId) -> bool) {
    for edge in heap.edges_mut(table) {
        if edge.kind == EdgeKind::Internal && is_name(edge.to) {
            edge.kind = EdgeKind::PropertyName;
            edge.label = EdgeLabel::None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{fold, shortest};
    use crate::{SnapshotFormat, TargetHint};

    /// A global object with one that has the property `b`, which is the string `c`, in a table. The string `b` is in the table
    /// of the engine's strings, too.
    const TABLE: &str = r#"{"snapshot":{"meta":{
"node_fields":["type","name","id","self_size","edge_count"],
"node_types":[["hidden","object","array","string","synthetic"],"string","number","number","number"],
"edge_fields":["type","name_or_index","to_node"],
"edge_types":[["property","internal"],"string_or_number","node"]},"node_count":8,"edge_count":9},
"nodes":[4,0,1,0,2, 0,1,3,0,1, 1,3,5,0,1, 1,4,7,0,2, 2,5,9,0,2, 3,6,11,0,0, 3,7,13,0,0, 4,9,15,0,1],
"edges":[1,8,5, 1,8,35, 1,2,10, 0,10,15, 0,6,30, 1,5,20, 1,8,25, 1,8,30, 1,8,25],
"strings":["","system / NativeContext","global_object","Window","Object","properties","b","c","1","(Internalized strings)",
"<symbol Window#DocumentCachedAccessor>"]}"#;

    #[test]
    fn a_name_of_a_property_is_told_from_its_value() {
        let heap = SnapshotFormat::V8
            .parse(TABLE.as_bytes(), TargetHint::Nothing(&[]))
            .unwrap();
        for (node, wanted) in [
            (5, &["Property document", "PropertyName "][..]),
            (6, &["Property document", "Property b"]),
        ] {
            let path = shortest(&heap, node).unwrap();
            let step = |edge: &crate::Edge| format!("{:?} {}", edge.kind, heap.label(edge.label).unwrap_or_default());
            let steps: Vec<String> = fold(&heap, &path).iter().map(step).collect();
            assert_eq!(steps, wanted, "node {node}");
        }
        // What that root has alone is kept by nothing.
        assert!(heap.roots.iter().all(|root| root.name != "Internalized strings"));
    }

    /// A global object whose shape has the name `b`, and a table of shapes to come with `b` or `c`.
    const SHAPE: &str = r#"{"snapshot":{"meta":{
"node_fields":["type","name","id","self_size","edge_count"],
"node_types":[["hidden","object","object shape","string","synthetic"],"string","number","number","number"],
"edge_fields":["type","name_or_index","to_node"],
"edge_types":[["property","internal"],"string_or_number","node"]},"node_count":8,"edge_count":8},
"nodes":[4,0,1,0,1, 0,1,3,0,1, 1,3,5,0,1, 2,4,7,0,2, 2,5,9,0,1, 2,6,11,0,2, 3,7,13,0,0, 3,8,15,0,0],
"edges":[1,9,5, 1,2,10, 1,4,15, 1,9,20, 1,9,25, 1,9,30, 1,9,30, 1,9,35],
"strings":["","system / NativeContext","global_object","Window","system / Map","system / DescriptorArray",
"system / TransitionArray","b","c","1"]}"#;

    #[test]
    fn a_shape_keeps_the_names_that_it_has_and_not_those_that_may_come() {
        let heap = SnapshotFormat::V8
            .parse(SHAPE.as_bytes(), TargetHint::Nothing(&[]))
            .unwrap();
        let path = shortest(&heap, 6).unwrap();
        let kinds: Vec<EdgeKind> = fold(&heap, &path).iter().map(|edge| edge.kind).collect();
        assert_eq!(kinds, [EdgeKind::PropertyName]);
        assert!(shortest(&heap, 7).is_none());
    }

    #[test]
    fn what_a_page_made_once_has_the_name_that_a_program_knows() {
        for (engines, wanted) in [
            ("<symbol Window#DocumentCachedAccessor>", "document"),
            ("<symbol Window#CachedAccessor>", "<symbol Window#CachedAccessor>"),
            ("<symbol mine>", "<symbol mine>"),
            ("document", "document"),
        ] {
            assert_eq!(name(engines), wanted);
        }
    }
}
