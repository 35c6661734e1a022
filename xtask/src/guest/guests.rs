//! Guests, by name: the crates of `guest_crate`, and each `guest/NAME.wat`.

use crate::base::directories::Checkout;
use crate::base::file;
use crate::base::suggest::did_you_mean;
use crate::case::places::Case;
use crate::guest::crates::{self as guest_crate, Built, CRATES, Work};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The guests that were built, by name.
#[derive(Debug, Default)]
pub struct Guests(BTreeMap<String, Built>);

impl Guests {
    /// A guest that was built.
    pub fn built(&self, name: &str) -> Result<&Built> {
        self.0
            .get(name)
            .with_context(|| format!("the guest `{name}` was not built"))
    }

    pub fn modules(&self) -> impl Iterator<Item = &Path> {
        self.0.values().map(|built| built.module.as_path())
    }
}

/// Builds the guests of these cases, and no others.
pub fn build(cases: &[Case], work: Work<'_>) -> Result<Guests> {
    let mut guests = Guests::default();
    for name in cases.iter().map(Case::guest) {
        if !guests.0.contains_key(name) {
            let built = match guest_crate::named(name) {
                Some(guest) => guest.build(work)?,
                None => assemble(work.checkout, name)?,
            };
            guests.0.insert(name.to_owned(), built);
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
    if guest_crate::named(name).is_some() || text(checkout, name).is_file() {
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
        did_you_mean(
            name,
            names
                .iter()
                .map(String::as_str)
                .chain(CRATES.iter().map(|known| known.name))
        )
    );
}

/// Compiles WebAssembly text, if it has not been compiled yet.
fn assemble(checkout: &Checkout, name: &str) -> Result<Built> {
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
    Ok(Built { module, glue: None })
}
