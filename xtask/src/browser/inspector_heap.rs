//! What is alive in a heap as WebKit's inspector writes it: counts and bytes, by class.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

/// The numbers of a node: its own, bytes, class, and others.
const NODE: usize = 4;

/// What begins the references, which are most of it. In a string the quotes of such a name would be escaped.
const EDGES: &str = "],\"edges\":[";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InspectorNodes {
    nodes: Vec<u64>,
    node_class_names: Vec<String>,
}

/// The classes; then the count and the bytes of each, as `js/lib/read_jsc.js` takes them.
pub fn count(heap: &str) -> Result<Value> {
    let head = match heap.find(EDGES) {
        Some(end) => format!("{}]}}", &heap[..end]),
        None => heap.to_owned(),
    };
    let heap: InspectorNodes = serde_json::from_str(&head).context("its heap cannot be read")?;
    let mut values = vec![0; 2 * heap.node_class_names.len()];
    for node in heap.nodes.chunks(NODE) {
        let &[_, bytes, class, _] = node else {
            ensure!(node.is_empty(), "a node of its heap is cut off");
            continue;
        };
        let at = usize::try_from(class)?.checked_mul(2);
        let counted = at.and_then(|at| values.get_mut(at..at + 2));
        let counted = counted.with_context(|| format!("its heap has no class {class}"))?;
        counted[0] += 1;
        counted[1] += bytes;
    }
    Ok(json!({ "nodeClassNames": heap.node_class_names, "values": values }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_counted_by_class() {
        let heap = r#"{"version":3,"type":"Inspector","nodes":[0,8,0,0, 1,100,1,4, 2,50,1,0],
            "nodeClassNames":["<root>","Widget"],"edges":[0,1,0,0],"edgeTypes":[]}"#;
        let expected = json!({ "nodeClassNames": ["<root>", "Widget"], "values": [1, 8, 2, 150] });
        assert_eq!(count(heap).unwrap(), expected);
        let empty = json!({ "nodeClassNames": [], "values": [] });
        assert_eq!(count(r#"{"nodes":[],"nodeClassNames":[]}"#).unwrap(), empty);
    }

    #[test]
    fn what_is_no_heap_is_an_error() {
        for (heap, told) in [
            ("", "its heap cannot be read"),
            ("[]", "its heap cannot be read"),
            (r#"{"nodes":[-1],"nodeClassNames":[]}"#, "its heap cannot be read"),
            (
                r#"{"nodes":[0,8,0],"nodeClassNames":["a"]}"#,
                "a node of its heap is cut off",
            ),
            (
                r#"{"nodes":[0,8,1,0],"nodeClassNames":["a"]}"#,
                "its heap has no class 1",
            ),
            (
                r#"{"nodes":[0,8,18446744073709551615,0],"nodeClassNames":["a"]}"#,
                "its heap has no class 18446744073709551615",
            ),
        ] {
            assert_eq!(count(heap).unwrap_err().to_string(), told, "{heap}");
        }
    }
}
