//! Builds the guests of cases, each once, and bundles their scripts.

use crate::base::{file, output};
use crate::case::Case;
use crate::case::guest_source::{GuestLanguage, GuestSource};
use crate::case::source_maps::SourceMaps;
use crate::engine::shell::Shell;
use crate::guest::built::BuiltGuest;
use crate::guest::bundle::{self, Bundle, BundleSource, Bundles};
use crate::guest::esbuild::BundleTarget;
use crate::guest::instrumenting::Instrumenting;
use crate::guest::{clang, crates, text};
use crate::run::session::Session;
use crate::run::stage::Stage;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What was made for cases before they run.
#[derive(Debug, Default)]
pub struct Guests {
    /// The built guests, by their sources.
    built: BTreeMap<GuestSource, BuiltGuest>,
    /// The bundles and source maps of users' own cases, by the names of these.
    bundles: BTreeMap<String, Bundles>,
    maps: BTreeMap<String, Arc<SourceMaps>>,
    /// The modules that users' own scripts compiled, by the names of the cases.
    instrumenting: Mutex<BTreeMap<String, Arc<Instrumenting>>>,
}

/// A file that a build made, and its name on the stage of a user's own case.
#[derive(Debug)]
pub struct StagedFile {
    pub path: PathBuf,
    pub name: PathBuf,
}

impl Guests {
    /// What instruments the modules that a user's own case compiles.
    pub fn instrumenting(&self, case: &Case) -> Arc<Instrumenting> {
        let mut all = self.instrumenting.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Instrumenting::by(&case.expectations().shared().allocator));
        Arc::clone(all.entry(case.name.clone()).or_insert_with(new))
    }

    /// The guest that one of our own cases runs on.
    pub fn of_case(&self, case: &Case) -> Result<&BuiltGuest> {
        let guests = case.guests()?;
        let guest = guests.first().context("the case names no guest")?;
        self.built(guest)
    }

    fn built(&self, source: &GuestSource) -> Result<&BuiltGuest> {
        let built = self.built.get(source);
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

    /// What runs in place of a user's own script in such a program, if that cannot run it as it is.
    pub fn bundle(&self, case: &Case, shell: &Shell) -> Option<&Bundle> {
        self.bundles.get(&case.name)?.get(&target(shell))
    }

    /// The source maps of a user's own case.
    pub fn source_maps(&self, case: &Case) -> Option<&Arc<SourceMaps>> {
        self.maps.get(&case.name)
    }

    /// The modules that lie beside what a case imports of packages.
    pub fn package_modules(&self, case: &Case) -> Vec<PathBuf> {
        let bundles = self.bundles.get(&case.name).into_iter().flat_map(BTreeMap::values);
        bundles.flat_map(|bundle| bundle.modules.iter().cloned()).collect()
    }

    /// Makes the bundles that these programs need. `install` is the command that gets esbuild.
    pub fn add_bundles(&mut self, cases: &[Case], shells: &[&Shell], install: &str, session: &Session) -> Result<()> {
        let mut targets: Vec<BundleTarget> = shells.iter().map(|shell| target(shell)).collect();
        targets.sort();
        targets.dedup();
        for case in cases {
            let Some(maps) = self.source_maps(case) else { continue };
            let source = BundleSource {
                case,
                maps,
                put_files: &|stage| self.put_files(case, stage),
                install,
            };
            let made = bundle::bundles(source, &targets, session)?;
            self.bundles.insert(case.name.clone(), made);
        }
        Ok(())
    }

    /// Puts the files of a case on a stage, with what was built for it.
    pub fn put_files(&self, case: &Case, stage: &Stage) -> Result<()> {
        let built_files = match case.own() {
            Some(_) => self.staged(case)?,
            None => Vec::new(),
        };
        for file in case.files()? {
            // Nothing that was built is written through a link into the user's directory.
            let leads_there = |built: &StagedFile| built.name.starts_with(&file.name);
            match file.is_link {
                true if built_files.iter().any(leads_there) => {}
                true => stage.link(&file.path, &file.name)?,
                false => stage.copy(&file.path, &file.name)?,
            }
        }
        built_files
            .iter()
            .try_for_each(|file| stage.copy(&file.path, &file.name))
    }

    pub fn modules(&self) -> impl Iterator<Item = &Path> {
        self.built.values().filter_map(|built| built.module().ok())
    }
}

fn target(shell: &Shell) -> BundleTarget {
    match shell.host && shell.browser.is_none() {
        true => BundleTarget::Hosts,
        false => BundleTarget::Shells,
    }
}

/// Builds the guests of these cases, and no others.
pub fn build(cases: &[Case], session: &Session) -> Result<Guests> {
    let mut guests = Guests::default();
    for case in cases {
        if case.own().is_some() {
            guests.maps.insert(case.name.clone(), Arc::new(SourceMaps::of(case)));
        }
        for source in case.guests()? {
            if guests.built.contains_key(&source) {
                continue;
            }
            let built = match source.language {
                GuestLanguage::Text => text::assemble(&source, session)?,
                GuestLanguage::C => clang::build(&source, session)?,
                GuestLanguage::Rust => crates::build(&source, session)?,
            };
            warn_of_doubles(&source, &built);
            guests.built.insert(source, built);
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
