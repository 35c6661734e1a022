//! A program in the results.

use crate::browser::place::BrowserPlace;
use crate::case::scope::ProgramIdentity;
use crate::engine::program::Program;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A program that cells were planned for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramRow {
    /// The name that `--engine NAME=PATH` or `wasm-leaks.toml` gave it, if any. Results of older versions lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `v8`, `jsc`, `spidermonkey`.
    pub engine: String,
    /// The title for people: `node 20.20.2, host of V8 11.3`, `stress (d8 10.2.154)`.
    pub title: String,
    /// Its path; invalid UTF-8 is replaced.
    pub program: String,
    /// The value of `--engine` that selects it again, quoted for a shell.
    pub option: String,
    /// `d8`, `jsc`, `js`, `node`, `deno`, `bun`, `chromium`, `firefox`, `webkitgtk`.
    pub shell: String,
    /// Whether it is not the engine's own shell.
    pub host: bool,
    /// Where in a browser scripts ran; of shells and in results of older versions there is none.
    #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
    pub place: Option<BrowserPlace>,
    /// The shell's or host's version.
    pub version: Option<String>,
    /// The engine's version, if a host reports one.
    pub engine_version: Option<String>,
    pub features: Vec<String>,
    /// The flags that it is called with: those of `wasm-leaks.toml`, then those that it needs for these features.
    pub flags: Vec<String>,
    /// The variables of `wasm-leaks.toml`. Results of older versions lack them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// How it was found.
    pub found: String,
}

impl ProgramRow {
    pub fn of(program: &Program) -> ProgramRow {
        ProgramRow {
            name: program.name.clone(),
            engine: program.engine.name.to_owned(),
            title: program.to_string(),
            program: program.path.display().to_string(),
            option: program.option(),
            shell: program.shell.name.to_owned(),
            host: program.shell.host,
            place: program.place,
            version: program.version.clone(),
            engine_version: program.engine_version.clone(),
            features: program.features.iter().map(ToString::to_string).collect(),
            flags: program.flags.clone(),
            environment: program.environment.clone(),
            found: program.found_by.to_string(),
        }
    }

    /// The version of its engine, where that is known: of a host the one that it reports.
    pub fn own_version(&self) -> Option<&str> {
        match self.host {
            true => self.engine_version.as_deref(),
            false => self.version.as_deref(),
        }
    }

    /// The value of `--engine` that selects it on other machines, if no name of its own or path is needed.
    pub fn usual_option(&self) -> String {
        let name = self.name.as_ref();
        match self.place {
            Some(place) => format!("{} --in {place}", name.unwrap_or(&self.shell)),
            None => name.unwrap_or(&self.engine).clone(),
        }
    }

    /// What tells it from others where an expectation is for some programs.
    pub fn identity(&self) -> ProgramIdentity<'_> {
        ProgramIdentity {
            name: self.name.as_deref(),
            engine: &self.engine,
            shell: &self.shell,
            version: self.own_version(),
        }
    }

    /// The variables as `NAME=VALUE`.
    pub fn variables(&self) -> Vec<String> {
        let variables = self.environment.iter();
        variables.map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// Its variables and flags, as before and after a program's name in a command.
    pub fn called_with(&self) -> Vec<String> {
        [self.variables(), self.flags.clone()].concat()
    }

    /// Whether both are the same build, called the same way, on any machine.
    pub fn is_same_build(&self, other: &ProgramRow) -> bool {
        let is_same_title = (&self.engine, &self.title) == (&other.engine, &other.title);
        is_same_title && (&self.flags, &self.environment) == (&other.flags, &other.environment)
    }
}
