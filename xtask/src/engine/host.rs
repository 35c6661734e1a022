//! Runs scripts in a program, on a stage, within limits. Only this file and the
//! shell's row in the table know how a shell is called.

use crate::engine::library;
use crate::engine::program::Program;
use crate::run::process::{self, Finished, Limits, NotStarted};
use crate::run::session::Session;
use crate::run::stage::Stage;
use anyhow::Result;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

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
}

/// The arguments of the program, beginning with its flags, without the key.
pub fn arguments(program: &Program, performance: &Performance) -> Vec<String> {
    arguments_with(program, performance, None)
}

fn arguments_with(program: &Program, performance: &Performance, key: Option<&str>) -> Vec<String> {
    let shell = program.shell;
    let heap_flag = shell.snapshot_flag.filter(|_| performance.writes_heap);
    let flags: Vec<String> = program
        .flags
        .iter()
        .cloned()
        .chain(heap_flag.map(str::to_owned))
        .collect();
    let guest = performance.guest.as_deref().unwrap_or(NO_GUEST);
    let scripts = performance.scripts.iter().map(String::as_str);
    let key = key.map(|key| format!("key={key}"));
    let options = key.iter().chain(&performance.options).map(String::as_str);
    let arguments: Vec<&str> = options.chain([guest]).chain(scripts).collect();
    shell.arguments(&flags, library::SHELL, &arguments)
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
    let arguments = arguments_with(program, performance, performance.key.as_deref());
    process::run(&program.path, &arguments, stage, limits, session)
}

/// A key for the telemetry of one run. It keeps a case from forging a line by chance or by
/// simple means; a script that sets out to deceive its own judge can still find it.
pub fn new_key() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
