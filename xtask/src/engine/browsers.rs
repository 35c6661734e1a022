//! Finds browsers: each in every place in which scripts are to run.

use crate::browser::kind::BrowserKind;
use crate::browser::place::BrowserPlace;
use crate::engine::caller::Caller;
use crate::engine::engine_option::EngineOption;
use crate::engine::found::Found;
use crate::engine::places;
use crate::engine::probe::Prober;
use crate::engine::program::FoundBy;
use crate::engine::settings::ProgramSettings;
use crate::engine::shell::{Shell, shell_of_browser};
use crate::engine::table::Engine;
use crate::engine::wanted::WantedEngine;
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;

/// A browser that is wanted.
#[derive(Debug, Clone, Copy)]
struct WantedBrowser<'a> {
    browser: BrowserKind,
    /// The name of the user's own, if any.
    name: Option<&'a String>,
    settings: &'a ProgramSettings,
    places: &'a [BrowserPlace],
}

/// The browser that an option names, by its name or by that of its program; `None` if it names none.
pub fn search(option: &EngineOption, places: &[BrowserPlace], prober: &Prober<'_>) -> Result<Option<Found>> {
    let settings = ProgramSettings::default();
    let wanted = |browser, name| WantedBrowser {
        browser,
        name,
        settings: &settings,
        places,
    };
    let found = match option {
        EngineOption::Browser(browser) => anywhere(wanted(*browser, None), prober),
        EngineOption::BrowserProgram(path, browser) => at(wanted(*browser, None), path, FoundBy::Option, prober),
        EngineOption::Named(name, path) => match of_program(path) {
            Some(browser) => at(wanted(browser, Some(name)), path, FoundBy::Option, prober),
            None => return Ok(None),
        },
        EngineOption::Program(path, engine) => match of_program(path) {
            Some(browser) => {
                check_engine(browser, *engine, path)?;
                at(wanted(browser, None), path, FoundBy::Option, prober)
            }
            None => return Ok(None),
        },
        EngineOption::OfFile(named) => match named.path.as_deref().and_then(|path| Some((path, of_program(path)?))) {
            Some((path, browser)) => {
                let path = which::which(path).unwrap_or_else(|_| path.to_owned());
                let wanted = WantedBrowser {
                    settings: &named.settings,
                    ..wanted(browser, Some(&named.name))
                };
                check_engine(browser, named.engine, &path)
                    .and_then(|()| at(wanted, &path, FoundBy::File, prober))
                    .with_context(|| format!("{}: `{}` has no program", named.path_place, named.name))
            }
            None => return Ok(None),
        },
        EngineOption::Engine(_) | EngineOption::All(_) | EngineOption::Version(_) => return Ok(None),
    };
    found.map(Some)
}

/// The browser whose program has the name of this file: a shell is not started in that way.
fn of_program(path: &Path) -> Option<BrowserKind> {
    BrowserKind::of_program(path.file_name()?.to_str()?)
}

fn check_engine(browser: BrowserKind, engine: Option<&Engine>, path: &Path) -> Result<()> {
    let name = row(browser)?.engine;
    ensure!(
        engine.is_none_or(|engine| engine.name == name),
        "`{}` cannot be used: it is {}, with the engine {name}",
        path.display(),
        browser.title()
    );
    Ok(())
}

fn row(browser: BrowserKind) -> Result<&'static Shell> {
    shell_of_browser(browser).with_context(|| format!("{} is not among the hosts", browser.title()))
}

/// The first that works of those on this machine.
fn anywhere(wanted: WantedBrowser<'_>, prober: &Prober<'_>) -> Result<Found> {
    let mut found = Found::default();
    for (path, found_by) in places::of_browser(wanted.browser) {
        match at(wanted, &path, found_by.clone(), prober) {
            Ok(one) => {
                found.add(one);
                return Ok(found);
            }
            Err(_) if prober.session.is_interrupted() => bail!("interrupted"),
            Err(error) => found.warnings.push(format!("{error:#} ({found_by})")),
        }
    }
    found.missing.extend(WantedEngine::of_browser(row(wanted.browser)?));
    Ok(found)
}

/// The browser of this path, once for each place.
fn at(wanted: WantedBrowser<'_>, path: &Path, found_by: FoundBy, prober: &Prober<'_>) -> Result<Found> {
    let what = || format!("`{}` cannot be used", path.display());
    ensure!(
        path.to_str().is_some(),
        "`{}` cannot be used: its path is not UTF-8",
        path.display()
    );
    let mut found = Found::default();
    for place in wanted.places {
        let caller = Caller {
            shell: row(wanted.browser)?,
            place: Some(*place),
            page: None,
            path,
        };
        let answer = prober
            .probe_browser(caller, wanted.settings)
            .with_context(|| format!("failed to probe `{}`", path.display()))?
            .with_context(what)?;
        let mut program = answer
            .program(path.to_owned(), Some(*place), found_by.clone())
            .with_context(what)?;
        program.name = wanted.name.cloned();
        program.environment.clone_from(&wanted.settings.environment);
        found.programs.push(program);
    }
    Ok(found)
}
