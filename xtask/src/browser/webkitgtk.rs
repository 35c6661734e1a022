//! WebKitGTK: its MiniBrowser on a display of our own, told what to do by its inspector.

use crate::browser::child;
use crate::browser::display::Display;
use crate::browser::driver::{Driver, Start};
use crate::browser::inspector::Inspector;
use crate::browser::inspector_heap;
use crate::browser::place::BrowserPlace;
use crate::browser::webkit_log::{self, WebKitLog};
use anyhow::{Context, Result, anyhow, bail};
use heap::HELD_TARGETS;
use serde_json::{Value, json};
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The time for an answer. The limits of the cell end what takes longer than they allow.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is looked whether the inspector is there.
const INTERVAL: Duration = Duration::from_millis(5);

/// The most bytes of the list of pages.
const LONGEST_LIST: u64 = 1 << 20;

/// How often another port is tried if somebody else takes the one that was free.
const PORTS: u32 = 3;

/// What begins the complaint about a port that is taken.
const PORT_IS_TAKEN: &str = "Failed to start remote inspector server";

/// The variable with the address of the inspector's server. A port has to be named: 0 is refused.
const INSPECTOR: &str = "WEBKIT_INSPECTOR_HTTP_SERVER";

/// Variables that it always gets, each with what for.
const VARIABLES: &[(&str, &str, &str)] = &[
    ("GDK_BACKEND", "x11", "the display is one of X"),
    (
        "DBUS_SESSION_BUS_ADDRESS",
        "disabled:",
        "starts no bus, and asks the user's nothing",
    ),
    ("NO_AT_BRIDGE", "1", "no bus for readers of the screen"),
    ("GTK_USE_PORTAL", "0", "asks no desktop"),
    ("GSETTINGS_BACKEND", "memory", "no settings of the user's"),
    ("GIO_USE_VFS", "local", "no process for file systems"),
    (
        "GIO_USE_PROXY_RESOLVER",
        "dummy",
        "a proxy cannot reach this machine's own server",
    ),
];

/// Variables of the user's that it must not get.
const UNSET: &[&str] = &["WAYLAND_DISPLAY", "WEBKIT_INSPECTOR_SERVER", "GTK_MODULES"];

/// Flags that it always gets: what it stores is gone with it.
const FLAGS: &[&str] = &["--private"];

/// A running WebKitGTK.
pub struct WebKitGtk {
    child: Child,
    inspector: Inspector,
    path: PathBuf,
    directory: PathBuf,
    place: BrowserPlace,
    log: WebKitLog,
    // The browser ends before its display.
    display: Display,
}

impl WebKitGtk {
    /// Starts a display and the browser, with an empty page, and waits until its inspector answers.
    pub fn start(start: &Start) -> Result<WebKitGtk> {
        let named = |error: anyhow::Error| anyhow!("WebKitGTK: {error:#}");
        let display = Display::start(start.directory).map_err(named)?;
        for _ in 0..PORTS {
            let (mut child, port, key) = spawn(start, &display)?;
            match inspector(&mut child, port, &key) {
                Ok(inspector) => {
                    return Ok(WebKitGtk {
                        child,
                        inspector,
                        path: start.path.to_owned(),
                        directory: start.directory.to_owned(),
                        place: BrowserPlace::Page,
                        log: WebKitLog::open(&start.directory.join(child::COMPLAINTS))?,
                        display,
                    });
                }
                Err(error) => {
                    end(&mut child);
                    if !is_port_taken(start.directory) {
                        return Err(named(complaining(error, start.directory)));
                    }
                }
            }
        }
        bail!("WebKitGTK: each of {PORTS} ports for its inspector was taken by somebody else")
    }

    fn named(&self, error: &anyhow::Error) -> anyhow::Error {
        match child::last_complaint(&self.directory) {
            Some(complaint) if !self.inspector.is_open() => {
                anyhow!("WebKitGTK: {error:#}; it printed `{complaint}`")
            }
            _ => anyhow!("WebKitGTK: {error:#}"),
        }
    }

    /// Calls a command where scripts run.
    fn call_own(&self, method: &str, parameters: &Value) -> Result<Value> {
        let called = match self.place {
            BrowserPlace::Page => self.inspector.call(method, parameters, PATIENCE),
            BrowserPlace::Worker => self.inspector.call_worker(method, parameters, PATIENCE),
        };
        called.map_err(|error| self.named(&error))
    }

    /// Evaluates an expression for what it does.
    fn evaluate(&self, expression: &str) -> Result<()> {
        self.call_own("Runtime.evaluate", &json!({ "expression": expression }))
            .map(|_| ())
    }

    /// The heap, as it writes it. It collects first.
    fn heap(&self) -> Result<String> {
        let mut answer = self.call_own("Heap.snapshot", &json!({}))?;
        match answer.get_mut("snapshotData").map(Value::take) {
            Some(Value::String(text)) => Ok(text),
            _ => bail!("WebKitGTK answered `Heap.snapshot` without a heap"),
        }
    }
}

/// Starts the browser with a page that has a key of its own: another browser cannot be taken for it. Returns the port of
/// its inspector, too, and the key.
fn spawn(start: &Start, display: &Display) -> Result<(Child, u16, String)> {
    let port = free_port()?;
    let key = format!("{:016x}", RandomState::new().build_hasher().finish());
    let mut command = command(start.path, start.directory, display)?;
    command
        .env(webkit_log::OPTION.0, webkit_log::OPTION.1)
        .env(INSPECTOR, format!("{}:{port}", Ipv4Addr::LOCALHOST))
        .args(FLAGS)
        .args(start.flags)
        .arg(format!("data:text/plain,{key}"));
    let what = || format!("failed to start WebKitGTK, `{}`", start.path.display());
    Ok((command.spawn().with_context(what)?, port, key))
}

fn command(program: &Path, directory: &Path, display: &Display) -> Result<Command> {
    let mut command = child::command(program, directory)?;
    command.env("DISPLAY", display.name());
    for (name, value, _) in VARIABLES {
        command.env(name, value);
    }
    for name in UNSET {
        command.env_remove(name);
    }
    Ok(command)
}

/// A port that is free now.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("found no free port")?;
    Ok(listener.local_addr()?.port())
}

/// Waits until the inspector lists the page with this key, and connects to it.
fn inspector(child: &mut Child, port: u16, key: &str) -> Result<Inspector> {
    let started = Instant::now();
    loop {
        // Until it listens, there is no connection.
        if let Some(path) = list(port).ok().and_then(|list| path_in(&list, key)) {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            return Inspector::connect(stream, &path, PATIENCE);
        }
        if let Some(status) = child.try_wait()? {
            bail!("it ended with {status} before it could be told what to do");
        }
        if started.elapsed() > PATIENCE {
            bail!("its inspector listed no page within {} s", PATIENCE.as_secs());
        }
        thread::sleep(INTERVAL);
    }
}

/// The inspector's list of pages.
fn list(port: u16) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET / HTTP/1.1\r\nHost: {}:{port}\r\nConnection: close\r\n\r\n",
        Ipv4Addr::LOCALHOST
    )?;
    let mut bytes = Vec::new();
    stream.take(LONGEST_LIST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The path of the page whose address has this key, in the inspector's list: a row of a table has the address first.
fn path_in(list: &str, key: &str) -> Option<String> {
    let row = &list[list.find(key)?..];
    let row = &row[..row.find("</tr>")?];
    let path = &row[row.find("/socket/")?..];
    Some(path[..path.find('\'')?].to_owned())
}

fn is_port_taken(directory: &Path) -> bool {
    child::last_complaint(directory).is_some_and(|complaint| complaint.contains(PORT_IS_TAKEN))
}

fn complaining(error: anyhow::Error, directory: &Path) -> anyhow::Error {
    match child::last_complaint(directory) {
        Some(complaint) => anyhow!("{error:#}; it printed `{complaint}`"),
        None => error,
    }
}

/// An expression by which a property holds the targets of `explainTarget`, an array of WeakRefs, if there is one.
fn hold_targets() -> String {
    format!(
        "if (typeof explainTarget === 'object') globalThis[{}] = (weak => {{ const held = []; \
         for (let i = 0; i < weak.length; i++) held[i] = weak[i].deref(); return held; }})(explainTarget)",
        json!(HELD_TARGETS)
    )
}

/// Ends the browser. Its other processes end with it.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The number after the name: `WebKitGTK 2.50.6`.
fn version_in(output: &str) -> Option<String> {
    let version = output.trim().rsplit(' ').next()?;
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| version.to_owned())
}

impl Driver for WebKitGtk {
    fn version(&mut self) -> Result<String> {
        let mut command = command(&self.path, &self.directory, &self.display)?;
        let output = command.arg("--version").stdout(Stdio::piped()).output();
        let output = output.with_context(|| format!("failed to run `{} --version`", self.path.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        version_in(&text).with_context(|| format!("WebKitGTK answers `{}` to `--version`", text.trim()))
    }

    fn open(&mut self, address: &str) -> Result<()> {
        if self.place == BrowserPlace::Worker {
            let watched = self.inspector.watch_workers(PATIENCE);
            watched.map_err(|error| self.named(&error))?;
        }
        let opened = self
            .inspector
            .call("Page.navigate", &json!({ "url": address }), PATIENCE);
        opened.map(|_| ()).map_err(|error| self.named(&error))
    }

    /// Workers are watched only if scripts run in one: a page's own workers stay as they are.
    fn collect(&mut self) -> Result<()> {
        let collected = self.inspector.call_everywhere("Heap.gc", PATIENCE);
        collected.map_err(|error| self.named(&error))
    }

    fn heap_bytes(&mut self) -> Result<Option<u64>> {
        // Its snapshots have no storage of arrays, and take seconds once there is much.
        self.log.take_heap();
        self.call_own("Heap.gc", &json!({}))?;
        Ok(self.log.take_heap())
    }

    fn census(&mut self, _what: &str) -> Result<Value> {
        inspector_heap::count(&self.heap()?).map_err(|error| anyhow!("WebKitGTK: {error:#}"))
    }

    /// The targets of WeakRefs are no part of a heap: an array holds them meanwhile.
    fn snapshot(&mut self, to: &Path) -> Result<()> {
        self.evaluate(&hold_targets())?;
        let heap = self.heap();
        self.evaluate(&format!("delete globalThis[{}]", json!(HELD_TARGETS)))?;
        let heap = heap?;
        fs::write(to, heap).with_context(|| format!("failed to write `{}`", to.display()))
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn set_place(&mut self, place: BrowserPlace) {
        self.place = place;
    }

    fn lost(&mut self) -> Option<String> {
        self.inspector.lost().or_else(|| self.log.lost().map(str::to_owned))
    }
}

impl Drop for WebKitGtk {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_found_by_its_key() {
        let row = |address: &str, path: &str| {
            format!(
                "<tr><td><div class=\"targeturl\">{address}</div></td><td><input onclick=\"window.open('Main.html?ws=' \
                 + window.location.host + '{path}', '_blank');\"></td></tr>"
            )
        };
        let list = row("about:blank", "/socket/1/1/WebPage") + &row("data:text/plain,k1", "/socket/1/2/WebPage");
        assert_eq!(path_in(&list, "k1").as_deref(), Some("/socket/1/2/WebPage"));
        for (list, key) in [
            (&list[..], "k2"),
            ("", "k1"),
            ("k1", "k1"),
            ("k1</tr>", "k1"),
            ("k1/socket/1</tr>", "k1"),
        ] {
            assert_eq!(path_in(list, key), None, "{list}");
        }
    }

    #[test]
    fn the_version_is_a_number() {
        assert_eq!(version_in("WebKitGTK 2.50.6\n").as_deref(), Some("2.50.6"));
        assert_eq!(version_in("").as_deref(), None);
        assert_eq!(version_in("cannot open display").as_deref(), None);
    }
}
