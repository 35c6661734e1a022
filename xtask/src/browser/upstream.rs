//! A server that the user has started, as its pages are served through ours: with our script in them, and without
//! policies that would stop it. Requests and answers pass as they are otherwise.

use crate::browser::users_page::with_script;
use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

/// The most bytes of a head, and of a page.
const LONGEST_HEAD: u64 = 64 << 10;
const LARGEST_PAGE: u64 = 64 << 20;

/// Headers of requests that are ours to write: an answer has to be text that can be changed, and the last of its connection.
const OF_REQUESTS: &[&str] = &[
    "host",
    "accept-encoding",
    "connection",
    "keep-alive",
    "if-none-match",
    "if-modified-since",
];

/// Headers of answers that do not pass.
const OF_ANSWERS: &[&str] = &[
    "connection",
    "keep-alive",
    "content-security-policy",
    "content-security-policy-report-only",
];

/// Those that no longer hold for a page with a script more.
const OF_PAGES: &[&str] = &["content-length", "transfer-encoding", "content-encoding", "etag"];

/// The user's server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Host and port.
    authority: String,
    /// The path of the page, with what follows a `?` or `#`.
    pub page: String,
}

/// The head of a request or an answer.
struct Head {
    first: String,
    headers: Vec<(String, String)>,
}

impl Upstream {
    /// The server of an address that begins with `http://`.
    pub fn of(address: &str) -> Option<Upstream> {
        let rest = address.strip_prefix("http://")?;
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, page) = rest.split_at(at);
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        Some(Upstream {
            authority: format!("{authority}{}", if has_port { "" } else { ":80" }),
            page: format!("{}{page}", if page.starts_with('/') { "" } else { "/" }),
        })
    }

    /// A connection to it.
    pub fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(&self.authority);
        stream.with_context(|| {
            format!(
                "failed to reach `http://{}`, which `#: url` names; start that server first",
                self.authority
            )
        })
    }

    /// Passes on a request whose head is the next in `reader`, and all that follows on this connection. `script` is the
    /// address of our script. The error is why there is no page; other requests are the page's own affair.
    pub fn pass(&self, reader: &mut BufReader<&TcpStream>, ours: &str, script: &str) -> Result<()> {
        let Ok(head) = read_head(reader) else { return Ok(()) };
        let is_page = head.has("sec-fetch-dest", "document");
        let passed = self.exchange(reader, head, is_page, (ours, script));
        if is_page { passed } else { Ok(()) }
    }

    fn exchange(
        &self,
        reader: &BufReader<&TcpStream>,
        mut head: Head,
        is_page: bool,
        (ours, script): (&str, &str),
    ) -> Result<()> {
        let client = *reader.get_ref();
        let upgrades = head.value("upgrade").is_some();
        head.headers
            .retain(|(name, _)| !OF_REQUESTS.contains(&name.as_str()) || (upgrades && name == "connection"));
        for (name, value) in &mut head.headers {
            if name == "origin" || name == "referer" {
                *value = value.replace(ours, &self.authority);
            }
        }
        head.add("host", &self.authority);
        if !upgrades {
            head.add("connection", "close");
        }
        let server = self.connect()?;
        (&server).write_all(&head.bytes())?;
        let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
        // What was read ahead comes first.
        to.write_all(reader.buffer())?;
        thread::Builder::new().spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        })?;
        self.answer(&server, client, is_page, upgrades, (ours, script))
    }

    /// Passes on the answer.
    fn answer(
        &self,
        server: &TcpStream,
        mut client: &TcpStream,
        is_page: bool,
        upgrades: bool,
        (ours, script): (&str, &str),
    ) -> Result<()> {
        let mut reader = BufReader::new(server);
        let mut head = read_head(&mut reader)?;
        if !upgrades {
            head.headers.retain(|(name, _)| !OF_ANSWERS.contains(&name.as_str()));
            head.add("connection", "close");
        }
        for (name, value) in &mut head.headers {
            if name == "location" {
                *value = value.replace(&self.authority, ours);
            }
        }
        let status = head.first.split(' ').nth(1).unwrap_or_default().to_owned();
        if !is_page || status.starts_with('3') {
            client.write_all(&head.bytes())?;
            std::io::copy(&mut reader, &mut client)?;
            end(client);
            return Ok(());
        }
        let kind = head.value("content-type").unwrap_or_default().to_owned();
        let mut body = Vec::new();
        if head.has("transfer-encoding", "chunked") {
            read_chunks(&mut reader, &mut body)?;
        } else {
            reader.take(LARGEST_PAGE).read_to_end(&mut body)?;
        }
        head.headers.retain(|(name, _)| !OF_PAGES.contains(&name.as_str()));
        let page = with_script(&body, script);
        head.add("content-length", &page.len().to_string());
        client.write_all(&head.bytes())?;
        client.write_all(&page)?;
        end(client);
        ensure!(
            status.starts_with('2') && kind.starts_with("text/html"),
            "`http://{}` answered {status} with `{kind}`",
            self.authority
        );
        Ok(())
    }
}

/// Tells the browser that no more comes. It may have closed the connection: it has read all that it was told to expect.
fn end(client: &TcpStream) {
    let _ = client.shutdown(Shutdown::Write);
}

impl Head {
    fn value(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.value(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
    }

    fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn bytes(&self) -> Vec<u8> {
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        format!("{}\r\n{}\r\n", self.first, headers.collect::<String>()).into_bytes()
    }
}

/// Reads a head; names of headers are in small letters then.
fn read_head(from: &mut impl BufRead) -> Result<Head> {
    let mut from = from.take(LONGEST_HEAD);
    let first = read_line(&mut from)?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(&mut from)?;
        if line.is_empty() {
            return Ok(Head { first, headers });
        }
        let (name, value) = line.split_once(':').context("a header has no colon")?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_line(from: &mut impl BufRead) -> Result<String> {
    let mut bytes = Vec::new();
    from.read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        bail!("the server ended the connection, or its answer has a head that is too long");
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads a body that comes in chunks.
fn read_chunks(from: &mut impl BufRead, body: &mut Vec<u8>) -> Result<()> {
    loop {
        let line = read_line(from)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).context("a chunk has no size")?;
        ensure!(
            size <= LARGEST_PAGE && size + body.len() as u64 <= LARGEST_PAGE,
            "it is larger than {} MiB",
            LARGEST_PAGE >> 20
        );
        if size == 0 {
            return Ok(());
        }
        let read = from.take(size).read_to_end(body)?;
        ensure!(read as u64 == size, "a chunk was cut off");
        read_line(from)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_server_and_a_page() {
        for (address, authority, page) in [
            ("http://127.0.0.1:8000/a/b?c=1#d", "127.0.0.1:8000", "/a/b?c=1#d"),
            ("http://localhost", "localhost:80", "/"),
            ("http://[::1]?a", "[::1]:80", "/?a"),
            ("http://[::1]:8080/", "[::1]:8080", "/"),
        ] {
            let upstream = Upstream::of(address).unwrap();
            assert_eq!((upstream.authority.as_str(), upstream.page.as_str()), (authority, page));
        }
        assert_eq!(Upstream::of("program/index.html"), None);
    }

    #[test]
    fn chunks_are_put_together() {
        let mut body = Vec::new();
        read_chunks(&mut &b"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"[..], &mut body).unwrap();
        assert_eq!(body, b"abcde");
        for text in ["", "x\r\n", "3\r\nab", "ffffffffffffffff\r\n", "5\r\nab\r\n0\r\n"] {
            assert!(read_chunks(&mut text.as_bytes(), &mut Vec::new()).is_err(), "{text}");
        }
    }
}
