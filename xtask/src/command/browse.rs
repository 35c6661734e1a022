//! `browse`: runs scripts in a browser. Hidden: it is started under a guard, in place of a shell.

use crate::base::output;
use crate::base::status::Status;
use crate::base::text::inert;
use crate::browser::kind::BrowserKind;
use crate::browser::place::BrowserPlace;
use crate::browser::running::{self, Browsing, LOST};
use anyhow::{Context, Result};
use clap::Args;
use std::env;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct BrowseFlags {
    #[arg(value_parser = browser)]
    pub browser: BrowserKind,

    /// The browser's program
    pub path: PathBuf,

    /// A flag of the browser
    #[arg(long = "flag", require_equals = true)]
    pub flags: Vec<String>,

    /// Where in the browser the scripts run
    #[arg(long = "in", value_enum, default_value = "page")]
    pub place: BrowserPlace,

    /// What is opened in place of our own page: a path on the stage, or an address of this machine
    #[arg(long, require_equals = true)]
    pub page: Option<String>,

    /// The script, and its arguments
    #[arg(last = true, required = true)]
    pub script: Vec<String>,
}

fn browser(name: &str) -> Result<BrowserKind, String> {
    BrowserKind::named(name).ok_or_else(|| "there is no browser of this name".to_owned())
}

/// Runs the script on the stage that is the working directory.
pub fn browse(flags: &BrowseFlags) -> Result<Status> {
    let stage = env::current_dir().context("failed to find the current directory")?;
    let (script, words) = flags.script.split_first().context("there is no script")?;
    let ran = running::run(&Browsing {
        browser: flags.browser,
        path: &flags.path,
        flags: &flags.flags,
        place: flags.place,
        page: flags.page.as_deref(),
        stage: &stage,
        script,
        words,
    });
    Ok(Status::OfScript(ran.unwrap_or_else(|error| {
        output::note(&inert(&format!("{error:#}")));
        LOST
    })))
}
