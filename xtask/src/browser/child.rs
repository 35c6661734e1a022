//! The process of a browser: where it writes, and the end of what it complains about.

use crate::browser::webkit_log::is_of_collection;
use crate::run::guard::die_with_parent;
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

/// Below the browser's directory: its standard error.
pub const COMPLAINTS: &str = "stderr";

/// Below the browser's directory: its temporary files.
pub const TEMPORARY: &str = "tmp";

/// What a browser must not find of the user's, and where it gets it instead, below its own directory.
const VARIABLES: &[(&str, &str)] = &[
    ("HOME", "home"),
    ("TMPDIR", TEMPORARY),
    ("XDG_CACHE_HOME", "cache"),
    ("XDG_CONFIG_HOME", "config"),
    ("XDG_DATA_HOME", "data"),
    ("XDG_RUNTIME_DIR", "runtime"),
    ("XDG_STATE_HOME", "state"),
];

/// A command that starts a program which writes below `directory` alone, reads nothing, whose output is kept there, and
/// which ends with the thread that starts it.
pub fn command(program: &Path, directory: &Path) -> Result<Command> {
    let mut command = Command::new(program);
    for (name, place) in VARIABLES {
        let place = directory.join(place);
        fs::create_dir_all(&place).with_context(|| format!("failed to make `{}`", place.display()))?;
        command.env(name, place);
    }
    let path = directory.join(COMPLAINTS);
    let complaints = File::create(&path).with_context(|| format!("failed to make `{}`", path.display()))?;
    die_with_parent(&mut command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints);
    Ok(command)
}

/// Whether a process of this machine still runs: one that has ended and that nobody has asked about does not.
pub fn is_alive(process: u32) -> bool {
    let Ok(text) = fs::read_to_string(format!("/proc/{process}/stat")) else {
        // Without a `/proc` nothing is known.
        return !Path::new("/proc/self/stat").exists();
    };
    // After the name, which may have parentheses, comes the state.
    let state = text
        .rsplit(')')
        .next()
        .and_then(|rest| rest.trim_start().chars().next());
    !matches!(state, Some('Z' | 'X'))
}

/// The last line of what the program complained about, if any.
pub fn last_complaint(directory: &Path) -> Option<String> {
    let text = fs::read(directory.join(COMPLAINTS)).ok()?;
    let text = String::from_utf8_lossy(&text);
    let is_complaint = |line: &&str| !line.trim().is_empty() && !is_of_collection(line);
    let last = text.lines().rfind(is_complaint)?;
    Some(last.trim().to_owned())
}
