//! The canary: before any case, each program proves that dead objects are finalized
//! and live ones are not. A program that fails is not judged.

use crate::base::file;
use crate::base::text::clip;
use crate::engine::feature::Feature;
use crate::engine::host::{self, Performance};
use crate::engine::library::{self, CANARY, PAGE, SHELL};
use crate::engine::program::Program;
use crate::measure::telemetry::{self, TelemetryEvent};
use crate::run::limits::{Limits, Stop};
use crate::run::session::Session;
use crate::run::stage::Stage;
use anyhow::{Context, Result, bail, ensure};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    output: 1 << 20,
    memory: 4 << 30,
};

/// Prefixes of variables that change how an engine collects.
const VARIABLES: &[&str] = &["BUN_", "DENO_", "JSC_", "JS_", "NODE_"];

/// Tests every program that has not passed yet, side by side, and records the doubts. An
/// error says nothing about the programs. Returns warnings about answers that could not be kept.
pub fn test(programs: &mut [Program], session: &Session) -> Result<Vec<String>> {
    let tested: Vec<Result<Tested>> = thread::scope(|scope| {
        let tests: Vec<_> = programs
            .iter()
            .map(|program| scope.spawn(|| test_one(program, session)))
            .collect();
        let join = |test: thread::ScopedJoinHandle<'_, _>| test.join().unwrap_or_else(|_| bail!("the canary panicked"));
        tests.into_iter().map(join).collect()
    });
    let mut warnings = Vec::new();
    for (program, tested) in programs.iter_mut().zip(tested) {
        let tested = tested?;
        program.doubt = tested.doubt;
        warnings.extend(tested.warning);
    }
    Ok(warnings)
}

/// What a canary showed.
#[derive(Debug, Default)]
struct Tested {
    /// Why the program cannot be judged.
    doubt: Option<String>,
    /// Why this will have to be shown again.
    warning: Option<String>,
}

/// A pass is remembered as long as the program, its flags, the scripts and the variables
/// that it reads stay the same.
fn test_one(program: &Program, session: &Session) -> Result<Tested> {
    if !program.features.contains(&Feature::FinalizationRegistry) {
        // Nothing to prove: each case needs one, and is skipped.
        return Ok(Tested::default());
    }
    let proof = proof(program, session)?;
    if proof.is_file() && !is_script(&program.path) {
        return Ok(Tested::default());
    }
    let what = || format!("failed to run the canary on `{}`", program.path.display());
    let doubt = doubt(program, session).with_context(what)?;
    let kept = match doubt {
        None => file::write(&proof, b""),
        Some(_) => Ok(()),
    };
    // Only time is lost.
    let warning = kept
        .err()
        .map(|error| format!("{error:#}; `{}` will be tested again", program.path.display()));
    Ok(Tested {
        doubt: doubt.map(|reason| format!("the canary: {reason}")),
        warning,
    })
}

/// A script can stay the same while the engine that it starts changes: it is tested each time.
fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok() && start == *b"#!")
}

/// The file that exists if the program has passed.
fn proof(program: &Program, session: &Session) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    let stamp = fs::metadata(&program.path).ok().map(|facts| file::stamp(&facts));
    (&program.path, stamp, &program.flags, &program.environment).hash(&mut hasher);
    program.place.hash(&mut hasher);
    for script in [SHELL, CANARY, PAGE[0]] {
        library::script(&session.directories, script)?.hash(&mut hasher);
    }
    let heeded = |name: &str| VARIABLES.iter().any(|prefix| name.starts_with(prefix));
    let mut variables: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| heeded(&name.to_string_lossy()))
        .collect();
    variables.sort();
    variables.hash(&mut hasher);
    Ok(session
        .directories
        .scratch("canaries")?
        .join(format!("{:016x}", hasher.finish())))
}

/// Runs the canary; the doubt is its report, or the reason why it could not report.
fn doubt(program: &Program, session: &Session) -> Result<Option<String>> {
    let stage = Stage::new(session)?;
    library::put(&session.directories, &stage, &[CANARY])?;
    let performance = Performance {
        scripts: vec![CANARY.to_owned()],
        ..Performance::default()
    };
    let finished = match host::run(program, &performance, &stage, LIMITS, session)? {
        Ok(finished) => finished,
        Err(error) => return Ok(Some(clip(&error.to_string()))),
    };
    ensure!(finished.stop != Some(Stop::Interrupted), "interrupted");
    let printed = telemetry::split(finished.lines, None);
    let report = printed.events.into_iter().find_map(|event| match event {
        TelemetryEvent::Canary { reason } => Some(reason),
        _ => None,
    });
    if let Some(reason) = report {
        return Ok(reason.map(|reason| clip(&reason)));
    }
    let lines = printed.transcript.iter().map(String::as_str);
    let last = lines.chain(finished.stderr.lines()).last();
    Ok(Some(match finished.stop {
        Some(Stop::TimedOut(overrun)) => overrun.to_string(),
        Some(Stop::TookMemory(overrun)) => overrun.to_string(),
        _ => format!(
            "it stopped early; its last line is `{}`",
            clip(last.unwrap_or_default())
        ),
    }))
}
