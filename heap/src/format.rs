//! The formats: which parser reads a snapshot, and how much memory that takes.

use crate::births::EarlierHeap;
use crate::{Heap, TargetHint, jsc, spidermonkey, v8, web_assembly};
use anyhow::{Result, ensure};
use std::io::BufRead;

/// The memory that reading a snapshot may take, in bytes: 2 GiB. A development
/// machine or a CI runner has that to spare beside an engine; a snapshot that
/// needs more comes from a program that should be cut down first.
pub const MEMORY_LIMIT: u64 = 2 << 30;

/// Bytes of memory for each byte of a snapshot, at most. Real snapshots of 150,000
/// objects took 2.1 (V8), 2.2 (JavaScriptCore) and 2.5 to 2.7 (SpiderMonkey); a
/// made-up one of short rows took 4.7.
const MEMORY_PER_BYTE: u64 = 5;

/// How an engine writes down its heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotFormat {
    /// V8's `.heapsnapshot`.
    V8,
    /// JavaScriptCore's, for debugging the collector.
    Jsc,
    /// The text that SpiderMonkey's `dumpHeap` writes.
    SpiderMonkey,
}

impl SnapshotFormat {
    /// What an engine keeps to itself, so that a path may be hidden.
    pub fn hides(self) -> Option<&'static str> {
        match self {
            SnapshotFormat::Jsc => Some(
                "JavaScriptCore keeps what a Map, a Set, a WeakMap or a typed array holds out of its snapshots, and what a scan of its stack finds",
            ),
            SnapshotFormat::V8 | SnapshotFormat::SpiderMonkey => None,
        }
    }

    /// How the names of its files end, so that other tools take them.
    pub fn extension(self) -> &'static str {
        match self {
            SnapshotFormat::V8 => "heapsnapshot",
            SnapshotFormat::Jsc => "json",
            SnapshotFormat::SpiderMonkey => "txt",
        }
    }

    /// The most memory, in bytes, that parsing a snapshot of `size` bytes and
    /// finding a path in it take.
    pub fn memory_needed(self, size: u64) -> u64 {
        size.saturating_mul(MEMORY_PER_BYTE)
    }

    /// Refuses a snapshot of `size` bytes that would need more than `limit`
    /// bytes of memory, or that is empty: to be called before it is read.
    pub fn check_size(self, size: u64, limit: u64) -> Result<()> {
        ensure!(size > 0, "it is empty");
        let needed = self.memory_needed(size);
        ensure!(
            needed <= limit,
            "it has {} MiB, and reading it would take about {} MiB of memory; the limit is {} MiB",
            size >> 20,
            needed >> 20,
            limit >> 20
        );
        Ok(())
    }

    /// Reads a snapshot from `input`, a file or any other bytes.
    ///
    /// # Errors
    ///
    /// If `input` cannot be read, is cut off or damaged, or is of an unknown version.
    pub fn parse(self, input: impl BufRead, target: TargetHint<'_>) -> Result<Heap> {
        let mut heap = match self {
            SnapshotFormat::V8 => v8::parse(input, target),
            SnapshotFormat::Jsc => jsc::parse(input, target),
            SnapshotFormat::SpiderMonkey => spidermonkey::parse(input, target),
        }?;
        heap.check()?;
        web_assembly::prefer_exports(&mut heap);
        Ok(heap)
    }

    /// What has to be known of a snapshot before the one that is parsed. Much faster than
    /// [`SnapshotFormat::parse`].
    ///
    /// # Errors
    ///
    /// If `input` cannot be read, or is no such snapshot.
    pub fn earlier(self, input: impl BufRead) -> Result<EarlierHeap> {
        let mut found = EarlierHeap::default();
        match self {
            SnapshotFormat::V8 => v8::earlier(input, &mut found),
            SnapshotFormat::Jsc => jsc::earlier(input, &mut found),
            SnapshotFormat::SpiderMonkey => spidermonkey::earlier(input, &mut found),
        }?;
        ensure!(!found.identities.is_empty(), "it has no nodes");
        found.identities.sort_unstable();
        Ok(found)
    }

    /// The format of a snapshot that begins with these bytes, some kilobytes at least; none if
    /// it is none of these.
    pub fn of(start: &[u8]) -> Option<SnapshotFormat> {
        let text = String::from_utf8_lossy(start);
        let json = text.trim_start().strip_prefix('{').map(str::trim_start);
        match json {
            Some(json) if json.starts_with("\"snapshot\"") => Some(SnapshotFormat::V8),
            Some(json) if json.starts_with("\"version\"") => Some(SnapshotFormat::Jsc),
            _ if text.starts_with("# Roots.") => Some(SnapshotFormat::SpiderMonkey),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_refused_by_the_memory_that_it_needs() {
        let format = SnapshotFormat::V8;
        let limit = 1 << 20;
        let error = |size| format.check_size(size, limit).map_err(|error| error.to_string());
        assert_eq!(error(limit / MEMORY_PER_BYTE), Ok(()));
        assert_eq!(error(0), Err("it is empty".to_owned()));
        let refused = error(limit).unwrap_err();
        assert_eq!(
            refused,
            "it has 1 MiB, and reading it would take about 5 MiB of memory; the limit is 1 MiB"
        );
        assert!(error(u64::MAX).is_err());
    }
}
