//! A case: one experiment, its expectation, and the guest it names.
//!
//! In: words of the command line. Out: cases: their scripts, their expectations, the name of their guest.
//! Only this wing knows the places of a case's files. It runs nothing, and builds no guest.

pub mod checkout;
pub mod claim;
pub mod expectation;

use crate::base::file;
use crate::engine::table::Engine;
use anyhow::{Result, ensure};
use expectation::Expectation;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One experiment.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    /// The directory of its scripts.
    directory: PathBuf,
    /// The directory's name on a stage.
    stage_directory: String,
    expectation: Expectation,
    by_engine: BTreeMap<&'static str, Expectation>,
}

/// A file that a case needs on its stage.
#[derive(Debug)]
pub struct CaseFile {
    pub path: PathBuf,
    /// Its name, relative to the stage.
    pub name: String,
}

impl Case {
    /// The expectation for this engine.
    pub fn expectation(&self, engine: &Engine) -> &Expectation {
        self.by_engine.get(engine.name).unwrap_or(&self.expectation)
    }

    /// The name of the guest that it runs on.
    pub fn guest(&self) -> &str {
        &self.expectation.guest
    }

    /// The file that names the guest, as shown to people.
    pub fn expectation_path(&self) -> &str {
        &self.expectation.path
    }

    /// The claim that it shows.
    pub fn shows(&self) -> Option<&str> {
        self.expectation.shows.as_deref()
    }

    /// The claim about it in 2020.
    pub fn claim(&self) -> Option<&claim::Claim> {
        self.expectation.claimed.as_ref()
    }

    /// The scripts that are loaded, in order, by their names on a stage.
    pub fn scripts(&self) -> Vec<String> {
        vec![format!("{}/{SCRIPT}", self.stage_directory)]
    }

    /// All files of the case's directory: its scripts may load others.
    pub fn files(&self) -> Result<Vec<CaseFile>> {
        let entries = file::entries(&self.directory)?;
        let script = self.directory.join(SCRIPT);
        ensure!(entries.contains(&script), "the script `{}` is gone", script.display());
        let files = entries.into_iter().filter(|path| path.is_file()).filter_map(|path| {
            let name = format!("{}/{}", self.stage_directory, path.file_name()?.to_str()?);
            Some(CaseFile { path, name })
        });
        Ok(files.collect())
    }
}

/// The script of a case, in its directory.
const SCRIPT: &str = "test.js";
