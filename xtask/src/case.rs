//! A case: one experiment, `js/<case>/test.js`, with what is expected of it.

use crate::checkout::Checkout;
use crate::engine::{ENGINES, Engine};
use crate::expectation::Expectation;
use crate::file;
use crate::suggest::did_you_mean;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct Case {
    pub name: String,
    expectation: Expectation,
    by_engine: BTreeMap<&'static str, Expectation>,
}

impl Case {
    /// What is expected on this engine.
    pub fn expectation(&self, engine: &Engine) -> &Expectation {
        self.by_engine.get(engine.name).unwrap_or(&self.expectation)
    }

    /// Whether the case runs only when it is named.
    pub fn only_named(&self) -> bool {
        self.expectation.only_named
    }

    /// The directory of the case's scripts, below `js/`.
    pub fn directory(&self, checkout: &Checkout) -> PathBuf {
        checkout.js().join(&self.name)
    }
}

/// All cases of the checkout, by name. Every script has its expectation and every expectation is read.
pub fn all(checkout: &Checkout) -> Result<Vec<Case>> {
    let names = names(&checkout.js())?;
    let mut files = expectations(checkout, &names)?;
    names
        .into_iter()
        .map(|name| {
            let path = checkout.expected().join(format!("{name}.txt"));
            let Some(expectation) = files.remove(&(name.clone(), None)) else {
                bail!(
                    "the case `{name}` has no expectation: write {}; expected/readme.txt explains the format",
                    checkout.show(&path)
                );
            };
            let by_engine = ENGINES
                .iter()
                .filter_map(|engine| {
                    let file = files.remove(&(name.clone(), Some(engine.name)))?;
                    Some((engine.name, file))
                })
                .collect();
            Ok(Case {
                name,
                expectation,
                by_engine,
            })
        })
        .collect()
}

/// The cases that are asked for, by name or directory; without any, all but those that run only when named.
pub fn choose(all: Vec<Case>, wanted: &[impl AsRef<OsStr>], checkout: &Checkout) -> Result<Vec<Case>> {
    if wanted.is_empty() {
        return Ok(all.into_iter().filter(|case| !case.only_named()).collect());
    }
    let mut chosen = Vec::new();
    for word in wanted {
        chosen.extend(select(&all, word.as_ref(), checkout)?);
    }
    Ok(all
        .into_iter()
        .enumerate()
        .filter_map(|(index, case)| chosen.contains(&index).then_some(case))
        .collect())
}

/// The indexes of the cases that one word of the command line means.
fn select(all: &[Case], word: &OsStr, checkout: &Checkout) -> Result<Vec<usize>> {
    if let Some(index) = all.iter().position(|case| OsStr::new(&case.name) == word) {
        return Ok(vec![index]);
    }
    let shown = Path::new(word).display();
    let Ok(directory) = fs::canonicalize(word) else {
        bail!(
            "there is no case `{shown}`{}",
            did_you_mean(&shown.to_string(), all.iter().map(|case| case.name.as_str()))
        );
    };
    let below: Vec<usize> = all
        .iter()
        .enumerate()
        .filter(|(_, case)| fs::canonicalize(case.directory(checkout)).is_ok_and(|case| case.starts_with(&directory)))
        .map(|(index, _)| index)
        .collect();
    ensure!(
        !below.is_empty(),
        "`{shown}` is no case, and has none below it; cases are in `js/`"
    );
    Ok(below)
}

/// The directories of `js/` that have a `test.js`.
fn names(js: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in entries(js)? {
        if !entry.join("test.js").is_file() {
            continue;
        }
        let name = entry.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        ensure!(
            !name.is_empty() && name.chars().all(fine),
            "`{}` cannot be a case: use lower-case letters, digits and hyphens for its name",
            entry.display()
        );
        names.push(name.to_owned());
    }
    Ok(names)
}

type Expectations = BTreeMap<(String, Option<&'static str>), Expectation>;

/// Every file in `expected/`, by the case and, if it is for one alone, the engine.
fn expectations(checkout: &Checkout, names: &[String]) -> Result<Expectations> {
    let mut found = BTreeMap::new();
    for path in entries(&checkout.expected())? {
        let shown = checkout.show(&path);
        let stem = path
            .file_name()
            .and_then(OsStr::to_str)
            .and_then(|name| name.strip_suffix(".txt"))
            .with_context(|| format!("`{shown}` is never used: expectations are CASE.txt or CASE.ENGINE.txt"))?;
        let (case, engine) = match stem.split_once('.') {
            None => (stem, None),
            Some((case, engine)) => (case, Some(known_engine(engine, &shown)?)),
        };
        if !names.iter().any(|name| name == case) {
            bail!(
                "`{shown}` is never used: there is no js/{case}/test.js{}",
                did_you_mean(case, names.iter().map(String::as_str))
            );
        }
        let text = String::from_utf8(file::read(&path)?).with_context(|| format!("`{shown}` is not UTF-8"))?;
        found.insert((case.to_owned(), engine), Expectation::parse(&text, &shown)?);
    }
    Ok(found)
}

fn known_engine(name: &str, path: &str) -> Result<&'static str> {
    ENGINES
        .iter()
        .map(|engine| engine.name)
        .find(|known| *known == name)
        .with_context(|| {
            format!(
                "`{path}` is never used: there is no engine `{name}`{}",
                did_you_mean(name, ENGINES.iter().map(|engine| engine.name))
            )
        })
}

/// What is in a directory, in order; files that editors leave behind are passed over.
fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let what = || format!("failed to list `{}`", directory.display());
    let mut paths = fs::read_dir(directory)
        .with_context(what)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .with_context(what)?;
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        !name.starts_with(b".") && !name.ends_with(b"~")
    });
    paths.sort();
    Ok(paths)
}
