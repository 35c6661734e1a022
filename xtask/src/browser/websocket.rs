//! A WebSocket client (RFC 6455) for text messages: as much as the inspector of WebKit needs on this machine.

use anyhow::{Context, Result, bail, ensure};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The most bytes of a message, in all its fragments. A heap snapshot is one message.
const LONGEST: u64 = 512 << 20;

/// The most bytes of the answer to the handshake.
const LONGEST_HEAD: u64 = 16 << 10;

/// The most bytes of a control frame's payload (section 5.5).
const LONGEST_CONTROL: u64 = 125;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The part of a connection that receives.
pub struct SocketReader {
    stream: BufReader<TcpStream>,
    writer: SocketWriter,
}

/// The part of a connection that sends, for any thread.
#[derive(Clone)]
pub struct SocketWriter {
    stream: Arc<Mutex<TcpStream>>,
}

#[derive(Debug, PartialEq, Eq)]
struct SocketFrame {
    is_last: bool,
    code: u8,
    payload: Vec<u8>,
}

/// Opens a connection to `path` of the server behind `stream`; the answer may take `most`. Messages may take any time.
pub fn open(stream: TcpStream, path: &str, most: Duration) -> Result<SocketReader> {
    let host = stream.peer_addr()?;
    stream.set_read_timeout(Some(most))?;
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    // The key shows that the server is none of another protocol; its answer to that is not checked.
    let key = base64_simd::STANDARD.encode_to_string([random().to_be_bytes(), random().to_be_bytes()].concat());
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    writer.write_all(head.as_bytes())?;
    let mut reader = BufReader::new(stream);
    accept(&mut reader)?;
    reader.get_ref().set_read_timeout(None)?;
    let writer = SocketWriter {
        stream: Arc::new(Mutex::new(writer)),
    };
    Ok(SocketReader { stream: reader, writer })
}

/// Reads the answer to the handshake.
fn accept(reader: &mut impl BufRead) -> Result<()> {
    let mut head = reader.take(LONGEST_HEAD);
    let mut first = String::new();
    head.read_line(&mut first).context("no answer to the handshake")?;
    let status = first.split(' ').nth(1).unwrap_or_default();
    ensure!(status == "101", "the handshake was answered by `{}`", first.trim());
    loop {
        let mut line = String::new();
        head.read_line(&mut line)
            .context("the answer to the handshake has no end")?;
        match line.as_str() {
            "" => bail!("the answer to the handshake has no end"),
            "\r\n" | "\n" => return Ok(()),
            _ => {}
        }
    }
}

impl SocketReader {
    /// The next message. Pings are answered.
    pub fn next(&mut self) -> Result<String> {
        let writer = &self.writer;
        next_message(&mut self.stream, |payload| writer.send_frame(PONG, payload))
    }

    /// The other half.
    pub fn writer(&self) -> SocketWriter {
        self.writer.clone()
    }
}

impl SocketWriter {
    /// Sends a message.
    pub fn send(&self, text: &str) -> Result<()> {
        self.send_frame(TEXT, text.as_bytes())
    }

    /// Ends the connection: who reads is told.
    pub fn close(&self) {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        // It may be closed already.
        let _ = stream.shutdown(std::net::Shutdown::Both);
    }

    fn send_frame(&self, code: u8, payload: &[u8]) -> Result<()> {
        let mask = (random() as u32).to_be_bytes();
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(stream.write_all(&frame(code, payload, mask))?)
    }
}

/// 64 random bits: std has no other source of them.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A whole frame as a client sends it, masked (sections 5.2 and 5.3).
fn frame(code: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![0x80 | code];
    let length = payload.len();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => bytes.push(0x80 | short),
        (_, Ok(length)) => {
            bytes.push(0x80 | 126);
            bytes.extend(length.to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// The next text message, its fragments put together; `pong` answers a ping with the same payload.
fn next_message(reader: &mut impl Read, pong: impl Fn(&[u8]) -> Result<()>) -> Result<String> {
    let mut message = Vec::new();
    let mut has_begun = false;
    loop {
        let frame = read_frame(reader, LONGEST - message.len() as u64)?;
        match frame.code {
            PING => pong(&frame.payload)?,
            PONG => {}
            CLOSE => bail!("it closed the connection"),
            TEXT if !has_begun => has_begun = true,
            CONTINUATION if has_begun => {}
            BINARY => bail!("a message is not text"),
            code => bail!("a frame of kind {code} is out of place"),
        }
        if frame.code >= CLOSE {
            continue;
        }
        message.extend(frame.payload);
        if frame.is_last {
            return String::from_utf8(message).context("a message is not text");
        }
    }
}

/// The next frame of a server, of at most `longest` bytes.
fn read_frame(reader: &mut impl Read, longest: u64) -> Result<SocketFrame> {
    let [first, second] = read_bytes::<2>(reader)?;
    let (is_last, code) = (first & 0x80 != 0, first & 0x0f);
    ensure!(first & 0x70 == 0, "a frame has an extension");
    ensure!(second & 0x80 == 0, "a frame is masked");
    let length = match second & 0x7f {
        126 => u64::from(u16::from_be_bytes(read_bytes(reader)?)),
        127 => u64::from_be_bytes(read_bytes(reader)?),
        short => u64::from(short),
    };
    let is_control = code >= CLOSE;
    ensure!(
        !is_control || (is_last && length <= LONGEST_CONTROL),
        "a control frame is too long"
    );
    ensure!(length <= longest, "a message of {length} bytes is too long");
    let mut payload = Vec::new();
    let count = reader.take(length).read_to_end(&mut payload)?;
    ensure!(count as u64 == length, "a frame is cut off");
    Ok(SocketFrame { is_last, code, payload })
}

fn read_bytes<const N: usize>(reader: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).context("the connection is closed")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
