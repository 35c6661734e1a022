//! What a page reports comes out once and in its order, and what it asks for is the driver's to do.

use super::*;
use anyhow::{bail, ensure};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

/// A browser that counts collections, and cannot write its heap.
#[derive(Default)]
struct FakeDriver {
    collections: u64,
    lost: bool,
}

impl Driver for FakeDriver {
    fn version(&mut self) -> Result<String> {
        Ok("1".to_owned())
    }
    fn open(&mut self, address: &str) -> Result<()> {
        ensure!(address != "nowhere", "it does not open `{address}`");
        self.lost = address.ends_with("lost");
        Ok(())
    }
    fn collect(&mut self) -> Result<()> {
        self.collections += 1;
        Ok(())
    }
    fn heap_bytes(&mut self) -> Result<Option<u64>> {
        Ok(Some(self.collections))
    }
    fn snapshot(&mut self, _: &Path) -> Result<()> {
        bail!("it has no room")
    }
    fn is_running(&mut self) -> bool {
        true
    }
    fn lost(&mut self) -> Option<String> {
        self.lost.then(|| "crashed".to_owned())
    }
}

type Printed = Arc<Mutex<[String; 2]>>;

fn page() -> (PageRun, Receiver<PageEnd>, Printed) {
    let (sender, ended) = channel();
    let driver = Box::new(FakeDriver::default());
    let mut page = PageRun::new(driver, json!({ "a": 1 }), PathBuf::from("/stage"), sender);
    let printed = Printed::default();
    let kept = Arc::clone(&printed);
    page.print = Box::new(move |out, error| {
        let mut all = kept.lock().unwrap();
        all[0] += out;
        all[1] += error;
    });
    (page, ended, printed)
}

fn ask(page: &PageRun, method: Method, path: &str, body: &str) -> (u16, String) {
    let request = Request {
        method,
        path: path.to_owned(),
        body: body.as_bytes().to_owned(),
    };
    let reply = page.answer(path, &request).unwrap();
    (reply.status, String::from_utf8(reply.body).unwrap())
}

fn report(page: &PageRun, body: &str) -> u16 {
    ask(page, Method::Post, "-/report", body).0
}

#[test]
fn lines_are_printed_once_and_in_their_order() {
    let (page, ended, printed) = page();
    page.open("http://127.0.0.1:1/secret/", "http://127.0.0.1:1/secret/page.html");
    for body in [
        r#"{"number":2,"lines":[[2,"at http://127.0.0.1:1/secret/js/a.js:1:2"],[1,"c"]]}"#,
        r#"{"number":1,"lines":[[1,"a"],[1,"b"]]}"#,
        r#"{"number":1,"lines":[[1,"a"],[1,"b"]]}"#,
        r#"{"number":0,"lines":[[2,"beside"]]}"#,
        r#"{"number":4,"lines":[],"quit":7}"#,
    ] {
        assert_eq!(report(&page, body), 200, "{body}");
    }
    assert_eq!(*printed.lock().unwrap(), ["a\nb\nc\n", "at js/a.js:1:2\nbeside\n"]);
    assert!(ended.try_recv().is_err());
    report(&page, r#"{"number":3,"lines":[[1,"d"]]}"#);
    report(&page, r#"{"number":5,"lines":[[1,"after the end"]],"quit":8}"#);
    assert_eq!(ended.try_iter().collect::<Vec<_>>(), [PageEnd::Quit(7)]);
    assert!(printed.lock().unwrap()[0].ends_with("c\nd\n"));
}

#[test]
fn what_is_no_report_is_refused() {
    let (page, ended, printed) = page();
    for body in [
        "",
        "{}",
        "[1]",
        r#"{"number":-1}"#,
        r#"{"number":1,"lines":[[1]]}"#,
        r#"{"number":1,"lines":[[300,"a"]]}"#,
        r#"{"number":1,"quit":"x"}"#,
    ] {
        assert_eq!(report(&page, body), 400, "{body}");
    }
    for number in 2..100 {
        let status = report(&page, &format!("{{\"number\":{number}}}"));
        assert_eq!(status, if number < 66 { 200 } else { 503 }, "{number}");
    }
    assert_eq!(*printed.lock().unwrap(), ["", ""]);
    assert!(ended.try_recv().is_err());
}

#[test]
fn a_page_is_told_once_what_to_run() {
    let (page, ended, _) = page();
    assert_eq!(ask(&page, Method::Get, "-/configuration", "").1, r#"{"a":1}"#);
    assert_eq!(ask(&page, Method::Get, "-/configuration", "").0, 409);
    let lost = PageEnd::Lost("loaded itself again".to_owned());
    assert_eq!(ended.try_iter().collect::<Vec<_>>(), [lost]);
}

#[test]
fn wishes_are_the_driver_s() {
    let (page, _ended, _) = page();
    for (method, path, body, answer) in [
        (Method::Post, "-/heap", "", (200, "0")),
        (Method::Post, "-/collect", "", (200, "")),
        (Method::Post, "-/heap", "", (200, "1")),
        (Method::Post, "-/snapshot", "heap.json", (500, "it has no room")),
        (Method::Post, "-/own-snapshot", "heap.json", (500, "it has no room")),
        (
            Method::Post,
            "-/call",
            r#"{"method":"HeapProfiler.enable","parameters":{}}"#,
            (500, "the browser does not take `HeapProfiler.enable`"),
        ),
        (
            Method::Post,
            "-/call",
            r#"{"method":"Browser.close","parameters":{}}"#,
            (400, "a page may not call `Browser.close`"),
        ),
        (
            Method::Post,
            "-/snapshot",
            "../heap",
            (400, "expected the name of a file"),
        ),
        (
            Method::Post,
            "-/snapshot",
            ".browser",
            (400, "expected the name of a file"),
        ),
        (Method::Post, "-/snapshot", "", (400, "expected the name of a file")),
        (Method::Get, "-/collect", "", (405, "expected the other method")),
        (Method::Get, "-/x", "", (404, "there is nothing of that name")),
    ] {
        let (status, text) = ask(&page, method, path, body);
        assert_eq!((status, text.as_str()), answer, "{path} {body}");
    }
    assert_eq!(page.lost(), None);
    page.open("", "lost");
    assert_eq!(page.lost(), Some("the page crashed".to_owned()));
}

#[test]
fn a_page_that_is_not_opened_is_an_end() {
    let (page, ended, _) = page();
    page.open("", "nowhere");
    let why = PageEnd::NotOpened("it does not open `nowhere`".to_owned());
    assert_eq!(ended.try_iter().collect::<Vec<_>>(), [why]);
}

#[test]
fn addresses_are_taken_out_of_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("heap");
    for (before, after) in [
        ("", ""),
        ("http://h/s/", ""),
        (
            "[\"http://h/s/js/a.js\",\"http://h/s/b\",\"http://h/t/\"]",
            "[\"js/a.js\",\"b\",\"http://h/t/\"]",
        ),
    ] {
        std::fs::write(&path, before).unwrap();
        without_address(&path, "http://h/s/").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
    }
    assert!(without_address(&directory.path().join("none"), "a").is_err());
}
