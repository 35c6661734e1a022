//! The scripts that every program gets: `js/lib`.
//!
//! They are embedded in the program, so that it works in any directory. In a
//! checkout, the checkout's scripts are used, so that an edit takes effect.

use crate::base::directories::Directories;
use crate::base::file;
use crate::run::stage::Stage;
use anyhow::{Context, Result};
use std::borrow::Cow;

/// Gives every shell and host the same interface, then loads the scripts on the command line.
pub const SHELL: &str = "js/lib/shell.js";
/// Gives a page, or a worker of one, what a shell has, and loads `shell.js` there.
pub const PAGE: [&str; 2] = ["js/lib/page.js", "js/lib/page.html"];
/// Count what is alive beside a page or a worker of Firefox.
pub const FIREFOX: [&str; 3] = [
    "js/lib/firefox_page.js",
    "js/lib/firefox_worker.js",
    "js/lib/firefox_debugger.js",
];
/// What a debugger of SpiderMonkey sees of a heap.
pub const DEBUGGER_CENSUS: &str = "js/lib/debugger_census.js";
/// Reports which engine runs it.
pub const PROBE: &str = "js/lib/probe.js";
/// Proves that the engine collects.
pub const CANARY: &str = "js/lib/canary.js";
/// Telemetry, errors, and what each run is watched by.
pub const WATCH: &str = "js/lib/watch.js";
/// The memories, tables and instances that scripts make or get.
pub const MEMORIES: &str = "js/lib/memories.js";
/// How a series of readings goes on.
pub const TREND: &str = "js/lib/trend.js";
/// The code that our own cases share.
pub const RUNTIME: &str = "js/lib/runtime.js";
/// Runs the scripts in a global object of their own, in SpiderMonkey's shell.
pub const INNER_GLOBAL: &str = "js/lib/inner_global.js";
/// How a kind grows with the calls.
pub const GROWTH: &str = "js/lib/growth.js";
/// Places in the user's files.
pub const PLACES: &str = "js/lib/places.js";
/// Leaks that the census has to find.
pub const PLANTED: &str = "js/lib/planted.js";
/// The living blocks of a linear memory.
pub const LEDGER: &str = "js/lib/ledger.js";
/// Modules that report their blocks.
pub const BLOCKS: &str = "js/lib/blocks.js";
/// The sizes of a guest's objects in linear memory.
pub const BLOCK_SIZES: &str = "js/lib/block_sizes.js";
/// How to count what is alive, by engine.
pub const READERS: [&str; 3] = ["js/lib/read_v8.js", "js/lib/read_jsc.js", "js/lib/read_spidermonkey.js"];
/// The classes of what V8 reports without.
pub const WITNESS_V8: &str = "js/lib/witness_v8.js";
/// Readings of what is alive, one after the other.
pub const READINGS: &str = "js/lib/readings.js";
/// Calls a user's `test(n)`, and takes readings of what is alive.
pub const CENSUS: &str = "js/lib/census.js";
/// How the engine is made to write a heap snapshot.
pub const SNAPSHOT: &str = "js/lib/snapshot.js";
/// Tells what scripts can reach, where the snapshot does not.
pub const REACH: &str = "js/lib/reach.js";
/// Makes a case run some rounds, and the engine write a heap snapshot.
pub const EXPLAIN: &str = "js/lib/explain.js";
/// Calls a user's `test(n)`, and makes the engine write its heap between the calls.
pub const RETAIN: &str = "js/lib/retain.js";
/// The end of a classic script that is bundled, and what stands in for modules of Node.js and of
/// WebAssembly in a bundle.
pub const BUNDLED: [&str; 3] = ["js/lib/bundled.js", "js/lib/no_node.js", "js/lib/imported_wasm.js"];
/// What scripts expect of a browser or of Node.js, where the engine lacks it: to be loaded in this order.
pub const WEB: &[&str] = &[
    "js/lib/web.js",
    "js/lib/console.js",
    "js/lib/timers.js",
    "js/lib/events.js",
    "js/lib/text_coding.js",
    "js/lib/url_query.js",
    "js/lib/url.js",
    "js/lib/clone.js",
    "js/lib/fetch.js",
];

/// Each script by its name on a stage, as of the build of the program.
const EMBEDDED: &[(&str, &str)] = &[
    (SHELL, include_str!("../../lib/shell.js")),
    (PAGE[0], include_str!("../../lib/page.js")),
    (PAGE[1], include_str!("../../lib/page.html")),
    (FIREFOX[0], include_str!("../../lib/firefox_page.js")),
    (FIREFOX[1], include_str!("../../lib/firefox_worker.js")),
    (FIREFOX[2], include_str!("../../lib/firefox_debugger.js")),
    (DEBUGGER_CENSUS, include_str!("../../lib/debugger_census.js")),
    (PROBE, include_str!("../../lib/probe.js")),
    (CANARY, include_str!("../../lib/canary.js")),
    (WATCH, include_str!("../../lib/watch.js")),
    (MEMORIES, include_str!("../../lib/memories.js")),
    (TREND, include_str!("../../lib/trend.js")),
    (INNER_GLOBAL, include_str!("../../lib/inner_global.js")),
    (GROWTH, include_str!("../../lib/growth.js")),
    (PLACES, include_str!("../../lib/places.js")),
    (PLANTED, include_str!("../../lib/planted.js")),
    (LEDGER, include_str!("../../lib/ledger.js")),
    (BLOCKS, include_str!("../../lib/blocks.js")),
    (BLOCK_SIZES, include_str!("../../lib/block_sizes.js")),
    (READERS[0], include_str!("../../lib/read_v8.js")),
    (READERS[1], include_str!("../../lib/read_jsc.js")),
    (READERS[2], include_str!("../../lib/read_spidermonkey.js")),
    (WITNESS_V8, include_str!("../../lib/witness_v8.js")),
    (READINGS, include_str!("../../lib/readings.js")),
    (CENSUS, include_str!("../../lib/census.js")),
    (RUNTIME, include_str!("../../lib/runtime.js")),
    (SNAPSHOT, include_str!("../../lib/snapshot.js")),
    (REACH, include_str!("../../lib/reach.js")),
    (EXPLAIN, include_str!("../../lib/explain.js")),
    (RETAIN, include_str!("../../lib/retain.js")),
    (BUNDLED[0], include_str!("../../lib/bundled.js")),
    (BUNDLED[1], include_str!("../../lib/no_node.js")),
    (BUNDLED[2], include_str!("../../lib/imported_wasm.js")),
    ("js/lib/web.js", include_str!("../../lib/web.js")),
    ("js/lib/console.js", include_str!("../../lib/console.js")),
    ("js/lib/timers.js", include_str!("../../lib/timers.js")),
    ("js/lib/events.js", include_str!("../../lib/events.js")),
    ("js/lib/text_coding.js", include_str!("../../lib/text_coding.js")),
    ("js/lib/url_query.js", include_str!("../../lib/url_query.js")),
    ("js/lib/url.js", include_str!("../../lib/url.js")),
    ("js/lib/clone.js", include_str!("../../lib/clone.js")),
    ("js/lib/fetch.js", include_str!("../../lib/fetch.js")),
];

/// The text of a script.
pub fn script(directories: &Directories, name: &'static str) -> Result<Cow<'static, [u8]>> {
    if let Some(root) = directories.checkout() {
        return file::read(&root.join(name)).map(Cow::Owned);
    }
    let embedded = EMBEDDED.iter().find(|(known, _)| *known == name);
    let (_, text) = embedded.with_context(|| format!("`{name}` is not part of this program"))?;
    Ok(Cow::Borrowed(text.as_bytes()))
}

/// Puts scripts on a stage, each under its own name.
pub fn put(directories: &Directories, stage: &Stage, names: &[&'static str]) -> Result<()> {
    names
        .iter()
        .try_for_each(|name| stage.write(name, &script(directories, name)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_scripts_of_the_checkout_are_those_in_the_program() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let files = file::entries(&root.join("js/lib")).unwrap();
        assert_eq!(files.len(), EMBEDDED.len(), "each script is embedded");
        for (name, text) in EMBEDDED {
            assert_eq!(std::fs::read_to_string(root.join(name)).unwrap(), *text, "{name}");
        }
        for name in WEB {
            assert!(EMBEDDED.iter().any(|(known, _)| known == name), "{name}");
        }
    }
}
