//! A user's own case: a directory anywhere with a script, `test.js` or a module or in
//! TypeScript, or a script. Nothing is written there.

use crate::base::file;
use crate::case::expectation::Expectation;
use crate::case::expectations::Expectations;
use crate::case::scope::ExpectationScope;
use crate::case::tree::{ROOT, is_skipped};
use crate::case::{Case, OwnScript};
use crate::engine::configuration;
use crate::run::stage_place::is_plain;
use anyhow::{Context, Result, bail, ensure};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

/// The scripts that make a directory a case: a classic one, a module, and those in TypeScript.
const SCRIPTS: [&str; 5] = ["test.js", "test.mjs", "test.ts", "test.mts", "test.tsx"];

/// The ends of the names of scripts.
const EXTENSIONS: [&str; 5] = ["js", "mjs", "ts", "mts", "tsx"];

/// Those of scripts in TypeScript, which no shell reads.
const TYPESCRIPT: [&str; 3] = ["ts", "mts", "tsx"];

/// What is expected of it, if anything is.
const EXPECTED: &str = "expected.txt";

/// What a directory has if it is the root of a package.
const MARKS: [&str; 2] = ["package.json", ".git"];

/// Whether a word of the command line names a file or a directory that is no case of a
/// checkout. `checkout` is the root of one.
///
/// A name of one of its cases, and directories with these below, are the checkout's.
pub fn is_own(word: &OsStr, checkout: Option<&Path>) -> bool {
    let path = fs::canonicalize(word);
    let Some(root) = checkout else {
        return true;
    };
    let cases = real(&root.join("js/cases"));
    match path {
        Ok(path) => {
            let is_ours = path.starts_with(&cases) || cases.starts_with(&path) || links_to(&cases, &path);
            !is_ours && (path.is_file() || has_script(&path) || !path.starts_with(real(root)))
        }
        Err(_) => looks_like_a_path(word) && !Path::new(word).starts_with("js"),
    }
}

/// Whether a directory has a script that makes it a case.
pub fn has_script(directory: &Path) -> bool {
    SCRIPTS.iter().any(|name| directory.join(name).exists())
}

/// Whether a file has the name of such a script.
pub fn is_usual_script(path: &Path) -> bool {
    SCRIPTS.iter().any(|name| path.file_name() == Some(OsStr::new(name)))
}

fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether a case of the checkout is a link to this directory.
fn links_to(cases: &Path, path: &Path) -> bool {
    let entries = file::entries(cases).unwrap_or_default();
    entries.iter().any(|entry| real(entry) == path)
}

/// A word that is no name of a case, even if nothing is there.
fn looks_like_a_path(word: &OsStr) -> bool {
    let text = word.to_string_lossy();
    text.contains('/') || text.starts_with('.') || Path::new(word).extension().is_some()
}

/// The cases that the words name: directories, scripts, or directories of directories.
pub fn read(words: &[&OsString]) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for word in words {
        for path in scripts(Path::new(word))? {
            cases.push(case(&path, word)?);
        }
    }
    set_titles(&mut cases);
    Ok(cases)
}

/// The scripts that a word of the command line means.
fn scripts(path: &Path) -> Result<Vec<PathBuf>> {
    let shown = path.display();
    let facts = fs::metadata(path).with_context(|| {
        let hint = if looks_like_a_path(path.as_os_str()) {
            ""
        } else {
            " (the cases of wasm-leaks itself need its checkout)"
        };
        format!("failed to look at `{shown}`{hint}")
    })?;
    if facts.is_file() {
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        ensure!(
            EXTENSIONS.contains(&extension),
            "`{shown}` is no script: expected a directory with a `test.js`, `test.mjs` or `test.ts`, or a file that \
             ends with `.js`, `.mjs` or `.ts`"
        );
        return Ok(vec![path.to_owned()]);
    }
    ensure!(facts.is_dir(), "`{shown}` is neither a directory nor a script");
    if let Some(script) = script_in(path)? {
        return Ok(vec![script]);
    }
    let mut below = Vec::new();
    for entry in file::entries(path)?.iter().filter(|entry| entry.is_dir()) {
        below.extend(script_in(entry)?);
    }
    if below.is_empty() {
        let is_empty = file::entries(path)?.is_empty();
        let why = if is_empty {
            "it is empty"
        } else {
            "it has no such script"
        };
        bail!(
            "`{shown}` is no case: a case is a directory with a script `test.js`, `test.mjs` or `test.ts`, and {why}"
        );
    }
    Ok(below)
}

/// The script of a directory, if it has one.
fn script_in(directory: &Path) -> Result<Option<PathBuf>> {
    let mut found = SCRIPTS
        .iter()
        .map(|name| (name, directory.join(name)))
        .filter(|(_, path)| path.exists());
    let script = found.next();
    if let (Some((first, _)), Some((second, _))) = (&script, found.next()) {
        bail!(
            "`{}` has both a `{first}` and a `{second}`: name the one to run",
            directory.display()
        );
    }
    Ok(script.map(|(_, path)| path))
}

fn case(script: &Path, word: &OsStr) -> Result<Case> {
    let what = || format!("failed to look at `{}`", script.display());
    let directory = fs::canonicalize(file::directory(script)).with_context(what)?;
    let name = script.file_name().with_context(what)?.to_owned();
    let root = root_of(&directory);
    let below = directory.strip_prefix(&root).unwrap_or(Path::new(""));
    let stage_directory = Path::new(ROOT).join(below).display().to_string();
    // By the path as it was given: of a directory of cases, that of the case.
    let given = match Path::new(word) == script {
        true => script,
        false => file::directory(script),
    };
    let expected = file::directory(script).join(EXPECTED);
    let shown = expected.display().to_string();
    let expectation = match expected.exists() {
        true => Expectation::read_of_own_case(&expected, &shown)?,
        false => Expectation::of_no_file(&shown),
    };
    let case = Case {
        name: given.display().to_string(),
        title: String::new(),
        root,
        own: Some(OwnScript::of(script, name)?),
        directory,
        stage_directory,
        expected,
        expectations: Expectations::of(expectation, narrower(script)?),
    };
    for expectation in case.expectations.all() {
        let page = expectation.page.as_ref();
        let found = page.map(|page| page.on_stage(&case.directory, &case.root, ROOT));
        found
            .transpose()
            .with_context(|| format!("{}: the page", expectation.path))?;
    }
    Ok(case)
}

impl OwnScript {
    /// TypeScript has one extension for classic scripts and modules: these export something.
    fn of(script: &Path, name: OsString) -> Result<OwnScript> {
        let extension = script.extension().and_then(OsStr::to_str).unwrap_or_default();
        let is_typescript = TYPESCRIPT.contains(&extension);
        let is_module = match is_typescript && extension != "mts" {
            true => exports(&String::from_utf8_lossy(&file::read(script)?)),
            false => extension.ends_with("mjs") || extension == "mts",
        };
        Ok(OwnScript { name, is_module })
    }
}

/// Whether a script exports something.
fn exports(text: &str) -> bool {
    let is_export = |line: &str| {
        let rest = line.trim_start().strip_prefix("export");
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '{' || c == '*'))
    };
    text.lines().any(is_export)
}

/// Expectations for some programs alone: `expected.v8.txt`, `expected.v8-13.6.txt`.
fn narrower(script: &Path) -> Result<Vec<(ExpectationScope, Expectation)>> {
    let known = configuration::names()?;
    let mut found = Vec::new();
    for path in file::entries(file::directory(script))? {
        let name = path.file_name().and_then(OsStr::to_str);
        let scope = name.and_then(|name| name.strip_prefix("expected.")?.strip_suffix(".txt"));
        let Some(scope) = scope.filter(|_| path.is_file()) else {
            continue;
        };
        let shown = path.display().to_string();
        let scope = ExpectationScope::parse(scope, &known).with_context(|| format!("`{shown}` is never used"))?;
        found.push((scope, Expectation::read_of_own_case(&path, &shown)?));
    }
    Ok(found)
}

/// The nearest directory above that is the root of a package; else the directory itself. On
/// the way there are only names that every engine takes for a path, and no directory of which
/// there would be no copy.
fn root_of(directory: &Path) -> PathBuf {
    let is_root = |path: &&Path| MARKS.iter().any(|mark| path.join(mark).exists());
    let Some(root) = directory.ancestors().find(is_root) else {
        return directory.to_owned();
    };
    let mut nearest = directory;
    for path in directory.ancestors().take_while(|path| *path != root) {
        if is_skipped(path) {
            return nearest.to_owned();
        }
        if path.file_name().is_some_and(|name| !is_plain(Path::new(name))) {
            return path.to_owned();
        }
        nearest = path;
    }
    root.to_owned()
}

/// The last part of each path, or as many as it takes to tell them apart.
fn set_titles(cases: &mut [Case]) {
    let paths: Vec<Vec<String>> = cases
        .iter()
        .map(|case| {
            let mut path = case.directory.clone();
            if let Some(own) = &case.own
                && !SCRIPTS.iter().any(|name| own.name == *name)
            {
                path.push(&own.name);
            }
            let parts = path
                .components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned());
            parts.collect()
        })
        .collect();
    for (index, path) in paths.iter().enumerate() {
        let others = paths.iter().enumerate().filter(|(other, _)| *other != index);
        let others: Vec<&Vec<String>> = others.map(|(_, path)| path).collect();
        let is_alone = |count: usize| others.iter().all(|other| !other.ends_with(&path[path.len() - count..]));
        let count = (1..=path.len()).find(|count| is_alone(*count)).unwrap_or(path.len());
        cases[index].title = path[path.len() - count..].join("/");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_above_the_script_and_below_what_is_not_copied() {
        let tree = tempfile::tempdir().unwrap();
        let make = |name: &str| fs::create_dir_all(tree.path().join(name)).unwrap();
        let write = |name: &str| fs::write(tree.path().join(name), "").unwrap();
        for directory in ["src/leak", "target/x/leak", "cache/leak", "odd?/leak", ".git/leak"] {
            make(directory);
        }
        for file in ["package.json", "Cargo.toml", "cache/CACHEDIR.TAG"] {
            write(file);
        }
        for (directory, root) in [
            ("", ""),
            ("src/leak", ""),
            ("target/x/leak", "target/x"),
            ("target", "target"),
            ("cache/leak", "cache/leak"),
            ("cache", "cache"),
            ("odd?/leak", "odd?"),
            (".git/leak", ".git/leak"),
        ] {
            assert_eq!(
                root_of(&tree.path().join(directory)),
                tree.path().join(root),
                "{directory}"
            );
        }
    }
}
