//! Runs scripts in a browser, as a shell does.

use crate::browser::driver::Start;
use crate::browser::http::encoded;
use crate::browser::kind::BrowserKind;
use crate::browser::page::{PageEnd, PageRun};
use crate::browser::place::BrowserPlace;
use crate::browser::server::{Server, UsersPage};
use crate::browser::upstream::Upstream;
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// The exit status if the browser or the page is lost before the scripts ask for one: none that shells use.
pub const LOST: u8 = 121;

/// The page that runs scripts, on the stage.
const PAGE: &str = "js/lib/page.html";

/// Where the browser writes, on the stage.
const BROWSER: &str = ".browser";

/// How often it is looked whether the browser still runs.
const INTERVAL: Duration = Duration::from_millis(50);

/// What to run.
#[derive(Debug)]
pub struct Browsing<'a> {
    pub browser: BrowserKind,
    pub path: &'a Path,
    pub flags: &'a [String],
    pub place: BrowserPlace,
    /// What is opened in place of our own page: a path on the stage, or an address of this machine.
    pub page: Option<&'a str>,
    /// A directory with all files that the scripts need.
    pub stage: &'a Path,
    /// The script that is loaded first, and its arguments.
    pub script: &'a str,
    pub words: &'a [String],
}

/// Runs the scripts, and prints what they print. Returns the exit status that they asked for; the error says, in a line,
/// that the browser does not do what it should, or that the page is lost.
pub fn run(browsing: &Browsing<'_>) -> Result<u8> {
    let directory = browsing.stage.join(BROWSER);
    fs::create_dir_all(&directory).with_context(|| format!("failed to make `{}`", directory.display()))?;
    let mut driver = crate::browser::start(
        browsing.browser,
        &Start {
            path: browsing.path,
            flags: browsing.flags,
            stage: browsing.stage,
            directory: &directory,
        },
    )?;
    driver.set_place(browsing.place);
    let version = driver.version()?;
    let configuration = json!({
        "place": browsing.place,
        "script": browsing.script,
        "words": browsing.words,
        "browser": browsing.browser.name(),
        "engineVersion": driver.engine_version()?.unwrap_or_else(|| version.clone()),
        "writesHeap": driver.writes_heap(),
        "version": version,
    });
    let (sender, ended) = channel();
    let page = Arc::new(PageRun::new(driver, configuration, browsing.stage.to_owned(), sender));
    let users_page = browsing.page.map(|page| match Upstream::of(page) {
        Some(upstream) => UsersPage::Of(upstream),
        None => UsersPage::File(page.to_owned()),
    });
    if let Some(UsersPage::Of(upstream)) = &users_page {
        upstream.connect()?;
    }
    let server = Server::start(
        browsing.stage,
        BROWSER,
        users_page.clone(),
        Arc::<PageRun>::clone(&page),
    )?;
    let opened = match &users_page {
        Some(UsersPage::Of(upstream)) => format!("{}{}", server.origin, upstream.page),
        Some(UsersPage::File(file)) => format!("{}{}", server.address, encoded(file)),
        None => format!("{}{PAGE}", server.address),
    };
    let opening = {
        let (page, stage) = (Arc::clone(&page), server.address.clone());
        move || page.open(&stage, &opened)
    };
    thread::Builder::new()
        .spawn(opening)
        .context("failed to start a thread")?;
    let title = browsing.browser.title();
    loop {
        match ended.recv_timeout(INTERVAL) {
            // As the kernel has it: the lowest eight bits.
            Ok(PageEnd::Quit(status)) => return Ok((status & 0xff) as u8),
            Ok(PageEnd::Lost(how)) => bail!("{title}: the page {how}"),
            Ok(PageEnd::NotOpened(why)) => bail!("{why}"),
            Err(RecvTimeoutError::Disconnected) => bail!("{title}: the server ended"),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(how) = page.lost() {
                    bail!("{title}: {how}");
                }
            }
        }
    }
}
