//! Bundles: one script made of a user's own, where it is TypeScript or imports packages. It is
//! made on a stage, once for all shells and once for all hosts, and nothing of it is kept.

use crate::base::file;
use crate::base::text::file_url;
use crate::case::Case;
use crate::case::source_maps::SourceMaps;
use crate::case::tree::{PACKAGES, ROOT};
use crate::engine::library::{self, BUNDLED};
use crate::guest::esbuild::{self, BundleFacts, BundleOrder, BundleTarget};
use crate::guest::imports::{self, BundleReason};
use crate::guest::wasm_imports;
use crate::run::session::Session;
use crate::run::stage::Stage;
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What makes the functions of a classic script global, and what stands in for modules of Node.js.
const CLASSIC: &str = BUNDLED[0];
const NO_NODE: &str = BUNDLED[1];
const MODULE: &str = BUNDLED[2];

/// What stands for `import.meta.url`, and what is written over it: the same number of characters, so
/// that the columns of the source map stay right.
const URL: &str = "wasmLeaksUrls_______";
const URLS: &str = "wasmLeaksUrls";

/// A script that runs in place of a user's.
#[derive(Debug)]
pub struct Bundle {
    /// Its name beside that script.
    pub name: String,
    text: String,
    /// The files of which the URL is asked for: on a stage, or by their full paths.
    urls: Vec<PathBuf>,
    /// WebAssembly modules that lie beside what it is made of, in packages.
    pub modules: Vec<PathBuf>,
}

/// The lines of a bundle before what esbuild wrote.
const FIRST_LINES: u32 = 1;

impl Bundle {
    /// Puts it on a stage, in this directory of it.
    pub fn put(&self, stage: &Stage, directory: &str) -> Result<()> {
        let urls = self.urls.iter().map(|path| file_url(&stage.path().join(path)));
        let urls = serde_json::to_string(&urls.collect::<Vec<_>>()).context("failed to write URLs as JSON")?;
        let text = format!("const {URLS} = {urls};\n{}", self.text);
        stage.write(&format!("{directory}/{}", self.name), text.as_bytes())
    }
}

/// The bundles of a case, by what they are for.
pub type Bundles = BTreeMap<BundleTarget, Bundle>;

/// A case whose script may have to be bundled.
#[derive(Clone, Copy)]
pub struct BundleSource<'a> {
    pub case: &'a Case,
    pub maps: &'a SourceMaps,
    /// Puts the files of the case on a stage.
    pub put_files: &'a dyn Fn(&Stage) -> Result<()>,
    /// The command that gets esbuild.
    pub install: &'a str,
}

/// Bundles a case, if it has to be, for the targets that there are programs of.
pub fn bundles(source: BundleSource<'_>, targets: &[BundleTarget], session: &Session) -> Result<Bundles> {
    let mut made = Bundles::new();
    let Some(own) = source.case.own() else {
        return Ok(made);
    };
    let scanned = imports::scan(source.case);
    let reasons = scanned.reasons;
    let is_typescript = |reason: &BundleReason| matches!(reason, BundleReason::TypeScript { .. });
    for target in targets {
        // A host resolves the packages of a module itself, and not those of a classic script that is loaded.
        let is_needed = match (target, own.is_module) {
            (BundleTarget::Hosts, true) => reasons.iter().any(is_typescript),
            _ => !reasons.is_empty(),
        };
        if is_needed {
            let maker = BundleMaker { source, session };
            made.insert(*target, maker.make(*target, &reasons)?);
        }
    }
    if made.is_empty() {
        scanned.files.iter().for_each(|path| source.maps.look_into(path));
    }
    Ok(made)
}

/// Whether esbuild is missing for one of these cases.
pub fn needs_esbuild(cases: &[Case], session: &Session) -> Result<bool> {
    for case in cases {
        if !imports::scan(case).reasons.is_empty() && esbuild::find(case.directory(), session)?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

struct BundleMaker<'a> {
    source: BundleSource<'a>,
    session: &'a Session,
}

impl BundleMaker<'_> {
    fn make(&self, target: BundleTarget, reasons: &[BundleReason]) -> Result<Bundle> {
        let own = self.source.case.own().context("the case has no script")?;
        let program = esbuild::find(self.source.case.directory(), self.session)?
            .ok_or_else(|| esbuild::missing(reasons, self.source.case, self.source.install))?;
        let stage = Stage::new(self.session)?;
        (self.source.put_files)(&stage)?;
        let directory = stage
            .path()
            .join(self.source.case.stage_directory().trim_end_matches('/'));
        if !own.is_module {
            self.make_global(&directory.join(&own.name))?;
        }
        let is_full = target == BundleTarget::Shells || !own.is_module;
        let name = match (target, own.is_module) {
            (_, false) => "wasm-leaks-bundle.js",
            (BundleTarget::Shells, true) => "wasm-leaks-bundle.mjs",
            (BundleTarget::Hosts, true) => "wasm-leaks-bundle-for-hosts.mjs",
        };
        let mut order = BundleOrder {
            directory: &directory,
            script: Path::new(&own.name),
            output: name,
            is_module: own.is_module,
            target: if is_full {
                BundleTarget::Shells
            } else {
                BundleTarget::Hosts
            },
            url: URL,
            nodes: BTreeSet::new(),
            no_node: stage.path().join(NO_NODE),
            with_modules: false,
        };
        let facts = self.run(&program, &mut order, &stage)?;
        let text = String::from_utf8(file::read(&directory.join(name))?).context("esbuild's bundle is not UTF-8")?;
        let map = file::read(&directory.join(format!("{name}.map")))?;
        let (text, urls) = with_urls(&text, &facts, |input| self.on_stage(&directory.join(input), &stage));
        self.source
            .maps
            .add_bundle(name, &text, &map, stage.path(), FIRST_LINES)?;
        let inputs = facts
            .inputs
            .keys()
            .map(|input| self.at_home(&directory.join(input), &stage));
        Ok(Bundle {
            name: name.to_owned(),
            text,
            urls,
            modules: modules_beside(inputs),
        })
    }

    /// Bundles, and once more if something has to stand in for modules.
    fn run(&self, program: &Path, order: &mut BundleOrder<'_>, stage: &Stage) -> Result<BundleFacts> {
        let show = |words: &str| self.show(words, stage);
        let what = || format!("failed to bundle the script of `{}`", self.source.case.name);
        let facts = esbuild::run(program, order, show, self.session).with_context(what)?;
        if order.target == BundleTarget::Hosts {
            return Ok(facts);
        }
        // An engine that has none of Node.js's modules would not load the bundle, nor one that takes
        // every module for a script.
        order.nodes = facts.nodes();
        let module =
            |(file, name): (&str, &str)| fs::canonicalize(file::directory(&order.directory.join(file)).join(name));
        let modules: BTreeSet<PathBuf> = facts.modules().filter_map(|found| module(found).ok()).collect();
        if order.nodes.is_empty() && modules.is_empty() {
            return Ok(facts);
        }
        library::put(&self.session.directories, stage, &[NO_NODE])?;
        let body = library::script(&self.session.directories, MODULE)?;
        wasm_imports::put_scripts(&modules, stage, &String::from_utf8_lossy(&body))?;
        order.with_modules = !modules.is_empty();
        esbuild::run(program, order, show, self.session).with_context(what)
    }

    /// Adds the end of a classic script.
    fn make_global(&self, script: &Path) -> Result<()> {
        let mut text = file::read(script)?;
        text.push(b'\n');
        text.extend_from_slice(&library::script(&self.session.directories, CLASSIC)?);
        file::write(script, &text)
    }

    /// A file by its name on a stage, where it is on each; else by its full path.
    fn on_stage(&self, path: &Path, stage: &Stage) -> PathBuf {
        let path = lexical(path);
        if let Ok(name) = path.strip_prefix(stage.path()) {
            return name.to_owned();
        }
        match path.strip_prefix(self.source.case.root()) {
            Ok(below) => Path::new(ROOT).join(below),
            Err(_) => path,
        }
    }

    /// A file where the user has it.
    fn at_home(&self, path: &Path, stage: &Stage) -> PathBuf {
        let path = lexical(path);
        match path.strip_prefix(stage.path().join(ROOT)) {
            Ok(below) => self.source.case.root().join(below),
            Err(_) => path,
        }
    }

    /// esbuild's words with paths that a reader knows: it writes them relative to the directory of the
    /// script, and those of packages by the way from the stage.
    fn show(&self, words: &str, stage: &Stage) -> String {
        let from = stage.path().join(self.source.case.stage_directory());
        let up = "../".repeat(from.components().count() - 1);
        let root = format!(
            "{up}{}/",
            self.source.case.root().display().to_string().trim_start_matches('/')
        );
        words.replace(&root, "")
    }
}

/// Writes over each `import.meta.url` of a bundle, by the file in which it stood: esbuild puts the
/// name of each file, in a comment, before what it consists of.
fn with_urls(text: &str, facts: &BundleFacts, path: impl Fn(&str) -> PathBuf) -> (String, Vec<PathBuf>) {
    let mut urls: Vec<PathBuf> = Vec::new();
    let mut found = String::with_capacity(text.len());
    let mut file = "";
    for line in text.split_inclusive('\n') {
        let comment = line.strip_prefix("// ").map(str::trim_end);
        file = comment.filter(|name| facts.inputs.contains_key(*name)).unwrap_or(file);
        let mut parts = line.split(URL);
        found += parts.next().unwrap_or_default();
        for part in parts {
            let path = path(file);
            let index = urls.iter().position(|known| *known == path).unwrap_or_else(|| {
                urls.push(path);
                urls.len() - 1
            });
            let width = URL.len() - URLS.len() - 2;
            found += &format!("{URLS}[{index:width$}]{part}");
        }
    }
    (found, urls)
}

/// The WebAssembly modules in the directories of these files, in packages.
fn modules_beside(files: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let is_others = |path: &PathBuf| path.components().any(|part| part.as_os_str() == PACKAGES);
    let mut directories: Vec<PathBuf> = files
        .filter(is_others)
        .map(|path| file::directory(&path).to_owned())
        .collect();
    directories.sort();
    directories.dedup();
    let entries = directories
        .iter()
        .flat_map(|path| file::entries(path).unwrap_or_default());
    entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .collect()
}

/// The path without `..`, whatever is there.
fn lexical(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut found, part| {
        match part {
            std::path::Component::ParentDir => {
                found.pop();
            }
            other => found.push(other),
        }
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_file_has_its_own_url_and_columns_stay() {
        let text = format!("f({URL});\n// a.js\nf({URL});g({URL},1);\n// none\n// ../b.js\n  h({URL});\n");
        let facts = json!({ "inputs": { "a.js": { "imports": [] }, "../b.js": { "imports": [] } } });
        let facts: BundleFacts = serde_json::from_value(facts).unwrap();
        let (found, urls) = with_urls(&text, &facts, |name| PathBuf::from(name));
        assert_eq!(urls, ["", "a.js", "../b.js"].map(PathBuf::from));
        let marks: Vec<&str> = found.split(URLS).skip(1).map(|rest| rest[1..6].trim()).collect();
        assert_eq!(marks, ["0", "1", "1", "2"]);
        assert_eq!(found.len(), text.len());
    }
}
