//! esbuild, the bundler: where it is found, and how it is run.

use crate::base::output::quote;
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
    /// Modules that another file stands in for.
    pub aliases: &'a BTreeMap<String, PathBuf>,
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
        let imports = self.inputs.values().flat_map(|file| &file.imports);
        let external = imports.filter(|import| import.external && import.kind == "import-statement");
        external.map(|import| import.path.clone()).collect()
    }
}

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

/// The error where there is none.
pub fn missing(reasons: &[BundleReason], root: &Path, install: &str) -> anyhow::Error {
    let reason = reasons.first().map(ToString::to_string).unwrap_or_default();
    let more = match reasons.len() {
        0 | 1 => "",
        _ => ", and there is more of that kind",
    };
    anyhow::anyhow!(
        "{reason}{more}; for a shell that is bundled by esbuild, and there is none in the `{PROGRAMS}` of `{root}` or \
         above, on PATH, or of our own; run `npm install --save-dev esbuild` in `{root}`, or `{install}`",
        root = root.display(),
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
    let nodes = NODES.iter().flat_map(|name| [format!("--external:{name}"), format!("--external:{name}/*")]);
    let nodes = nodes.filter(|_| order.target == BundleTarget::Shells);
    let aliases = order.aliases.iter().map(|(name, path)| format!("--alias:{name}={}", path.display()));
    let shell = tools::shell_in(order.directory)?;
    let command = tools::guarded(&shell)?
        .arg(program)
        .arg(order.script)
        .args(OPTIONS)
        .args(by_target)
        .args(nodes)
        .args(aliases)
        .arg(format)
        .arg(format!("--define:import.meta.url={}", order.url))
        .arg(format!("--outfile={}", order.output))
        .arg(format!("--metafile={FACTS}"))
        .env_remove("NODE_PATH");
    let answer = tools::build(command, session)?;
    let name = order.script.display();
    if !answer.success {
        let words = show(&answer.stderr);
        quote(&words);
        bail!(
            "failed to bundle `{name}` by `{}`; its output is above{}",
            program.display(),
            advice(&words)
        );
    }
    let path = order.directory.join(FACTS);
    let facts = crate::base::file::read(&path)?;
    serde_json::from_slice(&facts).with_context(|| format!("failed to read what `{}` says of `{name}`", program.display()))
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
            ("Could not resolve \"@a/b/c\"\nCould not resolve \"d/e.js\"", "npm install @a/b d"),
            ("Could not resolve \"./x\"", ""),
            ("Expected \";\"", ""),
        ] {
            let found = advice(words);
            assert!(found.contains(wanted) && found.is_empty() == wanted.is_empty(), "{found}");
        }
    }
}
