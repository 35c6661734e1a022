//! Finds the programs to run: for each engine, the first candidate whose answer
//! to the probe proves that it is that engine.

use crate::base::suggest::did_you_mean;
use crate::engine::places;
use crate::engine::probe::{ProbeAnswer, Prober, Refusal};
use crate::engine::program::{FoundBy, Program};
use crate::engine::table::{self, ENGINES, Engine};
use crate::run::session::Session;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;

/// The programs found, and the engines without one.
#[derive(Debug, Default)]
pub struct Found {
    pub programs: Vec<Program>,
    pub missing: Vec<&'static Engine>,
    /// A warning about each candidate that does not work.
    pub warnings: Vec<String>,
}

impl Found {
    fn add(&mut self, other: Found) {
        self.programs.extend(other.programs);
        self.missing.extend(other.missing);
        self.warnings.extend(other.warnings);
    }

    /// The engines whose own shell was not found; a host may stand in.
    pub fn without_shell(&self) -> Vec<&'static Engine> {
        let mut engines = self.missing.clone();
        let by_host = |program: &&Program| program.shell.host && program.found_by == FoundBy::Host;
        engines.extend(self.programs.iter().filter(by_host).map(|program| program.engine));
        engines
    }
}

/// The value of one `--engine`.
#[derive(Debug)]
pub enum EngineOption {
    Engine(&'static Engine),
    /// A program, and the engine that it must be, if given.
    Program(PathBuf, Option<&'static Engine>),
}

/// Parses the values of `--engine`.
fn parse_options(words: &[OsString]) -> Result<Vec<EngineOption>> {
    let mut once: Vec<&OsString> = Vec::new();
    for word in words {
        if !once.contains(&word) {
            once.push(word);
        }
    }
    once.into_iter().map(|word| parse_option(word)).collect()
}

fn parse_option(word: &OsStr) -> Result<EngineOption> {
    if let Some(engine) = word.to_str().and_then(|name| table::engine_named(name).ok()) {
        return Ok(EngineOption::Engine(engine));
    }
    let bytes = word.as_bytes();
    if let Some(equals) = bytes.iter().position(|byte| *byte == b'=') {
        let name = String::from_utf8_lossy(&bytes[..equals]);
        // A path may contain `=`, but an engine's name has no slash.
        if !name.contains('/') {
            ensure!(
                equals + 1 < bytes.len(),
                "`{}` lacks the path of a program",
                Path::new(word).display()
            );
            let program = program_path(OsStr::from_bytes(&bytes[equals + 1..]))?;
            return Ok(EngineOption::Program(program, Some(table::engine_named(&name)?)));
        }
    }
    Ok(EngineOption::Program(program_path(word)?, None))
}

/// Keeps a path, and looks up a bare name on PATH.
fn program_path(word: &OsStr) -> Result<PathBuf> {
    let here = env::current_dir().context("failed to find the current directory")?;
    which::which_in(word, env::var_os("PATH"), here).or_else(|_| {
        let path = Path::new(word);
        if path.components().count() > 1 || path.exists() {
            return std::path::absolute(path).with_context(|| format!("bad path `{}`", path.display()));
        }
        let shown = path.display().to_string();
        bail!(
            "`{shown}` is neither an engine nor a program on PATH{}",
            did_you_mean(&shown, ENGINES.iter().map(|engine| engine.name))
        )
    })
}

/// Finds a program for each engine, or for each value of `--engine`, side by side.
pub fn find(words: &[OsString], session: &Session) -> Result<Found> {
    let mut options = parse_options(words)?;
    if options.is_empty() {
        options = ENGINES.iter().map(EngineOption::Engine).collect();
    }
    let prober = Prober::new(session)?;
    let parts: Vec<Result<Found>> = thread::scope(|scope| {
        let searches: Vec<_> = options
            .iter()
            .map(|option| scope.spawn(|| search(option, &prober)))
            .collect();
        let join = |search: thread::ScopedJoinHandle<'_, _>| {
            search
                .join()
                .unwrap_or_else(|_| bail!("the search for an engine panicked"))
        };
        searches.into_iter().map(join).collect()
    });
    let mut found = Found::default();
    for part in parts {
        found.add(part?);
    }
    found.warnings.extend(prober.into_warnings());
    Ok(found)
}

fn search(option: &EngineOption, prober: &Prober<'_>) -> Result<Found> {
    match option {
        EngineOption::Engine(engine) => first_of(engine, prober),
        EngineOption::Program(path, engine) => {
            let what = || format!("`{}` cannot be used", path.display());
            let answer = prober
                .probe(path)
                .with_context(|| format!("failed to probe `{}`", path.display()))?
                .with_context(what)?;
            if let Some(engine) = engine {
                check_engine(&answer, engine).with_context(what)?;
            }
            let program = answer.program(path.clone(), FoundBy::Option).with_context(what)?;
            Ok(Found {
                programs: vec![program],
                ..Found::default()
            })
        }
    }
}

/// Probes one candidate after the other until one is the engine.
fn first_of(engine: &'static Engine, prober: &Prober<'_>) -> Result<Found> {
    let mut found = Found::default();
    let mut probed = BTreeSet::new();
    for (path, found_by) in places::PLACES.iter().flat_map(|place| place(engine)) {
        // `/bin` and `/usr/bin` are the same on many systems; but a program with several names may depend on its name.
        let same = (fs::canonicalize(&path).ok(), path.file_name().map(OsStr::to_owned));
        if !probed.insert(same) {
            continue;
        }
        let answer = prober
            .probe(&path)
            .with_context(|| format!("failed to probe `{}`", path.display()))?;
        let program = answer.and_then(|answer| {
            check_engine(&answer, engine)?;
            answer.program(path.clone(), found_by.clone())
        });
        match program {
            Ok(program) => {
                found.programs.push(program);
                return Ok(found);
            }
            Err(refusal) => found.warnings.push(format!(
                "`{}` ({found_by}) is not used for {}: {refusal}",
                path.display(),
                engine.name
            )),
        }
    }
    found.missing.push(engine);
    Ok(found)
}

fn check_engine(answer: &ProbeAnswer, engine: &Engine) -> Result<(), Refusal> {
    match answer.shell()?.engine == engine.name {
        true => Ok(()),
        false => Err(Refusal(format!("it is {}, not {}", answer.shell, engine.name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn an_engine_is_named_with_or_without_its_program() {
        let read = |word: &str| parse_options(&[OsString::from(word)]).map(|mut all| all.remove(0));
        assert!(matches!(read("jsc"), Ok(EngineOption::Engine(engine)) if engine.name == "jsc"));
        assert!(
            matches!(read("v8=/a b/node"), Ok(EngineOption::Program(path, Some(engine)))
            if path == Path::new("/a b/node") && engine.name == "v8")
        );
        assert!(matches!(read("/a=b/node"), Ok(EngineOption::Program(path, None)) if path == Path::new("/a=b/node")));
        let error = read("spidermonky").unwrap_err().to_string();
        assert_eq!(
            error,
            "`spidermonky` is neither an engine nor a program on PATH; did you mean `spidermonkey`?"
        );
        assert_eq!(
            read("v9=/bin/sh").unwrap_err().to_string(),
            "there is no engine `v9`; did you mean `v8`?"
        );
        let odd = OsString::from_vec(b"/\xff/d8".into());
        assert!(matches!(
            &parse_options(&[odd]).unwrap()[0],
            EngineOption::Program(_, None)
        ));
    }
}
