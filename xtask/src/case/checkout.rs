//! The cases of a checkout: `js/cases/NAME/test.js` with `expected/NAME.txt`.

use crate::base::directories::Directories;
use crate::base::file;
use crate::base::suggest::did_you_mean;
use crate::case::expectation::Expectation;
use crate::case::expectations::Expectations;
use crate::case::scope::ExpectationScope;
use crate::case::{Case, SCRIPT};
use crate::engine::configuration;
use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The directory of the cases, and its name on a stage.
const CASES: &str = "js/cases";

/// What becomes of a case without an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingExpectation {
    /// It is an error.
    Refused,
    /// It is about to be written.
    Allowed,
}

/// A checkout, and the places of its cases.
struct Checkout<'a> {
    root: &'a Path,
    directories: &'a Directories,
}

impl Checkout<'_> {
    fn cases(&self) -> PathBuf {
        self.root.join(CASES)
    }

    fn expected(&self) -> PathBuf {
        self.root.join("expected")
    }

    fn show(&self, path: &Path) -> String {
        self.directories.show(path)
    }
}

/// Reads the cases named by these words, by name or directory. Without words,
/// these are all except those that run only when named; then every script must
/// have its expectation, and every expectation its script.
///
/// `command` is the subcommand, for the error outside of a checkout.
pub fn read(
    directories: &Directories,
    command: &str,
    words: &[impl AsRef<OsStr>],
    missing: MissingExpectation,
) -> Result<Vec<Case>> {
    let checkout = &Checkout {
        root: directories.need_checkout(command)?,
        directories,
    };
    let names = names(checkout.root)?;
    let mut chosen: BTreeSet<&String> = BTreeSet::new();
    for word in words {
        chosen.extend(select(&names, word.as_ref(), checkout)?);
    }
    if words.is_empty() {
        chosen.extend(&names);
    }
    let mut files = expectations(checkout, &names, |name| chosen.contains(name))?;
    let mut cases = Vec::new();
    for name in names.iter().filter(|name| chosen.contains(name)) {
        cases.push(case(name, &mut files, missing, checkout)?);
    }
    // A case given by its own directory counts as named.
    let is_named = |case: &Case| words.iter().any(|word| means_case(word.as_ref(), &case.name, checkout));
    cases.retain(|case| !case.expectations.shared().only_named || is_named(case));
    ensure!(
        !cases.is_empty(),
        "there is no case in `{}`",
        checkout.cases().display()
    );
    Ok(cases)
}

fn case(
    name: &str,
    files: &mut ExpectationFiles,
    missing: MissingExpectation,
    checkout: &Checkout<'_>,
) -> Result<Case> {
    let path = checkout.expected().join(format!("{name}.txt"));
    let shown = checkout.show(&path);
    let of_case = files.remove(name).unwrap_or_default();
    let mut shared = None;
    let mut narrower = Vec::new();
    for file in of_case {
        match file.scope {
            Some(scope) => narrower.push((scope, file.expectation)),
            None => shared = Some(file.expectation),
        }
    }
    let expectation = match (shared, missing) {
        (Some(expectation), _) => expectation,
        (None, MissingExpectation::Allowed) => Expectation::of_no_file(&shown),
        (None, MissingExpectation::Refused) => bail!(
            "the case `{name}` has no expectation: write {shown}, which may begin with `#: verdict = leaks` and \
             `...`, or `cargo xtask test {name} --accept` writes it; expected/readme.txt explains the format"
        ),
    };
    Ok(Case {
        name: name.to_owned(),
        title: name.to_owned(),
        own: None,
        root: checkout.root.to_owned(),
        directory: checkout.cases().join(name),
        stage_directory: format!("{CASES}/{name}"),
        expected: path,
        expectations: Expectations::of(expectation, narrower),
    })
}

/// Whether a word of the command line is the case's name or its directory.
fn means_case(word: &OsStr, name: &str, checkout: &Checkout<'_>) -> bool {
    let directory = || {
        Some((
            fs::canonicalize(word).ok()?,
            fs::canonicalize(checkout.cases().join(name)).ok()?,
        ))
    };
    word == name || directory().is_some_and(|(word, case)| word == case)
}

/// The names of the cases that a word of the command line selects.
fn select<'a>(names: &'a [String], word: &OsStr, checkout: &Checkout<'_>) -> Result<Vec<&'a String>> {
    if let Some(name) = names.iter().find(|name| OsStr::new(name) == word) {
        return Ok(vec![name]);
    }
    let shown = Path::new(word).display();
    let root = fs::canonicalize(checkout.root).unwrap_or_default();
    let Ok(directory) = fs::canonicalize(word) else {
        bail!(
            "there is no case `{shown}`{}",
            did_you_mean(&shown.to_string(), names.iter().map(String::as_str))
        );
    };
    // A case that is a link to elsewhere still counts as below `js/cases/`.
    let js = fs::canonicalize(checkout.cases()).unwrap_or_default();
    let is_below = |name: &&String| {
        js.starts_with(&directory) || fs::canonicalize(js.join(name)).is_ok_and(|case| case.starts_with(&directory))
    };
    let below: Vec<&String> = names.iter().filter(is_below).collect();
    // A directory above the checkout is a mistake.
    let above = root.starts_with(&directory) && root != directory;
    ensure!(
        !below.is_empty() && !above,
        "`{shown}` is neither a case nor a directory with cases below it; cases are in `js/cases/`"
    );
    Ok(below)
}

/// The names of a checkout's cases: the directories of `js/cases/` that have a `test.js`.
pub fn names(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in file::entries(&root.join(CASES))? {
        let script = entry.join(SCRIPT);
        let missing = |error: &io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
        match fs::metadata(&script) {
            Err(error) if missing(&error) => continue,
            facts => {
                let facts = facts.with_context(|| format!("failed to look at `{}`", script.display()))?;
                ensure!(
                    facts.is_file(),
                    "`{}` is not a file: a case is a directory with a script `{SCRIPT}`",
                    script.display()
                );
            }
        }
        let name = entry.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        // A hyphen at the start would make it a flag on the command line.
        ensure!(
            !name.is_empty() && !name.starts_with('-') && name.chars().all(fine),
            "`{}` cannot be a case: use lower-case letters, digits and hyphens for its name, and no hyphen first",
            entry.display()
        );
        names.push(name.to_owned());
    }
    Ok(names)
}

/// The files in `expected/`, by case.
type ExpectationFiles = BTreeMap<String, Vec<ExpectationFile>>;

/// A file in `expected/`.
struct ExpectationFile {
    /// The programs that it is for, if not for all.
    scope: Option<ExpectationScope>,
    expectation: Expectation,
}

/// The files in `expected/`.
/// If all cases are chosen, all file names are checked; only files of chosen cases are read.
fn expectations(
    checkout: &Checkout<'_>,
    names: &[String],
    chosen: impl Fn(&String) -> bool,
) -> Result<ExpectationFiles> {
    let all = names.iter().all(&chosen);
    let known = configuration::names()?;
    let mut found = ExpectationFiles::new();
    for path in file::entries(&checkout.expected())? {
        let shown = checkout.show(&path);
        let (case, scope) = match case_and_scope(&path, names, &known) {
            Ok((case, scope)) if chosen(&case) => (case, scope),
            Err(why) if all => bail!("`{shown}` is never used: {why}"),
            _ => continue,
        };
        let expectation = Expectation::read(&path, &shown)?;
        ensure!(
            expectation.page.is_none(),
            "`{shown}`: a case of the checkout makes what it needs in our page; `page` and `url` are for scripts of your own"
        );
        found
            .entry(case)
            .or_default()
            .push(ExpectationFile { scope, expectation });
    }
    Ok(found)
}

/// The case of a file in `expected/` and the programs that it is for, by its name; the error says why it has none.
fn case_and_scope(path: &Path, names: &[String], known: &[String]) -> Result<(String, Option<ExpectationScope>)> {
    let name = path.file_name().and_then(OsStr::to_str);
    let stem = name
        .and_then(|name| name.strip_suffix(".txt"))
        .context("expectations are CASE.txt, CASE.ENGINE.txt or CASE.ENGINE-VERSION.txt")?;
    let (case, scope) = match stem.split_once('.') {
        None => (stem, None),
        Some((case, scope)) => (case, Some(ExpectationScope::parse(scope, known)?)),
    };
    // In order, as entries of a directory are read.
    if names.binary_search_by(|name| name.as_str().cmp(case)).is_err() {
        bail!(
            "there is no js/cases/{case}/test.js{}",
            did_you_mean(case, names.iter().map(String::as_str))
        );
    }
    Ok((case.to_owned(), scope))
}
