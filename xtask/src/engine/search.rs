//! Finds the programs to run: for each engine, the first candidate whose answer
//! to the probe proves that it is that engine.

use crate::browser::kind::BrowserKind;
use crate::browser::place::BrowserPlace;
use crate::engine::browsers;
use crate::engine::configuration::{self, ConfiguredProgram};
use crate::engine::engine_option::EngineOption;
use crate::engine::found::Found;
use crate::engine::places;
use crate::engine::probe::Prober;
use crate::engine::program::FoundBy;
use crate::engine::selection::Selection;
use crate::engine::settings::ProgramSettings;
use crate::engine::table::Engine;
use crate::engine::version_order::version_order;
use crate::engine::wanted::WantedEngine;
use crate::run::session::Session;
use anyhow::{Context, Result, anyhow, bail, ensure};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

/// Finds a program for each engine, or for each value of `--engine`, side by side.
pub fn find(wanted: Selection<'_>, session: &Session) -> Result<Found> {
    let options = EngineOption::parse_all(wanted.engines, &configuration::programs()?)?;
    let mut found = find_options(&options, wanted.places, session)?;
    if wanted.browsers {
        let is_new = |browser: &BrowserKind| !options.contains(&EngineOption::Browser(*browser));
        let browsers: Vec<EngineOption> = BrowserKind::all().filter(is_new).map(EngineOption::Browser).collect();
        let mut more = find_options(&browsers, wanted.places, session)?;
        // Those that are there were asked for.
        more.missing.clear();
        found.add(more);
    }
    let is_any = found.programs.iter().any(|program| program.place.is_some());
    ensure!(
        is_any || !wanted.browsers,
        "no browser was found; `--engine chromium` names how to install one"
    );
    let is_missing = found.missing.iter().any(|wanted| wanted.browser.is_some());
    ensure!(
        is_any || is_missing || wanted.places == [BrowserPlace::Page],
        "`--in` is for browsers, and none is asked for: add `--engine chromium`, or `--browsers`"
    );
    Ok(found)
}

/// The same; a value that is the name of an engine stands for all programs of it, as `NAME=all` does.
pub fn find_versions(words: &[OsString], session: &Session) -> Result<Found> {
    let mut options = EngineOption::parse_all(words, &configuration::programs()?)?;
    for option in &mut options {
        if let EngineOption::Engine(engine) = option {
            *option = EngineOption::All(engine);
        }
    }
    find_options(&options, &[BrowserPlace::Page], session)
}

fn find_options(options: &[EngineOption], places: &[BrowserPlace], session: &Session) -> Result<Found> {
    let prober = Prober::new(session)?;
    let parts: Vec<Result<Found>> = thread::scope(|scope| {
        let searches: Vec<_> = options
            .iter()
            .map(|option| scope.spawn(|| search(option, places, &prober)))
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

fn search(option: &EngineOption, places: &[BrowserPlace], prober: &Prober<'_>) -> Result<Found> {
    if let Some(found) = browsers::search(option, places, prober)? {
        return Ok(found);
    }
    match option {
        EngineOption::Browser(_) | EngineOption::BrowserProgram(..) => bail!("a browser was not searched for"),
        EngineOption::Engine(engine) => first_of(engine, prober),
        EngineOption::Program(path, engine) => only(path, *engine, None, prober),
        EngineOption::Named(name, path) => only(path, None, Some(name), prober),
        EngineOption::OfFile(named) => of_file(named, prober),
        EngineOption::All(engine) => all_of(engine, prober),
        EngineOption::Version(wanted) => of_version(wanted, prober),
    }
}

/// A program of `wasm-leaks.toml`, called with its flags and variables; errors begin with the place there.
fn of_file(named: &ConfiguredProgram, prober: &Prober<'_>) -> Result<Found> {
    let (path, found_by, mut found) = match (&named.path, named.engine) {
        (Some(path), _) => (path_of_file(named, path)?, FoundBy::File, Found::default()),
        (None, Some(engine)) => {
            let mut found = first_of(engine, prober)?;
            match found.programs.pop() {
                Some(program) => (program.path, program.found_by, found),
                None => {
                    let text = format!(
                        "{}: no program of {} was found for `{}`",
                        named.place, engine.title, named.name
                    );
                    found.warnings.push(text);
                    return Ok(found);
                }
            }
        }
        (None, None) => bail!("{}: `{}` has neither `engine` nor `path`", named.place, named.name),
    };
    let probe = |settings: &ProgramSettings| {
        let trouble = || format!("failed to probe `{}`", path.display());
        prober.probe(&path, settings).with_context(trouble)
    };
    let what = |place: &str| format!("{place}: `{}` cannot be used for `{}`", path.display(), named.name);
    let without_flags = ProgramSettings {
        flags: Vec::new(),
        ..named.settings.clone()
    };
    let mut answer = probe(&without_flags)?.with_context(|| what(&named.path_place))?;
    if let Some(engine) = named.engine {
        answer.check_engine(engine).with_context(|| what(&named.path_place))?;
    }
    if !named.settings.flags.is_empty() {
        answer = probe(&named.settings)?.map_err(|refusal| {
            anyhow!(
                "{}: {refusal} when `{}` was called with the flags of `{}`; expected flags that it accepts",
                named.flags_place,
                path.display(),
                named.name
            )
        })?;
    }
    let mut program = answer
        .program(path.clone(), None, found_by)
        .with_context(|| what(&named.path_place))?;
    program.name = Some(named.name.clone());
    program.environment.clone_from(&named.settings.environment);
    found.programs.push(program);
    Ok(found)
}

/// The path in the file, or where PATH has a bare name.
fn path_of_file(named: &ConfiguredProgram, path: &Path) -> Result<PathBuf> {
    if path.components().count() > 1 {
        return Ok(path.to_owned());
    }
    which::which(path).map_err(|_| {
        anyhow!(
            "{}: `{}` of `{}` is not on PATH; expected a program there, or a path with a slash, such as `./{}`",
            named.path_place,
            path.display(),
            named.name,
            path.display()
        )
    })
}

/// The program of this path, which has to be a JavaScript engine: the given one, if any.
fn only(path: &Path, engine: Option<&Engine>, name: Option<&String>, prober: &Prober<'_>) -> Result<Found> {
    let what = || format!("`{}` cannot be used", path.display());
    let answer = prober
        .probe(path, &ProgramSettings::default())
        .with_context(|| format!("failed to probe `{}`", path.display()))?
        .with_context(what)?;
    if let Some(engine) = engine {
        answer.check_engine(engine).with_context(what)?;
    }
    let mut program = answer
        .program(path.to_owned(), None, FoundBy::Option)
        .with_context(what)?;
    program.name = name.cloned();
    Ok(Found {
        programs: vec![program],
        ..Found::default()
    })
}

/// The best program of the engine.
fn first_of(engine: &'static Engine, prober: &Prober<'_>) -> Result<Found> {
    candidates(engine, prober, 1)
}

/// All programs of the engine, in all places, and hosts as well: the oldest version first, those of no known one last.
/// They are selected again by their paths. Of several names of one file that make no difference the best counts.
fn all_of(engine: &'static Engine, prober: &Prober<'_>) -> Result<Found> {
    let mut found = candidates(engine, prober, usize::MAX)?;
    let mut known = BTreeSet::new();
    found.programs.retain(|program| {
        let file = fs::canonicalize(&program.path).unwrap_or_else(|_| program.path.clone());
        known.insert((file, program.to_string()))
    });
    for program in &mut found.programs {
        program.found_by = FoundBy::Option;
    }
    // Of equals the best stays first.
    found
        .programs
        .sort_by_key(|program| version_order(program.own_version()));
    Ok(found)
}

/// The newest program of the engine that has the version; it is selected again by its path.
fn of_version(wanted: &WantedEngine, prober: &Prober<'_>) -> Result<Found> {
    let mut found = all_of(wanted.engine, prober)?;
    let program = found.programs.into_iter().rfind(|program| wanted.has_version(program));
    found.missing = match &program {
        Some(_) => Vec::new(),
        None => vec![wanted.clone()],
    };
    found.programs = program.into_iter().collect();
    Ok(found)
}

/// Probes one candidate after the other, the best first, until so many are the engine.
fn candidates(engine: &'static Engine, prober: &Prober<'_>, most: usize) -> Result<Found> {
    let mut found = Found::default();
    let mut probed = BTreeSet::new();
    for (path, found_by) in places::PLACES.iter().flat_map(|place| place(engine)) {
        // `/bin` and `/usr/bin` are the same on many systems; but a program with several names may depend on its name.
        let same = (fs::canonicalize(&path).ok(), path.file_name().map(OsStr::to_owned));
        if !probed.insert(same) {
            continue;
        }
        let answer = prober
            .probe(&path, &ProgramSettings::default())
            .with_context(|| format!("failed to probe `{}`", path.display()))?;
        let program = answer.and_then(|answer| {
            answer.check_engine(engine)?;
            answer.program(path.clone(), None, found_by.clone())
        });
        match program {
            Ok(program) => found.programs.push(program),
            Err(refusal) => found.warnings.push(format!(
                "`{}` ({found_by}) is not used for {}: {refusal}",
                path.display(),
                engine.name
            )),
        }
        if found.programs.len() == most {
            break;
        }
    }
    if found.programs.is_empty() {
        found.missing.push(WantedEngine::any(engine));
    }
    Ok(found)
}
