//! The objects of the program that V8 is built into, which are in its snapshots, too: in Chromium those of the DOM.

/// The type of the nodes that are no objects of V8's own.
pub const NATIVE: &str = "native";

/// Whether a node is the embedder's own: an object in C++, by the name of its class. What scripts see has the name that
/// they know: `<div>`, `EventListener`.
pub fn is_of_embedder(kind: &str, name: &str) -> bool {
    kind == NATIVE && (name.contains("::") || name == "V8EventListener")
}

#[cfg(test)]
mod tests {
    use super::is_of_embedder;
    use crate::path::{fold, shortest};
    use crate::{SnapshotFormat, TargetHint};

    /// A page with a listener, as Chromium writes it.
    const PAGE: &str = r#"{"snapshot":{"meta":{
"node_fields":["type","name","id","self_size","edge_count"],
"node_types":[["hidden","object","closure","native","synthetic"],"string","number","number","number"],
"edge_fields":["type","name_or_index","to_node"],
"edge_types":[["context","element","internal"],"string_or_number","node"]},"node_count":8,"edge_count":7},
"nodes":[4,0,1,0,1, 0,1,3,0,1, 1,3,5,0,1, 3,4,7,0,1, 3,5,9,0,1, 3,6,11,0,1, 2,7,13,0,1, 3,9,15,0,0],
"edges":[1,1,5, 2,2,10, 1,24,15, 1,1,20, 1,1,25, 1,1,30, 0,8,35],
"strings":["","system / NativeContext","global_object","Window","blink::EventTargetData","EventListener",
"V8EventListener","f","e","<div>"]}"#;

    #[test]
    fn a_path_through_the_dom_has_what_scripts_see() {
        let wanted = TargetHint::Nothing(&[]);
        let heap = SnapshotFormat::V8.parse(PAGE.as_bytes(), wanted).unwrap();
        let path = shortest(&heap, 7).unwrap();
        let step = |edge: &crate::Edge| format!("{:?} {}", edge.kind, heap.name(edge.to));
        let steps: Vec<String> = fold(&heap, &path).iter().map(step).collect();
        assert_eq!(
            steps,
            ["Internal EventListener", "Internal f", "CapturedVariable <div>"]
        );
    }

    #[test]
    fn classes_of_c_are_the_embedder_s() {
        for (kind, name, is_own) in [
            ("native", "blink::HeapVectorBacking<blink::RuleData>", true),
            ("native", "V8EventListener", true),
            ("native", "<div>", false),
            ("native", "EventListener", false),
            ("object", "my::Class", false),
            ("string", "a::b", false),
        ] {
            assert_eq!(is_of_embedder(kind, name), is_own, "{kind} {name}");
        }
    }
}
