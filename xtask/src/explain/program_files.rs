//! The scripts of a user's own program on a stage, by the names that a reader knows: relative
//! to the directory of the script.

use crate::base::file;
use crate::base::text::without_percent_signs;
use crate::engine::host::OwnPlace;
use crate::run::stage::Stage;
use std::fs;
use std::path::Path;

/// Extensions of files with JavaScript.
const SCRIPTS: [&str; 3] = ["js", "mjs", "cjs"];

/// No more files are read, and none that is larger: what is left out has no source to show.
const MOST_FILES: usize = 2_000;
const MOST_BYTES: u64 = 8 << 20;

/// Where a program lies on its stage.
#[derive(Debug, Default)]
pub struct ProgramFiles {
    /// The directory of its script, and the root of its files: absolute, with a slash at the end.
    directory: String,
    root: String,
    /// The stage, as the other two, if a browser calls files by their names there.
    stage: Option<String>,
}

impl ProgramFiles {
    pub fn of(stage: &Stage, own: &OwnPlace) -> ProgramFiles {
        let full = |name: &str| format!("{}/", stage.path().join(name).display());
        ProgramFiles {
            directory: full(&own.directory),
            root: full(&own.root),
            stage: own.is_in_browser.then(|| format!("{}/", stage.path().display())),
        }
    }

    /// The name of a file as the engine calls it: by its path, by a URL, or as it was loaded
    /// from the script's directory. `None` if it is not the program's.
    pub fn name(&self, file: &str) -> Option<String> {
        let decoded = file.strip_prefix("file://").map(without_percent_signs);
        let path = decoded.as_deref().unwrap_or(file);
        if let Some(name) = path.strip_prefix(&self.directory) {
            return Some(name.to_owned());
        }
        if let Some(name) = path.strip_prefix(&self.root) {
            let below = self.directory.strip_prefix(&self.root)?;
            return Some(format!("{}{name}", "../".repeat(below.matches('/').count())));
        }
        let is_relative = !path.starts_with('/') && !path.contains(':') && !path.is_empty();
        match &self.stage {
            Some(stage) if is_relative => self.name(&format!("{stage}{}", without_percent_signs(path))),
            _ => is_relative.then(|| path.to_owned()),
        }
    }

    /// The scripts with their names.
    pub fn read(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        self.walk(Path::new(&self.root), &mut found);
        found
    }

    fn walk(&self, directory: &Path, found: &mut Vec<(String, String)>) {
        for path in file::entries(directory).unwrap_or_default() {
            // Links lead to packages of others.
            let Ok(facts) = fs::symlink_metadata(&path) else {
                continue;
            };
            if facts.is_dir() {
                self.walk(&path, found);
                continue;
            }
            let is_script = path
                .extension()
                .is_some_and(|e| SCRIPTS.iter().any(|known| e == *known));
            if !is_script || facts.len() > MOST_BYTES || found.len() >= MOST_FILES {
                continue;
            }
            let text = file::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            if let (Some(name), Some(text)) = (path.to_str().and_then(|path| self.name(path)), text) {
                found.push((name, text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_by_its_way_from_the_script() {
        let files = |stage: Option<&str>| ProgramFiles {
            directory: "/stage/program/cases/a b/".to_owned(),
            root: "/stage/program/".to_owned(),
            stage: stage.map(str::to_owned),
        };
        let in_browser = files(Some("/stage/"));
        for (file, wanted) in [
            ("program/cases/a%20b/test.js", Some("test.js")),
            ("program/src/app.js", Some("../../src/app.js")),
            ("program/cases/a%20b/a%23b.mjs", Some("a#b.mjs")),
            ("/stage/program/src/app.js", Some("../../src/app.js")),
            ("js/lib/watch.js", None),
            ("http://127.0.0.1/app.js", None),
        ] {
            assert_eq!(in_browser.name(file).as_deref(), wanted, "{file}");
        }
        let files = files(None);
        for (file, wanted) in [
            ("/stage/program/cases/a b/test.mjs", Some("test.mjs")),
            ("file:///stage/program/cases/a%20b/test.mjs", Some("test.mjs")),
            ("/stage/program/src/app.js", Some("../../src/app.js")),
            ("test.js", Some("test.js")),
            ("../src/app.js", Some("../src/app.js")),
            ("/stage/js/lib/watch.js", None),
            ("node:internal/fs", None),
            ("", None),
            ("file:///stage/program/%zz", Some("../../%zz")),
        ] {
            assert_eq!(files.name(file).as_deref(), wanted, "{file}");
        }
    }
}
