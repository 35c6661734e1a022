//! The inspector of WebKit: commands to a page, and through it to its workers, each in a message of the one outside.

use crate::browser::inspector_state::{Depth, InspectorState, Recipient, SentCommand, command};
use crate::browser::websocket::{self, SocketReader, SocketWriter};
use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a command is given again because the page moved to another process meanwhile.
const MOVES: u32 = 5;

/// A message that means nothing, and by which answers come earlier. The sockets inside of the browser hold an answer back
/// until the message before it was acknowledged (RFC 896), which takes 40 ms where nothing is sent the other way: a
/// command takes 45 ms, and 3 ms so.
const NUDGE: &str = r#"{"id":0,"method":"Target.nothing"}"#;

/// The time until an answer is late the first time, doubled each time; and how long that gets.
const FIRST_NUDGE: Duration = Duration::from_millis(1);
const SLOWEST_NUDGE: Duration = Duration::from_millis(64);

#[derive(Debug, Default)]
struct SharedState {
    state: Mutex<InspectorState>,
    changed: Condvar,
}

/// A connection to the inspector of one page.
pub struct Inspector {
    writer: SocketWriter,
    shared: Arc<SharedState>,
}

impl Inspector {
    /// Connects to the page behind `path` of the inspector's server, and waits until it is there.
    pub fn connect(stream: TcpStream, path: &str, most: Duration) -> Result<Inspector> {
        let reader = websocket::open(stream, path, most).context("failed to connect to its inspector")?;
        let inspector = Inspector {
            writer: reader.writer(),
            shared: Arc::default(),
        };
        let shared = Arc::clone(&inspector.shared);
        thread::Builder::new()
            .spawn(move || read(reader, &shared))
            .context("failed to start a thread")?;
        let is_missing = |state: &mut InspectorState| state.target.is_none() && state.broken.is_none();
        let state = inspector.shared.lock();
        let (state, _) = inspector
            .shared
            .changed
            .wait_timeout_while(state, most, is_missing)
            .unwrap_or_else(PoisonError::into_inner);
        if state.target.is_none() {
            let reason = state.broken.clone();
            bail!(
                "its inspector tells of no page: {}",
                reason.unwrap_or_else(|| "it took too long".to_owned())
            );
        }
        drop(state);
        Ok(inspector)
    }

    /// Carries out a command in the page.
    pub fn call(&self, method: &str, parameters: &Value, most: Duration) -> Result<Value> {
        self.call_at(&Recipient::Page, method, parameters, most)
    }

    /// Carries out a command in the page, and in each of its workers; one that ends meanwhile does not count.
    pub fn call_everywhere(&self, method: &str, most: Duration) -> Result<()> {
        self.call(method, &json!({}), most)?;
        for worker in self.workers() {
            let called = self.call_at(&Recipient::Worker(worker.clone()), method, &json!({}), most);
            if let Err(error) = called
                && self.workers().contains(&worker)
            {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Carries out a command in the first worker.
    pub fn call_worker(&self, method: &str, parameters: &Value, most: Duration) -> Result<Value> {
        let worker = self.workers().into_iter().next();
        let worker = worker.with_context(|| format!("there is no worker for `{method}`"))?;
        self.call_at(&Recipient::Worker(worker), method, parameters, most)
    }

    /// Watches the page's workers from now on. Each new one waits until it is told to begin, which is done at once.
    pub fn watch_workers(&self, most: Duration) -> Result<()> {
        self.shared.lock().watches_workers = true;
        self.call("Worker.enable", &json!({}), most).map(|_| ())
    }

    /// The identities of the workers.
    fn workers(&self) -> Vec<String> {
        self.shared.lock().workers.clone()
    }

    /// What ended the page, as the end of a sentence.
    pub fn lost(&self) -> Option<String> {
        self.shared.lock().lost.map(str::to_owned)
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        self.shared.lock().broken.is_none()
    }

    fn call_at(&self, recipient: &Recipient, method: &str, parameters: &Value, most: Duration) -> Result<Value> {
        let end = Instant::now() + most;
        for _ in 0..MOVES {
            let (number, target) = self.send(recipient, method, parameters)?;
            match self.answer(number, &target, end) {
                Some(Ok(answer)) => return result_of(answer, method),
                Some(Err(reason)) => bail!("it answers nothing to `{method}`: {reason}"),
                // The command may be lost with the process that the page left.
                None => {}
            }
        }
        bail!("it answers nothing to `{method}`: the page moves from process to process")
    }

    /// Sends a command. Returns its number, and the target that it went to.
    fn send(&self, recipient: &Recipient, method: &str, parameters: &Value) -> Result<(u64, String)> {
        let mut state = self.shared.lock();
        let target = state.target.clone();
        let target = target.with_context(|| format!("there is no page for `{method}`"))?;
        let depth = match recipient {
            Recipient::Page => Depth::Page,
            Recipient::Worker(_) => Depth::Worker,
        };
        let number = state.new_number();
        state.sent.insert(number, SentCommand { depth, answer: None });
        drop(state);
        let message = command(number, &target, recipient, method, parameters);
        let sent = self.writer.send(&message);
        sent.with_context(|| format!("failed to send `{method}`"))?;
        Ok((number, target))
    }

    /// Waits for an answer; `None` if the page moved from that target first.
    fn answer(&self, number: u64, target: &str, end: Instant) -> Option<Result<Value, String>> {
        let mut nudge = FIRST_NUDGE;
        loop {
            let mut state = self.shared.lock();
            if let Some(answer) = state.sent.get_mut(&number).and_then(|sent| sent.answer.take()) {
                state.sent.remove(&number);
                return Some(Ok(answer));
            }
            let left = end.saturating_duration_since(Instant::now());
            let reason = match (state.lost, &state.broken) {
                (Some(lost), _) => Some(format!("the page {lost}")),
                (None, Some(broken)) => Some(broken.clone()),
                (None, None) => left.is_zero().then(|| "it took too long".to_owned()),
            };
            if reason.is_some() || state.target.as_deref() != Some(target) {
                state.sent.remove(&number);
                return reason.map(Err);
            }
            let woken = self.shared.changed.wait_timeout(state, left.min(nudge));
            let (state, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
            drop(state);
            if timeout.timed_out() {
                // If it cannot be sent, the reader finds out why.
                let _ = self.writer.send(NUDGE);
                nudge = (nudge * 2).min(SLOWEST_NUDGE);
            }
        }
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        self.writer.close();
    }
}

impl SharedState {
    /// What a thread that panicked left is still whole: each change is one step.
    fn lock(&self) -> MutexGuard<'_, InspectorState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes in messages until the connection ends.
fn read(mut reader: SocketReader, shared: &SharedState) {
    let writer = reader.writer();
    let broken = loop {
        let message = match reader.next() {
            Ok(message) => message,
            Err(error) => break error,
        };
        let Ok(message) = serde_json::from_str(&message) else {
            break anyhow!("a message is no JSON");
        };
        let replies = shared.lock().note(&message, Depth::Connection);
        shared.changed.notify_all();
        if let Some(error) = replies.iter().find_map(|reply| writer.send(reply).err()) {
            break error;
        }
    };
    shared.lock().broken = Some(format!("{broken:#}"));
    shared.changed.notify_all();
}

fn result_of(mut answer: Value, method: &str) -> Result<Value> {
    match answer.get("error") {
        None => Ok(answer.get_mut("result").map(Value::take).unwrap_or_default()),
        Some(error) => {
            let text = error["message"].as_str().unwrap_or("an error without a message");
            bail!("it refuses `{method}`: {text}")
        }
    }
}
