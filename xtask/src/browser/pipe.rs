//! Chromium's own protocol over two pipes: messages of JSON, each ended by a NUL.

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The most bytes of one message. A piece of a heap snapshot has a tenth of a megabyte.
const LONGEST: u64 = 256 << 20;

/// Called with what happened in the browser, which nobody asked for, and a way to send commands without waiting.
pub type OnEvent = Box<dyn FnMut(&Value, &CommandWriter) + Send>;

/// A browser's end of the pipes is closed, or it sent what is no message.
#[derive(Debug, Clone)]
struct Broken(String);

type Answers = BTreeMap<u64, Sender<Result<Value, Broken>>>;

/// The commands that wait for an answer; none can be added after the end.
#[derive(Debug, Default)]
struct Waiting {
    answers: Answers,
    broken: Option<Broken>,
}

/// Writes commands, each with a number of its own.
#[derive(Clone)]
pub struct CommandWriter {
    state: Arc<Mutex<WriterState>>,
}

struct WriterState {
    pipe: Box<dyn Write + Send>,
    last: u64,
}

/// A connection to a browser.
pub struct Pipe {
    writer: CommandWriter,
    waiting: Arc<Mutex<Waiting>>,
}

impl CommandWriter {
    /// Sends a command to the browser, or to a page or worker by its session. Nobody waits for the answer.
    pub fn send(&self, method: &str, parameters: &Value, session: Option<&str>) -> Result<()> {
        self.write(method, parameters, session, |_| Ok(()))
    }

    /// Writes a command; `before` is told its number first.
    fn write(
        &self,
        method: &str,
        parameters: &Value,
        session: Option<&str>,
        before: impl FnOnce(u64) -> Result<()>,
    ) -> Result<()> {
        let mut state = locked(&self.state);
        state.last += 1;
        let id = state.last;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = serde_json::to_vec(&message)?;
        bytes.push(0);
        before(id)?;
        state
            .pipe
            .write_all(&bytes)
            .and_then(|()| state.pipe.flush())
            .with_context(|| format!("failed to send `{method}`"))
    }
}

impl Pipe {
    /// Reads messages in a thread of its own, until the browser closes its end.
    pub fn new(
        from_browser: impl Read + Send + 'static,
        to_browser: impl Write + Send + 'static,
        mut on_event: OnEvent,
    ) -> Result<Pipe> {
        let state = WriterState {
            pipe: Box::new(to_browser),
            last: 0,
        };
        let pipe = Pipe {
            writer: CommandWriter {
                state: Arc::new(Mutex::new(state)),
            },
            waiting: Arc::default(),
        };
        let (writer, waiting) = (pipe.writer.clone(), Arc::clone(&pipe.waiting));
        let read = move || {
            let mut reader = BufReader::new(from_browser);
            let broken = loop {
                match next_message(&mut reader) {
                    Ok(message) => match message["id"].as_u64() {
                        Some(id) => answer(&waiting, id, message),
                        None => on_event(&message, &writer),
                    },
                    Err(broken) => break broken,
                }
            };
            let mut waiting = locked(&waiting);
            for sender in std::mem::take(&mut waiting.answers).into_values() {
                let _ = sender.send(Err(broken.clone()));
            }
            waiting.broken = Some(broken);
        };
        thread::Builder::new().spawn(read).context("failed to start a thread")?;
        Ok(pipe)
    }

    /// Sends a command, and waits for its result at most this long.
    pub fn call(&self, method: &str, parameters: &Value, session: Option<&str>, most: Duration) -> Result<Value> {
        let (sender, receiver) = channel();
        let mut number = 0;
        let note = |id| {
            number = id;
            let mut waiting = locked(&self.waiting);
            if let Some(Broken(reason)) = &waiting.broken {
                bail!("it does not take `{method}`: {reason}");
            }
            waiting.answers.insert(id, sender);
            Ok(())
        };
        if let Err(error) = self.writer.write(method, parameters, session, note) {
            let mut waiting = locked(&self.waiting);
            waiting.broken.get_or_insert_with(|| Broken(format!("{error:#}")));
            return Err(error);
        }
        let answer = receiver.recv_timeout(most).map_err(|error| {
            locked(&self.waiting).answers.remove(&number);
            match error {
                RecvTimeoutError::Timeout => anyhow!("it answers nothing to `{method}` within {} s", most.as_secs()),
                RecvTimeoutError::Disconnected => anyhow!("it answers nothing to `{method}`"),
            }
        })?;
        let message = answer.map_err(|Broken(reason)| anyhow!("it answers nothing to `{method}`: {reason}"))?;
        match message.get("error") {
            None => Ok(message.get("result").cloned().unwrap_or_default()),
            Some(error) => {
                let text = error["message"].as_str().unwrap_or("an error without a message");
                bail!("it refuses `{method}`: {text}")
            }
        }
    }

    /// For commands that nobody waits for.
    #[cfg(test)]
    pub fn writer(&self) -> &CommandWriter {
        &self.writer
    }

    /// Whether the browser still has its end open.
    pub fn is_open(&self) -> bool {
        locked(&self.waiting).broken.is_none()
    }
}

/// The next message.
fn next_message(reader: &mut impl BufRead) -> Result<Value, Broken> {
    let mut bytes = Vec::new();
    let count = reader.by_ref().take(LONGEST).read_until(0, &mut bytes);
    let count = count.map_err(|error| Broken(error.to_string()))?;
    if count == 0 {
        return Err(Broken("its end of the pipe is closed".to_owned()));
    }
    if bytes.pop() != Some(0) {
        return Err(Broken("a message has no end".to_owned()));
    }
    serde_json::from_slice(&bytes).map_err(|error| Broken(format!("a message is no JSON: {error}")))
}

/// Gives an answer to who waits for it.
fn answer(waiting: &Mutex<Waiting>, id: u64, message: Value) {
    if let Some(sender) = locked(waiting).answers.remove(&id) {
        // It may have given up.
        let _ = sender.send(Ok(message));
    }
}

/// What a thread that panicked left is still whole: each change is one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    /// A browser that writes these bytes at once, and closes its end.
    fn browser(bytes: &'static [u8]) -> (Pipe, std::sync::mpsc::Receiver<Value>) {
        let (sender, receiver) = channel();
        let on_event = Box::new(move |event: &Value, _: &CommandWriter| {
            let _ = sender.send(event.clone());
        });
        (Pipe::new(bytes, std::io::sink(), on_event).unwrap(), receiver)
    }

    /// A browser that answers each command by what `answer` makes of it.
    fn answering(answer: fn(Value) -> String) -> Pipe {
        let (commands, to_browser) = os_pipe::pipe().unwrap();
        let (from_browser, mut answers) = os_pipe::pipe().unwrap();
        thread::spawn(move || {
            let mut reader = BufReader::new(commands);
            while let Ok(message) = next_message(&mut reader) {
                let _ = answers.write_all(answer(message).as_bytes());
            }
        });
        Pipe::new(from_browser, to_browser, Box::new(|_, _| {})).unwrap()
    }

    #[test]
    fn an_answer_belongs_to_its_command() {
        let pipe = answering(|message| {
            let other = "{\"id\":99,\"result\":{}}\0{\"method\":\"Event\"}\0";
            format!(
                "{other}{{\"id\":{},\"result\":{{\"was\":{}}}}}\0",
                message["id"], message["method"]
            )
        });
        for method in ["A.b", "C.d"] {
            let result = pipe.call(method, &json!({}), Some("s"), SOON).unwrap();
            assert_eq!(result, json!({ "was": method }));
        }
        assert!(pipe.is_open());
    }

    #[test]
    fn what_is_no_answer_is_said() {
        let refusing = |message: Value| format!("{{\"id\":{},\"error\":{{\"message\":\"no\"}}}}\0", message["id"]);
        for (pipe, expected) in [
            (answering(refusing), "it refuses `A.b`: no"),
            (answering(|_| "{]\0".to_owned()), "a message is no JSON"),
        ] {
            let error = pipe.call("A.b", &json!({}), None, SOON).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let silent = answering(|_| String::new());
        let error = silent.call("A.b", &json!({}), None, Duration::ZERO).unwrap_err();
        assert_eq!(error.to_string(), "it answers nothing to `A.b` within 0 s");
    }

    #[test]
    fn events_come_in_their_order_until_the_end() {
        for (bytes, events) in [
            (&b"{\"method\":\"A\"}\0{\"method\":\"B\"}\0"[..], &["A", "B"][..]),
            (b"{\"method\":\"A\"}\0{\"meth", &["A"]),
            (b"\0", &[]),
            (b"", &[]),
        ] {
            let (pipe, receiver) = browser(bytes);
            let seen: Vec<String> = receiver
                .iter()
                .map(|event| event["method"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(seen, events);
            let error = pipe.call("A.b", &json!({}), None, SOON).unwrap_err().to_string();
            assert!(error.starts_with("it "), "{error}");
        }
    }
}
