//! Where an engine may be: variables, PATH, the directories of jsvu and esvu, and
//! the directories off PATH where systems keep it.

use crate::browser::kind::BrowserKind;
use crate::engine::program::FoundBy;
use crate::engine::table::Engine;
use regex::Regex;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

pub type Candidates = Vec<(PathBuf, FoundBy)>;

/// The places where an engine may be, the best first. Each is searched only if those before it had no engine.
pub const PLACES: &[fn(&'static Engine) -> Candidates] = &[
    by_variable,
    |engine| by(FoundBy::Path, engine.names.iter().flat_map(|name| on_path(name))),
    |engine| by(FoundBy::Path, numbered(engine)),
    |engine| by(FoundBy::Jsvu, managed(jsvu(), engine)),
    |engine| by(FoundBy::Esvu, managed(esvu(), engine)),
    |engine| {
        by(
            FoundBy::System,
            engine
                .off_path
                .iter()
                .flat_map(|pattern| highest_first(matching(pattern))),
        )
    },
    |engine| by(FoundBy::Host, engine.hosts.iter().flat_map(|name| on_path(name))),
];

/// The places where a browser may be, the best first.
pub fn of_browser(browser: BrowserKind) -> Candidates {
    let mut all = by(FoundBy::Path, browser.programs().iter().flat_map(|name| on_path(name)));
    let off_path = browser.off_path().iter();
    let off_path = off_path.flat_map(|pattern| highest_first(matching(pattern)));
    all.extend(by(FoundBy::System, off_path));
    all
}

fn by(found_by: FoundBy, paths: impl IntoIterator<Item = PathBuf>) -> Candidates {
    paths.into_iter().map(|path| (path, found_by.clone())).collect()
}

fn by_variable(engine: &'static Engine) -> Candidates {
    let set = |name: &&'static str| {
        let value = variable(name)?;
        // A bare name is looked up on PATH, as `make` does.
        let path = which::which(&value)
            .or_else(|_| std::path::absolute(&value))
            .unwrap_or(value);
        Some((path, FoundBy::Variable(name)))
    };
    engine.variables.iter().filter_map(set).collect()
}

fn numbered(engine: &Engine) -> Vec<PathBuf> {
    let regex = engine.numbered.and_then(|pattern| Regex::new(pattern).ok());
    let found = regex.and_then(|regex| which::which_re(regex).ok());
    highest_first(found.map(Iterator::collect).unwrap_or_default())
}

fn on_path(name: &str) -> Vec<PathBuf> {
    which::which_all(name).map(Iterator::collect).unwrap_or_default()
}

fn jsvu() -> Option<PathBuf> {
    Some(variable("HOME")?.join(".jsvu/bin"))
}

fn esvu() -> Option<PathBuf> {
    let home = variable("ESVU_PATH")
        .or_else(|| Some(variable("XDG_DATA_HOME")?.join(".esvu")))
        .or_else(|| Some(variable("HOME")?.join(".esvu")))?;
    Some(home.join("bin"))
}

fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The programs of jsvu or esvu in this directory: for each name `NAME`, then each `NAME-VERSION`, the highest first.
fn managed(directory: Option<PathBuf>, engine: &Engine) -> Vec<PathBuf> {
    let entries = directory.and_then(|directory| fs::read_dir(directory).ok());
    let paths: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let named = |name: &&str| {
        let plain = paths.iter().filter(|path| path.file_name() == Some(OsStr::new(name)));
        let versioned = paths.iter().filter(|path| has_version(path, name)).cloned();
        let versioned = highest_first(versioned.collect());
        plain.cloned().chain(versioned).collect::<Vec<_>>()
    };
    engine.managed.iter().flat_map(named).collect()
}

/// Whether the file's name is `NAME-VERSION`; `v8-debug` is not.
fn has_version(path: &Path, name: &str) -> bool {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let version = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
    version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
}

fn matching(pattern: &str) -> Vec<PathBuf> {
    glob::glob(pattern)
        .map(|paths| paths.flatten().filter(|path| path.is_file()).collect())
        .unwrap_or_default()
}

/// Sorts paths by the numbers in them, the highest first: `js128` before `js91`.
pub fn highest_first(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.sort_by_key(|path| std::cmp::Reverse(version_key(&path.to_string_lossy())));
    paths
}

/// The numbers in a text, in order.
pub fn version_key(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::table;

    #[test]
    fn the_highest_version_comes_first() {
        let paths = ["/usr/bin/js91", "/usr/bin/js128", "/usr/bin/js102"].map(PathBuf::from);
        let expected = ["/usr/bin/js128", "/usr/bin/js102", "/usr/bin/js91"].map(PathBuf::from);
        assert_eq!(highest_first(paths.into()), expected);
        let paths = ["v8-9.10.1", "v8-13.6.10", "v8-13.6.9"].map(PathBuf::from);
        let expected = ["v8-13.6.10", "v8-13.6.9", "v8-9.10.1"].map(PathBuf::from);
        assert_eq!(highest_first(paths.into()), expected);
    }

    #[test]
    fn jsvu_names_a_program_plainly_or_with_a_version() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["v8", "v8-debug", "v8-13.6.10", "v8-9.9.1", "sm"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let engine = table::engine_named("v8").unwrap();
        let found = managed(Some(directory.path().to_owned()), engine);
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["v8", "v8-13.6.10", "v8-9.9.1"]);
        assert_eq!(managed(None, engine), [] as [PathBuf; 0]);
    }
}
