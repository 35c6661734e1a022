//! What WebKitGTK writes to standard error: the size of the heap after each collection (`JSC_logGC`), which its inspector
//! does not tell, and that a page's process crashed, which its inspector does not tell either.

use anyhow::{Context, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The option of JavaScriptCore by which it logs its collections, as a variable.
pub const OPTION: (&str, &str) = ("JSC_logGC", "1");

/// What MiniBrowser complains of.
const CRASHED: &str = "WebProcess CRASHED";
const TOO_LARGE: &str = "WebProcess terminated: exceeded memory limit";

/// The log, read as it grows.
#[derive(Debug)]
pub struct WebKitLog {
    file: File,
    /// A line that has not ended.
    rest: Vec<u8>,
    seen: SeenInLog,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct SeenInLog {
    /// Bytes of the heap after the last collection.
    heap: Option<u64>,
    /// What became of the page.
    lost: Option<&'static str>,
}

impl WebKitLog {
    /// The log in this file.
    pub fn open(path: &Path) -> Result<WebKitLog> {
        let file = File::open(path).with_context(|| format!("failed to read `{}`", path.display()))?;
        Ok(WebKitLog {
            file,
            rest: Vec::new(),
            seen: SeenInLog::default(),
        })
    }

    /// Bytes of the heap after the last collection that was logged since this was called the last time.
    pub fn take_heap(&mut self) -> Option<u64> {
        self.read();
        self.seen.heap.take()
    }

    /// What ended the page, as the end of a sentence.
    pub fn lost(&mut self) -> Option<&'static str> {
        self.read();
        self.seen.lost
    }

    /// Takes in what is new. A log that cannot be read has nothing new.
    fn read(&mut self) {
        let _ = self.file.read_to_end(&mut self.rest);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return;
        };
        let rest = self.rest.split_off(end + 1);
        let lines = std::mem::replace(&mut self.rest, rest);
        String::from_utf8_lossy(&lines)
            .lines()
            .for_each(|line| self.seen.note(line));
    }
}

impl SeenInLog {
    fn note(&mut self, line: &str) {
        if let Some(bytes) = heap_in(line) {
            self.heap = Some(bytes);
        } else if line.contains(CRASHED) {
            self.lost = Some("crashed");
        } else if line.contains(TOO_LARGE) {
            self.lost = Some("was ended, because it took too much memory");
        }
    }
}

/// Whether a line is of the log of collections, and so no complaint.
pub fn is_of_collection(line: &str) -> bool {
    line.starts_with("[GC<") || line == "GC END!"
}

/// The size after a collection in its line: `[GC<0x7f00>: START M 464kb => FullCollection, … => 176kb, p=3.0ms …`.
fn heap_in(line: &str) -> Option<u64> {
    let after = line.starts_with("[GC<").then(|| line.rsplit_once("=> "))??.1;
    let (number, _) = after.split_once("kb, p=")?;
    number.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const FULL: &str = "[GC<0x7f>: START M 464kb => FullCollection, a=0kb v=154kb i#3:P<Ms> => 176kb, p=3.029000ms (max 3.029000), cycle 3.0ms END]";

    #[test]
    fn a_line_tells_the_size_or_the_end() {
        let after = |heap, lost| SeenInLog { heap, lost };
        for (line, expected) in [
            (FULL, after(Some(176 << 10), None)),
            (
                "[GC<0x7f>: M a=0kb 53+0 => 18149kb, p=0.1ms END]",
                after(Some(18149 << 10), None),
            ),
            ("GC END!", after(None, None)),
            ("[GC<0x7f>: Full sweep: 485kb => 469kb, 0.05ms]", after(None, None)),
            ("[GC<0x7f>: => 99999999999999999999kb, p=", after(None, None)),
            ("=> 176kb, p=1ms", after(None, None)),
            (
                "** (MiniBrowser:1): WARNING **: WebProcess CRASHED",
                after(None, Some("crashed")),
            ),
            ("", after(None, None)),
        ] {
            let mut seen = SeenInLog::default();
            seen.note(line);
            assert_eq!(seen, expected, "{line}");
        }
    }

    #[test]
    fn a_line_counts_once_it_has_ended() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("stderr");
        let mut writer = File::create(&path).unwrap();
        let mut log = WebKitLog::open(&path).unwrap();
        assert_eq!(log.take_heap(), None);
        write!(writer, "{}", &FULL[..90]).unwrap();
        assert_eq!(log.take_heap(), None);
        writeln!(writer, "{}", &FULL[90..]).unwrap();
        assert_eq!(log.take_heap(), Some(176 << 10));
        assert_eq!(log.take_heap(), None);
        writeln!(writer, "\u{fffd}WebProcess CRASHED").unwrap();
        assert_eq!(log.lost(), Some("crashed"));
    }
}
