//! The server on this machine that pages get scripts from, and report to.
//!
//! It answers only below a path that is a secret of this run: other programs of this machine can reach the port.

use crate::browser::http::{Method, Reply, Request, read_request};
use crate::browser::upstream::Upstream;
use crate::browser::users_page::with_script;
use anyhow::{Context, Result};
use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The most connections at once: a page has six, and one for each worker.
const CONNECTIONS: usize = 128;

/// The most bytes of a report.
const LONGEST_BODY: u64 = 64 << 20;

/// The largest file that is served.
const LARGEST_FILE: u64 = 1 << 30;

/// The script that gives a page what a shell has, on the stage.
const SCRIPT: &str = "js/lib/page.js";

/// The MIME type of a page.
const PAGE_KIND: &str = "text/html; charset=utf-8";

/// MIME types by the end of a file's name.
const KINDS: &[(&str, &str)] = &[
    ("css", "text/css"),
    ("cjs", "text/javascript"),
    ("html", PAGE_KIND),
    ("htm", PAGE_KIND),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("map", "application/json"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain; charset=utf-8"),
    ("wasm", "application/wasm"),
];

/// What the server does beside serving files: it is asked first.
pub trait Site: Send + Sync {
    /// The answer to a request for this path below the secret one; `None` if it is none of its own.
    fn answer(&self, path: &str, request: &Request) -> Option<Reply>;
    /// The user's server has no page: why, as the end of a sentence that begins with "the page".
    fn has_no_page(&self, _why: String) {}
}

/// The page that gets our script, if it is the user's.
#[derive(Debug, Clone)]
pub enum UsersPage {
    /// A file, by its name on the stage.
    File(String),
    /// One of a server of the user's, which everything without the secret is for.
    Of(Upstream),
}

/// A server that runs until the process ends.
pub struct Server {
    /// The address below which the stage is: `http://127.0.0.1:PORT/SECRET/`.
    pub address: String,
    /// The address without a path: `http://127.0.0.1:PORT`.
    pub origin: String,
}

/// What is served.
struct Served {
    /// The path before all others: `/SECRET/`.
    secret: String,
    /// The directory, without links in its path.
    root: PathBuf,
    /// A name in it that is not served.
    hidden: &'static str,
    page: Option<UsersPage>,
    /// This server's own host and port.
    authority: String,
    site: Arc<dyn Site>,
    connections: AtomicUsize,
}

impl Server {
    /// Serves the files of a directory, except for what is below `hidden`. If one of them is a page of the user's, it
    /// gets our script.
    pub fn start(root: &Path, hidden: &'static str, page: Option<UsersPage>, site: Arc<dyn Site>) -> Result<Server> {
        let what = || format!("failed to serve `{}`", root.display());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).with_context(what)?;
        let port = listener.local_addr().with_context(what)?.port();
        let secret = format!("/{}/", secret());
        let authority = format!("127.0.0.1:{port}");
        let origin = format!("http://{authority}");
        let address = format!("{origin}{secret}");
        let served = Arc::new(Served {
            secret,
            root: fs::canonicalize(root).with_context(what)?,
            hidden,
            page,
            authority,
            site,
            connections: AtomicUsize::new(0),
        });
        let accept = move || {
            for connection in listener.incoming().flatten() {
                let served = Arc::clone(&served);
                // Dropped, and so closed, if the machine has no thread to spare.
                let _ = thread::Builder::new().spawn(move || serve(&connection, &served));
            }
        };
        thread::Builder::new().spawn(accept).with_context(what)?;
        Ok(Server { address, origin })
    }
}

/// A name that nobody can guess.
fn secret() -> String {
    let word = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}

/// Answers the requests of one connection, until it ends.
fn serve(connection: &TcpStream, served: &Served) {
    let number = served.connections.fetch_add(1, Ordering::SeqCst);
    // Answers are small, and each is waited for.
    let _ = connection.set_nodelay(true);
    let mut reader = BufReader::new(connection);
    let mut writer = connection;
    if number >= CONNECTIONS {
        let _ = Reply::text(503, "too many connections").write(&mut writer);
    } else {
        loop {
            if served.passed(&mut reader) {
                break;
            }
            match read_request(&mut reader, LONGEST_BODY) {
                Ok(Some(request)) if served.reply(&request).write(&mut writer).is_ok() => {}
                Ok(_) => break,
                Err(reply) => {
                    let _ = reply.write(&mut writer);
                    break;
                }
            }
        }
    }
    served.connections.fetch_sub(1, Ordering::SeqCst);
}

impl Served {
    /// Whether the connection was for the user's server, and is at its end.
    fn passed(&self, reader: &mut BufReader<&TcpStream>) -> bool {
        let Some(UsersPage::Of(upstream)) = &self.page else {
            return false;
        };
        let Ok(ahead) = reader.fill_buf() else { return true };
        let target = ahead.split(|byte| *byte == b' ').nth(1);
        if ahead.is_empty() || target.is_some_and(|target| target.starts_with(self.secret.as_bytes())) {
            return false;
        }
        let script = format!("{}{SCRIPT}", self.secret);
        if let Err(error) = upstream.pass(reader, &self.authority, &script) {
            self.site.has_no_page(format!("was not served: {error:#}"));
        }
        true
    }

    fn reply(&self, request: &Request) -> Reply {
        let Some(path) = request.path.strip_prefix(&self.secret) else {
            return not_found();
        };
        if let Some(reply) = self.site.answer(path, request) {
            return reply;
        }
        match request.method {
            Method::Get => self.file(path).unwrap_or_else(not_found),
            Method::Post => Reply::text(405, "expected GET"),
        }
    }

    /// A file below the root, that no link leads out of it to.
    fn file(&self, path: &str) -> Option<Reply> {
        let mut parts = path.split('/');
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0']);
        if !parts.all(is_plain) {
            return None;
        }
        let file = fs::canonicalize(self.root.join(path)).ok()?;
        let inside = file.strip_prefix(&self.root).ok()?;
        if inside.starts_with(self.hidden) {
            return None;
        }
        let facts = fs::metadata(&file).ok()?;
        if !facts.is_file() || facts.len() > LARGEST_FILE {
            return None;
        }
        let extension = Path::new(path)
            .extension()
            .and_then(|end| end.to_str())
            .unwrap_or_default();
        let body = fs::read(&file).ok()?;
        if matches!(&self.page, Some(UsersPage::File(page)) if page == path) {
            let script = format!("{}{SCRIPT}", self.secret);
            return Some(Reply {
                status: 200,
                kind: PAGE_KIND,
                body: with_script(&body, &script),
            });
        }
        let kind = KINDS.iter().find(|(end, _)| *end == extension);
        Some(Reply {
            status: 200,
            kind: kind.map_or("application/octet-stream", |(_, kind)| kind),
            body,
        })
    }
}

fn not_found() -> Reply {
    Reply::text(404, "there is no such file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::fs::symlink;

    struct Echo;

    impl Site for Echo {
        fn answer(&self, path: &str, request: &Request) -> Option<Reply> {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            (path == "-/echo").then(|| Reply::text(200, body))
        }
    }

    /// A server of a directory with a file, a link within it, two out of it, and a hidden directory.
    fn server() -> (tempfile::TempDir, Server) {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("stage");
        fs::create_dir_all(root.join("js")).unwrap();
        fs::create_dir_all(root.join(".browser")).unwrap();
        fs::write(directory.path().join("outside"), "outside").unwrap();
        fs::write(root.join("js/a b.js"), "let a;").unwrap();
        fs::write(root.join("m.wasm"), "m").unwrap();
        fs::write(root.join("js/page.html"), "<!doctype html><p>").unwrap();
        fs::write(root.join(".browser/key"), "key").unwrap();
        symlink("js", root.join("inside")).unwrap();
        symlink("../outside", root.join("out")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink(".browser", root.join("sideways")).unwrap();
        let server = Server::start(
            &root,
            ".browser",
            Some(UsersPage::File("js/page.html".to_owned())),
            Arc::new(Echo),
        )
        .unwrap();
        (directory, server)
    }

    /// Sends bytes, and reads all that comes until the server closes the connection, which `bytes` has to make it do.
    fn talk(server: &Server, bytes: &[u8]) -> String {
        let port = server.address.split([':', '/']).nth(4).unwrap();
        let mut connection = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
        // What is refused may not be read to its end.
        let _ = connection.write_all(bytes);
        let _ = connection.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(server: &Server, path: &str) -> String {
        talk(server, format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes())
    }

    #[test]
    fn files_of_the_stage_are_served_and_no_others() {
        let (_directory, server) = server();
        let secret = format!("/{}", server.address.splitn(4, '/').nth(3).unwrap());
        let page = format!("<!doctype html><script src=\"{secret}js/lib/page.js\" data-page></script><p>");
        let below = |path: &str| get(&server, &format!("{secret}{path}"));
        for (path, kind, body) in [
            ("js/a%20b.js", "text/javascript; charset=utf-8", "let a;"),
            ("inside/a%20b.js?x=1", "text/javascript; charset=utf-8", "let a;"),
            ("m.wasm", "application/wasm", "m"),
            ("js/page.html", PAGE_KIND, &page),
        ] {
            let answer = below(path);
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {answer}");
            assert!(
                answer.contains(&format!("Content-Type: {kind}\r\n")),
                "{path}: {answer}"
            );
            assert!(answer.contains("Cache-Control: no-store\r\n"), "{path}: {answer}");
            assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{path}: {answer}");
        }
        for path in [
            "",
            "js",
            "js/",
            "none.js",
            "../outside",
            "%2e%2e/outside",
            "js/../../outside",
            "js/../m.wasm",
            "/m.wasm",
            "js//a%20b.js",
            "./m.wasm",
            "out",
            "up/outside",
            "m.wasm%00",
            ".browser/key",
            "sideways/key",
            "..%5coutside",
        ] {
            let answer = below(path);
            assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        }
    }

    #[test]
    fn nothing_is_answered_without_the_secret() {
        let (_directory, server) = server();
        let secret = server.address.splitn(4, '/').nth(3).unwrap().to_owned();
        let wrong = secret.replace(|c: char| c.is_ascii_hexdigit(), "0");
        for path in [
            "/",
            "/m.wasm",
            "/js/a%20b.js",
            "/-/echo",
            &format!("/{wrong}m.wasm"),
            &format!("//{secret}m.wasm"),
        ] {
            let answer = get(&server, path);
            assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        }
        let (_other_directory, other) = self::server();
        assert_ne!(secret, other.address.splitn(4, '/').nth(3).unwrap());
    }

    #[test]
    fn wrong_methods_and_bodies_are_refused() {
        let (_directory, server) = server();
        let secret = server.address.splitn(4, '/').nth(3).unwrap();
        for (request, status) in [
            (
                format!("POST /{secret}m.wasm HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
                "405",
            ),
            (format!("DELETE /{secret}m.wasm HTTP/1.1\r\n\r\n"), "405"),
            (
                format!("POST /{secret}-/echo HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"),
                "413",
            ),
            (format!("POST /{secret}-/echo HTTP/1.1\r\n\r\n"), "411"),
            (
                format!("POST /{secret}-/echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"),
                "400",
            ),
            ("\0\r\n\r\n".to_owned(), "405"),
        ] {
            let answer = talk(&server, request.as_bytes());
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{request}: {answer}"
            );
        }
        let echo = format!("POST /{secret}-/echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nab");
        assert!(talk(&server, echo.as_bytes()).ends_with("\r\n\r\nab"));
    }
}
