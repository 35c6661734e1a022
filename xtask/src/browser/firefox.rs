//! Firefox, told what to do by Marionette.

use crate::browser::child;
use crate::browser::driver::{Driver, Start};
use crate::browser::firefox_census;
use crate::browser::firefox_heap;
use crate::browser::firefox_preferences::user_preferences;
use crate::browser::marionette::Marionette;
use crate::browser::place::BrowserPlace;
use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// The time for an answer. The limits of the cell end what takes longer than they allow.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a file is looked for.
const INTERVAL: Duration = Duration::from_millis(5);

/// In the profile: the port that Marionette listens on.
const PORT_FILE: &str = "MarionetteActivePort";

/// Collects in the process of the page, and the cycles through the DOM: what the first collection finds is only let go of
/// by the second.
const COLLECT: &str = "Cu.forceGC(); Cu.forceCC(); Cu.forceGC();";

/// Has the process of the page collect, workers too: these do it before they take the next message.
const COLLECT_EVERYWHERE: &str = "for (const what of ['child-gc-request', 'child-cc-request', 'child-gc-request']) Services.obs.notifyObservers(null, what);";

/// The process of the page.
const PROCESS: &str = "return [Services.appinfo.processType, Services.appinfo.processID];";

/// A running Firefox.
pub struct Firefox {
    child: Child,
    marionette: Marionette,
    version: String,
    place: BrowserPlace,
    /// The directory that is served.
    stage: PathBuf,
    /// The process of the page, once that is loaded.
    process: Option<u32>,
    /// Whether the page's process can be asked what is alive.
    answers: bool,
}

impl Firefox {
    /// Starts the browser, and begins a session.
    pub fn start(start: &Start) -> Result<Firefox> {
        let profile = start.directory.join("profile");
        let what = || format!("failed to make the profile `{}`", profile.display());
        fs::create_dir_all(&profile).with_context(what)?;
        fs::write(profile.join("user.js"), user_preferences()).with_context(what)?;
        let mut command = child::command(start.path, start.directory)?;
        command
            .args([
                "--marionette",
                "--remote-allow-system-access",
                "-headless",
                "-no-remote",
                "-profile",
            ])
            .arg(&profile)
            .args(start.flags)
            // No process for reports of crashes.
            .env("MOZ_CRASHREPORTER_DISABLE", "1");
        let what = || format!("failed to start Firefox, `{}`", start.path.display());
        let mut child = command.spawn().with_context(what)?;
        match session(&mut child, &profile) {
            Ok((marionette, version)) => Ok(Firefox {
                child,
                marionette,
                version,
                place: BrowserPlace::Page,
                stage: start.stage.to_owned(),
                process: None,
                answers: false,
            }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(match child::last_complaint(start.directory) {
                    Some(complaint) => anyhow!("Firefox: {error:#}; it printed `{complaint}`"),
                    None => anyhow!("Firefox: {error:#}"),
                })
            }
        }
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Result<Value> {
        let called = self.marionette.call(method, parameters);
        called.map_err(|error| anyhow!("Firefox: {error:#}"))
    }

    /// Runs a script with the browser's own rights, in the process of the page.
    fn run(&mut self, script: &str) -> Result<Value> {
        let ran = self.marionette.run(script, &json!([]));
        ran.map_err(|error| anyhow!("Firefox: {error:#}"))
    }

    /// Asks what is alive where scripts run.
    fn ask(&mut self, what: &str) -> Result<Value> {
        let named = |error: anyhow::Error| anyhow!("Firefox: {error:#}");
        if !self.answers {
            firefox_census::install(&mut self.marionette, &self.stage, self.place).map_err(named)?;
            self.answers = true;
        }
        firefox_census::ask(&mut self.marionette, what).map_err(named)
    }
}

/// Waits for the port, and begins a session. Returns the version, too.
fn session(child: &mut Child, profile: &Path) -> Result<(Marionette, String)> {
    let file = profile.join(PORT_FILE);
    let started = Instant::now();
    let port = loop {
        if let Some(port) = fs::read_to_string(&file).ok().and_then(|text| port_in(&text)) {
            break port;
        }
        if let Some(status) = child.try_wait()? {
            bail!("it ended with {status} before it could be told what to do");
        }
        if started.elapsed() > PATIENCE {
            bail!("it did not write `{PORT_FILE}` within {} s", PATIENCE.as_secs());
        }
        thread::sleep(INTERVAL);
    };
    let mut marionette = Marionette::connect(port, PATIENCE)?;
    // A page may go on for ever, and is never waited for.
    let wanted = json!({ "capabilities": { "alwaysMatch": { "pageLoadStrategy": "none",
        "timeouts": { "script": PATIENCE.as_millis() as u64 } } } });
    let begun = marionette.call("WebDriver:NewSession", &wanted)?;
    let version = begun["capabilities"]["browserVersion"].as_str();
    let version = version.context("it does not tell its version")?.to_owned();
    Ok((marionette, version))
}

/// The port in a file that may not be written to its end.
fn port_in(text: &str) -> Option<u16> {
    text.trim().parse().ok().filter(|port| *port > 0)
}

impl Driver for Firefox {
    fn version(&mut self) -> Result<String> {
        Ok(self.version.clone())
    }

    fn open(&mut self, address: &str) -> Result<()> {
        (self.process, self.answers) = (None, false);
        if self.place == BrowserPlace::Worker {
            let named = firefox_census::name_scripts(&mut self.marionette, address);
            named.map_err(|error| anyhow!("Firefox: {error:#}"))?;
        }
        self.call("Marionette:SetContext", &json!({ "value": "content" }))?;
        self.call("WebDriver:Navigate", &json!({ "url": address })).map(|_| ())
    }

    fn loaded(&mut self) -> Result<()> {
        let told = self.run(PROCESS)?;
        self.process = Some(firefox_heap::process_of(&told).map_err(|error| anyhow!("Firefox: {error:#}"))?);
        Ok(())
    }

    fn collect(&mut self) -> Result<()> {
        let script = match self.place {
            BrowserPlace::Page => COLLECT,
            BrowserPlace::Worker => COLLECT_EVERYWHERE,
        };
        self.run(script).map(|_| ())
    }

    fn heap_bytes(&mut self) -> Result<Option<u64>> {
        Ok(self.ask("bytes")?.as_u64())
    }

    fn census(&mut self, what: &str) -> Result<Value> {
        self.ask(what)
    }

    fn snapshot(&mut self, to: &Path) -> Result<()> {
        let process = self.process.context("Firefox has no page")?;
        firefox_heap::write(&mut self.marionette, process, to).map_err(|error| anyhow!("Firefox: {error:#}"))
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The logs are of what runs in the main thread.
    fn writes_heap(&self) -> bool {
        self.place == BrowserPlace::Page
    }

    fn set_place(&mut self, place: BrowserPlace) {
        self.place = place;
    }

    /// Marionette goes on as if nothing were wrong.
    fn lost(&mut self) -> Option<String> {
        let has_ended = self.process.is_some_and(|process| !child::is_alive(process));
        has_ended.then(|| "crashed".to_owned())
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        // Its other processes end with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_once_it_is_there() {
        for (text, port) in [
            ("45123", Some(45123)),
            ("45123\n", Some(45123)),
            ("", None),
            ("0", None),
            ("99999", None),
            ("a", None),
        ] {
            assert_eq!(port_in(text), port, "{text}");
        }
    }
}
