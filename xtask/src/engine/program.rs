//! A program that runs an engine, and how it was found.

use crate::base::text;
use crate::browser::place::BrowserPlace;
use crate::engine::caller::Caller;
use crate::engine::configuration;
use crate::engine::feature::Feature;
use crate::engine::shell::Shell;
use crate::engine::table::Engine;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// A program that runs an engine.
#[derive(Debug)]
pub struct Program {
    /// The name that `--engine NAME=PATH` or `wasm-leaks.toml` gives it, if any.
    pub name: Option<String>,
    pub engine: &'static Engine,
    pub shell: &'static Shell,
    /// Where in a browser scripts run; `None` in a shell.
    pub place: Option<BrowserPlace>,
    pub path: PathBuf,
    /// The shell's or host's version.
    pub version: Option<String>,
    /// The engine's version, if a host reports one.
    pub engine_version: Option<String>,
    pub features: BTreeSet<Feature>,
    /// The flags that it is called with: those of `wasm-leaks.toml`, then those that it needs for these features.
    pub flags: Vec<String>,
    /// The variables of `wasm-leaks.toml`.
    pub environment: BTreeMap<String, String>,
    pub found_by: FoundBy,
    /// Why it cannot be judged, if it failed its canary.
    pub doubt: Option<String>,
}

/// How a program was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundBy {
    /// `--engine` names the program.
    Option,
    /// `wasm-leaks.toml` has its path.
    File,
    /// An environment variable names it.
    Variable(&'static str),
    Path,
    Jsvu,
    Esvu,
    /// A directory off PATH where the system keeps it.
    System,
    /// A host on PATH.
    Host,
}

impl Program {
    /// The version of its engine, where that is known: of a host the one that it reports.
    pub fn own_version(&self) -> Option<&str> {
        match self.shell.host {
            true => self.engine_version.as_deref(),
            false => self.version.as_deref(),
        }
    }

    /// The major version of its engine, where that is known: 10 of V8 10.2.
    pub fn engine_major(&self) -> u32 {
        let version = self.own_version();
        let major = version.and_then(|version| version.split(|c: char| !c.is_ascii_digit()).next());
        major.and_then(|major| major.parse().ok()).unwrap_or(0)
    }

    /// The name that people gave it, else that of the browser, or of its engine.
    pub fn label(&self) -> &str {
        let own = self.shell.browser.map_or(self.engine.name, |_| self.shell.name);
        self.name.as_deref().unwrap_or(own)
    }

    /// How it is called.
    pub fn caller(&self) -> Caller<'_> {
        Caller {
            shell: self.shell,
            place: self.place,
            page: None,
            path: &self.path,
        }
    }

    /// The value of `--engine` that selects this program, quoted for a shell; with where it runs, of a browser.
    pub fn option(&self) -> String {
        let option = self.engine_option();
        match self.place {
            Some(place) => format!("{option} --in {place}"),
            None => option,
        }
    }

    fn engine_option(&self) -> String {
        match self.found_by {
            FoundBy::Option => {
                let mut word = OsString::from(format!("{}=", self.label()));
                word.push(&self.path);
                text::shell_word(word)
            }
            _ => self.label().to_owned(),
        }
    }
}

impl fmt::Display for FoundBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FoundBy::Option => f.write_str("--engine"),
            FoundBy::File => f.write_str(configuration::FILE),
            FoundBy::Variable(name) => write!(f, "${name}"),
            FoundBy::Path => f.write_str("PATH"),
            FoundBy::Jsvu => f.write_str("jsvu"),
            FoundBy::Esvu => f.write_str("esvu"),
            FoundBy::System => f.write_str("system"),
            FoundBy::Host => f.write_str("PATH, host"),
        }
    }
}

impl fmt::Display for Program {
    /// `d8 10.2.154`, or `node 20.20.2, host of V8 11.3`: a host is always marked as one.
    /// With a name of its own: `stress (d8 10.2.154)`. A browser: `chromium 156.0.8078.108 (page)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{name} (")?;
        }
        f.write_str(self.shell.name)?;
        match &self.version {
            Some(version) => write!(f, " {version}")?,
            None => f.write_str(", version unknown")?,
        }
        match (self.place, &self.name) {
            (Some(place), None) => write!(f, " ({place})")?,
            (Some(place), Some(_)) => write!(f, ", {place}")?,
            (None, _) => {}
        }
        if self.shell.host && self.shell.browser.is_none() {
            write!(f, ", host of {}", self.engine.title)?;
            // A commit's hash says little in a table.
            if let Some(version) = self.engine_version.as_deref().filter(|version| version.contains('.')) {
                write!(f, " {version}")?;
            }
        }
        if self.name.is_some() {
            f.write_str(")")?;
        }
        Ok(())
    }
}
