//! Guests, by name: the Rust crate `guest/`, and each `guest/NAME.wat`.

use crate::case::Case;
use crate::checkout::Checkout;
use crate::expectation::DEFAULT_GUEST;
use crate::file;
use crate::guest_crate;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::suggest::did_you_mean;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The modules of the guests that were built, by name.
#[derive(Debug, Default)]
pub struct Guests(BTreeMap<String, PathBuf>);

impl Guests {
    /// The module of a guest that was built.
    pub fn module(&self, name: &str) -> Result<&Path> {
        let module = self
            .0
            .get(name)
            .with_context(|| format!("the guest `{name}` was not built"))?;
        Ok(module)
    }

    pub fn modules(&self) -> impl Iterator<Item = &Path> {
        self.0.values().map(PathBuf::as_path)
    }
}

/// Builds the guests of these cases, and no others.
pub fn build(checkout: &Checkout, cases: &[Case], progress: &Progress, interrupt: &Interrupt) -> Result<Guests> {
    let mut guests = Guests::default();
    for name in cases.iter().map(Case::guest) {
        if !guests.0.contains_key(name) {
            let module = match name {
                DEFAULT_GUEST => guest_crate::build(checkout, progress, interrupt)?,
                _ => assemble(checkout, name)?,
            };
            guests.0.insert(name.to_owned(), module);
        }
    }
    Ok(guests)
}

/// The text of a guest that is written in WebAssembly.
fn text(checkout: &Checkout, name: &str) -> PathBuf {
    checkout.root().join("guest").join(name).with_extension("wat")
}

/// An error if there is no guest of this name.
pub fn check(checkout: &Checkout, name: &str) -> Result<()> {
    if name == DEFAULT_GUEST || text(checkout, name).is_file() {
        return Ok(());
    }
    let files = fs::read_dir(checkout.root().join("guest"))
        .into_iter()
        .flatten()
        .flatten();
    let names: Vec<String> = files
        .filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".wat")?.to_owned()))
        .collect();
    bail!(
        "there is no guest `{name}`{}",
        did_you_mean(name, names.iter().map(String::as_str).chain([DEFAULT_GUEST]))
    );
}

/// Compiles WebAssembly text, if it has not been compiled yet.
fn assemble(checkout: &Checkout, name: &str) -> Result<PathBuf> {
    let path = text(checkout, name);
    let source = file::read(&path)?;
    let mut hasher = DefaultHasher::new();
    source.hash(&mut hasher);
    let module = checkout
        .scratch("guests")?
        .join(format!("{name}-{:016x}.wasm", hasher.finish()));
    if !module.is_file() {
        let shown = checkout.show(&path);
        let source = String::from_utf8(source).with_context(|| format!("`{shown}` is not UTF-8"))?;
        let bytes = wat::parse_str(&source)
            .map_err(|mut error| {
                error.set_path(&shown);
                anyhow::Error::msg(error.to_string())
            })
            .with_context(|| format!("failed to assemble the guest `{name}`"))?;
        file::write(&module, &bytes)?;
    }
    Ok(module)
}
