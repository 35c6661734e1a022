//! `watch`: runs `test` again each time that a file of its cases changes.

use crate::base::status::Status;
use crate::base::text::inert;
use crate::base::{file, output};
use crate::case::Case;
use crate::command::flags::TestFlags;
use crate::command::{plan, reports, test};
use crate::run::changes::{Changes, FileChange};
use crate::run::session::Session;
use anyhow::{Result, ensure};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// So many changed files are named.
const NAMED: usize = 5;

/// Runs until the command is interrupted. A change during a run is followed by one more run. After the first
/// look at the command line no error ends it: the next change may mend it.
pub fn watch(flags: &TestFlags, session: &Session) -> Result<Status> {
    ensure!(
        flags.accept.is_none(),
        "`watch` accepts nothing: each run would be what is expected of the next; use `test --accept`"
    );
    ensure!(
        !flags.filters.list,
        "`watch` runs what it watches; use `test --list` to see which cells there are"
    );
    let mut roots = roots(flags, session)?;
    if !flags.install {
        plan::check_engines(flags.engines.selection(), session)?;
    }
    let written = reports::files(flags).map(|(path, _)| real(path));
    let ignored = [session.directories.scratch("runs")?]
        .into_iter()
        .map(|runs| scratch(&runs));
    let mut changes = Changes::new(written.chain(ignored).collect())?;
    loop {
        changes.begin(&roots)?;
        let status = test::test(flags, session);
        if session.is_interrupted() {
            return status;
        }
        if let Err(error) = status {
            output::error(&error);
        }
        let names: Vec<String> = roots.iter().map(|root| format!("`{}`", shown(root))).collect();
        output::note(&format!("\nwatching {}; Ctrl-C ends it", names.join(", ")));
        let Some(changed) = changes.wait(session)? else {
            return Ok(Status::Expected);
        };
        output::note(&described(&changed));
        // If the cases cannot be read now, the next run says why.
        if let Ok(new) = self::roots(flags, session) {
            roots = new;
        }
    }
}

/// The directories whose files matter to the cases of the command line.
fn roots(flags: &TestFlags, session: &Session) -> Result<Vec<PathBuf>> {
    let cases = plan::cases("watch", &flags.cases, session)?;
    let mut roots: Vec<PathBuf> = cases.iter().flat_map(Case::sources).map(|path| real(&path)).collect();
    roots.sort();
    roots.dedup();
    Ok(roots)
}

/// The path without links, as the system reports it; the file itself may not be there yet.
fn real(path: &Path) -> PathBuf {
    let whole = fs::canonicalize(path).ok();
    let parent = || Some(fs::canonicalize(file::directory(path)).ok()?.join(path.file_name()?));
    whole.or_else(parent).unwrap_or_else(|| path.to_owned())
}

/// The directory of this program's own files, of which `runs` is one.
fn scratch(runs: &Path) -> PathBuf {
    real(file::directory(runs))
}

fn described(changes: &[FileChange]) -> String {
    let mut lines: Vec<String> = changes
        .iter()
        .take(NAMED)
        .map(|change| format!("{}: `{}`", change.what, shown(&change.path)))
        .collect();
    if changes.len() > NAMED {
        lines.push(format!("and {} other files", changes.len() - NAMED));
    }
    format!("\n{}\n", lines.join("\n"))
}

/// A path as seen from here.
fn shown(path: &Path) -> String {
    let here = env::current_dir().map(|here| real(&here)).unwrap_or_default();
    let below = path.strip_prefix(&here).unwrap_or(path);
    match below == Path::new("") {
        true => ".".to_owned(),
        false => inert(&below.display().to_string()).into_owned(),
    }
}
