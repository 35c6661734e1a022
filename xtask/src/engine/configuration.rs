//! `wasm-leaks.toml`: the programs that a user names. docs/configuration.md has its schema.

use crate::base::file;
use crate::base::suggest::did_you_mean;
use crate::engine::settings::{NAME_RULE, ProgramSettings, is_name};
use crate::engine::table::{ENGINES, Engine, engine_named};
use anyhow::{Context, Result, anyhow, ensure};
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use toml_span::value::{Key, Table, ValueInner};
use toml_span::{ErrorKind, Span, Value};

/// The name of the file. It is searched for from the working directory upward.
pub const FILE: &str = "wasm-leaks.toml";

const TOP_KEYS: [&str; 1] = ["program"];
const PROGRAM_KEYS: [&str; 4] = ["engine", "path", "flags", "env"];

/// A program of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredProgram {
    pub name: String,
    /// The engine that it has to be.
    pub engine: Option<&'static Engine>,
    /// A path, or a name on PATH; `None` if the engine's program is searched for.
    pub path: Option<PathBuf>,
    pub settings: ProgramSettings,
    /// Where its name and its flags stand: `wasm-leaks.toml:3:1`.
    pub place: String,
    pub path_place: String,
    pub flags_place: String,
}

/// The programs of the file above the working directory, in its order; none if there is no file.
pub fn programs() -> Result<Vec<ConfiguredProgram>> {
    let here = env::current_dir().context("failed to find the current directory")?;
    let paths = here.ancestors().map(|directory| directory.join(FILE));
    let Some(path) = paths.into_iter().find(|path| path.symlink_metadata().is_ok()) else {
        return Ok(Vec::new());
    };
    let bytes = file::read(&path)?;
    let shown = path.strip_prefix(&here).unwrap_or(&path).display().to_string();
    parse(&bytes, &shown, file::directory(&path))
}

/// The names of the programs of the file.
pub fn names() -> Result<Vec<String>> {
    Ok(programs()?.into_iter().map(|program| program.name).collect())
}

/// Parses the file, which is shown by this name; paths are relative to its directory.
fn parse(bytes: &[u8], shown: &str, directory: &Path) -> Result<Vec<ConfiguredProgram>> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        anyhow!("{shown}:{line}: a byte is not UTF-8; expected a file of TOML, which is in UTF-8")
    })?;
    let source = Source { text, shown, directory };
    let whole = toml_span::parse(text).map_err(|error| source.malformed(&error))?;
    let top = source.table(&whole, "the file")?;
    source.check_keys(top, &TOP_KEYS)?;
    let Some(programs) = top.get("program") else {
        return Ok(Vec::new());
    };
    let programs = source.table(programs, "`program`")?;
    // The parser sorts by name; the order of columns is that of the file.
    let mut entries: Vec<(&Key<'_>, &Value<'_>)> = programs.iter().collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    entries
        .into_iter()
        .map(|(key, value)| source.program(key, value))
        .collect()
}

/// The text of the file, for errors that name a place.
struct Source<'a> {
    text: &'a str,
    shown: &'a str,
    directory: &'a Path,
}

impl Source<'_> {
    /// `wasm-leaks.toml:3:9`; lines and columns count from 1, columns in characters.
    fn place(&self, span: Span) -> String {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.shown)
    }

    fn error(&self, span: Span, text: &str) -> anyhow::Error {
        anyhow!("{}: {text}", self.place(span))
    }

    fn malformed(&self, error: &toml_span::Error) -> anyhow::Error {
        let first = match &error.kind {
            ErrorKind::DuplicateKey { first, .. } | ErrorKind::DuplicateTable { first, .. } => {
                format!("; it stands at {} already", self.place(*first))
            }
            _ => String::new(),
        };
        self.error(error.span, &format!("{error}{first}"))
    }

    /// The error about a value of another type.
    fn wrong_type(&self, value: &Value<'_>, what: &str, expected: &str) -> anyhow::Error {
        let text = format!("{what} has to be {expected}, and is {}", type_name(value.as_ref()));
        self.error(value.span, &text)
    }

    fn table<'a, 'de>(&self, value: &'a Value<'de>, what: &str) -> Result<&'a Table<'de>> {
        value.as_table().ok_or_else(|| self.wrong_type(value, what, "a table"))
    }

    fn string<'a>(&self, value: &'a Value<'_>, what: &str, example: &str) -> Result<&'a str> {
        let text = value
            .as_str()
            .ok_or_else(|| self.wrong_type(value, what, &format!("a string, such as {example}")))?;
        // No program can be given a NUL.
        match text.contains('\0') {
            true => Err(self.error(
                value.span,
                &format!("{what} contains a NUL character, which no program can be given"),
            )),
            false => Ok(text),
        }
    }

    fn check_keys(&self, table: &Table<'_>, known: &[&str]) -> Result<()> {
        let unknown = table.keys().filter(|key| !known.contains(&key.name.as_ref()));
        match unknown.min_by_key(|key| key.span.start) {
            None => Ok(()),
            Some(key) => {
                let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                let text = format!(
                    "there is no key `{}`; expected {}{}",
                    key.name.escape_debug(),
                    names.join(", "),
                    did_you_mean(&key.name, known.iter().copied())
                );
                Err(self.error(key.span, &text))
            }
        }
    }

    fn check_name(&self, key: &Key<'_>) -> Result<()> {
        let name = key.name.as_ref();
        if name.is_empty() {
            return Err(self.error(
                key.span,
                "the name of a program is empty; expected one such as `stress`",
            ));
        }
        if ENGINES.iter().any(|engine| engine.name == name) {
            let text = format!("`{name}` is the name of an engine; expected another name, such as `{name}-stress`");
            return Err(self.error(key.span, &text));
        }
        match is_name(name) {
            true => Ok(()),
            false => {
                let text = format!("bad name `{}`: {NAME_RULE}", name.escape_debug());
                Err(self.error(key.span, &text))
            }
        }
    }

    fn program(&self, key: &Key<'_>, value: &Value<'_>) -> Result<ConfiguredProgram> {
        let place = self.place(key.span);
        self.check_name(key)?;
        let what = format!("`program.{}`", key.name);
        let table = self.table(value, &what)?;
        self.check_keys(table, &PROGRAM_KEYS)?;
        let engine = table.get("engine").map(|value| self.engine(value)).transpose()?;
        let path = table.get("path").map(|value| self.path(value)).transpose()?;
        let needs = format!("{what} has neither `engine` nor `path`; expected at least one of them");
        ensure!(engine.is_some() || path.is_some(), "{place}: {needs}");
        let flags = table.get("flags").map(|value| self.flags(value)).transpose()?;
        let environment = table.get("env").map(|value| self.environment(value)).transpose()?;
        let place_of = |key: &str| table.get(key).map_or(place.clone(), |value| self.place(value.span));
        Ok(ConfiguredProgram {
            name: key.name.to_string(),
            engine,
            path,
            settings: ProgramSettings {
                flags: flags.unwrap_or_default(),
                environment: environment.unwrap_or_default(),
            },
            path_place: place_of("path"),
            flags_place: place_of("flags"),
            place,
        })
    }

    fn engine(&self, value: &Value<'_>) -> Result<&'static Engine> {
        let name = self.string(value, "`engine`", "`\"v8\"`")?;
        engine_named(name).with_context(|| self.place(value.span))
    }

    /// A word with a slash is relative to the file; one without is looked up later, on PATH.
    fn path(&self, value: &Value<'_>) -> Result<PathBuf> {
        let path = self.string(value, "`path`", "`\"out/d8\"`")?;
        ensure!(
            !path.is_empty(),
            "{}: `path` is empty; expected a path, or the name of a program on PATH",
            self.place(value.span)
        );
        Ok(match path.contains('/') {
            true => self.directory.join(path),
            false => PathBuf::from(path),
        })
    }

    fn flags(&self, value: &Value<'_>) -> Result<Vec<String>> {
        let example = "an array of strings, such as `[\"--stress-compaction\"]`";
        let flags = value
            .as_array()
            .ok_or_else(|| self.wrong_type(value, "`flags`", example))?;
        let one = |value: &Value<'_>| -> Result<String> {
            let flag = self.string(value, "a flag", "`\"--stress-compaction\"`")?;
            // A word without a dash would be the script to run.
            ensure!(
                flag.starts_with('-') && !flag.trim_start_matches('-').is_empty(),
                "{}: the flag `{}` does not begin with `-`; expected one word for each flag, such as `--name=value`",
                self.place(value.span),
                flag.escape_debug()
            );
            Ok(flag.to_owned())
        };
        flags.iter().map(one).collect()
    }

    fn environment(&self, value: &Value<'_>) -> Result<BTreeMap<String, String>> {
        let table = self.table(value, "`env`")?;
        let one = |(key, value): (&Key<'_>, &Value<'_>)| -> Result<(String, String)> {
            ensure!(
                !key.name.is_empty() && !key.name.contains(['=', '\0']),
                "{}: `{}` cannot be the name of a variable: expected a name without `=`",
                self.place(key.span),
                key.name.escape_debug()
            );
            let text = self.string(value, &format!("the variable `{}`", key.name.escape_debug()), "`\"1\"`")?;
            Ok((key.name.to_string(), text.to_owned()))
        };
        table.iter().map(one).collect()
    }
}

fn type_name(value: &ValueInner<'_>) -> &'static str {
    match value {
        ValueInner::String(_) => "a string",
        ValueInner::Integer(_) => "an integer",
        ValueInner::Float(_) => "a float",
        ValueInner::Boolean(_) => "a boolean",
        ValueInner::Array(_) => "an array",
        ValueInner::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_read_in_the_order_of_the_file() {
        let text = "[program.stress]\nengine = \"v8\"\npath = \"out/d8\"\nflags = [\"--stress-compaction\"]\n\
                    env = { B = \"2\", A = \"1\" }\n[program.old]\npath = \"js102\"\n[program.bare]\nengine = \"jsc\"\n";
        let programs = parse(text.as_bytes(), FILE, Path::new("/w")).unwrap();
        let names: Vec<&str> = programs.iter().map(|program| program.name.as_str()).collect();
        assert_eq!(names, ["stress", "old", "bare"]);
        let paths: Vec<Option<&str>> = programs
            .iter()
            .map(|program| program.path.as_deref()?.to_str())
            .collect();
        assert_eq!(paths, [Some("/w/out/d8"), Some("js102"), None]);
        let engines: Vec<Option<&str>> = programs.iter().map(|program| Some(program.engine?.name)).collect();
        assert_eq!(engines, [Some("v8"), None, Some("jsc")]);
        let settings = &programs[0].settings;
        assert_eq!(settings.flags, ["--stress-compaction"]);
        assert_eq!(settings.environment["A"], "1");
        assert_eq!(programs[0].place, "wasm-leaks.toml:1:10");
        assert_eq!(programs[0].flags_place, "wasm-leaks.toml:4:9");
        assert_eq!(parse(b"", FILE, Path::new("/w")).unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_reported_with_its_place() {
        for (text, wanted) in [
            (
                "program = 1",
                "wasm-leaks.toml:1:11: `program` has to be a table, and is an integer",
            ),
            (
                "[program]\na = true",
                "2:5: `program.a` has to be a table, and is a boolean",
            ),
            (
                "[program.a]\nengine = 8",
                "2:10: `engine` has to be a string, such as `\"v8\"`, and is an integer",
            ),
            (
                "[program.a]\npath = []",
                "2:8: `path` has to be a string, such as `\"out/d8\"`, and is an array",
            ),
            ("[program.a]\npath = \"\"", "`path` is empty; expected a path"),
            ("[program.a]\npath = \"a\\u0000b\"", "`path` contains a NUL character"),
            (
                "[program.a]\npath='x'\nflags = \"-a\"",
                "3:10: `flags` has to be an array of strings",
            ),
            (
                "[program.a]\npath='x'\nflags = [\n1.5]",
                "4:1: a flag has to be a string",
            ),
            (
                "[program.a]\npath='x'\nflags = ['x.js']",
                "the flag `x.js` does not begin with `-`",
            ),
            ("[program.a]\npath='x'\nflags = ['--']", "the flag `--` does not begin"),
            (
                "[program.a]\npath='x'\nenv = 'A=1'",
                "`env` has to be a table, and is a string",
            ),
            (
                "[program.a]\npath='x'\nenv = { A = 1 }",
                "3:13: the variable `A` has to be a string",
            ),
            (
                "[program.a]\npath='x'\nenv = { 'A=' = '1' }",
                "`A=` cannot be the name of a variable",
            ),
            (
                "[program.a]\nflag = []",
                "2:1: there is no key `flag`; expected `engine`, `path`, `flags`, `env`; did you mean `flags`?",
            ),
            (
                "[programs.a]",
                "1:2: there is no key `programs`; expected `program`; did you mean `program`?",
            ),
            (
                "[program.a]\nflags = []",
                "1:10: `program.a` has neither `engine` nor `path`",
            ),
            (
                "[program.a]\nengine = 'v9'",
                "2:11: there is no engine `v9`; did you mean `v8`?",
            ),
            (
                "[program.a]\npath='x'\n[program.a]\npath='y'",
                "redefinition of table `a`; it stands at wasm-leaks.toml:1:",
            ),
            (
                "[program.a]\npath='x'\npath='y'",
                "duplicate key: `path`; it stands at wasm-leaks.toml:2:1 already",
            ),
            ("[program.v8]\npath='x'", "1:10: `v8` is the name of an engine"),
            ("[program.'']\npath='x'", "the name of a program is empty"),
            (
                "[program.'a b']\npath='x'",
                "bad name `a b`: a name begins with a letter or digit",
            ),
            ("[program.\"a\\u001b\"]\npath='x'", "bad name `a\\u{1b}`: a name begins"),
            ("[program.a", "wasm-leaks.toml:1:"),
            ("a = 1979-05-27", "wasm-leaks.toml:1:"),
        ] {
            let error = format!("{:#}", parse(text.as_bytes(), FILE, Path::new("/w")).unwrap_err());
            assert!(error.contains(wanted), "{text}: {error}");
        }
        let error = parse(b"# a\n# \xff", FILE, Path::new("/w")).unwrap_err().to_string();
        assert!(error.starts_with("wasm-leaks.toml:2: a byte is not UTF-8"), "{error}");
    }
}
