//! A case: one experiment, its expectation, and the guest it names.
//!
//! In: words of the command line. Out: cases: their scripts, their expectations, the sources of their guests.
//! Only this wing knows the places of a case's files. It runs nothing, and builds no guest.

pub mod allocator;
pub mod checkout;
pub mod claim;
pub mod directives;
pub mod expectation;
pub mod expectations;
pub mod expected_line;
pub mod guest_source;
pub mod map_place;
pub mod own;
pub mod page_source;
pub mod scope;
pub mod script_map;
pub mod source_maps;
pub mod template;
pub mod translation;
pub mod tree;
pub mod wildcard;

use crate::base::file;
use crate::engine::feature::Feature;
use crate::engine::program::Program;
use anyhow::{Context, Result, ensure};
use expectation::{DEFAULT_GUEST, Expectation};
use expectations::Expectations;
use guest_source::GuestSource;
use scope::{ExpectationScope, ProgramIdentity};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use tree::CaseFile;

/// One experiment.
#[derive(Debug)]
pub struct Case {
    /// Its name; of a user's own case its path, as it was given.
    pub name: String,
    /// Its name in tables: the last part of a path, or more where two are alike.
    pub title: String,
    /// The directory of its scripts.
    directory: PathBuf,
    /// The directory's name on a stage.
    stage_directory: String,
    /// The root of the checkout; of a user's own case, the directory up to which files are found by relative paths.
    root: PathBuf,
    own: Option<OwnScript>,
    /// The file of its expectation, if there is one.
    expected: PathBuf,
    expectations: Expectations,
}

/// The script of a user's own case, which the census judges.
#[derive(Debug)]
pub struct OwnScript {
    /// The script's name in the case's directory.
    pub name: OsString,
    pub is_module: bool,
}

impl Case {
    /// The expectation for this program.
    pub fn expectation(&self, program: &Program) -> &Expectation {
        self.expectations.of_program(ProgramIdentity::of(program))
    }

    /// The expectations, for all programs and for some.
    pub fn expectations(&self) -> &Expectations {
        &self.expectations
    }

    /// Where the expectation lies, or would: that for some programs alone, or the one for all.
    pub fn expectation_file(&self, scope: Option<&ExpectationScope>) -> PathBuf {
        match scope {
            Some(scope) => self.expected.with_extension(format!("{scope}.txt")),
            None => self.expected.clone(),
        }
    }

    /// The sources of its guests: of one of our own cases exactly one, on which it runs; a user's own loads its
    /// modules itself. The error names the file that refers to a missing one.
    pub fn guests(&self) -> Result<Vec<GuestSource>> {
        let Expectation { guests, clang, .. } = self.expectations.shared();
        let found: Result<Vec<GuestSource>> = match &self.own {
            Some(own) => guests
                .iter()
                .map(|words| GuestSource::of_own_case(&self.directory, words, clang, &self.root, own.is_module))
                .collect(),
            None => {
                let name = guests.first().map_or(DEFAULT_GUEST, String::as_str);
                GuestSource::in_checkout(&self.root, name, clang).map(|guest| vec![guest])
            }
        };
        found.with_context(|| self.expectations.shared().path.clone())
    }

    /// The names of its guests.
    pub fn guest_names(&self) -> Option<String> {
        let names = self.expectations.shared().guests.join(", ");
        match (names.is_empty(), &self.own) {
            (true, Some(_)) => None,
            (true, None) => Some(DEFAULT_GUEST.to_owned()),
            (false, _) => Some(names),
        }
    }

    /// The script, if it is a user's own.
    pub fn own(&self) -> Option<&OwnScript> {
        self.own.as_ref()
    }

    /// The page that it runs in on this program, if it has one of its own: a path on the stage, or an address.
    pub fn page(&self, program: &Program) -> Result<Option<String>> {
        let expectation = self.expectation(program);
        let found = expectation
            .page
            .as_ref()
            .map(|page| page.on_stage(&self.directory, &self.root, tree::ROOT));
        found
            .transpose()
            .with_context(|| format!("{}: the page", expectation.path))
    }

    /// The directory of its scripts.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The directory up to which its files are found by relative paths.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Of a user's own case the directory of its script, as seen from the current directory; of one of the checkout none.
    pub fn given_directory(&self) -> Option<String> {
        self.own.as_ref()?;
        // The expectation of a user's own case lies beside the script.
        Some(file::directory(&self.expected).display().to_string())
    }

    /// The path of its script: of a user's own case as seen from the current directory, else from the root of the checkout.
    pub fn given_script(&self) -> String {
        match &self.own {
            Some(own) => file::directory(&self.expected).join(&own.name).display().to_string(),
            None => format!("{}/{SCRIPT}", self.stage_directory),
        }
    }

    /// The directory of its scripts, on a stage.
    pub fn stage_directory(&self) -> &str {
        &self.stage_directory
    }

    /// Whether it runs in pages of browsers alone.
    pub fn needs_document(&self) -> bool {
        self.expectations.shared().needs.contains(&Feature::Document)
    }

    /// The claim that it shows.
    pub fn shows(&self) -> Option<&str> {
        self.expectations.shared().shows.as_deref()
    }

    /// The claim about it in 2020.
    pub fn claim(&self) -> Option<&claim::Claim> {
        self.expectations.shared().claimed.as_ref()
    }

    /// Where that was reported or claimed.
    pub fn reports(&self) -> &[String] {
        &self.expectations.shared().sources
    }

    /// The scripts that are loaded, in order, by their names on a stage.
    pub fn scripts(&self) -> Vec<String> {
        vec![format!("{}/{SCRIPT}", self.stage_directory)]
    }

    /// The directories whose files decide what it does and what is expected of it.
    pub fn sources(&self) -> Vec<PathBuf> {
        match self.own {
            Some(_) => vec![self.root.clone()],
            None => ["js", "expected", "guest"].map(|name| self.root.join(name)).to_vec(),
        }
    }

    /// All files of the case's directory: its scripts may load others.
    pub fn files(&self) -> Result<Vec<CaseFile>> {
        if self.own.is_some() {
            let mut files = tree::files(&self.root)?;
            files.extend(tree::packages_above(&self.root));
            return Ok(files);
        }
        let entries = file::entries(&self.directory)?;
        let script = self.directory.join(SCRIPT);
        ensure!(entries.contains(&script), "the script `{}` is gone", script.display());
        let files = entries.into_iter().filter(|path| path.is_file()).filter_map(|path| {
            let name = PathBuf::from(&self.stage_directory).join(path.file_name()?.to_str()?);
            Some(CaseFile {
                path,
                name,
                is_link: false,
            })
        });
        Ok(files.collect())
    }
}

/// The script of a case, in its directory.
const SCRIPT: &str = "test.js";
