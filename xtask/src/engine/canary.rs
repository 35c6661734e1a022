//! The canary: before any case, each engine proves on itself that what is dead
//! is finalized and what is alive is not. One that does not is not judged.

use crate::base::directories::Checkout;
use crate::base::file;
use crate::cell::cell::SHELL;
use crate::engine::feature::Feature;
use crate::engine::search::Program;
use crate::measure::telemetry::{self, Event};
use crate::run::interrupt::Interrupt;
use crate::run::process::{self, Limits};
use crate::run::stage::Stage;
use anyhow::{Result, bail};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

const SCRIPT: &str = "js/lib/canary.js";

const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    output: 1 << 20,
};

/// Variables that begin so change how an engine collects.
const VARIABLES: &[&str] = &["BUN_", "DENO_", "JSC_", "JS_", "NODE_"];

/// Asks every program that was not asked before, side by side, and notes the doubts.
pub fn test(programs: &mut [Program], checkout: &Checkout, interrupt: &Interrupt) -> Result<()> {
    let doubts: Vec<Result<Option<String>>> = thread::scope(|scope| {
        let tests: Vec<_> = programs
            .iter()
            .map(|program| scope.spawn(|| doubt(program, checkout, interrupt)))
            .collect();
        let join = |test: thread::ScopedJoinHandle<'_, _>| test.join().unwrap_or_else(|_| bail!("the canary panicked"));
        tests.into_iter().map(join).collect()
    });
    for (program, doubt) in programs.iter_mut().zip(doubts) {
        program.doubt = doubt?;
    }
    Ok(())
}

/// Why the program cannot be judged. That it can is remembered for as long as
/// it, its flags, the scripts and the variables that it heeds stay the same.
fn doubt(program: &Program, checkout: &Checkout, interrupt: &Interrupt) -> Result<Option<String>> {
    if !program.features.contains(&Feature::FinalizationRegistry) {
        // There is nothing to prove: each case needs one, and is skipped.
        return Ok(None);
    }
    let proof = proof(program, checkout)?;
    if proof.is_file() && !is_script(&program.path) {
        return Ok(None);
    }
    let doubt = ask(program, checkout, interrupt);
    if doubt.is_none() {
        file::write(&proof, b"")?;
    }
    Ok(doubt)
}

/// A script stays the same when the engine that it starts does not: it has to prove itself each time.
fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok() && start == *b"#!")
}

/// The file that is there if the program has passed.
fn proof(program: &Program, checkout: &Checkout) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    (&program.path, file::stamp(&program.path)?, &program.flags).hash(&mut hasher);
    for script in [SHELL, SCRIPT] {
        file::read(&checkout.root().join(script))?.hash(&mut hasher);
    }
    let heeded = |name: &str| VARIABLES.iter().any(|prefix| name.starts_with(prefix));
    let mut variables: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| heeded(&name.to_string_lossy()))
        .collect();
    variables.sort();
    variables.hash(&mut hasher);
    Ok(checkout.scratch("canaries")?.join(format!("{:016x}", hasher.finish())))
}

fn ask(program: &Program, checkout: &Checkout, interrupt: &Interrupt) -> Option<String> {
    let run = || -> Result<Option<String>> {
        let stage = Stage::new(checkout)?;
        for script in [SHELL, SCRIPT] {
            stage.add(&checkout.root().join(script), script)?;
        }
        // It needs no guest, but the place of one.
        let arguments = program.shell.arguments(&program.flags, SHELL, &["none", SCRIPT]);
        let run = process::run(&program.path, &arguments, &stage, LIMITS, interrupt)?;
        let stderr = run.stderr.clone();
        let printed = telemetry::part(run.lines);
        let said = printed.events.into_iter().find_map(|event| match event {
            Event::Canary { reason } => Some(reason),
            _ => None,
        });
        let Some(reason) = said else {
            let lines = printed.transcript.iter().map(String::as_str).chain(stderr.lines());
            bail!(
                "it did not come to its end; it said `{}`",
                lines.last().unwrap_or_default()
            );
        };
        Ok(reason)
    };
    run()
        .unwrap_or_else(|error| Some(format!("{error:#}")))
        .map(|reason| format!("the canary: {reason}"))
}
