//! The values of `--engine`: an engine, a program, or a program with a name of its own.

use crate::base::suggest::did_you_mean;
use crate::browser::kind::BrowserKind;
use crate::engine::configuration::ConfiguredProgram;
use crate::engine::settings::{NAME_RULE, is_name};
use crate::engine::table::{ENGINES, Engine};
use crate::engine::wanted::{VERSION_RULE, WantedEngine, is_version};
use anyhow::{Context, Result, bail, ensure};
use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What stands for all programs of an engine: `v8=all`. One of that name is `v8=./all`.
const ALL: &[u8] = b"all";

/// The value of one `--engine`.
#[derive(Debug, PartialEq, Eq)]
pub enum EngineOption {
    Engine(&'static Engine),
    /// A program, and the engine that it must be, if given.
    Program(PathBuf, Option<&'static Engine>),
    /// A program with a name of its own. The probe finds out which engine it is.
    Named(String, PathBuf),
    /// A program of `wasm-leaks.toml`.
    OfFile(ConfiguredProgram),
    /// Each program of this engine that is found.
    All(&'static Engine),
    /// A version of this engine: `v8@13.6`.
    Version(WantedEngine),
    /// A browser, wherever it is found.
    Browser(BrowserKind),
    /// The browser of this path.
    BrowserProgram(PathBuf, BrowserKind),
}

impl EngineOption {
    /// Parses the values of `--engine`, which may name programs of the file. A value that is repeated counts once; a
    /// name for two programs is an error. Without any value: each engine, and then each program of the file.
    pub fn parse_all(words: &[OsString], of_file: &[ConfiguredProgram]) -> Result<Vec<EngineOption>> {
        if words.is_empty() {
            let engines = ENGINES.iter().map(EngineOption::Engine);
            return Ok(engines
                .chain(of_file.iter().cloned().map(EngineOption::OfFile))
                .collect());
        }
        let mut options: Vec<EngineOption> = Vec::new();
        for word in words {
            let option = parse(word, of_file)?;
            if options.contains(&option) {
                continue;
            }
            if let EngineOption::Named(name, path) = &option
                && let Some(other) = options.iter().find_map(|other| other.path_named(name))
            {
                bail!(
                    "`--engine` gives the name `{name}` to two programs, `{}` and `{}`: use another name for one",
                    other.display(),
                    path.display()
                );
            }
            if let EngineOption::Named(name, path) = &option
                && let Some(other) = of_file.iter().find(|program| program.name == *name)
            {
                bail!(
                    "`--engine` gives the name `{name}` to `{}`, and {} to another program: use another name for one",
                    path.display(),
                    other.place
                );
            }
            options.push(option);
        }
        Ok(options)
    }

    /// The path of the program that gets this name here.
    fn path_named(&self, wanted: &str) -> Option<&Path> {
        match self {
            EngineOption::Named(name, path) if name == wanted => Some(path),
            _ => None,
        }
    }
}

fn parse(word: &OsStr, of_file: &[ConfiguredProgram]) -> Result<EngineOption> {
    if let Some(program) = of_file.iter().find(|program| word == program.name.as_str()) {
        return Ok(EngineOption::OfFile(program.clone()));
    }
    if let Some(engine) = word.to_str().and_then(engine_named) {
        return Ok(EngineOption::Engine(engine));
    }
    if let Some(browser) = word.to_str().and_then(BrowserKind::named) {
        return Ok(EngineOption::Browser(browser));
    }
    if let Some((engine, version)) = word.to_str().and_then(engine_and_version) {
        ensure!(
            is_version(version),
            "bad version in `--engine {}`: {VERSION_RULE}",
            word.to_string_lossy().escape_debug()
        );
        return Ok(EngineOption::Version(WantedEngine::of_version(engine, version)));
    }
    let bytes = word.as_bytes();
    let equals = bytes.iter().position(|byte| *byte == b'=');
    // A path may contain `=`, but a name has no slash.
    let Some(equals) = equals.filter(|equals| !bytes[..*equals].contains(&b'/')) else {
        return Ok(EngineOption::Program(program_path(word, of_file)?, None));
    };
    let shown = Path::new(word).display();
    ensure!(equals + 1 < bytes.len(), "`{shown}` lacks the path of a program");
    let name = std::str::from_utf8(&bytes[..equals])
        .ok()
        .filter(|name| is_name(name))
        .with_context(|| {
            format!(
                "bad name in `--engine {}`: {NAME_RULE}",
                shown.to_string().escape_debug()
            )
        })?;
    let program = &bytes[equals + 1..];
    if let Some(engine) = engine_named(name).filter(|_| program == ALL) {
        return Ok(EngineOption::All(engine));
    }
    let path = program_path(OsStr::from_bytes(program), &[])?;
    if let Some(engine) = engine_named(name) {
        return Ok(EngineOption::Program(path, Some(engine)));
    }
    if let Some(browser) = BrowserKind::named(name) {
        return Ok(EngineOption::BrowserProgram(path, browser));
    }
    if let Some(engine) = ENGINES.iter().find(|engine| is_slip(name, engine.name)) {
        bail!(
            "`{name}` is no engine; did you mean `{}`? A name of your own has to differ more from an engine's",
            engine.name
        );
    }
    Ok(EngineOption::Named(name.to_owned(), path))
}

/// Whether a name is an engine's with one letter wrong, or two swapped. `v8a` and `jsc2` are names of people's own.
fn is_slip(name: &str, engine: &str) -> bool {
    let is_long = engine.len() > 5;
    strsim::damerau_levenshtein(name, engine) == 1 && (is_long || name.chars().count() == engine.len())
}

/// The parts of `v8@13.6`. A program of such a name is `./v8@13.6`.
fn engine_and_version(word: &str) -> Option<(&'static Engine, &str)> {
    let (name, version) = word.split_once('@')?;
    Some((engine_named(name)?, version))
}

fn engine_named(name: &str) -> Option<&'static Engine> {
    ENGINES.iter().find(|engine| engine.name == name)
}

/// Keeps a path, and looks up a bare name on PATH.
fn program_path(word: &OsStr, of_file: &[ConfiguredProgram]) -> Result<PathBuf> {
    let here = env::current_dir().context("failed to find the current directory")?;
    which::which_in(word, env::var_os("PATH"), here).or_else(|_| {
        let path = Path::new(word);
        if path.components().count() > 1 || path.exists() {
            return std::path::absolute(path).with_context(|| format!("bad path `{}`", path.display()));
        }
        let shown = path.display().to_string();
        let mut known: Vec<&str> = ENGINES.iter().map(|engine| engine.name).collect();
        known.extend(BrowserKind::all().map(|browser| -> &str { browser.name() }));
        known.extend(of_file.iter().map(|program| program.name.as_str()));
        bail!(
            "`{shown}` is neither an engine nor a program on PATH{}",
            did_you_mean(&shown, known)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    fn parse_words(words: &[&str]) -> Result<Vec<EngineOption>> {
        EngineOption::parse_all(&words.iter().map(OsString::from).collect::<Vec<_>>(), &[])
    }

    #[test]
    fn an_engine_is_named_with_or_without_its_program() {
        let read = |word: &str| parse_words(&[word]).map(|mut all| all.remove(0));
        assert!(matches!(read("jsc"), Ok(EngineOption::Engine(engine)) if engine.name == "jsc"));
        assert!(
            matches!(read("v8=/a b/node"), Ok(EngineOption::Program(path, Some(engine)))
            if path == Path::new("/a b/node") && engine.name == "v8")
        );
        assert!(matches!(read("/a=b/node"), Ok(EngineOption::Program(path, None)) if path == Path::new("/a=b/node")));
        assert!(matches!(read("v8=all"), Ok(EngineOption::All(engine)) if engine.name == "v8"));
        assert!(matches!(read("v8@13.6"), Ok(EngineOption::Version(wanted)) if wanted.name() == "v8@13.6"));
        assert!(matches!(read("./v8@13.6"), Ok(EngineOption::Program(_, None))));
        for word in ["v8@", "v8@latest", "v8@1/2", "v8@13;6"] {
            let error = read(word).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("bad version in `--engine {word}`: ")),
                "{error}"
            );
        }
        assert!(matches!(read("v8=./all"), Ok(EngineOption::Program(_, Some(_)))));
        assert!(matches!(
            read("firefox"),
            Ok(EngineOption::Browser(BrowserKind::Firefox))
        ));
        assert!(
            matches!(read("chromium=/a/chrome"), Ok(EngineOption::BrowserProgram(path, BrowserKind::Chromium))
            if path == Path::new("/a/chrome"))
        );
        let error = read("chromum").unwrap_err().to_string();
        assert!(error.ends_with("did you mean `chromium`?"), "{error}");
        let error = read("spidermonky").unwrap_err().to_string();
        assert_eq!(
            error,
            "`spidermonky` is neither an engine nor a program on PATH; did you mean `spidermonkey`?"
        );
        let odd = OsString::from_vec(b"/\xff/d8".into());
        assert!(matches!(
            &EngineOption::parse_all(&[odd], &[]).unwrap()[0],
            EngineOption::Program(_, None)
        ));
    }

    #[test]
    fn a_name_that_is_no_engine_s_is_the_program_s_own() {
        let named = |name: &str, path: &str| EngineOption::Named(name.to_owned(), PathBuf::from(path));
        let options = parse_words(&["stress=/d8", "asan-1.2=/d8", "stress=/d8"]).unwrap();
        assert_eq!(options, [named("stress", "/d8"), named("asan-1.2", "/d8")]);
        assert_eq!(
            parse_words(&["a=/d8", "a=/js"]).unwrap_err().to_string(),
            "`--engine` gives the name `a` to two programs, `/d8` and `/js`: use another name for one"
        );
        for word in ["=/d8", "a b=/d8", "a\u{1b}[1m=/d8", "-a=/d8", "a:b=/d8"] {
            let error = parse_words(&[word]).unwrap_err().to_string();
            assert!(error.starts_with("bad name in `--engine "), "{error}");
            assert!(!error.contains('\u{1b}'), "{error:?}");
        }
        for (slip, engine) in [("v9", "v8"), ("jcs", "jsc"), ("spidermonky", "spidermonkey")] {
            let error = parse_words(&[&format!("{slip}=/d8")]).unwrap_err().to_string();
            let start = format!("`{slip}` is no engine; did you mean `{engine}`?");
            assert!(error.starts_with(&start), "{error}");
        }
        for name in ["v8a", "jsc2", "jsc-asan", "v8-stress"] {
            assert_eq!(parse_words(&[&format!("{name}=/d8")]).unwrap(), [named(name, "/d8")]);
        }
        let error = parse_words(&["stress="]).unwrap_err().to_string();
        assert_eq!(error, "`stress=` lacks the path of a program");
    }
}
