//! Finds the programs to run: for each engine, the first candidate whose answer
//! to the probe proves that it is that engine.

use crate::engine::engine_option::EngineOption;
use crate::engine::places;
use crate::engine::probe::{ProbeAnswer, Prober, Refusal};
use crate::engine::program::{FoundBy, Program};
use crate::engine::table::{ENGINES, Engine};
use crate::run::session::Session;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
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

/// Finds a program for each engine, or for each value of `--engine`, side by side.
pub fn find(words: &[OsString], session: &Session) -> Result<Found> {
    let mut options = EngineOption::parse_all(words)?;
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
        EngineOption::Program(path, engine) => only(path, *engine, None, prober),
        EngineOption::Named(name, path) => only(path, None, Some(name), prober),
    }
}

/// The program of this path, which has to be a JavaScript engine: the given one, if any.
fn only(path: &Path, engine: Option<&Engine>, name: Option<&String>, prober: &Prober<'_>) -> Result<Found> {
    let what = || format!("`{}` cannot be used", path.display());
    let answer = prober
        .probe(path)
        .with_context(|| format!("failed to probe `{}`", path.display()))?
        .with_context(what)?;
    if let Some(engine) = engine {
        check_engine(&answer, engine).with_context(what)?;
    }
    let mut program = answer.program(path.to_owned(), FoundBy::Option).with_context(what)?;
    program.name = name.cloned();
    Ok(Found {
        programs: vec![program],
        ..Found::default()
    })
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
