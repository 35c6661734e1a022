//! What a browser has to do for a page that runs scripts.

use crate::browser::place::BrowserPlace;
use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// Where a browser runs and what it is told at its start.
pub struct Start<'a> {
    /// The program.
    pub path: &'a Path,
    /// Flags of the user's, and those that features need.
    pub flags: &'a [String],
    /// The directory that is served.
    pub stage: &'a Path,
    /// An empty directory for its profile and all else that it writes.
    pub directory: &'a Path,
}

/// What a page has beside objects of scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DomCounts {
    /// Nodes that are alive, in a document or not.
    pub nodes: u64,
    /// Listeners that scripts added.
    pub listeners: u64,
    pub documents: u64,
}

/// A browser that was started, told what to do from outside its pages.
pub trait Driver: Send {
    /// The version as the browser reports it.
    fn version(&mut self) -> Result<String>;
    /// Opens an address in a new page and closes the one before.
    fn open(&mut self, address: &str) -> Result<()>;
    /// Collects all that is dead in the page, and in its dedicated workers.
    fn collect(&mut self) -> Result<()>;
    /// Bytes of the page's JavaScript heap, if the browser tells.
    fn heap_bytes(&mut self) -> Result<Option<u64>>;
    /// Writes the page's heap, in the engine's format, to a file.
    fn snapshot(&mut self, to: &Path) -> Result<()>;
    /// Whether the process still runs.
    fn is_running(&mut self) -> bool;

    /// Sends a command of the browser's own protocol to where scripts run.
    fn call(&mut self, method: &str, _parameters: &Value) -> Result<Value> {
        bail!("the browser does not take `{method}`")
    }

    /// Counts what is alive where scripts run, as `js/lib/read_*.js` asks for it.
    fn census(&mut self, _what: &str) -> Result<Value> {
        bail!("the browser does not count what is alive")
    }

    /// Counts what the page has beside objects of scripts, if the browser does.
    fn dom_counts(&mut self) -> Result<Option<DomCounts>> {
        Ok(None)
    }

    /// The page that was opened runs its first script, and waits.
    fn loaded(&mut self) -> Result<()> {
        Ok(())
    }

    /// Whether it can write the heap.
    fn writes_heap(&self) -> bool {
        true
    }

    /// The version of its engine, where that is another one.
    fn engine_version(&mut self) -> Result<Option<String>> {
        Ok(None)
    }

    /// Where scripts are going to run: the heap that is asked for is that of the page, or of its first worker.
    fn set_place(&mut self, _place: BrowserPlace) {}

    /// What ended the page, as the end of a sentence that begins with "the page": it crashed, or was closed. The page
    /// reports itself what it can.
    fn lost(&mut self) -> Option<String> {
        None
    }
}
