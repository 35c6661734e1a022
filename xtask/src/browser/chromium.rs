//! Chromium, and browsers made of it, told what to do over its own protocol.

use crate::browser::child;
use crate::browser::chromium_flags::flags;
use crate::browser::driver::{DomCounts, Driver, Start};
use crate::browser::pipe::{CommandWriter, Pipe};
use crate::browser::place::BrowserPlace;
use anyhow::{Context, Result, anyhow};
use nix::unistd::geteuid;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The time for an answer. The limits of the cell end what takes longer than they allow.
const PATIENCE: Duration = Duration::from_secs(120);

/// Gives the browser the pipes as descriptors 3 and 4, which the standard library has no way to.
const WITH_PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#;

/// A running Chromium.
pub struct Chromium {
    child: Child,
    pipe: Pipe,
    seen: Arc<Mutex<SeenPage>>,
    directory: PathBuf,
    place: BrowserPlace,
}

/// What is known of the page from events.
#[derive(Debug, Default)]
struct SeenPage {
    /// The page's target and session.
    target: String,
    session: String,
    /// The sessions of its dedicated workers, the first one first.
    workers: Vec<String>,
    /// What ended the page.
    lost: Option<String>,
    /// Where the pieces of a heap snapshot go, and whether one was lost.
    snapshot: Option<Snapshot>,
}

#[derive(Debug)]
struct Snapshot {
    session: String,
    file: BufWriter<File>,
    trouble: Option<std::io::Error>,
}

impl Chromium {
    /// Starts the browser, without a page, and waits until it answers.
    pub fn start(start: &Start) -> Result<Chromium> {
        let mut command = child::command(Path::new("/bin/sh"), start.directory)?;
        let profile = start.directory.join("profile");
        command
            .args(["-c", WITH_PIPES])
            .arg(start.path)
            .args(flags(start.flags, geteuid().is_root()))
            .arg(format!("--user-data-dir={}", profile.display()))
            // It makes a socket there, the path of which may have no more than some 100 bytes.
            .current_dir(start.directory)
            .env("TMPDIR", child::TEMPORARY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let what = || format!("failed to start Chromium, `{}`", start.path.display());
        let mut child = command.spawn().with_context(what)?;
        let seen = Arc::new(Mutex::new(SeenPage::default()));
        let (Some(to_browser), Some(from_browser)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(anyhow!("a pipe is missing")).with_context(what);
        };
        let on_event = {
            let seen = Arc::clone(&seen);
            Box::new(move |event: &Value, writer: &CommandWriter| lock(&seen).note(event, writer))
        };
        let pipe = Pipe::new(from_browser, to_browser, on_event)?;
        let chromium = Chromium {
            child,
            pipe,
            seen,
            directory: start.directory.to_owned(),
            place: BrowserPlace::Page,
        };
        // Answered as soon as it runs.
        chromium.call_browser("Target.setDiscoverTargets", &json!({ "discover": true }), None)?;
        Ok(chromium)
    }

    /// Sends a command and waits for its result. The error names the browser, and has what it complained about, if it ended.
    fn call_browser(&self, method: &str, parameters: &Value, session: Option<&str>) -> Result<Value> {
        self.pipe.call(method, parameters, session, PATIENCE).map_err(|error| {
            match child::last_complaint(&self.directory) {
                Some(complaint) if !self.pipe.is_open() => anyhow!("Chromium: {error:#}; it printed `{complaint}`"),
                _ => anyhow!("Chromium: {error:#}"),
            }
        })
    }

    /// Sends a command to the page, or to a worker of it.
    fn call_page(&self, method: &str, parameters: &Value) -> Result<Value> {
        let session = lock(&self.seen).session.clone();
        self.call_browser(method, parameters, Some(&session))
    }

    /// The session of the page, then those of its workers.
    fn sessions(&self) -> Vec<String> {
        let seen = lock(&self.seen);
        [seen.session.clone()]
            .into_iter()
            .chain(seen.workers.iter().cloned())
            .collect()
    }

    /// The session that scripts run in.
    fn own_session(&self) -> Result<String> {
        let mut sessions = self.sessions().into_iter();
        match self.place {
            BrowserPlace::Page => sessions.next().context("Chromium has no page"),
            BrowserPlace::Worker => sessions.nth(1).context("Chromium's page has no worker"),
        }
    }

    /// Calls a command in the page and in each worker; one that has ended meanwhile does not count.
    fn call_all(&self, method: &str) -> Result<Vec<Value>> {
        let mut results = Vec::new();
        for (index, session) in self.sessions().iter().enumerate() {
            match self.call_browser(method, &json!({}), Some(session)) {
                Ok(result) => results.push(result),
                Err(_) if index > 0 && !lock(&self.seen).workers.contains(session) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(results)
    }
}

impl Driver for Chromium {
    fn version(&mut self) -> Result<String> {
        let found = self.call_browser("Browser.getVersion", &json!({}), None)?;
        let product = found["product"].as_str().unwrap_or_default();
        Ok(product.rsplit('/').next().unwrap_or_default().to_owned())
    }

    fn engine_version(&mut self) -> Result<Option<String>> {
        let found = self.call_browser("Browser.getVersion", &json!({}), None)?;
        Ok(found["jsVersion"].as_str().map(str::to_owned))
    }

    fn open(&mut self, address: &str) -> Result<()> {
        let before = std::mem::take(&mut *lock(&self.seen)).target;
        let made = self.call_browser("Target.createTarget", &json!({ "url": "about:blank" }), None)?;
        let target = text_of(&made, "targetId")?;
        let attach = json!({ "targetId": target, "flatten": true });
        let session = text_of(&self.call_browser("Target.attachToTarget", &attach, None)?, "sessionId")?;
        *lock(&self.seen) = SeenPage {
            target,
            session,
            ..SeenPage::default()
        };
        // `Page` tells of dialogs, `Inspector` of crashes, and each worker gets a session of its own.
        self.call_page("Page.enable", &json!({}))?;
        self.call_page("Inspector.enable", &json!({}))?;
        let attach = json!({ "autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true });
        self.call_page("Target.setAutoAttach", &attach)?;
        let opened = self.call_page("Page.navigate", &json!({ "url": address }))?;
        if let Some(error) = opened["errorText"].as_str().filter(|text| !text.is_empty()) {
            return Err(anyhow!("Chromium does not open `{address}`: {error}"));
        }
        if !before.is_empty() {
            self.call_browser("Target.closeTarget", &json!({ "targetId": before }), None)?;
        }
        Ok(())
    }

    fn collect(&mut self) -> Result<()> {
        self.call_all("HeapProfiler.collectGarbage").map(|_| ())
    }

    fn heap_bytes(&mut self) -> Result<Option<u64>> {
        let session = self.own_session()?;
        let usage = self.call_browser("Runtime.getHeapUsage", &json!({}), Some(&session))?;
        // Buffers lie outside of the heap.
        let number = |name: &str| usage[name].as_f64().unwrap_or(0.0);
        Ok(Some((number("usedSize") + number("backingStorageSize")) as u64))
    }

    fn dom_counts(&mut self) -> Result<Option<DomCounts>> {
        let found = self.call_page("Memory.getDOMCounters", &json!({}))?;
        let number = |name: &str| {
            found[name]
                .as_u64()
                .with_context(|| format!("Chromium does not count `{name}`"))
        };
        Ok(Some(DomCounts {
            nodes: number("nodes")?,
            listeners: number("jsEventListeners")?,
            documents: number("documents")?,
        }))
    }

    fn snapshot(&mut self, to: &Path) -> Result<()> {
        let what = || format!("failed to write `{}`", to.display());
        let session = self.own_session()?;
        lock(&self.seen).snapshot = Some(Snapshot {
            session: session.clone(),
            file: BufWriter::new(File::create(to).with_context(what)?),
            trouble: None,
        });
        // The pieces are events, all of which come before the answer.
        let taken = self.call_browser(
            "HeapProfiler.takeHeapSnapshot",
            &json!({ "reportProgress": false }),
            Some(&session),
        );
        let written = lock(&self.seen).snapshot.take();
        taken?;
        let mut written = written.context("Chromium opened another page while it wrote its heap")?;
        match written.trouble {
            Some(error) => Err(error).with_context(what),
            None => written.file.flush().with_context(what),
        }
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Result<Value> {
        let session = self.own_session()?;
        self.call_browser(method, parameters, Some(&session))
    }

    fn is_running(&mut self) -> bool {
        self.pipe.is_open() && matches!(self.child.try_wait(), Ok(None))
    }

    fn set_place(&mut self, place: BrowserPlace) {
        self.place = place;
    }

    fn lost(&mut self) -> Option<String> {
        lock(&self.seen).lost.clone()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Its other processes end with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl SeenPage {
    /// Takes in an event.
    fn note(&mut self, event: &Value, writer: &CommandWriter) {
        let parameters = &event["params"];
        let is_page = event["sessionId"] == self.session.as_str();
        let is_target = parameters["targetId"] == self.target.as_str();
        match event["method"].as_str().unwrap_or_default() {
            "HeapProfiler.addHeapSnapshotChunk" => self.note_piece(event),
            "Target.attachedToTarget" if is_page && parameters["targetInfo"]["type"] == "worker" => {
                let session = parameters["sessionId"].as_str().unwrap_or_default();
                self.workers.push(session.to_owned());
            }
            "Target.detachedFromTarget" => {
                self.workers.retain(|worker| parameters["sessionId"] != worker.as_str());
            }
            // It waits for an answer, and nobody is there to give one.
            "Page.javascriptDialogOpening" => {
                let session = event["sessionId"].as_str();
                let _ = writer.send("Page.handleJavaScriptDialog", &json!({ "accept": true }), session);
            }
            "Inspector.targetCrashed" if is_page => self.lose("crashed"),
            "Target.targetCrashed" if is_target => self.lose("crashed"),
            "Target.targetDestroyed" if is_target => self.lose("was closed"),
            _ => {}
        }
    }

    fn lose(&mut self, how: &str) {
        self.lost.get_or_insert_with(|| how.to_owned());
    }

    fn note_piece(&mut self, event: &Value) {
        if let Some(snapshot) = &mut self.snapshot
            && event["sessionId"] == snapshot.session.as_str()
            && snapshot.trouble.is_none()
        {
            let piece = event["params"]["chunk"].as_str().unwrap_or_default();
            snapshot.trouble = snapshot.file.write_all(piece.as_bytes()).err();
        }
    }
}

fn text_of(value: &Value, name: &str) -> Result<String> {
    let text = value[name].as_str();
    Ok(text
        .with_context(|| format!("Chromium answered without `{name}`"))?
        .to_owned())
}

/// What a thread that panicked left is still whole: each change is one step.
fn lock(seen: &Mutex<SeenPage>) -> MutexGuard<'_, SeenPage> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_tell_what_became_of_the_page() {
        let sent = |events: &[Value]| {
            let mut seen = SeenPage {
                target: "t".to_owned(),
                session: "s".to_owned(),
                ..SeenPage::default()
            };
            let nowhere = Pipe::new(std::io::empty(), std::io::sink(), Box::new(|_, _| {})).unwrap();
            events.iter().for_each(|event| seen.note(event, nowhere.writer()));
            (seen.lost, seen.workers.len())
        };
        let worker = json!({ "method": "Target.attachedToTarget", "sessionId": "s",
            "params": { "sessionId": "w", "targetInfo": { "type": "worker" } } });
        let gone = json!({ "method": "Target.detachedFromTarget", "params": { "sessionId": "w" } });
        let crashed = json!({ "method": "Inspector.targetCrashed", "sessionId": "s", "params": {} });
        let closed = json!({ "method": "Target.targetDestroyed", "params": { "targetId": "t" } });
        let other = json!({ "method": "Target.targetDestroyed", "params": { "targetId": "u" } });
        let lost = |how: &str| Some(how.to_owned());
        for (events, expected) in [
            (&[worker.clone(), other][..], (None, 1)),
            (&[worker, gone], (None, 0)),
            (&[crashed, closed.clone()], (lost("crashed"), 0)),
            (&[closed], (lost("was closed"), 0)),
            (&[json!({}), json!([]), json!({ "method": 7 })], (None, 0)),
        ] {
            assert_eq!(sent(events), expected, "{events:?}");
        }
    }
}
