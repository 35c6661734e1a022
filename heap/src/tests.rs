//! The parsers, on real snapshots that were cut down to what a path needs.

mod damaged;
pub mod drawn;

use super::{Edge, EdgeKind, Heap, NodeId, NodeKind, SnapshotFormat, TargetHint};
use crate::path::{self, PathStart};
use anyhow::Result;

struct TestSnapshot {
    /// The case and the engine, or the program and its version, as other versions write
    /// the same format in another way.
    name: &'static str,
    format: SnapshotFormat,
    text: &'static str,
    /// Where JavaScriptCore has the wrappers.
    address: &'static [u64],
    /// The steps of the path, folded.
    steps: &'static [&'static str],
}

impl TestSnapshot {
    fn wanted(&self) -> TargetHint<'static> {
        match self.address {
            [] => TargetHint::WeakRef("explainTarget"),
            addresses => TargetHint::Address(addresses, &[]),
        }
    }

    fn parse(&self, text: &[u8]) -> Result<Heap> {
        self.format.parse(text, self.wanted())
    }
}

macro_rules! snapshot {
    ($file:literal, $format:ident, $address:expr, $steps:expr) => {
        TestSnapshot {
            name: $file,
            format: SnapshotFormat::$format,
            text: include_str!(concat!("../tests/snapshots/", $file)),
            address: $address,
            steps: $steps,
        }
    };
}

/// The addresses of the wrappers in each of JavaScriptCore's.
const M1: &[u64] = &[0x7fa8_e14b_c200];
const HELD_VALUE: &[u64] = &[0x7f08_384b_c200];
const M3_CYCLE: &[u64] = &[0x7f61_744b_c200];
const M1_BUN: &[u64] = &[0x05f1_8af9_4800, 0x05f1_8af9_4820];
const HELD_VALUE_BUN: &[u64] = &[0x022d_6759_4840];
const WASM_GC_ROOT_BUN: &[u64] = &[0x0249_a279_47e0];

static SNAPSHOTS: &[TestSnapshot] = &[
    snapshot!(
        "m1.v8.heapsnapshot",
        V8,
        &[],
        &[
            "CapturedVariable table ObjectTable",
            "Property objects Array",
            "Element 0 function",
            "CapturedVariable obj WasmObject"
        ]
    ),
    snapshot!(
        "m1.jsc.json",
        Jsc,
        M1,
        &[
            "CapturedVariable table ObjectTable",
            "Property objects Array",
            "Element 0 function",
            "CapturedVariable obj WasmObject"
        ]
    ),
    snapshot!(
        "m1.spidermonkey.txt",
        SpiderMonkey,
        &[],
        &[
            "CapturedVariable table ObjectTable",
            "Property objects Array",
            "Element 0 function",
            "CapturedVariable obj WasmObject"
        ]
    ),
    snapshot!(
        "held-value.v8.heapsnapshot",
        V8,
        &[],
        &[
            "CapturedVariable holder FinalizationRegistry",
            "HeldValue Object",
            "Property wrapper HeldObject"
        ]
    ),
    snapshot!(
        "held-value.jsc.json",
        Jsc,
        HELD_VALUE,
        &[
            "CapturedVariable holder FinalizationRegistry",
            "HeldValue Object",
            "Property wrapper HeldObject"
        ]
    ),
    snapshot!(
        "held-value.spidermonkey.txt",
        SpiderMonkey,
        &[],
        &[
            "CapturedVariable holder FinalizationRegistry",
            "HeldValue Object",
            "Property wrapper HeldObject"
        ]
    ),
    snapshot!(
        "m3-cycle.v8.heapsnapshot",
        V8,
        &[],
        &[
            "CapturedVariable instance WebAssembly.Instance",
            "Internal WebAssembly.Table",
            "TableSlot 0 function",
            "CapturedVariable obj RefObject"
        ]
    ),
    snapshot!(
        "m3-cycle.jsc.json",
        Jsc,
        M3_CYCLE,
        &[
            "CapturedVariable instance WebAssembly.Instance",
            "Internal WebAssembly.Table",
            "TableSlot function",
            "CapturedVariable obj RefObject"
        ]
    ),
    snapshot!(
        "m3-cycle.spidermonkey.txt",
        SpiderMonkey,
        &[],
        &[
            "CapturedVariable instance WebAssembly.Instance",
            "TableSlot function",
            "CapturedVariable obj RefObject"
        ]
    ),
    snapshot!(
        "wasm-gc-root.v8.heapsnapshot",
        V8,
        &[],
        &[
            "CapturedVariable instance WebAssembly.Instance",
            "Internal $objs (wasm)",
            "Element 1 $obj (wasm)",
            "WasmGcField callback function",
            "CapturedVariable obj HeapObject"
        ]
    ),
    snapshot!(
        "m1.js128.txt",
        SpiderMonkey,
        &[],
        &[
            "Property table ObjectTable",
            "Property objects Array",
            "Element 0 function",
            "CapturedVariable obj WasmObject"
        ]
    ),
    snapshot!(
        "m1.js140.txt",
        SpiderMonkey,
        &[],
        &[
            "Property table ObjectTable",
            "Property objects Array",
            "Element 0 function",
            "CapturedVariable obj WasmObject"
        ]
    ),
    snapshot!(
        "m1.node26.heapsnapshot",
        V8,
        &[],
        &[
            "Property table ObjectTable",
            "Property objects Array",
            "Element 0 function",
            "CapturedVariable obj WasmObject"
        ]
    ),
    snapshot!(
        "m1.bun.json",
        Jsc,
        M1_BUN,
        &[
            "Property table ObjectTable",
            "Property objects Array",
            "Element 0 function",
            "CapturedVariable obj WasmObject"
        ]
    ),
    snapshot!(
        "held-value.js128.txt",
        SpiderMonkey,
        &[],
        &[
            "CapturedVariable holder FinalizationRegistry",
            "HeldValue Object",
            "Property wrapper HeldObject"
        ]
    ),
    snapshot!(
        "held-value.js140.txt",
        SpiderMonkey,
        &[],
        &[
            "CapturedVariable holder FinalizationRegistry",
            "HeldValue Object",
            "Property wrapper HeldObject"
        ]
    ),
    snapshot!(
        "held-value.node26.heapsnapshot",
        V8,
        &[],
        &[
            "CapturedVariable holder FinalizationRegistry",
            "HeldValue Object",
            "Property wrapper HeldObject"
        ]
    ),
    snapshot!(
        "held-value.bun.json",
        Jsc,
        HELD_VALUE_BUN,
        &[
            "CapturedVariable holder FinalizationRegistry",
            "HeldValue Object",
            "Property wrapper HeldObject"
        ]
    ),
    snapshot!(
        "wasm-gc-root.js140.txt",
        SpiderMonkey,
        &[],
        &[
            "Property instance WebAssembly.Instance",
            "Internal WebAssembly.Array",
            "Element WebAssembly.Struct",
            "WasmGcField function",
            "CapturedVariable obj HeapObject"
        ]
    ),
    snapshot!(
        "wasm-gc-root.bun.json",
        Jsc,
        WASM_GC_ROOT_BUN,
        &[
            "Property instance WebAssembly.Instance",
            "Internal WebAssembly.Array",
            "Element WebAssembly.Struct",
            "WasmGcField function",
            "CapturedVariable obj HeapObject"
        ]
    ),
    snapshot!(
        "map-key.js140.txt",
        SpiderMonkey,
        &[],
        &["CapturedVariable cache Map", "MapValue \"key 0\" WasmObject"]
    ),
    snapshot!(
        "map-key.node26.heapsnapshot",
        V8,
        &[],
        &["CapturedVariable cache Map", "MapValue \"key 0\" WasmObject"]
    ),
    // m1, with properties that are called as the engine calls its own.
    snapshot!(
        "names.js140.txt",
        SpiderMonkey,
        &[],
        &[
            "Property table ObjectTable",
            "Property objects Array",
            "Element 0 function",
            "CapturedVariable obj WasmObject"
        ]
    ),
    // m1, with properties that are called as the engine calls its own.
    snapshot!(
        "names.node26.heapsnapshot",
        V8,
        &[],
        &[
            "Property table ObjectTable",
            "Property objects Array",
            "Element 0 function",
            "CapturedVariable obj WasmObject"
        ]
    ),
];

fn named(name: &str) -> &'static TestSnapshot {
    SNAPSHOTS.iter().find(|snapshot| snapshot.name == name).unwrap()
}

/// The folded path from a global variable to a wrapper, in words.
fn steps_to(heap: &Heap, target: NodeId) -> Option<Vec<String>> {
    let path = path::shortest(heap, target)?;
    let step = |edge: &Edge| {
        let label = heap.label(edge.label).filter(|_| edge.kind != EdgeKind::Internal);
        let node = match heap.kind(edge.to) {
            NodeKind::Function => "function",
            _ => heap.name(edge.to),
        };
        let words = [Some(format!("{:?}", edge.kind)), label, Some(node.to_owned())];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    matches!(path.start, PathStart::Global(_)).then(|| path::fold(heap, &path).iter().map(step).collect())
}

/// The steps to the first wrapper.
fn steps(heap: &Heap) -> Option<Vec<String>> {
    steps_to(heap, heap.targets.first().copied().flatten()?)
}

#[test]
fn every_engines_snapshot_has_the_same_path() {
    for snapshot in SNAPSHOTS {
        let heap = snapshot.parse(snapshot.text.as_bytes()).unwrap();
        assert_eq!(steps(&heap).unwrap(), snapshot.steps, "{}", snapshot.name);
    }
}

/// Where the functions on the paths are written: the line of a case's script.
const FUNCTIONS: &[(&str, u32)] = &[("m1", 8), ("m3-cycle", 9), ("names", 5), ("wasm-gc-root", 7)];

#[test]
fn functions_are_placed_where_the_engine_reports_places() {
    let has_function = |snapshot: &&TestSnapshot| snapshot.steps.iter().any(|step| step.ends_with(" function"));
    for snapshot in SNAPSHOTS.iter().filter(has_function) {
        let name = snapshot.name;
        let (case, line) = FUNCTIONS
            .iter()
            .find(|(case, _)| name.split('.').next() == Some(case))
            .unwrap();
        let heap = snapshot.parse(snapshot.text.as_bytes()).unwrap();
        let path = path::shortest(&heap, heap.targets[0].unwrap()).unwrap();
        let function = path.edges.iter().find(|edge| heap.kind(edge.to) == NodeKind::Function);
        let function = function.unwrap().to;
        let position = heap
            .position(function)
            .map(|position| (position.file.clone(), position.line));
        match snapshot.format {
            SnapshotFormat::V8 => assert_eq!(position, Some((format!("js/{case}/test.js"), *line)), "{name}"),
            SnapshotFormat::SpiderMonkey => {
                assert_eq!(position, Some((format!("/stage/js/{case}/test.js"), *line)), "{name}");
            }
            SnapshotFormat::Jsc => assert!(position.is_none() && heap.identity(function).is_some(), "{name}"),
        }
    }
}

#[test]
fn each_of_several_wrappers_has_its_own_path() {
    let mut seen = 0;
    for snapshot in SNAPSHOTS {
        let heap = snapshot.parse(snapshot.text.as_bytes()).unwrap();
        let [_, second] = heap.targets[..] else {
            continue;
        };
        let steps = steps_to(&heap, second.unwrap()).unwrap();
        let expected: Vec<String> = snapshot
            .steps
            .iter()
            .map(|step| step.replace("Element 0", "Element 1"))
            .collect();
        assert_eq!(steps, expected, "{}", snapshot.name);
        seen += 1;
    }
    assert_eq!(seen, 4, "those of m1 in newer engines");
}

#[test]
fn a_snapshot_that_is_cut_off_is_an_error_or_tells_the_same() {
    for snapshot in SNAPSHOTS {
        let bytes = snapshot.text.as_bytes();
        let mut refused = 0;
        for end in 0..bytes.len() {
            match snapshot.parse(&bytes[..end]) {
                Ok(heap) => assert_eq!(steps(&heap).unwrap(), snapshot.steps, "{} at {end}", snapshot.name),
                Err(_) => refused += 1,
            }
        }
        assert!(
            refused > bytes.len() * 9 / 10,
            "{}: {refused} of {}",
            snapshot.name,
            bytes.len()
        );
    }
}

/// Inserts a line behind the first one that begins so.
fn insert_behind(text: &str, line: &str, inserted: &str) -> String {
    let start = text.find(line).unwrap();
    let end = start + text[start..].find('\n').unwrap();
    format!("{}\n{inserted}{}", &text[..end], &text[end..])
}

#[test]
fn a_property_may_have_a_name_that_the_engine_has_for_its_own() {
    let dump = named("m1.spidermonkey.txt");
    for name in ["shape", "base", "propertymap"] {
        // What is missing may be a permanent string.
        let text = insert_behind(dump.text, "> 0x3e75de06b2a0 B shape", &format!("> 0x1 B {name}"));
        let heap = dump.parse(text.as_bytes()).unwrap();
        assert_eq!(steps(&heap).unwrap(), dump.steps, "{name}");
    }
}

#[test]
fn what_compiled_code_notes_keeps_nothing_alive() {
    let dump = named("m1.spidermonkey.txt");
    let heap = dump.parse(dump.text.as_bytes()).unwrap();
    let wrapper = heap.identity(heap.targets[0].unwrap()).unwrap();
    for (name, is_edge) in [
        ("cacheir-weak-object", false),
        ("cacheir-weak-value", false),
        ("object", true),
    ] {
        let text = insert_behind(
            dump.text,
            "> 0x3e75de067dd0 B script",
            &format!("> {wrapper:#x} B {name}"),
        );
        let noted = dump.parse(text.as_bytes()).unwrap();
        let edges = |heap: &Heap| {
            (0..heap.node_count() as NodeId)
                .map(|id| heap.edges(id).len())
                .sum::<usize>()
        };
        assert_eq!(edges(&noted) > edges(&heap), is_edge, "{name}");
    }
}

/// Their names look like those of classes, and they have no shape as objects do.
#[test]
fn what_is_no_object_needs_no_shape() {
    let dump = named("m1.spidermonkey.txt");
    let with = |cell: &str| format!("{}0x2 B {cell}\n", dump.text);
    for cell in ["BigInt", "INVALID"] {
        let heap = dump.parse(with(cell).as_bytes()).unwrap();
        assert_eq!(steps(&heap).unwrap(), dump.steps, "{cell}");
    }
    let error = dump.parse(with("Object").as_bytes()).unwrap_err();
    assert!(error.to_string().contains("has no shape"), "{error}");
}

#[test]
fn what_is_no_snapshot_of_a_known_version_is_said_to_be_none() {
    let jsc = named("m1.jsc.json");
    let v8 = named("m1.v8.heapsnapshot");
    let dump = named("m1.spidermonkey.txt");
    for (snapshot, text, wanted) in [
        (
            jsc,
            jsc.text.replace("\"version\":3", "\"version\":4"),
            "it has version 4; only version 3 is read",
        ),
        (
            jsc,
            jsc.text.replace("GCDebugging", "Another"),
            "no `GCDebugging` or `Inspector` snapshot",
        ),
        (
            jsc,
            jsc.text.replace("GCDebugging", "Inspector"),
            "a node's class is not a class",
        ),
        (jsc, "{}".to_owned(), "no `GCDebugging` or `Inspector` snapshot"),
        (jsc, "[1]".to_owned(), "not the JSON that was expected"),
        (
            jsc,
            jsc.text.replace("\"0x0\"", "\"nowhere\""),
            "`nowhere` is no address",
        ),
        (v8, v8.text.replace("\"to_node\"", "\"target\""), "no field `to_node`"),
        (
            v8,
            v8.text.replace("\"edge_count\"", "\"edges\""),
            "no field `edge_count`",
        ),
        (v8, "{\"nodes\":[]}".to_owned(), "does not begin as V8's snapshots do"),
        (
            v8,
            "{\"snapshot\":{\"meta\":7}}".to_owned(),
            "it has an unknown version",
        ),
        (v8, String::new(), "cut off"),
        (v8, jsc.text.to_owned(), "does not begin as V8's snapshots do"),
        (
            dump,
            dump.text.replace("# Roots.", "# Roots, anew."),
            "it has an unknown version",
        ),
        (
            dump,
            insert_behind(dump.text, "> 0x3e75de03b040 B base", "> 0x1 B propertymap"),
            "an object's propertymap is missing",
        ),
        (dump, String::new(), "empty"),
        (dump, "# Roots.\n# Weak maps.\n".to_owned(), "cut off before its nodes"),
        (
            dump,
            "# Roots.\n==========\n> 0x1 B a\n".to_owned(),
            "an edge comes before any node",
        ),
    ] {
        let error = snapshot.parse(text.as_bytes()).map(|_| ()).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
}
