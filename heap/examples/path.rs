//! Prints the shortest path to an object in a heap snapshot:
//!
//! ```text
//! cargo run --package wasm-leaks-heap --example path -- v8|jsc|spidermonkey FILE NAME|0xADDRESS
//! ```
//!
//! NAME is a global variable that holds a `WeakRef` to the object.

use anyhow::{Context, Result, bail};
use heap::path::{PathStart, fold, shortest};
use heap::{MEMORY_LIMIT, SnapshotFormat, TargetHint, parse_address};
use std::fs::File;
use std::io::BufReader;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [format, file, target] = arguments.as_slice() else {
        bail!("usage: path v8|jsc|spidermonkey FILE NAME|0xADDRESS");
    };
    let format = match format.as_str() {
        "v8" => SnapshotFormat::V8,
        "jsc" => SnapshotFormat::Jsc,
        "spidermonkey" => SnapshotFormat::SpiderMonkey,
        other => bail!("`{other}` is not a format: expected v8, jsc or spidermonkey"),
    };
    let address = parse_address(target);
    let target = match &address {
        Some(address) => TargetHint::Address(std::slice::from_ref(address), &[]),
        None => TargetHint::WeakRef(target),
    };
    let what = || format!("failed to read `{file}`");
    let input = File::open(file).with_context(what)?;
    let size = input.metadata().with_context(what)?.len();
    format.check_size(size, MEMORY_LIMIT).with_context(what)?;
    let heap = format.parse(BufReader::new(input), target).with_context(what)?;
    println!("{} nodes", heap.node_count());
    let object = heap
        .targets
        .first()
        .copied()
        .flatten()
        .context("the object is not in the heap")?;
    let path = shortest(&heap, object).context("no root leads to the object")?;
    match &path.start {
        PathStart::Global(_) | PathStart::Module(_) => println!("global"),
        PathStart::Root(_, name) => println!("root: {name}"),
    }
    for edge in fold(&heap, &path) {
        let label = heap.label(edge.label).unwrap_or_default();
        println!("{} {label} -> {}", edge.kind.words(), heap.name(edge.to));
    }
    Ok(())
}
