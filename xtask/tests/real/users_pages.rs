//! A script that runs in a page of the user's.

use crate::browsers::in_each;
use crate::world::{Answer, World};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;

/// A page that stands in the way of scripts that it does not know: by a policy, by a base, and by its own `fetch`.
const PAGE: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'self'\">
<base href=\"parts/\">
<title>A list</title>
<script src=\"app.js\"></script>
<script type=\"module\" src=\"ready.mjs\"></script>
<ul id=\"list\"></ul>
";

const APP: &str = "window.fetch = () => { throw new Error('replaced'); };
console.log(`scripts: ${document.scripts.length}, ${document.compatMode}, service workers: ${'serviceWorker' in navigator}`);
class Row {}
function addRow(keeps) {
  const row = document.createElement('li');
  row.data = new Row();
  document.getElementById('list').append(row);
  if (keeps) window.addEventListener('resize', () => row.data);
  row.remove();
}
";

const TEST: &str = "export function setup() { console.log(`${document.title}, ready: ${window.ready}`); }
export function test(n) { for (let i = 0; i < n; i++) addRow(KEEPS); }
";

/// A page and its script, in directories whose names are none of a URL's.
fn program(keeps: bool, expected: &str) -> (World, PathBuf) {
    let world = World::new().with_this_machine();
    let root = world.file("my #1 page");
    for (name, text) in [
        ("package.json", "{}\n"),
        ("index.html", PAGE),
        ("parts/app.js", APP),
        ("parts/ready.mjs", "window.ready = true;\n"),
        ("leaks/list/test.mjs", &TEST.replace("KEEPS", &keeps.to_string())),
        ("leaks/list/expected.txt", expected),
    ] {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let case = root.join("leaks/list");
    (world, case)
}

fn run(command: &str, program: &(World, PathBuf), browser: &str, place: &str) -> Answer {
    let (world, case) = program;
    let answer = world.run(&[command, case.to_str().unwrap(), "--engine", browser, "--in", place]);
    world.assert_clean();
    answer
}

const EXPECTED: &str = "#: page = ../../index.html\n#: verdict = VERDICT
scripts: 1, CSS1Compat, service workers: false
A list, ready: true
";

#[test]
fn a_script_runs_in_a_page_of_the_users() {
    in_each(|browser, place| {
        let expected = |verdict: &str| EXPECTED.replace("VERDICT", verdict);
        if place == "worker" {
            let answer = run("test", &program(true, &expected("leaks")), browser, place);
            answer.expect(0, &["1 cell: 1 skipped"]);
            return;
        }
        let leak = program(true, &expected("leaks"));
        run("test", &leak, browser, place).expect(0, &["1 cell: 1 ok"]);
        let answer = run("explain", &leak, browser, place);
        answer.expect(0, &[]);
        // As the engine calls what is between. The snapshots of WebKitGTK have no lines of functions; that of a class is known.
        let element = if browser == "chromium" { "<li>" } else { "Row" };
        let line = if browser == "webkitgtk" { 3 } else { 8 };
        let written = format!("../../parts/app.js:{line}");
        for told in ["Row that are new are kept alive by", &written, element] {
            assert!(answer.stdout.contains(told), "{told}: {}", answer.stdout);
        }
        let good = program(false, &expected("collected | bounded"));
        run("test", &good, browser, place).expect(0, &["1 cell: 1 ok"]);
        let wrong = program(true, &expected("collected | bounded"));
        let answer = run("test", &wrong, browser, place);
        answer.expect(1, &["the verdict is `leaks`; expected `collected | bounded`"]);
        if browser == "chromium" {
            for told in [
                "+1.00 Row",
                " a call, made by addRow (../../parts/app.js:4) < test (test.mjs:2)",
            ] {
                assert!(answer.stdout.contains(told), "{}", answer.stdout);
            }
        }
    });
}

#[test]
fn what_a_page_throws_is_an_error() {
    in_each(|browser, place| {
        if place == "page" {
            let program = program(false, "#: page = ../../index.html\n");
            let app = program.1.join("../../parts/app.js");
            fs::write(app, "function addRow() {}\nthrow new Error('mine');\n").unwrap();
            run("test", &program, browser, place).expect(1, &["Error: mine (../../parts/app.js:2:"]);
        }
    });
}

#[test]
fn a_page_that_is_none_is_refused() {
    for (directive, told) in [
        ("page = none.html", "expected.txt: the page: failed to look at"),
        (
            "page = ../../../outside.html",
            "expected.txt: the page: `../../../outside.html` lies outside of",
        ),
        (
            "page = test.mjs",
            "expected.txt:1: the directive `page`: `test.mjs` is no page",
        ),
        ("page = http://127.0.0.1/", "which `#: url` takes"),
        ("url = http://example.org/", "is not on this machine"),
        ("url = https://127.0.0.1/", "expected `http://`"),
        (
            "page = ../../index.html\n#: url = http://127.0.0.1/",
            "the directive `url`: it is given twice",
        ),
    ] {
        let (world, case) = program(false, &format!("#: {directive}\n"));
        let answer = world.run(&["test", case.to_str().unwrap(), "--engine", "chromium"]);
        answer.expect(2, &[told]);
    }
}

/// A server of a page at `/app/`, to which `/` leads, with a policy that allows its own scripts alone; its answers come in
/// chunks. Returns its port.
fn served(page: &'static str) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || answer(&connection, page, port));
        }
    });
    port
}

/// Answers one request. The process of the test ends the thread.
fn answer(mut connection: &TcpStream, page: &str, port: u16) {
    let mut reader = BufReader::new(connection);
    let mut head = String::new();
    while reader.read_line(&mut head).is_ok_and(|count| count > 2) {}
    let mut respond = |status: &str, headers: &str, body: &str| {
        let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let chunks = if body.is_empty() {
            "0\r\n\r\n".to_owned()
        } else {
            chunks
        };
        let head = format!("HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n{headers}\r\n");
        let _ = connection.write_all((head + &chunks).as_bytes());
    };
    let policy = "Content-Type: text/html\r\nContent-Security-Policy: default-src 'none'; script-src 'self'\r\n";
    match head.split(' ').nth(1).unwrap_or_default() {
        // By its own address: a page has to stay where it is served with our script.
        "/" => respond("302 Found", &format!("Location: http://127.0.0.1:{port}/app/\r\n"), ""),
        "/app/" => respond("200 OK", policy, page),
        "/assets/app.js" => respond("200 OK", "Content-Type: text/javascript\r\n", APP),
        "/plain" => respond("200 OK", "Content-Type: text/plain\r\n", "text"),
        _ => respond("404 Not Found", "Content-Type: text/html\r\n", "<p>None."),
    }
}

#[test]
fn a_script_runs_in_a_page_of_a_server() {
    in_each(|browser, place| {
        if place == "worker" {
            return;
        }
        let port =
            served("<!doctype html><title>A list</title><script src=\"/assets/app.js\"></script><ul id=\"list\"></ul>");
        let printed = "scripts: 1, CSS1Compat, service workers: false\nA list, ready: undefined\n";
        for (keeps, verdict) in [(true, "leaks"), (false, "collected | bounded")] {
            let expected = format!("#: url = http://127.0.0.1:{port}/\n#: verdict = {verdict}\n{printed}");
            run("test", &program(keeps, &expected), browser, place).expect(0, &["1 cell: 1 ok"]);
        }
        for (path, told) in [
            ("none.html", "answered 404 with `text/html`"),
            ("plain", "answered 200 with `text/plain`"),
        ] {
            let expected = format!("#: url = http://127.0.0.1:{port}/{path}\n");
            run("test", &program(false, &expected), browser, place).expect(1, &["the page was not served: ", told]);
        }
        // Nothing listens there any more.
        let free = TcpListener::bind(("127.0.0.1", 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let expected = format!("#: url = http://127.0.0.1:{free}/\n");
        run("test", &program(false, &expected), browser, place)
            .expect(1, &["failed to reach", "start that server first"]);
    });
}
