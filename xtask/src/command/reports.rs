//! What `test` writes beside the table: files, and what GitHub Actions shows.

use crate::base::{file, invocation, output};
use crate::command::flags::{TestFlags, WhenFlag};
use crate::results::document::Results;
use crate::run::session::Session;
use crate::show::annotations::{PathBases, annotations};
use crate::show::junit::junit;
use crate::show::summary_page::summary_page;
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The files that flags name, and these flags.
pub fn files(flags: &TestFlags) -> impl Iterator<Item = (&PathBuf, &'static str)> {
    let junit = flags.reports.junit.iter().map(|path| (path, "--junit"));
    let page = flags.reports.report.iter().flatten().map(|path| (path, "--report"));
    let json = flags.json.iter().map(|path| (path, "--json"));
    json.chain(junit).chain(page)
}

/// Whether something is made of what cells print, those too that are as expected. Their record has it in any case.
pub fn have_output(flags: &TestFlags) -> bool {
    files(flags).next().is_some() || flags.accept.is_some()
}

/// Checks before the run that the files can be written.
pub fn check(flags: &TestFlags) -> Result<()> {
    let all: Vec<_> = files(flags).collect();
    for (index, (path, flag)) in all.iter().enumerate() {
        file::can_be_written(path, flag)?;
        if let Some((_, other)) = all[..index].iter().find(|(other, _)| other == path) {
            bail!(
                "`{other}` and `{flag}` both name `{}`: give each a file of its own",
                path.display()
            );
        }
    }
    Ok(())
}

/// Writes all reports. One that fails keeps no other from being written; the first error is returned.
pub fn write(results: &Results, flags: &TestFlags, session: &Session, began: Instant) -> Result<()> {
    let json = || {
        let path = flags.json.as_ref()?;
        let json = results.to_json().context("failed to put the results into JSON");
        Some(json.and_then(|json| file::write(path, &json)))
    };
    let report = || {
        let path = flags.reports.junit.as_ref()?;
        let xml = junit(results, invocation::name()).context("failed to put the results into a JUnit report");
        Some(xml.and_then(|xml| file::write(path, &xml)))
    };
    let written = [json(), report(), summary(results, began.elapsed().as_secs_f64())];
    if is_wanted(flags.reports.annotations) {
        output::ci_commands(&annotations(results, &bases(session), invocation::name()));
    }
    written.into_iter().flatten().collect()
}

/// Whether GitHub Actions runs this command.
fn is_in_github_actions() -> bool {
    env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

fn is_wanted(when: WhenFlag) -> bool {
    match when {
        WhenFlag::Auto => is_in_github_actions(),
        WhenFlag::Always => true,
        WhenFlag::Never => false,
    }
}

/// Adds a page to the summary of the step, if there is one; `None` outside of GitHub Actions. The run took so many seconds.
pub fn summary(results: &Results, seconds: f64) -> Option<Result<()>> {
    let path = variable("GITHUB_STEP_SUMMARY").filter(|_| is_in_github_actions())?;
    let page = summary_page(results, seconds, invocation::name());
    Some(file::append(Path::new(&path), page.as_bytes()))
}

/// The directories that paths in results begin at, as seen from the root of the repository.
fn bases(session: &Session) -> PathBases {
    let here = env::current_dir().unwrap_or_default();
    let root = variable("GITHUB_WORKSPACE").map_or(here.clone(), PathBuf::from);
    let root = fs::canonicalize(&root).unwrap_or(root);
    // A directory that is not in the repository stays absolute.
    let below = |path: &Path| {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        path.strip_prefix(&root).unwrap_or(&path).display().to_string()
    };
    PathBases {
        here: below(&here),
        checkout: session.directories.checkout().map(below).unwrap_or_default(),
    }
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
