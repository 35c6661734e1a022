//! What a user's script imports, as far as its own files go: whether it can run as it is, or has
//! to be bundled first. A light scan, so that a script that imports no package needs no bundler.

use crate::base::file;
use crate::case::Case;
use regex::Regex;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Modules of Node.js, which glue asks for after it has looked whether it runs there.
pub const NODES: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// Extensions of files that no JavaScript engine reads.
const TYPESCRIPT: [&str; 5] = ["ts", "mts", "cts", "tsx", "jsx"];

/// No more files are looked into, and none that is larger.
const MOST_FILES: usize = 2_000;
const MOST_BYTES: u64 = 16 << 20;

/// Why a script cannot run as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleReason {
    TypeScript { file: String },
    Package { file: String, line: usize, name: String },
    Module { file: String, line: usize, name: String },
    NoExtension { file: String, line: usize, name: String },
}

impl fmt::Display for BundleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BundleReason::TypeScript { file } => write!(f, "`{file}` is TypeScript"),
            BundleReason::Package { file, line, name } => write!(f, "`{file}:{line}` imports the package `{name}`"),
            BundleReason::NoExtension { file, line, name } => {
                write!(f, "`{file}:{line}` imports `{name}` without an extension")
            }
            BundleReason::Module { file, line, name } => {
                write!(f, "`{file}:{line}` imports the module `{name}` like a script")
            }
        }
    }
}

/// What is known of a user's script without running it.
#[derive(Debug, Default)]
pub struct ScriptImports {
    /// Why it has to be bundled; none if it can run as it is.
    pub reasons: Vec<BundleReason>,
    /// The files of the user's that it consists of.
    pub files: BTreeSet<PathBuf>,
}

/// Looks into the script of a user's case, and the files that it imports by their paths.
pub fn scan(case: &Case) -> ScriptImports {
    let mut scanned = ScriptImports::default();
    let Some(own) = case.own() else {
        return scanned;
    };
    let (found, seen) = (&mut scanned.reasons, &mut scanned.files);
    let mut next = vec![case.directory().join(&own.name)];
    while let Some(path) = next.pop() {
        if seen.len() >= MOST_FILES || !seen.insert(path.clone()) {
            continue;
        }
        let shown = path
            .strip_prefix(case.directory())
            .unwrap_or(&path)
            .display()
            .to_string();
        if has_extension(&path, &TYPESCRIPT) {
            found.push(BundleReason::TypeScript { file: shown.clone() });
        }
        let is_small = path.is_file() && file::size(&path).is_ok_and(|size| size <= MOST_BYTES);
        let Some(text) = is_small.then(|| file::read(&path).ok()).flatten() else {
            continue;
        };
        let text = String::from_utf8_lossy(&text);
        for (line, name) in imports(&text) {
            match kind(name) {
                ImportKind::File if name.ends_with(".wasm") => found.push(BundleReason::Module {
                    file: shown.clone(),
                    line,
                    name: name.to_owned(),
                }),
                ImportKind::File => {
                    let imported = file::directory(&path).join(name);
                    let guessed = guessed(&imported);
                    if guessed.is_some() {
                        let (file, name) = (shown.clone(), name.to_owned());
                        found.push(BundleReason::NoExtension { file, line, name });
                    }
                    next.extend(guessed.unwrap_or(imported).canonicalize());
                }
                ImportKind::Package => found.push(BundleReason::Package {
                    file: shown.clone(),
                    line,
                    name: name.to_owned(),
                }),
                ImportKind::Other => {}
            }
        }
    }
    scanned
}

/// What bundlers take a path for that has no extension, or one of JavaScript in place of that of TypeScript.
const GUESSES: [&str; 8] = [".ts", ".tsx", ".js", ".mjs", ".jsx", ".json", "/index.ts", "/index.js"];

/// The file that a bundler would import, where an engine finds none.
fn guessed(imported: &Path) -> Option<PathBuf> {
    if imported.is_file() {
        return None;
    }
    let text = imported.to_str()?;
    let stem = text
        .strip_suffix(".js")
        .filter(|stem| Path::new(&format!("{stem}.ts")).is_file());
    let names = GUESSES
        .iter()
        .map(|end| PathBuf::from(format!("{}{end}", stem.unwrap_or(text))));
    names.into_iter().find(|path| path.is_file())
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    path.extension()
        .is_some_and(|extension| known.iter().any(|one| extension == *one))
}

enum ImportKind {
    /// By a relative path.
    File,
    Package,
    /// A URL, a full path, or a module of Node.js.
    Other,
}

fn kind(name: &str) -> ImportKind {
    let first = name.split('/').next().unwrap_or_default();
    match name {
        _ if first == "." || first == ".." => ImportKind::File,
        _ if first.is_empty() || name.contains(':') || NODES.contains(&first) => ImportKind::Other,
        _ => ImportKind::Package,
    }
}

/// Comments and strings, which are passed over, and between them what is imported by a literal.
static IMPORTS: LazyLock<Regex> = LazyLock::new(|| {
    let name = r#"(?:'([^'\n]+)'|"([^"\n]+)")"#;
    let comment = r"//[^\n]*|/\*(?s:.*?)\*/";
    let string = r#"'(?:\\(?s:.)|[^'\\\n])*'|"(?:\\(?s:.)|[^"\\\n])*"|`(?:\\(?s:.)|[^`\\])*`"#;
    let from = format!(r#"\b(?:import|export)\b[^'"`;()=]*?\bfrom\s*{name}"#);
    let bare = format!(r"\bimport\s*{name}");
    let dynamic = format!(r"\bimport\s*\(\s*(?:(?:{comment})\s*)*{name}");
    Regex::new(&format!("{comment}|{from}|{bare}|{dynamic}|{string}")).expect("the pattern is a constant")
});

/// What a script imports by a literal, with the line.
fn imports(text: &str) -> Vec<(usize, &str)> {
    let found = IMPORTS.captures_iter(text);
    let imported = found.filter_map(|found| found.iter().skip(1).flatten().next());
    let lines = |at: usize| text[..at].matches('\n').count() + 1;
    imported.map(|name| (lines(name.start()), name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_and_nothing_else() {
        for (text, wanted) in [
            ("import a from 'x';", vec![(1, "x")]),
            ("\nimport{a as b}from\"@s/x\";import'y'", vec![(2, "@s/x"), (2, "y")]),
            ("import * as a\n  from 'x'", vec![(2, "x")]),
            ("export { a } from './b.js'", vec![(1, "./b.js")]),
            ("export * from 'x'", vec![(1, "x")]),
            ("const a = await import( /* @vite-ignore */ 'x')", vec![(1, "x")]),
            ("// import a from 'x'\n/* import 'y' */ '`'; import 'z'", vec![(2, "z")]),
            ("/** @param {import('x').T} a */", vec![]),
            ("const s = \"import 'x'\"; `import 'y'`", vec![]),
            ("'it\\'s'; import 'x'", vec![(1, "x")]),
            ("import(name); import.meta.url; from('x')", vec![]),
            ("export const a = 1; const from = 'x'", vec![]),
            ("export function f() { return 'x' }", vec![]),
            ("import type { A } from 'x'", vec![(1, "x")]),
        ] {
            assert_eq!(imports(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_package_is_what_is_neither_a_path_nor_a_url_nor_of_node() {
        for (name, is_package) in [
            ("left-pad", true),
            ("@scope/package/part.js", true),
            ("#internal", true),
            ("./a.js", false),
            ("../a.js", false),
            ("..", false),
            ("/a.js", false),
            ("https://example.org/a.js", false),
            ("node:fs", false),
            ("fs/promises", false),
            ("file:///a", false),
        ] {
            assert_eq!(matches!(kind(name), ImportKind::Package), is_package, "{name}");
        }
    }
}
