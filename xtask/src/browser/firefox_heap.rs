//! The heap of a page as Firefox writes it: the logs of its two collectors, that of scripts and that of C++.

use crate::browser::marionette::{Marionette, ScriptContext};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Between the two logs in the file: no line of theirs.
pub const SECOND_LOG: &str = "# Cycle collector.\n";

/// A process of pages (`nsIXULRuntime`). After a crash, scripts run in the parent of all as if nothing were wrong.
const OF_PAGES: u32 = 2;

/// Has all processes write both logs, with all that is alive. A single one cannot be asked: its sandbox opens no file.
const WRITE: &str = "
const written = [];
const done = arguments[0];
Cc['@mozilla.org/memory-info-dumper;1'].getService(Ci.nsIMemoryInfoDumper).dumpGCAndCCLogsToFile('heap', true, true, {
  onDump(gc, cc) { written.push({ gc: gc.path, cc: cc.path }); },
  onFinish() { done(written); },
});";

/// The logs of one process.
#[derive(Debug, Deserialize)]
struct ProcessLogs {
    gc: PathBuf,
    cc: PathBuf,
}

/// Writes the heap of the page's process to a file. The logs of the other processes are removed.
pub fn write(marionette: &mut Marionette, process: u32, to: &Path) -> Result<()> {
    marionette.set_side(ScriptContext::Parent)?;
    let written = marionette.run_async(WRITE, &json!([]));
    marionette.set_side(ScriptContext::Page)?;
    let logs: Vec<ProcessLogs> = serde_json::from_value(written?).context("it does not tell where its heap is")?;
    let is_own = |logs: &&ProcessLogs| is_of(&logs.gc, process);
    let joined = match logs.iter().find(is_own) {
        Some(own) => join(own, to),
        None => bail!("it did not write the heap of process {process}"),
    };
    for path in logs.iter().flat_map(|logs| [&logs.gc, &logs.cc]) {
        // They lie in the browser's own directory, which is removed with it.
        let _ = fs::remove_file(path);
    }
    joined
}

/// The process that a script told.
pub fn process_of(told: &Value) -> Result<u32> {
    let [kind, process]: [u32; 2] =
        serde_json::from_value(told.clone()).context("it does not tell which process the page is in")?;
    ensure!(kind == OF_PAGES, "the page's process has crashed");
    Ok(process)
}

/// Whether a log is of this process: `gc-edges.PROCESS.heap.log`.
fn is_of(log: &Path, process: u32) -> bool {
    let name = log.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.split('.').nth(1) == Some(&process.to_string())
}

/// Both logs, the one of scripts first.
fn join(logs: &ProcessLogs, to: &Path) -> Result<()> {
    let what = || format!("failed to write `{}`", to.display());
    let mut file = File::create(to).with_context(what)?;
    for path in [&logs.gc, &logs.cc] {
        let mut log = File::open(path).with_context(|| format!("failed to read `{}`", path.display()))?;
        io::copy(&mut log, &mut file).with_context(what)?;
        if path == &logs.gc {
            io::Write::write_all(&mut file, SECOND_LOG.as_bytes()).with_context(what)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_its_process_in_its_name() {
        for (name, is_own) in [
            ("/tmp/memory-reports/gc-edges.4711.heap.log", true),
            ("gc-edges.4711.heap.log", true),
            ("gc-edges.47110.heap.log", false),
            ("gc-edges.1.4711.log", false),
            ("4711", false),
            ("", false),
        ] {
            assert_eq!(is_of(Path::new(name), 4711), is_own, "{name}");
        }
    }

    #[test]
    fn only_a_process_of_pages_is_taken() {
        assert_eq!(process_of(&json!([2, 4711])).unwrap(), 4711);
        let error = |told| process_of(&told).unwrap_err().to_string();
        assert_eq!(error(json!([0, 4711])), "the page's process has crashed");
        for told in [json!(null), json!([2]), json!(["2", 1]), json!([2, -1])] {
            assert_eq!(error(told), "it does not tell which process the page is in");
        }
    }

    #[test]
    fn the_logs_are_joined() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name| directory.path().join(name);
        fs::write(path("gc"), "# Roots.\n").unwrap();
        fs::write(path("cc"), "0x1 [rc=1] A\n").unwrap();
        let logs = ProcessLogs {
            gc: path("gc"),
            cc: path("cc"),
        };
        join(&logs, &path("heap")).unwrap();
        let heap = fs::read_to_string(path("heap")).unwrap();
        assert_eq!(heap, "# Roots.\n# Cycle collector.\n0x1 [rc=1] A\n");
        fs::remove_file(path("cc")).unwrap();
        let error = join(&logs, &path("heap")).unwrap_err().to_string();
        assert!(error.starts_with("failed to read `"), "{error}");
    }
}
