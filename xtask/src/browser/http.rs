//! As much of HTTP as a page needs: requests with a length, and answers.

use std::io::{self, BufRead, Read, Write};

/// The most bytes of a request's head.
const LONGEST_HEAD: u64 = 16 << 10;

/// A request that was read whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// The path, decoded, without what follows a `?`.
    pub path: String,
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// The MIME type.
    pub kind: &'static str,
    pub body: Vec<u8>,
}

/// The words of each status that is used.
const STATUSES: &[(u16, &str)] = &[
    (200, "OK"),
    (400, "Bad Request"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (409, "Conflict"),
    (411, "Length Required"),
    (413, "Content Too Large"),
    (431, "Request Header Fields Too Large"),
    (500, "Internal Server Error"),
    (503, "Service Unavailable"),
];

impl Reply {
    /// An answer in plain text.
    pub fn text(status: u16, text: impl Into<String>) -> Reply {
        Reply {
            status,
            kind: "text/plain; charset=utf-8",
            body: text.into().into_bytes(),
        }
    }

    /// All went well, and there is nothing to say.
    pub fn done() -> Reply {
        Reply::text(200, "")
    }

    /// Writes it. What it is of is never kept: a file of the next run may be another one.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let words = STATUSES.iter().find(|(status, _)| *status == self.status);
        let head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n",
            self.status,
            words.map_or("", |(_, words)| words),
            self.kind,
            self.body.len()
        );
        let mut all = head.into_bytes();
        all.extend_from_slice(&self.body);
        to.write_all(&all)?;
        to.flush()
    }
}

/// Reads the next request, with a body of at most so many bytes; `None` at the end of the connection. The error is the
/// answer to what is no request, after which the connection cannot be used.
pub fn read_request(from: &mut impl BufRead, most: u64) -> Result<Option<Request>, Reply> {
    let mut head = from.by_ref().take(LONGEST_HEAD);
    let mut line = || match read_line(&mut head) {
        Ok(line) => Ok(line),
        Err(_) => Err(Reply::text(400, "the request was cut off")),
    };
    let Some(first) = line()? else {
        return Ok(None);
    };
    let mut length = None;
    loop {
        let Some(line) = line()? else {
            return Err(Reply::text(431, "the head of the request is too long, or was cut off"));
        };
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(Reply::text(400, "a header has no colon"));
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = Some(value.trim().parse::<u64>()),
            "transfer-encoding" => return Err(Reply::text(411, "expected a length")),
            _ => {}
        }
    }
    let mut words = first.split(' ');
    let method = match words.next() {
        Some("GET") => Method::Get,
        Some("POST") => Method::Post,
        _ => return Err(Reply::text(405, "expected GET or POST")),
    };
    let path = words.next().and_then(decoded);
    let Some(path) = path.filter(|_| words.next().is_some_and(|word| word.starts_with("HTTP/1."))) else {
        return Err(Reply::text(400, "the first line of the request is malformed"));
    };
    let length = match (method, length) {
        (Method::Get, None) => 0,
        (_, Some(Ok(length))) => length,
        (Method::Post, None) => return Err(Reply::text(411, "expected a length")),
        (_, Some(Err(_))) => return Err(Reply::text(400, "the length is no number")),
    };
    if length > most {
        return Err(Reply::text(413, format!("expected at most {most} bytes")));
    }
    let mut body = Vec::new();
    match from.by_ref().take(length).read_to_end(&mut body) {
        Ok(count) if count as u64 == length => Ok(Some(Request { method, path, body })),
        _ => Err(Reply::text(400, "the request was cut off")),
    }
}

/// A line without its end; `None` where there is none, or it has no end.
fn read_line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    from.read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The path of a target, with each `%20` as what it stands for; `None` if it is malformed.
fn decoded(target: &str) -> Option<String> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let value = 16 * digit(rest.next())? + digit(rest.next())?;
                u8::try_from(value).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().filter(|path| path.starts_with('/'))
}

/// A path as it stands in an address.
pub fn encoded(path: &str) -> String {
    let mut address = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                address.push(char::from(byte))
            }
            byte => address += &format!("%{byte:02X}"),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Request>, u16> {
        read_request(&mut text.as_bytes(), 100).map_err(|reply| reply.status)
    }

    #[test]
    fn requests_follow_each_other() {
        let text = "POST /a%20b?c=%2F HTTP/1.1\r\nHost: x\r\ncontent-length: 3\r\n\r\nabcGET / HTTP/1.1\n\n";
        let mut bytes = text.as_bytes();
        let mut next = || read_request(&mut bytes, 100).unwrap();
        let request = |method, path: &str, body: &[u8]| Request {
            method,
            path: path.to_owned(),
            body: body.to_owned(),
        };
        assert_eq!(next(), Some(request(Method::Post, "/a b", b"abc")));
        assert_eq!(next(), Some(request(Method::Get, "/", b"")));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_path_in_an_address_is_the_path() {
        for path in ["/a b/c#1?x=%20&\u{e9}.html", "/plain-1_2~3.html"] {
            assert_eq!(decoded(&encoded(path)).as_deref(), Some(path));
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let long = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(20_000));
        for (text, status) in [
            ("PUT / HTTP/1.1\r\n\r\n", 405),
            ("OPTIONS / HTTP/1.1\r\n\r\n", 405),
            ("GET /\r\n\r\n", 400),
            ("GET a HTTP/1.1\r\n\r\n", 400),
            ("GET /%zz HTTP/1.1\r\n\r\n", 400),
            ("GET /%f HTTP/1.1\r\n\r\n", 400),
            ("GET /%ff HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n", 431),
            (&long, 431),
            ("POST / HTTP/1.1\r\n\r\n", 411),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
            ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc", 400),
        ] {
            assert_eq!(read(text).unwrap_err(), status, "{text:.40}");
        }
    }

    #[test]
    fn an_answer_has_its_length_and_is_not_kept() {
        let mut bytes = Vec::new();
        Reply::text(404, "no").write(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("HTTP/1.1 404 Not Found\r\n"), "{text}");
        assert!(
            text.contains("Content-Length: 2\r\nCache-Control: no-store\r\n"),
            "{text}"
        );
        assert!(text.ends_with("\r\n\r\nno"), "{text}");
    }
}
