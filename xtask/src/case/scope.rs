//! For which programs an expectation is: the part of its file's name between the case and `.txt`.

use crate::base::suggest::did_you_mean;
use crate::engine::places::version_key;
use crate::engine::program::Program;
use crate::engine::shell::{SHELLS, shell_named};
use crate::engine::table::ENGINES;
use crate::engine::version_order::version_order;
use anyhow::{Result, bail, ensure};
use std::cmp::Reverse;
use std::fmt;

/// The programs of an expectation that is not for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectationScope {
    /// The programs of an engine: `v8`.
    Engine(&'static str),
    /// Those of an engine from one version on, and before another one: `v8-10.2`, `v8-..13`, `v8-10.2..13`.
    Versions {
        engine: &'static str,
        from: Option<String>,
        before: Option<String>,
    },
    /// A shell, a host or a browser: `firefox`.
    Shell(&'static str),
    /// The program of this name.
    Program(String),
}

/// What tells a program from others here.
#[derive(Debug, Clone, Copy)]
pub struct ProgramIdentity<'a> {
    /// The name that people gave it.
    pub name: Option<&'a str>,
    pub engine: &'a str,
    /// The name of the shell, host or browser.
    pub shell: &'a str,
    /// The version of its engine.
    pub version: Option<&'a str>,
}

impl<'a> ProgramIdentity<'a> {
    pub fn of(program: &'a Program) -> ProgramIdentity<'a> {
        ProgramIdentity {
            name: program.name.as_deref(),
            engine: program.engine.name,
            shell: program.shell.name,
            version: program.own_version(),
        }
    }
}

impl ExpectationScope {
    /// Parses the part of a file's name; `known` are the names of programs.
    pub fn parse(text: &str, known: &[String]) -> Result<ExpectationScope> {
        if known.iter().any(|name| name == text) {
            return Ok(ExpectationScope::Program(text.to_owned()));
        }
        if let Some(engine) = ENGINES.iter().find(|engine| engine.name == text) {
            return Ok(ExpectationScope::Engine(engine.name));
        }
        if let Some(shell) = SHELLS.iter().find(|shell| shell.name == text) {
            return Ok(ExpectationScope::Shell(shell.name));
        }
        let versions = ENGINES.iter().find_map(|engine| {
            let rest = text.strip_prefix(engine.name)?.strip_prefix('-')?;
            Some((engine.name, rest))
        });
        let Some((engine, versions)) = versions else {
            let engines = ENGINES.iter().map(|engine| engine.name);
            let names = engines.chain(SHELLS.iter().map(|shell| shell.name));
            bail!(
                "`{text}` is no engine, no versions of one such as `v8-10.2` or `v8-10.2..13`, no shell, host or \
                 browser, and no program of wasm-leaks.toml{}",
                did_you_mean(text, names.chain(known.iter().map(String::as_str)))
            );
        };
        let (from, before) = match versions.split_once("..") {
            Some((from, before)) => (version(from)?, version(before)?),
            None => (version(versions)?, None),
        };
        ensure!(from.is_some() || before.is_some(), "`{text}` names no version");
        if let (Some(from), Some(before)) = (&from, &before) {
            let is_empty = version_key(from) >= version_key(before);
            ensure!(!is_empty, "`{text}` is no version: {from} is not before {before}");
        }
        Ok(ExpectationScope::Versions { engine, from, before })
    }

    /// The one for a program and others like it: of a browser that browser, else the engine.
    pub fn usual(program: ProgramIdentity<'_>) -> Option<ExpectationScope> {
        let shell = shell_named(program.shell).filter(|shell| shell.browser.is_some());
        let engine = || ENGINES.iter().find(|engine| engine.name == program.engine);
        match shell {
            Some(shell) => Some(ExpectationScope::Shell(shell.name)),
            None => engine().map(|engine| ExpectationScope::Engine(engine.name)),
        }
    }

    /// Whether the program is one of these.
    pub fn has(&self, program: ProgramIdentity<'_>) -> bool {
        match self {
            ExpectationScope::Engine(engine) => *engine == program.engine,
            ExpectationScope::Shell(name) => *name == program.shell,
            ExpectationScope::Program(name) => program.name == Some(name),
            ExpectationScope::Versions { engine, from, before } => {
                let Some((_, version)) = known_version(program).filter(|_| *engine == program.engine) else {
                    return false;
                };
                let is_from = |from: &String| version >= version_key(from);
                let is_before = |before: &String| version < version_key(before);
                from.as_ref().is_none_or(is_from) && before.as_ref().is_none_or(is_before)
            }
        }
    }

    /// Of several that have a program, the one with the least key counts: a program's own, then that of a shell, host
    /// or browser, then of versions the one that begins last, and of these the one that ends first.
    pub fn rank(&self) -> (u8, Reverse<Vec<u64>>, Vec<u64>) {
        let key = |version: &Option<String>| version.as_deref().map(version_key);
        match self {
            ExpectationScope::Program(_) => (0, Reverse(Vec::new()), Vec::new()),
            ExpectationScope::Shell(_) => (1, Reverse(Vec::new()), Vec::new()),
            ExpectationScope::Versions { from, before, .. } => (
                2,
                Reverse(key(from).unwrap_or_default()),
                key(before).unwrap_or(vec![u64::MAX]),
            ),
            ExpectationScope::Engine(_) => (3, Reverse(Vec::new()), Vec::new()),
        }
    }
}

impl fmt::Display for ExpectationScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExpectationScope::Engine(name) | ExpectationScope::Shell(name) => f.write_str(name),
            ExpectationScope::Program(name) => f.write_str(name),
            ExpectationScope::Versions { engine, from, before } => {
                write!(f, "{engine}-{}", from.as_deref().unwrap_or_default())?;
                before.as_ref().map_or(Ok(()), |before| write!(f, "..{before}"))
            }
        }
    }
}

/// The version of a program's engine; a commit is none.
fn known_version(program: ProgramIdentity<'_>) -> Option<(bool, Vec<u64>)> {
    Some(version_order(program.version)).filter(|(is_unknown, _)| !is_unknown)
}

/// A version, or none.
fn version(text: &str) -> Result<Option<String>> {
    let is_fine = text
        .split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    ensure!(
        text.is_empty() || is_fine,
        "`{text}` is no version; expected numbers and `.`, such as 10.2"
    );
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Result<ExpectationScope> {
        ExpectationScope::parse(text, &["stress".to_owned(), "v8-jitless".to_owned()])
    }

    #[test]
    fn a_scope_has_the_programs_that_it_names() {
        let stress = Some("stress");
        for (text, name, engine, version, has) in [
            ("v8", None, "v8", None, true),
            ("v8", stress, "v8", Some("1.2"), true),
            ("v8", None, "jsc", None, false),
            ("stress", stress, "jsc", None, true),
            ("stress", None, "jsc", None, false),
            ("v8-jitless", Some("v8-jitless"), "v8", None, true),
            ("v8-10.2", None, "v8", Some("10.2.154"), true),
            ("v8-10.2", None, "v8", Some("11.0"), true),
            ("v8-10.2", None, "v8", Some("10.1.9"), false),
            ("v8-10.2", None, "v8", None, false),
            // A commit, which bun reports.
            ("v8-10.2", None, "v8", Some("6375c72affe0f7"), false),
            ("v8-10.2", None, "jsc", Some("11.0"), false),
            ("node", None, "v8", Some("11.0"), true),
            ("node", None, "jsc", None, false),
            ("d8", None, "v8", Some("11.0"), false),
            // An engine, not its shell.
            ("jsc", None, "jsc", None, true),
            ("v8-..13", None, "v8", Some("12.9"), true),
            ("v8-..13", None, "v8", Some("13.0"), false),
            ("v8-10..13", None, "v8", Some("9.9"), false),
            ("v8-10..13", None, "v8", Some("10.0"), true),
            ("v8-10..13", None, "v8", Some("13.1"), false),
        ] {
            let scope = scope(text).unwrap();
            let program = ProgramIdentity {
                name,
                engine,
                shell: if engine == "v8" { "node" } else { "bun" },
                version,
            };
            assert_eq!(scope.has(program), has, "{text} {program:?}");
            assert_eq!(scope.to_string(), text);
        }
    }

    #[test]
    fn the_narrowest_counts() {
        let mut scopes =
            ["v8", "v8-10", "v8-..13", "chromium", "stress", "v8-10..13", "v8-10.2"].map(|text| scope(text).unwrap());
        scopes.sort_by_key(ExpectationScope::rank);
        let names: Vec<String> = scopes.iter().map(ExpectationScope::to_string).collect();
        assert_eq!(
            names,
            ["stress", "chromium", "v8-10.2", "v8-10..13", "v8-10", "v8-..13", "v8"]
        );
    }

    #[test]
    fn what_is_no_scope_is_an_error() {
        for (text, expected) in [
            ("v9", "did you mean `v8`?"),
            ("stres", "did you mean `stress`?"),
            ("firefix", "did you mean `firefox`?"),
            ("v8-", "`v8-` names no version"),
            ("v8-..", "`v8-..` names no version"),
            ("v8-13..10", "13 is not before 10"),
            ("v8-10..10", "10 is not before 10"),
            ("v8-new", "`new` is no version"),
            ("v8-1..2..3", "is no version"),
        ] {
            let error = scope(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
