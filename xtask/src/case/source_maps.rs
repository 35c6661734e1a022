//! The source maps of a case: of the bundle that was made of its scripts, and of scripts that
//! have one beside them. They turn the places and names that engines report into those of the
//! user's own files. Nothing is written.

use crate::base::{file, output};
use crate::case::Case;
use crate::case::map_place::{MapPlace, map_place};
use crate::case::script_map::{ScriptMap, SourceText};
use crate::case::tree::{PACKAGES, ROOT};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest script that is looked into, and the largest map.
const MOST_BYTES: u64 = 64 << 20;

/// So many files are looked into for a map: what a script prints may look like the names of many.
const MOST_FILES: usize = 2_000;

/// The source maps of a case, read when they are asked for. All files are called as engines' places
/// are: relative to the directory of the script.
#[derive(Debug, Default)]
pub struct SourceMaps {
    directory: PathBuf,
    root: PathBuf,
    /// The directory of the script on a stage.
    stage_directory: String,
    /// By the script; `None` for one that has no map.
    scripts: Mutex<BTreeMap<String, Option<Arc<MappedScript>>>>,
    /// Those of our own making.
    bundles: Mutex<Vec<String>>,
}

/// A script with a map.
#[derive(Debug)]
pub struct MappedScript {
    /// Its sources, by the names that are shown.
    pub sources: Vec<SourceText>,
    map: ScriptMap,
}

/// A place in the user's own file. Line and column begin with 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalPlace {
    pub file: String,
    pub line: u32,
    pub column: u32,
    /// The name of the function that was asked for.
    pub name: String,
}

impl SourceMaps {
    pub fn of(case: &Case) -> SourceMaps {
        SourceMaps {
            directory: case.directory().to_owned(),
            root: case.root().to_owned(),
            stage_directory: case.stage_directory().trim_end_matches('/').to_owned(),
            ..SourceMaps::default()
        }
    }

    /// Adds a bundle by its name beside the script. It was made on the stage at this path, and its
    /// lines begin after these of ours.
    pub fn add_bundle(&self, name: &str, text: &str, map: &[u8], stage: &Path, lines: u32) -> Result<()> {
        let value: Value = serde_json::from_slice(map).context("esbuild's source map is not JSON")?;
        let index = json!({ "sections": [{ "offset": { "line": lines, "column": 0 }, "map": value }] });
        let shifted = "\n".repeat(lines as usize) + text;
        let mut map =
            ScriptMap::parse(&shifted, index.to_string().as_bytes()).context("failed to read esbuild's source map")?;
        map.add_names_of_esbuild(text);
        let directory = stage.join(&self.stage_directory);
        let sources = renamed(&map.sources, |source| {
            self.name_on_stage(&directory.join(source), stage)
        });
        let script = MappedScript { sources, map };
        self.bundles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(name.to_owned());
        self.scripts().insert(name.to_owned(), Some(Arc::new(script)));
        Ok(())
    }

    /// Where a place was written, and how a function there was called. `None` if the script has
    /// no map, or its map not this place. A column of 0 is not known.
    pub fn original(&self, file: &str, line: u32, column: u32, name: &str) -> Option<OriginalPlace> {
        let script = self.script(file)?;
        let place = script.map.place(line, column)?;
        Some(OriginalPlace {
            file: script.sources.get(place.source)?.name.clone(),
            line: place.line,
            column: place.column,
            name: script.map.function_name(without_file(name), line, column),
        })
    }

    /// The name that a class has in the sources, if it is another one.
    pub fn class_name(&self, name: &str) -> Option<String> {
        let scripts = self.scripts();
        let mut found = scripts
            .values()
            .flatten()
            .filter_map(|script| script.map.class_name(name));
        let first = found.next()?;
        found.all(|other| other == first).then(|| first.to_owned())
    }

    /// The script, if it has a map.
    pub fn script(&self, file: &str) -> Option<Arc<MappedScript>> {
        if let Some(known) = self.scripts().get(file) {
            return known.clone();
        }
        let script = self.read(file).unwrap_or_else(|error| {
            output::warn(&format!(
                "failed to read the source map of `{file}`: {error:#}; its places are shown as they are"
            ));
            None
        });
        let script = script.map(Arc::new);
        let mut scripts = self.scripts();
        if scripts.len() < MOST_FILES {
            scripts.insert(file.to_owned(), script.clone());
        }
        script
    }

    /// Reads the map of a script of the user's, if it has one, so that names of its classes are known.
    pub fn look_into(&self, path: &Path) {
        self.script(&self.name_of(path));
    }

    /// Reads the map that a script names.
    fn read(&self, name: &str) -> Result<Option<MappedScript>> {
        let path = lexical(&self.directory.join(name));
        let is_script = path.starts_with(&self.root) && file::size(&path).is_ok_and(|size| size <= MOST_BYTES);
        let bytes = match is_script && path.is_file() {
            true => file::read(&path).unwrap_or_default(),
            false => return Ok(None),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return Ok(None);
        };
        let json = match map_place(&text).transpose()? {
            None => return Ok(None),
            Some(MapPlace::Inline(json)) => json,
            Some(MapPlace::File(map)) => {
                let map_path = file::directory(&path).join(&map);
                // Packages often leave theirs out.
                let is_others = path.components().any(|part| part.as_os_str() == PACKAGES);
                match map_path.is_file() {
                    true => file::read_at_most(&map_path, MOST_BYTES)?,
                    false if is_others || map.contains("://") => return Ok(None),
                    false => bail!("it names `{map}`, which is not there"),
                }
            }
        };
        let map = ScriptMap::parse(&text, &json)?;
        let directory = file::directory(&path).to_owned();
        let sources = renamed(&map.sources, |source| self.name_of(&lexical(&directory.join(source))));
        Ok(Some(MappedScript { sources, map }))
    }

    fn scripts(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Option<Arc<MappedScript>>>> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file on a stage, by the name that is shown: links lead from there to the user's packages.
    pub fn name_on_stage(&self, path: &Path, stage: &Path) -> String {
        let path = lexical(path);
        match path.strip_prefix(stage.join(ROOT)) {
            Ok(below) => self.name_of(&self.root.join(below)),
            Err(_) => self.name_of(&path),
        }
    }

    /// A file of the user's, by its way from the script; those of packages elsewhere from `node_modules` on.
    fn name_of(&self, path: &Path) -> String {
        if let Ok(below) = path.strip_prefix(&self.directory) {
            return below.display().to_string();
        }
        if let Ok(below) = path.strip_prefix(&self.root) {
            let up = self
                .directory
                .strip_prefix(&self.root)
                .map_or(0, |way| way.components().count());
            return format!("{}{}", "../".repeat(up), below.display());
        }
        let text = path.display().to_string();
        match text.rfind(&format!("/{PACKAGES}/")) {
            Some(at) => text[at + 1..].to_owned(),
            None => text,
        }
    }

    /// A file as a text has it: with its full path on a stage, or by its name.
    pub fn name_in_text<'t>(&self, file: &'t str) -> &'t str {
        let directory = format!("{}/", self.stage_directory);
        let below = |(before, name): (&str, &'t str)| (before.is_empty() || before.ends_with('/')).then_some(name);
        file.rsplit_once(&directory).and_then(below).unwrap_or(file)
    }

    /// Whether it is a bundle of our own making.
    pub fn is_bundle(&self, file: &str) -> bool {
        let bundles = self.bundles.lock().unwrap_or_else(PoisonError::into_inner);
        bundles.iter().any(|name| name == file)
    }
}

/// The name of a function without that of the file in which esbuild wraps a script of CommonJS, as
/// SpiderMonkey has it: `node_modules/package/file.js/outer/inner`.
fn without_file(name: &str) -> &str {
    let ends = [".js", ".cjs", ".ts", ".cts"];
    let after = |end: &&str| Some(name.rfind(&format!("{end}/"))? + end.len() + 1);
    match ends.iter().filter_map(after).max() {
        _ if ends.iter().any(|end| name.ends_with(end)) => "",
        Some(at) => &name[at..],
        None => name,
    }
}

/// The sources by the names that are shown. Bundlers write `webpack://package/./src/app.ts`.
fn renamed(sources: &[SourceText], name: impl Fn(&str) -> String) -> Vec<SourceText> {
    let renamed = sources.iter().map(|source| SourceText {
        name: match source.name.split_once("://") {
            Some((_, rest)) => lexical(Path::new(rest.trim_start_matches('/'))).display().to_string(),
            None => name(&source.name),
        },
        text: source.text.clone(),
    });
    renamed.collect()
}

/// The path without `.` and `..`, whatever is there.
fn lexical(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                found.pop();
            }
            other => found.push(other),
        }
    }
    found
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Maps of a case in `/home/me/app/leak`, with a bundle of two lines: `class Widget2 {}` of
    /// `app.ts`, and a line of a package.
    pub fn maps() -> SourceMaps {
        let maps = SourceMaps {
            directory: "/home/me/app/leak".into(),
            root: "/home/me/app".into(),
            stage_directory: "program/leak".to_owned(),
            ..SourceMaps::default()
        };
        let map = json!({ "version": 3, "names": ["Widget"],
            "sources": ["app.ts", "../../../home/me/app/node_modules/pkg/a.js"], "mappings": "MAEMA;ACFN" });
        let text = "class Widget2 {}\nlet a;\n";
        let stage = Path::new("/stage");
        maps.add_bundle("b.mjs", text, map.to_string().as_bytes(), stage, 1)
            .unwrap();
        maps
    }

    #[test]
    fn functions_are_not_called_by_the_file_that_wraps_them() {
        for (name, wanted) in [
            ("../../node_modules/a/b.js/outer/inner<", "outer/inner<"),
            ("node_modules/a/b.cjs", ""),
            ("sql.js/dist/sql.js/a.prototype.b", "a.prototype.b"),
            ("Widget.make", "Widget.make"),
        ] {
            assert_eq!(without_file(name), wanted);
        }
    }

    #[test]
    fn a_file_is_called_by_its_way_from_the_script() {
        let maps = maps();
        for (path, wanted) in [
            ("/stage/program/leak/src/../a.ts", "a.ts"),
            ("/stage/program/src/a.ts", "../src/a.ts"),
            (
                "/home/me/node_modules/pkg/node_modules/sub/a.js",
                "node_modules/sub/a.js",
            ),
            ("/elsewhere/a.js", "/elsewhere/a.js"),
        ] {
            assert_eq!(maps.name_on_stage(Path::new(path), Path::new("/stage")), wanted);
        }
    }
}
