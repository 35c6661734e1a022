//! Builds the guests of cases, each once.

use crate::base::{file, output};
use crate::case::Case;
use crate::case::guest_source::{GuestLanguage, GuestSource};
use crate::guest::built::BuiltGuest;
use crate::guest::{clang, crates, text};
use crate::run::session::Session;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The built guests, by their sources.
#[derive(Debug, Default)]
pub struct Guests(BTreeMap<GuestSource, BuiltGuest>);

/// A file that a build made, and its name on the stage of a user's own case.
#[derive(Debug)]
pub struct StagedFile {
    pub path: PathBuf,
    pub name: PathBuf,
}

impl Guests {
    /// The guest that one of our own cases runs on.
    pub fn of_case(&self, case: &Case) -> Result<&BuiltGuest> {
        let guests = case.guests()?;
        let guest = guests.first().context("the case names no guest")?;
        self.built(guest)
    }

    fn built(&self, source: &GuestSource) -> Result<&BuiltGuest> {
        let built = self.0.get(source);
        built.with_context(|| format!("the guest `{}` was not built", source.name))
    }

    /// The files that were built for a user's own case, by their names on its stage.
    pub fn staged(&self, case: &Case) -> Result<Vec<StagedFile>> {
        let mut files = Vec::new();
        for source in case.guests()? {
            let Some(own) = &source.own else { continue };
            for built in &self.built(&source)?.files {
                files.push(StagedFile {
                    path: built.path.clone(),
                    name: own.stage.join(&built.name),
                });
            }
        }
        Ok(files)
    }

    pub fn modules(&self) -> impl Iterator<Item = &Path> {
        self.0.values().filter_map(|built| built.module().ok())
    }
}

/// Builds the guests of these cases, and no others.
pub fn build(cases: &[Case], session: &Session) -> Result<Guests> {
    let mut guests = Guests::default();
    for case in cases {
        for source in case.guests()? {
            if guests.0.contains_key(&source) {
                continue;
            }
            let built = match source.language {
                GuestLanguage::Text => text::assemble(&source, session)?,
                GuestLanguage::C => clang::build(&source, session)?,
                GuestLanguage::Rust => crates::build(&source, session)?,
            };
            warn_of_doubles(&source, &built);
            guests.0.insert(source, built);
        }
    }
    Ok(guests)
}

/// Warns of files that the user has under the names of what was built, as these are not used.
fn warn_of_doubles(source: &GuestSource, built: &BuiltGuest) {
    if source.own.is_none() {
        return;
    }
    let first = source.first();
    let directory = match source.language {
        GuestLanguage::Rust => first.as_path(),
        GuestLanguage::Text | GuestLanguage::C => file::directory(&first),
    };
    for made in &built.files {
        let theirs = directory.join(&made.name);
        let differs = || match (file::read(&theirs), file::read(&made.path)) {
            (Ok(theirs), Ok(made)) => theirs != made,
            _ => true,
        };
        if theirs.exists() && differs() {
            output::warn(&format!(
                "`{}` is not used: what is built from `{}` stands in for it",
                theirs.display(),
                source.name
            ));
        }
    }
}
