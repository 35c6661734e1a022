//! The version of a program that does not report it to scripts (jsc): that of
//! its package.

use crate::run::session::Session;
use crate::run::tools::query;
use anyhow::Result;
use regex::Regex;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::LazyLock;

/// Queries a package manager for the version of the package that owns a file.
type Owner = fn(&Path, &Session) -> Result<Option<String>>;

const OWNERS: &[Owner] = &[dpkg, rpm, pacman, framework];

/// The version of the package that owns the program, from the first package manager that
/// knows it. An error says that one of them did not come to an end.
pub fn of_package(program: &Path, session: &Session) -> Result<Option<String>> {
    for owner in OWNERS {
        if let Some(version) = owner(program, session)?.and_then(|answer| number_in(&answer)) {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// The first dotted number in a text: `2.50.6` of `2.50.6-1~deb12u2`.
pub fn number_in(text: &str) -> Option<String> {
    static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\d+(\.\d+)+").ok());
    Some(NUMBER.as_ref()?.find(text)?.as_str().to_owned())
}

/// Debian and Ubuntu.
fn dpkg(program: &Path, session: &Session) -> Result<Option<String>> {
    let owner = query("dpkg-query", &["--search".as_ref(), program.as_os_str()], session)?.unwrap_or_default();
    match owner.split([':', ',']).next() {
        None | Some("") => Ok(None),
        Some(package) => query("dpkg-query", &["--show", "--showformat=${Version}", package], session),
    }
}

/// Fedora.
fn rpm(program: &Path, session: &Session) -> Result<Option<String>> {
    let arguments = ["--query", "--file", "--queryformat", "%{VERSION}"].map(OsStr::new);
    query("rpm", &[&arguments[..], &[program.as_os_str()]].concat(), session)
}

/// Arch. It answers `/usr/lib/…/jsc is owned by PACKAGE VERSION`.
fn pacman(program: &Path, session: &Session) -> Result<Option<String>> {
    let arguments = [OsStr::new("--query"), OsStr::new("--owns"), program.as_os_str()];
    let answer = query("pacman", &arguments, session)?;
    Ok(answer.and_then(|answer| Some(answer.rsplit(' ').next()?.to_owned())))
}

/// macOS keeps jsc in a framework, with its version next to it.
fn framework(program: &Path, session: &Session) -> Result<Option<String>> {
    let Some(version) = program.ancestors().nth(2) else {
        return Ok(None);
    };
    let plist = version.join("Resources/Info.plist");
    let arguments = ["-extract", "CFBundleVersion", "raw"].map(OsStr::new);
    query("plutil", &[&arguments[..], &[plist.as_os_str()]].concat(), session)
}

#[cfg(test)]
mod tests {
    use super::number_in;

    #[test]
    fn finds_the_number() {
        for (text, number) in [
            ("2.50.6-1~deb12u2", Some("2.50.6")),
            ("JavaScript-C102.15.1", Some("102.15.1")),
            ("1:2.48.0", Some("2.48.0")),
            ("19618.1.15.11.14", Some("19618.1.15.11.14")),
            ("none", None),
            ("7", None),
        ] {
            assert_eq!(number_in(text).as_deref(), number);
        }
    }
}
