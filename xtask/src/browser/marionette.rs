//! Firefox's own protocol, Marionette: messages of JSON over TCP, each after its length.

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// The most bytes of a message.
const LONGEST: u64 = 256 << 20;

/// The most digits of a length.
const DIGITS: u64 = 12;

/// Where scripts run that are sent with the browser's own rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptContext {
    /// In the process of the page.
    Page,
    /// In the parent of all processes.
    Parent,
}

/// A connection to a Firefox, which answers one command after the other.
pub struct Marionette {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    last: u64,
}

impl Marionette {
    /// Connects to the port of this machine, and reads the greeting. Nothing is waited for longer than `most`.
    pub fn connect(port: u16, most: Duration) -> Result<Marionette> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("failed to connect to Marionette")?;
        stream.set_read_timeout(Some(most))?;
        stream.set_nodelay(true)?;
        let mut marionette = Marionette {
            reader: BufReader::new(stream.try_clone()?),
            writer: stream,
            last: 0,
        };
        let greeting = read_message(&mut marionette.reader).context("failed to read Marionette's greeting")?;
        ensure!(
            greeting["marionetteProtocol"] == 3,
            "expected version 3 of Marionette's protocol, and it is {}",
            greeting["marionetteProtocol"]
        );
        Ok(marionette)
    }

    /// Sends a command and waits for its result.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Result<Value> {
        self.last += 1;
        let message = json!([0, self.last, method, parameters]).to_string();
        let sent = self.writer.write_all(format!("{}:{message}", message.len()).as_bytes());
        sent.with_context(|| format!("failed to send `{method}`"))?;
        loop {
            let answer = read_message(&mut self.reader).with_context(|| format!("it answers nothing to `{method}`"))?;
            if answer[0] == 1 && answer[1] == self.last {
                return result_of(answer, method);
            }
        }
    }

    /// Sets where the next scripts run.
    pub fn set_side(&mut self, side: ScriptContext) -> Result<()> {
        let name = match side {
            ScriptContext::Page => "content",
            ScriptContext::Parent => "chrome",
        };
        self.call("Marionette:SetContext", &json!({ "value": name }))
            .map(|_| ())
    }

    /// Runs the body of a function with the browser's own rights. Returns what it returns.
    pub fn run(&mut self, script: &str, arguments: &Value) -> Result<Value> {
        self.execute("WebDriver:ExecuteScript", script, arguments)
    }

    /// The same of one that calls its last argument, a function, with its answer.
    pub fn run_async(&mut self, script: &str, arguments: &Value) -> Result<Value> {
        self.execute("WebDriver:ExecuteAsyncScript", script, arguments)
    }

    fn execute(&mut self, method: &str, script: &str, arguments: &Value) -> Result<Value> {
        let parameters = json!({ "script": script, "args": arguments, "sandbox": "system", "newSandbox": false });
        let mut result = self.call(method, &parameters)?;
        Ok(result.get_mut("value").map(Value::take).unwrap_or_default())
    }
}

fn result_of(mut answer: Value, method: &str) -> Result<Value> {
    let error = &answer[2];
    if error.is_null() {
        return Ok(answer.get_mut(3).map(Value::take).unwrap_or_default());
    }
    let text = |name: &str| error[name].as_str().unwrap_or_default();
    bail!("it refuses `{method}`: {}: {}", text("error"), text("message"))
}

/// The next message: `LENGTH:JSON`.
fn read_message(reader: &mut impl BufRead) -> Result<Value> {
    let mut digits = Vec::new();
    reader.by_ref().take(DIGITS).read_until(b':', &mut digits)?;
    ensure!(!digits.is_empty(), "the connection is closed");
    let length = digits
        .strip_suffix(b":")
        .and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
    let length: u64 = length.ok_or_else(|| anyhow!("a message has no length"))?;
    ensure!(length <= LONGEST, "a message of {length} bytes is too long");
    let mut bytes = Vec::new();
    let count = reader.by_ref().take(length).read_to_end(&mut bytes)?;
    ensure!(count as u64 == length, "a message is cut off");
    serde_json::from_slice(&bytes).context("a message is no JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_their_length_before_them() {
        let mut bytes = &b"2:{}9:[1,2,\"a\"]"[..];
        assert_eq!(read_message(&mut bytes).unwrap(), json!({}));
        assert_eq!(read_message(&mut bytes).unwrap(), json!([1, 2, "a"]));
        for (bytes, expected) in [
            (&b""[..], "the connection is closed"),
            (b"12", "a message has no length"),
            (b"x:{}", "a message has no length"),
            (b"-2:{}", "a message has no length"),
            (b"9999999999999999:", "a message has no length"),
            (b"99999999999:", "a message of 99999999999 bytes is too long"),
            (b"3:{}", "a message is cut off"),
            (b"2:{]", "a message is no JSON"),
        ] {
            let error = read_message(&mut &bytes[..]).unwrap_err().to_string();
            assert_eq!(error, expected);
        }
    }

    #[test]
    fn an_error_is_told_in_its_words() {
        assert_eq!(
            result_of(json!([1, 1, null, { "value": 3 }]), "A").unwrap(),
            json!({ "value": 3 })
        );
        let refused = result_of(json!([1, 1, { "error": "no such alert", "message": "m" }, null]), "A");
        assert_eq!(refused.unwrap_err().to_string(), "it refuses `A`: no such alert: m");
        assert_eq!(result_of(json!([1, 1]), "A").unwrap(), Value::Null);
    }
}
