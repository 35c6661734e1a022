//! Runs scripts in a program, on a stage, within limits. Only this file and the
//! shell's row in the table know how a shell is called.

use crate::engine::caller::Caller;
use crate::engine::library;
use crate::engine::program::Program;
use crate::run::limits::Limits;
use crate::run::process::{self, Finished, NotStarted};
use crate::run::session::Session;
use crate::run::stage::Stage;
use anyhow::Result;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};

/// The argument in place of a guest, where there is none.
const NO_GUEST: &str = "none";

/// The scripts for a program to run. All names are relative to the stage.
#[derive(Debug, Clone, Default)]
pub struct Performance {
    /// The module that the scripts find by `guestPath`.
    pub guest: Option<String>,
    /// Classic scripts, in the order in which they are loaded.
    pub scripts: Vec<String>,
    /// Values for the scripts of `js/lib`, as `NAME=VALUE`.
    pub options: Vec<String>,
    /// The key that telemetry has to bear, if any: not among the arguments that are shown.
    pub key: Option<String>,
    /// The scripts make the engine write a heap snapshot.
    pub writes_heap: bool,
    /// Where a user's own script is run.
    pub own: Option<OwnPlace>,
}

/// A user's own script on a stage. The program runs in its directory, as users run it.
#[derive(Debug, Clone)]
pub struct OwnPlace {
    /// The directory of the script, and the root of the user's files.
    pub directory: String,
    pub root: String,
    /// The root where the user has it: a host follows links to packages there.
    pub home: PathBuf,
    pub is_module: bool,
    /// A browser runs it: its files have the names that they have on the stage, as they stand in addresses.
    pub is_in_browser: bool,
    /// The page that a browser opens in place of ours: a path on the stage, or an address.
    pub page: Option<String>,
}

/// The arguments of the program, beginning with its flags, without the key.
pub fn arguments(program: &Program, performance: &Performance) -> Vec<String> {
    arguments_on(program, performance, Path::new("."), None)
}

fn arguments_on(program: &Program, performance: &Performance, stage: &Path, key: Option<&str>) -> Vec<String> {
    let shell = program.shell;
    let page = performance.own.as_ref().and_then(|own| own.page.as_deref());
    let caller = Caller {
        page,
        ..program.caller()
    };
    let heap_flag = shell.snapshot_flag.filter(|_| performance.writes_heap);
    let census_flags = match performance.own {
        Some(_) => shell.census_flags,
        None => &[],
    };
    let census_flags = census_flags
        .iter()
        .filter(|(_, since)| program.engine_major() >= *since);
    let flags: Vec<String> = program
        .flags
        .iter()
        .map(String::as_str)
        .chain(heap_flag)
        .chain(census_flags.map(|(flag, _)| *flag))
        .map(str::to_owned)
        .collect();
    let guest = performance.guest.as_deref().unwrap_or(NO_GUEST);
    let mut options: Vec<String> = key.map(|key| format!("key={key}")).into_iter().collect();
    options.extend(performance.options.iter().cloned());
    let Some(own) = &performance.own else {
        let scripts = performance.scripts.iter().map(String::as_str);
        let options = options.iter().map(String::as_str);
        let arguments: Vec<&str> = options.chain([guest]).chain(scripts).collect();
        return caller.arguments(&flags, library::SHELL, &arguments);
    };
    // It runs in the script's directory, from which `js/lib` is found by its full path; and
    // a module is imported by its own.
    let full = |name: &str| match shell.browser {
        // Its page knows where the stage is.
        Some(_) => name.to_owned(),
        None => stage.join(name).display().to_string(),
    };
    for (name, place) in [("lib", "js/lib"), ("root", &own.root), ("directory", &own.directory)] {
        options.push(format!("{name}={}/", full(place)));
    }
    options.extend(own.home.to_str().map(|home| format!("home={home}/")));
    options.extend(own.is_module.then(|| "module=1".to_owned()));
    let (script, ours) = performance
        .scripts
        .split_last()
        .map_or(("", &[][..]), |(last, ours)| (last, ours));
    let mut arguments = options;
    arguments.push(guest.to_owned());
    arguments.extend(ours.iter().map(|name| full(name)));
    arguments.push(match own.is_module {
        true => full(&format!("{}/{script}", own.directory)),
        false => script.to_owned(),
    });
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    caller.arguments(&flags, &full(library::SHELL), &arguments)
}

/// Runs the scripts, and puts `js/lib/shell.js` on the stage. The outer error says nothing about the program.
pub fn run(
    program: &Program,
    performance: &Performance,
    stage: &Stage,
    limits: Limits,
    session: &Session,
) -> Result<Result<Finished, NotStarted>> {
    library::put(&session.directories, stage, &[library::SHELL])?;
    if program.shell.browser.is_some() {
        library::put(&session.directories, stage, &library::PAGE)?;
        library::put(&session.directories, stage, &library::FIREFOX)?;
        library::put(&session.directories, stage, &[library::DEBUGGER_CENSUS])?;
    }
    let arguments = arguments_on(program, performance, stage.path(), performance.key.as_deref());
    let own = performance.own.as_ref().filter(|_| program.shell.browser.is_none());
    let directory = own.map_or("", |own| own.directory.as_str());
    process::run_in(
        directory,
        &program.caller().program()?,
        &arguments,
        &program.environment,
        stage,
        limits,
        session,
    )
}

/// A key for the telemetry of one run. It keeps a case from forging a line by chance or by
/// simple means; a script that sets out to deceive its own judge can still find it.
pub fn new_key() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
