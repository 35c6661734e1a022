//! Heap snapshots that somebody already has.

use crate::base::file;
use crate::explain::heaps::{ProgramHeap, read};
use crate::explain::sources::Sources;
use anyhow::{Context, Result, bail, ensure};
use heap::SnapshotFormat;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// So much of a file tells its format.
const START: u64 = 4096;

/// Reads snapshots of one process, the oldest first: what is new since then is what is asked
/// about. Of one alone it is everything.
pub fn read_all(paths: &[PathBuf]) -> Result<(ProgramHeap, SnapshotFormat)> {
    let formats: Vec<SnapshotFormat> = paths.iter().map(|path| format_of(path)).collect::<Result<_>>()?;
    let format = *formats.first().context("there is no snapshot")?;
    ensure!(
        formats.iter().all(|other| *other == format),
        "the snapshots are of different engines: give those of one process, the oldest first"
    );
    let (heap, births) = read(paths, format, &[])?;
    let program = ProgramHeap {
        heap,
        births,
        calls: None,
        all_calls: 0,
        snapshots: paths.len(),
        stopped: None,
        sources: Sources::of_snapshot(),
        functions: HashMap::new(),
    };
    Ok((program, format))
}

fn format_of(path: &Path) -> Result<SnapshotFormat> {
    let shown = path.display();
    let mut start = Vec::new();
    file::open(path)?
        .take(START)
        .read_to_end(&mut start)
        .with_context(|| format!("failed to read `{shown}`"))?;
    match SnapshotFormat::of(&start) {
        Some(format) => Ok(format),
        None if start.is_empty() => bail!("`{shown}` is empty"),
        None => bail!(
            "`{shown}` is no heap snapshot that is known: expected V8's `.heapsnapshot`, what \
             WebKit's inspector exports or `generateHeapSnapshotForGCDebugging()` of JavaScriptCore returns, or what `dumpHeap()` of \
             SpiderMonkey writes"
        ),
    }
}
