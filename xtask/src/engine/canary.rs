//! The canary: before any case, each program proves that dead objects are finalized
//! and live ones are not. A program that fails is not judged.

use crate::base::file;
use crate::base::text::clip;
use crate::engine::feature::Feature;
use crate::engine::host::{self, Performance};
use crate::engine::library::{self, CANARY, SHELL};
use crate::engine::program::Program;
use crate::measure::telemetry::{self, TelemetryEvent};
use crate::run::process::Limits;
use crate::run::session::Session;
use crate::run::stage::Stage;
use anyhow::{Result, bail};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    output: 1 << 20,
};

/// Prefixes of variables that change how an engine collects.
const VARIABLES: &[&str] = &["BUN_", "DENO_", "JSC_", "JS_", "NODE_"];

/// Tests every program that has not passed yet, side by side, and records the doubts.
pub fn test(programs: &mut [Program], session: &Session) -> Result<()> {
    let doubts: Vec<Result<Option<String>>> = thread::scope(|scope| {
        let tests: Vec<_> = programs
            .iter()
            .map(|program| scope.spawn(|| doubt(program, session)))
            .collect();
        let join = |test: thread::ScopedJoinHandle<'_, _>| test.join().unwrap_or_else(|_| bail!("the canary panicked"));
        tests.into_iter().map(join).collect()
    });
    for (program, doubt) in programs.iter_mut().zip(doubts) {
        program.doubt = doubt?;
    }
    Ok(())
}

/// Why the program cannot be judged. A pass is remembered as long as the
/// program, its flags, the scripts and the variables that it reads stay the same.
fn doubt(program: &Program, session: &Session) -> Result<Option<String>> {
    if !program.features.contains(&Feature::FinalizationRegistry) {
        // Nothing to prove: each case needs one, and is skipped.
        return Ok(None);
    }
    let proof = proof(program, session)?;
    if proof.is_file() && !is_script(&program.path) {
        return Ok(None);
    }
    let doubt = run(program, session);
    if doubt.is_none() {
        file::write(&proof, b"")?;
    }
    Ok(doubt)
}

/// A script can stay the same while the engine that it starts changes: it is tested each time.
fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok() && start == *b"#!")
}

/// The file that exists if the program has passed.
fn proof(program: &Program, session: &Session) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    (&program.path, file::stamp(&program.path)?, &program.flags).hash(&mut hasher);
    for script in [SHELL, CANARY] {
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

/// Runs the canary; the doubt is its report, or the reason why it could not run.
fn run(program: &Program, session: &Session) -> Option<String> {
    let report = || -> Result<Option<String>> {
        let stage = Stage::new(session)?;
        library::put(&session.directories, &stage, &[CANARY])?;
        let performance = Performance {
            scripts: vec![CANARY.to_owned()],
            ..Performance::default()
        };
        let finished = host::run(program, &performance, &stage, LIMITS, session)?;
        let printed = telemetry::split(finished.lines, None);
        let report = printed.events.into_iter().find_map(|event| match event {
            TelemetryEvent::Canary { reason } => Some(reason),
            _ => None,
        });
        let Some(reason) = report else {
            let lines = printed.transcript.iter().map(String::as_str);
            let last = lines.chain(finished.stderr.lines()).last();
            bail!(
                "it stopped early; its last line is `{}`",
                clip(last.unwrap_or_default())
            );
        };
        Ok(reason.map(|reason| clip(&reason)))
    };
    report()
        .unwrap_or_else(|error| Some(format!("{error:#}")))
        .map(|reason| format!("the canary: {reason}"))
}
