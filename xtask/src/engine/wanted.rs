//! An engine of which a program is wanted: of any version, or of this one.

use crate::browser::kind::BrowserKind;
use crate::engine::program::Program;
use crate::engine::shell::Shell;
use crate::engine::table::{Engine, engine_named};
use std::fmt;

/// An engine, and perhaps a version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedEngine {
    pub engine: &'static Engine,
    /// The version, or the first parts of it: `13.6` is any 13.6.x.
    pub version: Option<String>,
    /// The browser that is wanted, of this engine.
    pub browser: Option<BrowserKind>,
}

/// The form of a version, for errors.
pub const VERSION_RULE: &str = "a version begins with a digit, and has digits, letters and `.`, such as 13.6";

impl WantedEngine {
    /// Any version of the engine.
    pub fn any(engine: &'static Engine) -> WantedEngine {
        WantedEngine {
            engine,
            version: None,
            browser: None,
        }
    }

    /// A version of the engine.
    pub fn of_version(engine: &'static Engine, version: &str) -> WantedEngine {
        WantedEngine {
            version: Some(version.to_owned()),
            ..WantedEngine::any(engine)
        }
    }

    /// The browser whose shell this is.
    pub fn of_browser(shell: &Shell) -> Option<WantedEngine> {
        Some(WantedEngine {
            browser: Some(shell.browser?),
            ..WantedEngine::any(engine_named(shell.engine).ok()?)
        })
    }

    /// Whether it is searched for, and installed, only where it is named: a version, and a browser.
    pub fn is_asked_for(&self) -> bool {
        self.version.is_some() || self.browser.is_some()
    }

    /// Its name on the command line: `v8`, `v8@13.6`.
    pub fn name(&self) -> String {
        match (&self.version, self.browser) {
            (_, Some(browser)) => browser.name().to_owned(),
            (Some(version), None) => format!("{}@{version}", self.engine.name),
            (None, None) => self.engine.name.to_owned(),
        }
    }

    /// Whether a program of the engine has this version; jsvu and esvu have it in the file's name, too, and jsc tells it
    /// nowhere else.
    pub fn has_version(&self, program: &Program) -> bool {
        let Some(version) = &self.version else {
            return true;
        };
        let file = program.path.file_name().unwrap_or_default().to_string_lossy();
        let of_file = file.rsplit_once('-').map(|(_, version)| version);
        program
            .own_version()
            .into_iter()
            .chain(of_file)
            .any(|own| begins_with(own, version))
    }
}

impl fmt::Display for WantedEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.browser.map_or(self.engine.title, BrowserKind::title))?;
        match &self.version {
            Some(version) => write!(f, " {version}"),
            None => Ok(()),
        }
    }
}

/// Whether this can be a version.
pub fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
}

/// Whether the parts of a version begin with those: 13.6.233 with 13.6, and 13.60 does not.
fn begins_with(version: &str, first: &str) -> bool {
    version
        .strip_prefix(first.trim_end_matches('.'))
        .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_begins_with_its_first_parts() {
        for (version, first, begins) in [
            ("13.6.233", "13.6", true),
            ("13.6.233", "13", true),
            ("13.6.233", "13.6.233", true),
            ("13.6", "13.6.", true),
            ("13.60.1", "13.6", false),
            ("13.6", "13.6.233", false),
            ("10.2.154.26-node.37", "10.2.154.26", true),
            ("66.0b13", "66.0", false),
            ("66.0b13", "66.0b13", true),
        ] {
            assert_eq!(begins_with(version, first), begins, "{version} {first}");
        }
        for (text, fine) in [
            ("13.6", true),
            ("242640", true),
            ("66.0b13", true),
            ("", false),
            ("latest", false),
            ("1/2", false),
            ("1 2", false),
            ("1;x", false),
        ] {
            assert_eq!(is_version(text), fine, "{text}");
        }
    }
}
