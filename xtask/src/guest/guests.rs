//! Guests, by name: the crates of `guest_crate`, and each `guest/NAME.wat`.

use crate::base::file;
use crate::base::suggest::did_you_mean;
use crate::case::Case;
use crate::guest::crates::{BuiltGuest, CRATES, crate_named};
use crate::run::session::Session;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The built guests, by name.
#[derive(Debug, Default)]
pub struct Guests(BTreeMap<String, BuiltGuest>);

impl Guests {
    /// The built guest of this name.
    pub fn built(&self, name: &str) -> Result<&BuiltGuest> {
        self.0
            .get(name)
            .with_context(|| format!("the guest `{name}` was not built"))
    }

    pub fn modules(&self) -> impl Iterator<Item = &Path> {
        self.0.values().map(|built| built.module.as_path())
    }
}

/// Builds the guests of these cases, and no others.
pub fn build(cases: &[Case], session: &Session) -> Result<Guests> {
    let mut guests = Guests::default();
    for name in cases.iter().filter_map(Case::guest) {
        if !guests.0.contains_key(name) {
            let built = match crate_named(name) {
                Some(guest) => guest.build(session)?,
                None => assemble(session, name)?,
            };
            guests.0.insert(name.to_owned(), built);
        }
    }
    Ok(guests)
}

/// The file of a guest in WebAssembly text.
fn text(root: &Path, name: &str) -> PathBuf {
    root.join("guest").join(name).with_extension("wat")
}

/// Checks that the guests of these cases exist; the error names the file that refers to a missing one.
pub fn check(cases: &[Case], session: &Session) -> Result<()> {
    for case in cases {
        if let Some(guest) = case.guest() {
            let root = session.directories.need_checkout("build")?;
            exists(root, guest).with_context(|| case.expectation_path().to_owned())?;
        }
    }
    Ok(())
}

fn exists(root: &Path, name: &str) -> Result<()> {
    if crate_named(name).is_some() || text(root, name).is_file() {
        return Ok(());
    }
    let files = fs::read_dir(root.join("guest")).into_iter().flatten().flatten();
    let texts: Vec<String> = files
        .filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".wat")?.to_owned()))
        .collect();
    let names = texts.iter().map(String::as_str);
    let names = names.chain(CRATES.iter().map(|known| known.name));
    bail!("there is no guest `{name}`{}", did_you_mean(name, names));
}

/// Compiles WebAssembly text. That takes milliseconds: what is in place is only compared.
fn assemble(session: &Session, name: &str) -> Result<BuiltGuest> {
    let directories = &session.directories;
    let path = text(directories.need_checkout("build")?, name);
    let shown = directories.show(&path);
    let source = String::from_utf8(file::read(&path)?).with_context(|| format!("`{shown}` is not UTF-8"))?;
    let bytes = wat::parse_str(&source)
        .map_err(|mut error| {
            error.set_path(&shown);
            anyhow::Error::msg(error.to_string())
        })
        .with_context(|| format!("failed to assemble the guest `{name}`"))?;
    let module = directories
        .scratch("guests")?
        .join(format!("{name}-{}.wasm", file::digest(&bytes)));
    if file::read(&module).ok().as_ref() != Some(&bytes) {
        file::write(&module, &bytes)?;
    }
    Ok(BuiltGuest { module, glue: None })
}
