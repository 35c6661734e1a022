//! esbuild, the bundler: where it is found, and how it is run.

use crate::base::file;
use crate::base::output::quote;
use crate::case::Case;
use crate::guest::imports::{BundleReason, NODES};
use crate::run::session::Session;
use crate::run::tools;
use anyhow::{Context, Result, bail};
use regex::Regex;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub const PROGRAM: &str = "esbuild";

/// Where packages put their programs.
const PROGRAMS: &str = "node_modules/.bin";

/// The same for every bundle. Engines older than the newest are asked too, so what is newer than
/// ES2022 is written in its terms; names and lines stay as they are.
const OPTIONS: &[&str] = &[
    "--bundle",
    "--target=es2022",
    "--charset=utf8",
    "--sourcemap=external",
    "--sources-content=true",
    "--legal-comments=none",
    "--log-level=error",
    "--color=false",
    "--define:global=globalThis",
    "--loader:.css=empty",
    "--external:node:*",
];

/// For a shell, which is more like a browser than like Node.js, and finds no packages.
const FOR_SHELLS: &[&str] = &["--platform=browser"];

/// For a host, which finds packages itself.
const FOR_HOSTS: &[&str] = &["--platform=node", "--packages=external"];

/// What a bundle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BundleTarget {
    /// With all packages.
    Shells,
    /// Without packages.
    Hosts,
}

/// One run of esbuild. All paths are relative to the directory that it runs in.
#[derive(Debug)]
pub struct BundleOrder<'a> {
    pub directory: &'a Path,
    pub script: &'a Path,
    pub output: &'a str,
    pub is_module: bool,
    pub target: BundleTarget,
    /// What stands for `import.meta.url`.
    pub url: &'a str,
    /// Modules of Node.js, for which this file stands in.
    pub nodes: BTreeSet<String>,
    pub no_node: PathBuf,
    /// Scripts stand in for WebAssembly modules that are imported; else these are left out.
    pub with_modules: bool,
}

/// What esbuild says of a bundle.
#[derive(Debug, Deserialize)]
pub struct BundleFacts {
    pub inputs: BTreeMap<String, BundledFile>,
}

#[derive(Debug, Deserialize)]
pub struct BundledFile {
    imports: Vec<BundledImport>,
}

#[derive(Debug, Deserialize)]
struct BundledImport {
    path: String,
    kind: String,
    #[serde(default)]
    external: bool,
}

impl BundleFacts {
    /// The modules of Node.js that are imported whatever the engine is.
    pub fn nodes(&self) -> BTreeSet<String> {
        let static_ones = self.external().filter(|(_, import)| import.kind == "import-statement");
        let names = static_ones.map(|(_, import)| import.path.clone());
        names.filter(|name| !name.ends_with(MODULE)).collect()
    }

    /// The WebAssembly modules that are imported like scripts, with the files that do so.
    pub fn modules(&self) -> impl Iterator<Item = (&str, &str)> {
        let modules = self.external().filter(|(_, import)| import.path.ends_with(MODULE));
        modules.map(|(file, import)| (file, import.path.as_str()))
    }

    fn external(&self) -> impl Iterator<Item = (&str, &BundledImport)> {
        let all = self.inputs.iter();
        all.flat_map(|(file, facts)| facts.imports.iter().map(move |import| (file.as_str(), import)))
            .filter(|(_, import)| import.external)
    }
}

const MODULE: &str = ".wasm";

/// The name of the file with these facts.
const FACTS: &str = "wasm-leaks-bundle.json";

/// The nearest one above a directory, that on PATH, or our own.
pub fn find(directory: &Path, session: &Session) -> Result<Option<PathBuf>> {
    let above = directory.ancestors().map(|path| path.join(PROGRAMS).join(PROGRAM));
    let own = home(session)?.join(PROGRAMS).join(PROGRAM);
    let on_path = which::which_all(PROGRAM).map(Iterator::collect).unwrap_or_default();
    let candidates = above.chain::<Vec<PathBuf>>(on_path).chain([own]);
    Ok(candidates.into_iter().find(|path| which::which(path).is_ok()))
}

/// The directory of our own.
pub fn home(session: &Session) -> Result<PathBuf> {
    session.directories.scratch(PROGRAM)
}

/// The error where there is none. `install` is a command that gets it.
pub fn missing(reasons: &[BundleReason], case: &Case, install: &str) -> anyhow::Error {
    let reason = reasons.first().map(ToString::to_string).unwrap_or_default();
    let more = match reasons.len().saturating_sub(1) {
        0 => String::new(),
        1 => " (and one more is like this)".to_owned(),
        more => format!(" (and {more} more are like this)"),
    };
    anyhow::anyhow!(
        "the script of `{}` has to be bundled by {PROGRAM}, as {reason}{more}; there is no {PROGRAM} in `{PROGRAMS}` of \
         its directory or one above, nor on PATH; get it by `npm install --save-dev {PROGRAM}` in `{}`, or by \
         `{install}`, which puts it among its own files",
        case.name,
        case.root().display(),
    )
}

/// Bundles; esbuild's own words go to standard error. `show` turns its paths into the user's.
pub fn run(
    program: &Path,
    order: &BundleOrder<'_>,
    show: impl Fn(&str) -> String,
    session: &Session,
) -> Result<BundleFacts> {
    let format = match order.is_module {
        true => "--format=esm",
        false => "--format=iife",
    };
    let by_target = match order.target {
        BundleTarget::Shells => FOR_SHELLS,
        BundleTarget::Hosts => FOR_HOSTS,
    };
    let nodes = NODES
        .iter()
        .flat_map(|name| [format!("--external:{name}"), format!("--external:{name}/*")]);
    let nodes = nodes.filter(|_| order.target == BundleTarget::Shells);
    let aliases = order
        .nodes
        .iter()
        .map(|name| format!("--alias:{name}={}", order.no_node.display()));
    let modules = match order.with_modules {
        true => "--loader:.wasm=js",
        false => "--external:*.wasm",
    };
    let shell = tools::shell_in(order.directory)?;
    let command = tools::guarded(&shell)?
        .arg(program)
        .arg(order.script)
        .args(OPTIONS)
        .args(by_target)
        .args(nodes)
        .args(aliases)
        .args([format, modules])
        .arg(format!("--define:import.meta.url={}", order.url))
        .arg(format!("--outfile={}", order.output))
        .arg(format!("--metafile={FACTS}"))
        .env_remove("NODE_PATH");
    let answer = tools::build(command, session)?;
    if !answer.success {
        let words = show(&answer.stderr);
        quote(&words);
        bail!("the output of `{}` is above{}", program.display(), advice(&words));
    }
    let facts = file::read(&order.directory.join(FACTS))?;
    serde_json::from_slice(&facts).with_context(|| format!("`{}` wrote other facts than expected", program.display()))
}

/// What to do about packages that are not installed.
fn advice(words: &str) -> String {
    let Ok(pattern) = Regex::new(r#"Could not resolve "([^"./][^"]*)""#) else {
        return String::new();
    };
    let package = |name: &str| {
        let parts = if name.starts_with('@') { 2 } else { 1 };
        name.split('/').take(parts).collect::<Vec<_>>().join("/")
    };
    let names: BTreeSet<String> = pattern.captures_iter(words).map(|found| package(&found[1])).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!(
            "; if these are packages, `npm install {}` installs them",
            names.into_iter().collect::<Vec<_>>().join(" ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_that_are_not_there_are_named() {
        for (words, wanted) in [
            ("[ERROR] Could not resolve \"left-pad\"\n", "npm install left-pad"),
            (
                "Could not resolve \"@a/b/c\"\nCould not resolve \"d/e.js\"",
                "npm install @a/b d",
            ),
            ("Could not resolve \"./x\"", ""),
            ("Expected \";\"", ""),
        ] {
            let found = advice(words);
            assert!(
                found.contains(wanted) && found.is_empty() == wanted.is_empty(),
                "{found}"
            );
        }
    }
}
