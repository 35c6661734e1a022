//! All versions of an engine that are found, the oldest first: `--engine NAME=all`.

use crate::engine::found::Found;
use crate::engine::places::{self, version_key};
use crate::engine::probe::Prober;
use crate::engine::program::{FoundBy, Program};
use crate::engine::settings::ProgramSettings;
use crate::engine::table::Engine;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;

/// Probes every candidate, in all places, and hosts as well. One file counts once, whatever its names. They are
/// selected again by their paths.
pub fn all_of(engine: &'static Engine, prober: &Prober<'_>) -> Result<Found> {
    let mut found = Found::default();
    let mut probed = BTreeSet::new();
    for (path, found_by) in places::PLACES.iter().flat_map(|place| place(engine)) {
        if !probed.insert(fs::canonicalize(&path).unwrap_or_else(|_| path.clone())) {
            continue;
        }
        let answer = prober
            .probe(&path, &ProgramSettings::default())
            .with_context(|| format!("failed to probe `{}`", path.display()))?;
        let program = answer.and_then(|answer| {
            answer.check_engine(engine)?;
            answer.program(path.clone(), FoundBy::Option)
        });
        match program {
            Ok(program) => found.programs.push(program),
            Err(refusal) => found.warnings.push(format!(
                "`{}` ({found_by}) is not used for {}: {refusal}",
                path.display(),
                engine.name
            )),
        }
    }
    // Of equals the one that was found first stays first.
    found.programs.sort_by_key(version_of);
    if found.programs.is_empty() {
        found.missing.push(engine);
    }
    Ok(found)
}

/// The numbers of the engine's own version: of a host that which it reports.
fn version_of(program: &Program) -> Vec<u64> {
    let version = match program.shell.host {
        true => program.engine_version.as_deref(),
        false => program.version.as_deref(),
    };
    version_key(version.unwrap_or_default())
}
