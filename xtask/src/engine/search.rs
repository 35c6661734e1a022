//! Finds the programs to run: for each engine the first candidate that turns
//! out to be it when asked.

use crate::base::directories::Checkout;
use crate::base::suggest::did_you_mean;
use crate::engine::feature::Feature;
use crate::engine::places;
use crate::engine::probe::{Answer, Prober};
use crate::engine::shell::Shell;
use crate::engine::table::{self as engine, ENGINES, Engine};
use crate::run::interrupt::Interrupt;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;

/// A program that was found to run an engine.
#[derive(Debug)]
pub struct Program {
    pub engine: &'static Engine,
    pub shell: &'static Shell,
    pub path: PathBuf,
    /// The shell's or host's version.
    pub version: Option<String>,
    /// The engine's, where a host tells one of its own.
    pub engine_version: Option<String>,
    pub features: BTreeSet<Feature>,
    /// The flags that it needs to have these features.
    pub flags: Vec<String>,
    pub how: How,
    /// Why it cannot be judged, if its canary has found that.
    pub doubt: Option<String>,
}

/// How a candidate was come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// `--engine` names the program.
    Named,
    Variable(&'static str),
    Path,
    Jsvu,
    Esvu,
    /// A directory off PATH where the system keeps it.
    System,
    /// A host on PATH.
    Host,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Named => f.write_str("--engine"),
            How::Variable(name) => write!(f, "${name}"),
            How::Path => f.write_str("PATH"),
            How::Jsvu => f.write_str("jsvu"),
            How::Esvu => f.write_str("esvu"),
            How::System => f.write_str("system"),
            How::Host => f.write_str("PATH, host"),
        }
    }
}

impl fmt::Display for Program {
    /// `d8 10.2.154`, or `node 20.20.2, host of V8 11.3`: a host is always named as such.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shell.name)?;
        match &self.version {
            Some(version) => write!(f, " {version}")?,
            None => f.write_str(", version unknown")?,
        }
        if self.shell.host {
            write!(f, ", host of {}", self.engine.title)?;
            // A commit's hash says little in a table.
            if let Some(version) = self.engine_version.as_deref().filter(|version| version.contains('.')) {
                write!(f, " {version}")?;
            }
        }
        Ok(())
    }
}

/// What was found, and what was not.
#[derive(Debug, Default)]
pub struct Found {
    pub programs: Vec<Program>,
    pub missing: Vec<&'static Engine>,
    /// A word about each candidate that was passed over.
    pub passed_over: Vec<String>,
}

impl Found {
    fn add(&mut self, other: Found) {
        self.programs.extend(other.programs);
        self.missing.extend(other.missing);
        self.passed_over.extend(other.passed_over);
    }

    /// The engines whose own shell was not found, a host's help or none.
    pub fn without_shell(&self) -> Vec<&'static Engine> {
        let mut engines = self.missing.clone();
        let by_host = |program: &&Program| program.shell.host && program.how == How::Host;
        engines.extend(self.programs.iter().filter(by_host).map(|program| program.engine));
        engines
    }
}

/// What one `--engine` asks for.
#[derive(Debug)]
pub enum Wanted {
    Engine(&'static Engine),
    /// A program, and the engine that it has to be, if that was said.
    Program(PathBuf, Option<&'static Engine>),
}

/// Reads the values of `--engine`.
pub fn wanted(words: &[OsString]) -> Result<Vec<Wanted>> {
    let mut once: Vec<&OsString> = Vec::new();
    for word in words {
        if !once.contains(&word) {
            once.push(word);
        }
    }
    once.into_iter().map(|word| read(word)).collect()
}

fn read(word: &OsStr) -> Result<Wanted> {
    if let Some(engine) = word.to_str().and_then(|name| engine::named(name).ok()) {
        return Ok(Wanted::Engine(engine));
    }
    let bytes = word.as_bytes();
    if let Some(equals) = bytes.iter().position(|byte| *byte == b'=') {
        let name = String::from_utf8_lossy(&bytes[..equals]);
        // A path may have a `=` in it, but an engine's name has no slash.
        if !name.contains('/') {
            ensure!(
                equals + 1 < bytes.len(),
                "`{}` lacks the path of a program",
                Path::new(word).display()
            );
            let program = program(OsStr::from_bytes(&bytes[equals + 1..]))?;
            return Ok(Wanted::Program(program, Some(engine::named(&name)?)));
        }
    }
    Ok(Wanted::Program(program(word)?, None))
}

/// A path as it is, a bare name by PATH.
fn program(word: &OsStr) -> Result<PathBuf> {
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

/// Finds all engines, or those that are asked for; each engine is looked for at the same time as the others.
pub fn find(checkout: &Checkout, words: &[OsString], interrupt: &Interrupt) -> Result<Found> {
    let mut wanted = wanted(words)?;
    if wanted.is_empty() {
        wanted = ENGINES.iter().map(Wanted::Engine).collect();
    }
    let prober = Prober::new(checkout, interrupt)?;
    let parts: Vec<Result<Found>> = thread::scope(|scope| {
        let searches: Vec<_> = wanted
            .iter()
            .map(|wanted| scope.spawn(|| search(wanted, &prober)))
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
    Ok(found)
}

fn search(wanted: &Wanted, prober: &Prober<'_>) -> Result<Found> {
    match wanted {
        Wanted::Engine(engine) => first_of(engine, prober),
        Wanted::Program(path, engine) => {
            let what = || format!("`{}` cannot be used", path.display());
            let answer = prober.ask(path).with_context(what)?;
            if let Some(engine) = engine {
                is_it(&answer, engine).with_context(what)?;
            }
            let program = answer.program(path.clone(), How::Named)?;
            Ok(Found {
                programs: vec![program],
                ..Found::default()
            })
        }
    }
}

/// Asks one candidate after the other until one is the engine.
fn first_of(engine: &'static Engine, prober: &Prober<'_>) -> Result<Found> {
    let mut found = Found::default();
    let mut asked = BTreeSet::new();
    for (path, how) in places::PLACES.iter().flat_map(|place| place(engine)) {
        // `/bin` and `/usr/bin` are one on many systems; but a name can matter to a program with several.
        let same = (fs::canonicalize(&path).ok(), path.file_name().map(OsStr::to_owned));
        if !asked.insert(same) {
            continue;
        }
        let answer = prober.ask(&path).and_then(|answer| {
            is_it(&answer, engine)?;
            answer.program(path.clone(), how.clone())
        });
        match answer {
            Ok(program) => {
                found.programs.push(program);
                return Ok(found);
            }
            // What it did then says nothing of it.
            Err(_) if prober.is_interrupted() => bail!("interrupted"),
            Err(error) => found.passed_over.push(format!(
                "`{}` ({how}) is passed over for {}: {error:#}",
                path.display(),
                engine.name
            )),
        }
    }
    found.missing.push(engine);
    Ok(found)
}

fn is_it(answer: &Answer, engine: &Engine) -> Result<()> {
    if answer.shell()?.engine != engine.name {
        bail!("it is {}, not {}", answer.shell, engine.name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn an_engine_is_named_with_or_without_its_program() {
        let read = |word: &str| wanted(&[OsString::from(word)]).map(|mut all| all.remove(0));
        assert!(matches!(read("jsc"), Ok(Wanted::Engine(engine)) if engine.name == "jsc"));
        assert!(matches!(read("v8=/a b/node"), Ok(Wanted::Program(path, Some(engine)))
            if path == Path::new("/a b/node") && engine.name == "v8"));
        assert!(matches!(read("/a=b/node"), Ok(Wanted::Program(path, None)) if path == Path::new("/a=b/node")));
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
        assert!(matches!(&wanted(&[odd]).unwrap()[0], Wanted::Program(_, None)));
    }
}
