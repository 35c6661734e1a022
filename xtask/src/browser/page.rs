//! What a page reports and asks: lines, its end, collections. `js/lib/page.js` is the other side.

use crate::base::file;
use crate::browser::driver::Driver;
use crate::browser::http::{Method, Reply, Request};
use crate::browser::server::Site;
use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// What begins the paths that are no files.
const OURS: &str = "-/";

/// The most reports that wait for one before them.
const MOST_EARLY: usize = 64;

/// How a page ended.
#[derive(Debug, PartialEq, Eq)]
pub enum PageEnd {
    /// The scripts asked for this exit status.
    Quit(i32),
    /// It is no longer there: the end of a sentence that begins with "the page".
    Lost(String),
    /// The browser did not open it: why.
    NotOpened(String),
}

/// A report of the page: lines that it printed since the last one, and its end.
#[derive(Debug, Deserialize)]
struct PageReport {
    /// Its place among all, beginning with 1: requests may overtake each other, or be sent again. 0 is none of these, and
    /// is taken in at once.
    number: u64,
    /// The lines, each with the stream that it is for: 1 for standard output, 2 for standard error.
    #[serde(default)]
    lines: Vec<(u8, String)>,
    quit: Option<i32>,
    left: Option<String>,
}

/// Prints what is for standard output, and what is for standard error.
type Print = Box<dyn Fn(&str, &str) + Send + Sync>;

/// A command of the browser's own protocol.
#[derive(Debug, Deserialize)]
struct OwnCommand {
    method: String,
    parameters: Value,
}

/// The commands that a page may give: those of `js/lib/read_v8.js` and `witness_v8.js`.
const MAY_CALL: &[&str] = &[
    "HeapProfiler.disable",
    "HeapProfiler.enable",
    "HeapProfiler.getSamplingProfile",
    "HeapProfiler.startSampling",
    "HeapProfiler.startTrackingHeapObjects",
    "HeapProfiler.stopSampling",
];

/// What a page may have counted: the words of `js/lib/read_spidermonkey.js` and `read_jsc.js`.
const MAY_COUNT: &[&str] = &["census", "classes", "pause", "track"];

/// The page that runs scripts, as its server knows it.
pub struct PageRun {
    driver: Mutex<Box<dyn Driver>>,
    /// What the page has to know.
    configuration: Value,
    /// Where snapshots are put.
    stage: PathBuf,
    state: Mutex<PageState>,
    ended: Mutex<Sender<PageEnd>>,
    /// The address of the stage, which is no part of what is printed.
    address: OnceLock<String>,
    print: Print,
}

#[derive(Default)]
struct PageState {
    is_loaded: bool,
    /// The number of the last report that was taken in.
    last: u64,
    early: BTreeMap<u64, PageReport>,
    is_over: bool,
}

impl PageRun {
    /// A page that has still to be opened; `ended` is told its end.
    pub fn new(driver: Box<dyn Driver>, configuration: Value, stage: PathBuf, ended: Sender<PageEnd>) -> PageRun {
        PageRun {
            driver: Mutex::new(driver),
            configuration,
            stage,
            state: Mutex::default(),
            ended: Mutex::new(ended),
            address: OnceLock::new(),
            print: Box::new(print),
        }
    }

    /// Opens the page of this address; `stage` is that of the stage. To be called in a thread of its own: Firefox does not
    /// come back from a page that loads itself again at once, and so for ever.
    pub fn open(&self, stage: &str, page: &str) {
        let _ = self.address.set(stage.to_owned());
        if let Err(error) = locked(&self.driver).open(page) {
            self.end(PageEnd::NotOpened(format!("{error:#}")));
        }
    }

    /// How the page or its browser ended without a report, if so: the end of a sentence, the beginning of which is
    /// "the page" or "the browser". `None` also while the browser is busy.
    pub fn lost(&self) -> Option<String> {
        let mut driver = self.driver.try_lock().ok()?;
        if !driver.is_running() {
            return Some("the browser ended".to_owned());
        }
        driver.lost().map(|how| format!("the page {how}"))
    }

    fn report(&self, body: &[u8]) -> Reply {
        let report: PageReport = match serde_json::from_slice(body) {
            Ok(report) => report,
            Err(error) => return Reply::text(400, format!("it is no report: {error}")),
        };
        let mut state = locked(&self.state);
        if report.number == 0 {
            self.take(report, &mut state);
            return Reply::done();
        }
        if report.number > state.last {
            if state.early.len() >= MOST_EARLY {
                return Reply::text(503, "too many reports wait for one before them");
            }
            state.early.insert(report.number, report);
        }
        loop {
            let next = state.last + 1;
            let Some(report) = state.early.remove(&next) else {
                return Reply::done();
            };
            state.last = next;
            self.take(report, &mut state);
        }
    }

    /// Takes in a report whose turn it is.
    fn take(&self, report: PageReport, state: &mut PageState) {
        // What comes after the end is the page's own affair.
        if state.is_over {
            return;
        }
        self.print(&report.lines);
        let end = match (report.quit, report.left) {
            (Some(status), _) => PageEnd::Quit(status),
            (None, Some(how)) => PageEnd::Lost(how),
            (None, None) => return,
        };
        state.is_over = true;
        self.end(end);
    }

    /// Prints lines as a shell does.
    fn print(&self, lines: &[(u8, String)]) {
        let address = self.address();
        let mut streams = [String::new(), String::new()];
        for (stream, line) in lines {
            let text = &mut streams[usize::from(*stream == 2)];
            text.push_str(&line.replace(address, ""));
            text.push('\n');
        }
        let [out, error] = streams;
        (self.print)(&out, &error);
    }

    fn address(&self) -> &str {
        self.address.get().map_or("\0", String::as_str)
    }

    fn end(&self, end: PageEnd) {
        // The command may have given up.
        let _ = locked(&self.ended).send(end);
    }

    /// What the page has to know; it is told once.
    fn configuration(&self) -> Reply {
        let mut state = locked(&self.state);
        if std::mem::replace(&mut state.is_loaded, true) {
            drop(state);
            self.end(PageEnd::Lost("loaded itself again".to_owned()));
            return Reply::text(409, "the page was loaded before");
        }
        // A page of the user's waits for it: nothing may be asked of a driver that needs the page's turn.
        json_reply(&self.configuration)
    }

    /// Has the heap written to a file of this name on the stage; `named` puts the scripts' names on the stage there in
    /// place of their addresses.
    fn write_heap(&self, name: &[u8], named: bool) -> Reply {
        let Some(name) = file_name(name) else {
            return Reply::text(400, "expected the name of a file");
        };
        let to = self.stage.join(name);
        let write = |driver: &mut dyn Driver| {
            driver.snapshot(&to)?;
            match named {
                true => without_address(&to, self.address()),
                false => Ok(()),
            }
        };
        self.drive(write, |()| Reply::done())
    }

    /// Has the driver do something for the page.
    fn drive<T>(&self, act: impl FnOnce(&mut dyn Driver) -> Result<T>, reply: impl FnOnce(T) -> Reply) -> Reply {
        match act(&mut **locked(&self.driver)) {
            Ok(found) => reply(found),
            Err(error) => Reply::text(500, format!("{error:#}")),
        }
    }
}

/// What a page may ask for, by the name of its path.
type PageWish = fn(&PageRun, &[u8]) -> Reply;

const WISHES: &[(Method, &str, PageWish)] = &[
    (Method::Get, "configuration", |page, _| page.configuration()),
    (Method::Post, "loaded", |page, _| {
        page.drive(|driver| driver.loaded(), |()| Reply::done())
    }),
    (Method::Post, "report", PageRun::report),
    (Method::Post, "collect", |page, _| {
        page.drive(|driver| driver.collect(), |()| Reply::done())
    }),
    (Method::Post, "heap", |page, _| {
        page.drive(|driver| driver.heap_bytes(), |bytes| json_reply(&json!(bytes)))
    }),
    (Method::Post, "dom", |page, _| {
        page.drive(|driver| driver.dom_counts(), |counts| json_reply(&json!(counts)))
    }),
    (Method::Post, "census", |page, body| match str::from_utf8(body) {
        Ok(what) if MAY_COUNT.contains(&what) => page.drive(|driver| driver.census(what), |found| json_reply(&found)),
        _ => Reply::text(400, "it is nothing that can be counted"),
    }),
    (Method::Post, "call", |page, body| {
        match serde_json::from_slice::<OwnCommand>(body) {
            Ok(command) if MAY_CALL.contains(&command.method.as_str()) => page.drive(
                |driver| driver.call(&command.method, &command.parameters),
                |result| json_reply(&result),
            ),
            Ok(command) => Reply::text(400, format!("a page may not call `{}`", command.method)),
            Err(error) => Reply::text(400, format!("it is no command: {error}")),
        }
    }),
    (Method::Post, "snapshot", |page, body| page.write_heap(body, true)),
    // For the page itself, which knows its scripts by their addresses.
    (Method::Post, "own-snapshot", |page, body| page.write_heap(body, false)),
];

impl Site for PageRun {
    fn has_no_page(&self, why: String) {
        self.end(PageEnd::Lost(why));
    }

    fn answer(&self, path: &str, request: &Request) -> Option<Reply> {
        let name = path.strip_prefix(OURS)?;
        let found = WISHES.iter().find(|(_, known, _)| *known == name);
        Some(match found {
            Some((method, _, asked)) if *method == request.method => asked(self, &request.body),
            Some(_) => Reply::text(405, "expected the other method"),
            None => Reply::text(404, "there is nothing of that name"),
        })
    }
}

/// Takes the address of the stage out of a file: scripts have the names there that they have on the stage.
fn without_address(path: &Path, address: &str) -> Result<()> {
    let bytes = file::read(path)?;
    let mut rest = &bytes[..];
    let mut left = Vec::with_capacity(bytes.len());
    while let Some(at) = memchr::memmem::find(rest, address.as_bytes()) {
        left.extend_from_slice(&rest[..at]);
        rest = &rest[at + address.len()..];
    }
    left.extend_from_slice(rest);
    file::write(path, &left)
}

/// A name of a file on the stage itself.
fn file_name(body: &[u8]) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name = str::from_utf8(body).ok()?;
    (name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.len() < 100 && name.chars().all(is_plain))
        .then_some(name)
}

/// The command that reads it may be gone.
fn print(out: &str, error: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(out.as_bytes()).and_then(|()| stdout.flush());
    let _ = std::io::stderr().lock().write_all(error.as_bytes());
}

fn json_reply(value: &Value) -> Reply {
    Reply {
        status: 200,
        kind: "application/json",
        body: value.to_string().into_bytes(),
    }
}

/// What a thread that panicked left is still whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
