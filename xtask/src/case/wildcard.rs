//! Words of the command line with wildcards: the cases of a checkout, or the paths, that they match.

use crate::base::directories::Directories;
use crate::base::file;
use crate::base::suggest::did_you_mean;
use crate::case::{checkout, own};
use anyhow::{Result, bail};
use glob::{MatchOptions, Pattern};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

const WILD: [char; 3] = ['*', '?', '['];

/// As shells match: `*` stays within a name, and a file whose name begins with a dot is matched only by one.
pub const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The words, each with wildcards replaced by the names and paths that it matches; an error if
/// it matches none. A file or directory of that very name is no pattern.
pub fn expand(words: &[OsString], directories: &Directories) -> Result<Vec<OsString>> {
    let mut found = Vec::new();
    for word in words {
        let matched = match pattern(word) {
            Some((text, pattern)) => matches(text, &pattern, directories)?,
            None => vec![word.clone()],
        };
        for word in matched {
            if !found.contains(&word) {
                found.push(word);
            }
        }
    }
    Ok(found)
}

/// The word, if it is a pattern: valid, and UTF-8.
fn pattern(word: &OsStr) -> Option<(&str, Pattern)> {
    let text = word.to_str().filter(|text| text.contains(WILD))?;
    let pattern = Pattern::new(text).ok()?;
    (!Path::new(word).exists()).then_some((text, pattern))
}

/// The cases of the checkout that a pattern matches by name; else the paths that are cases.
fn matches(text: &str, pattern: &Pattern, directories: &Directories) -> Result<Vec<OsString>> {
    let names = match directories.checkout() {
        Some(root) => checkout::names(root)?,
        None => Vec::new(),
    };
    let is_matched = |name: &&String| pattern.matches_with(name, OPTIONS);
    let ours: Vec<OsString> = names.iter().filter(is_matched).map(OsString::from).collect();
    if !ours.is_empty() {
        return Ok(ours);
    }
    // A directory that cannot be read has no cases for us.
    let paths = glob::glob_with(text, OPTIONS)?;
    let paths: Vec<PathBuf> = paths.flatten().collect();
    let cases: Vec<OsString> = paths
        .iter()
        .filter(|path| is_case(path, text))
        .map(OsString::from)
        .collect();
    match (cases.is_empty(), paths.len()) {
        (false, _) => Ok(cases),
        (true, 0) => {
            let stem = text.replace(WILD, "");
            let similar = did_you_mean(&stem, names.iter().map(String::as_str));
            let of_checkout = if names.is_empty() {
                ""
            } else {
                "no case of the checkout and "
            };
            bail!("`{text}` matches {of_checkout}no path{similar}")
        }
        (true, count) => bail!(
            "`{text}` matches no case, but {count} other {}: a case is a directory with a script `test.js`, `test.mjs` or `test.ts`; \
             a pattern for scripts of other names ends with `.js` or `.mjs`",
            if count == 1 { "path" } else { "paths" }
        ),
    }
}

/// Whether a matched path is a case, or a directory of cases.
fn is_case(path: &Path, pattern: &str) -> bool {
    if !path.is_dir() {
        let asks_for_scripts = [".js", ".mjs"].iter().any(|ending| pattern.ends_with(ending));
        return path.is_file() && (asks_for_scripts || own::is_usual_script(path));
    }
    own::has_script(path)
        || file::entries(path)
            .unwrap_or_default()
            .iter()
            .any(|below| below.is_dir() && own::has_script(below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_matched_path_is_a_case_if_it_has_a_script() {
        let root = tempfile::tempdir().unwrap();
        for name in [
            "a/test.js",
            "many/b/test.mjs",
            "none/main.js",
            "test.mjs",
            "other.js",
            "notes.txt",
        ] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        for (name, pattern, expected) in [
            ("a", "*", true),
            ("many", "*", true),
            ("many/b", "*/*", true),
            ("none", "*", false),
            ("test.mjs", "*", true),
            ("other.js", "*", false),
            ("other.js", "*.js", true),
            ("notes.txt", "*", false),
            ("gone", "*", false),
        ] {
            assert_eq!(
                is_case(&root.path().join(name), pattern),
                expected,
                "{name} by {pattern}"
            );
        }
    }

    #[test]
    fn only_words_with_wildcards_are_patterns() {
        for (word, is_pattern) in [("m0", false), ("m?", true), ("m[0", false), ("m***", false)] {
            assert_eq!(pattern(OsStr::new(word)).is_some(), is_pattern, "{word}");
        }
        let root = tempfile::tempdir().unwrap();
        let literal = root.path().join("a[1]*");
        assert!(pattern(literal.as_os_str()).is_some());
        fs::create_dir(&literal).unwrap();
        assert!(pattern(literal.as_os_str()).is_none());
    }
}
