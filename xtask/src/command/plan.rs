//! The requirements of a run: cases, guests, and programs that can be judged.

use crate::base::text::command_line;
use crate::base::{invocation, output};
use crate::case::checkout::{self, MissingExpectation};
use crate::case::{Case, own, wildcard};
use crate::engine::canary;
use crate::engine::feature::Feature;
use crate::engine::found::Found;
use crate::engine::program::Program;
use crate::engine::search;
use crate::engine::selection::Selection;
use crate::engine::shell::Shell;
use crate::engine::wanted::WantedEngine;
use crate::guest::clang::NoClang;
use crate::guest::guests::{self, Guests};
use crate::guest::toolchain::NoToolchain;
use crate::install::installer::hint;
use crate::install::recipes::Need;
use crate::run::session::Session;
use anyhow::{Result, anyhow, bail};
use std::ffi::OsString;
use std::thread;

/// The cases that the command line names, after a check that their guests exist.
pub fn cases(command: &str, words: &[OsString], session: &Session) -> Result<Vec<Case>> {
    cases_with(command, words, MissingExpectation::Refused, session)
}

/// The same; cases of the checkout may have no expectation yet.
pub fn cases_with(
    command: &str,
    words: &[OsString],
    missing: MissingExpectation,
    session: &Session,
) -> Result<Vec<Case>> {
    let checkout = session.directories.checkout();
    let words = wildcard::expand(words, &session.directories)?;
    let (own, ours): (Vec<&OsString>, Vec<&OsString>) = words.iter().partition(|word| own::is_own(word, checkout));
    let mut cases = own::read(&own)?;
    if own.is_empty() || !ours.is_empty() {
        cases.extend(checkout::read(&session.directories, command, &ours, missing)?);
    }
    for case in &cases {
        case.guests()?;
    }
    Ok(cases)
}

/// Takes out the cases that need a document if no program has one, as no shell has, and says how to run them. A case
/// that is named stays, to be skipped.
pub fn without_pages(cases: &mut Vec<Case>, words: &[OsString], found: &Found) {
    let has_document = |program: &Program| program.features.contains(&Feature::Document);
    let count = cases.iter().filter(|case| case.needs_document()).count();
    if !words.is_empty() || count == 0 || count == cases.len() || found.programs.iter().any(has_document) {
        return;
    }
    cases.retain(|case| !case.needs_document());
    output::note(&format!(
        "{count} cases need a document and are left out; `{} test --browsers` runs them too",
        invocation::name()
    ));
}

/// Finds the programs; an error if one that is named is missing, or if there is none. What is wrong with the command
/// line is said before anything is built.
pub fn find(engines: Selection<'_>, session: &Session) -> Result<Found> {
    let found = search::find(engines, session)?;
    found.warnings.iter().for_each(|warning| output::warn(warning));
    enough(&found, engines, session)?;
    Ok(found)
}

/// Builds the guests and, side by side, runs the canary.
pub fn prepare_found(cases: &[Case], mut found: Found, session: &Session) -> Result<(Guests, Found)> {
    let shells: Vec<&Shell> = found.programs.iter().map(|program| program.shell).collect();
    let (guests, warnings) = thread::scope(|scope| {
        let canaries = scope.spawn(|| canary::test(&mut found.programs, session));
        let guests = guests_for(cases, &shells, session);
        let warnings = canaries.join().unwrap_or_else(|_| bail!("the canary panicked"));
        (guests, warnings)
    });
    warnings?.iter().for_each(|warning| output::warn(warning));
    Ok((guests?, found))
}

/// Builds the guests, and bundles the scripts that these shells cannot run as they are.
pub fn guests_for(cases: &[Case], shells: &[&Shell], session: &Session) -> Result<Guests> {
    let mut guests = build_guests(cases, session)?;
    guests.add_bundles(cases, shells, &installing(cases), session)?;
    Ok(guests)
}

/// The command that installs what cases need.
fn installing(cases: &[Case]) -> String {
    let words = ["test", "--install"].map(String::from).into_iter();
    let names = cases.iter().map(|case| case.name.clone());
    format!("{} {}", invocation::name(), command_line(words.chain(names)))
}

/// Checks that the engines of the command line are here.
pub fn check_engines(engines: Selection<'_>, session: &Session) -> Result<()> {
    enough(&search::find(engines, session)?, engines, session)
}

/// Builds the guests of the cases; the error says how to install a missing toolchain.
pub fn build_guests(cases: &[Case], session: &Session) -> Result<Guests> {
    guests::build(cases, session).map_err(|error| {
        let need = match error.is::<NoToolchain>() {
            true => Some(Need::Wasm32),
            false => error.is::<NoClang>().then_some(Need::Clang),
        };
        match need {
            Some(need) => anyhow!("{error:#}{}", hint(&[need], session)),
            None => error,
        }
    })
}

/// Checks that every engine named with `--engine` was found, and at least one engine otherwise.
fn enough(found: &Found, engines: Selection<'_>, session: &Session) -> Result<()> {
    let named = !engines.engines.is_empty();
    if found.missing.is_empty() || !(named || found.programs.is_empty()) {
        return Ok(());
    }
    let names: Vec<String> = found.missing.iter().map(WantedEngine::to_string).collect();
    let needs: Vec<Need> = found.missing.iter().cloned().map(Need::Shell).collect();
    let hint = hint(&needs, session);
    bail!("no engine was found for {}{hint}", names.join(", "));
}
