//! Asks a program who it is. A name proves nothing: `js` may be Node.js, and
//! `sm` shows slides.

use crate::base::directories::Checkout;
use crate::base::file;
use crate::engine::feature::Feature;
use crate::engine::search::{How, Program};
use crate::engine::shell::{self, Shell};
use crate::engine::table as engine;
use crate::engine::version;
use crate::run::interrupt::Interrupt;
use crate::run::lifeline::End;
use crate::run::process::{self, Limits, Run, Stop};
use crate::run::stage::Stage;
use crate::show::failure::clip;
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SCRIPT: &str = "js/lib/probe.js";

const LIMITS: Limits = Limits {
    time: Duration::from_secs(10),
    output: 1 << 20,
};

/// Part of the cache's key: to be raised when an answer's meaning changes.
const GENERATION: u32 = 1;

/// What a program answered, and the flags that it needs for what it can do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub shell: String,
    version: Option<String>,
    engine_version: Option<String>,
    features: BTreeSet<Feature>,
    #[serde(default)]
    flags: Vec<String>,
}

impl Answer {
    /// The row of the program's shell.
    pub fn shell(&self) -> Result<&'static Shell> {
        shell::named(&self.shell).context("it is a JavaScript shell that is not known here")
    }

    pub fn program(self, path: PathBuf, how: How) -> Result<Program> {
        let shell = self.shell()?;
        Ok(Program {
            engine: engine::named(shell.engine)?,
            shell,
            path,
            version: self.version,
            engine_version: self.engine_version,
            features: self.features,
            flags: self.flags,
            how,
            doubt: None,
        })
    }
}

/// Asks programs, and remembers what they answered.
#[derive(Debug)]
pub struct Prober<'a> {
    checkout: &'a Checkout,
    interrupt: &'a Interrupt,
    cache: PathBuf,
    script: Vec<u8>,
}

impl<'a> Prober<'a> {
    pub fn new(checkout: &'a Checkout, interrupt: &'a Interrupt) -> Result<Prober<'a>> {
        Ok(Prober {
            checkout,
            interrupt,
            cache: checkout.scratch("probes")?,
            script: file::read(&checkout.root().join(SCRIPT))?,
        })
    }

    /// Whether the command was asked to end, and answers mean nothing any more.
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.signal().is_some()
    }

    /// Asks the program who it is, and which flags give it what it lacks. The
    /// answer is remembered for as long as the program stays the same; a
    /// refusal is not, for it may have been the machine's fault.
    pub fn ask(&self, path: &Path) -> Result<Answer> {
        let key = self.key(path)?;
        if let Some(answer) = fs::read(&key).ok().and_then(|json| serde_json::from_slice(&json).ok()) {
            return Ok(answer);
        }
        let answer = self.ask_anew(path)?;
        file::write(&key, &serde_json::to_vec(&answer)?)?;
        Ok(answer)
    }

    /// The file that holds the answer of a program of this path, size and modification time.
    fn key(&self, path: &Path) -> Result<PathBuf> {
        let metadata = fs::metadata(path).context("it is not there")?;
        ensure!(!metadata.is_dir(), "it is a directory");
        ensure!(metadata.mode() & 0o111 != 0, "it is not executable");
        let mut hasher = DefaultHasher::new();
        (path, file::stamp(path)?, &self.script, GENERATION).hash(&mut hasher);
        Ok(self.cache.join(format!("{:016x}.json", hasher.finish())))
    }

    fn ask_anew(&self, path: &Path) -> Result<Answer> {
        let stage = Stage::new(self.checkout)?;
        stage.add(&self.checkout.root().join(SCRIPT), SCRIPT)?;
        // Before its shell is known, no argument but the script's name is safe.
        let mut answer = self.answer(path, &[SCRIPT.to_owned()], &stage)?;
        let shell = answer.shell()?;
        for (feature, flag) in shell.flags {
            if answer.features.contains(feature) {
                continue;
            }
            let flags = [&answer.flags[..], &[(*flag).to_owned()]].concat();
            let arguments = shell.arguments(&flags, SCRIPT, &[]);
            // A flag that it does not know is refused by some, and passed over with a warning by others.
            if let Ok(with_flag) = self.answer(path, &arguments, &stage) {
                if with_flag.features.contains(feature) && with_flag.features.is_superset(&answer.features) {
                    answer = Answer { flags, ..with_flag };
                }
            }
        }
        if answer.version.is_none() {
            answer.version = self.version(path, shell, &stage);
        }
        // They go into tables.
        for version in [&mut answer.version, &mut answer.engine_version].into_iter().flatten() {
            *version = clip(version);
        }
        Ok(answer)
    }

    fn answer(&self, path: &Path, arguments: &[String], stage: &Stage) -> Result<Answer> {
        let run = process::run(path, arguments, stage, LIMITS, self.interrupt)?;
        if let Some(answer) = run.lines.iter().find_map(|line| read(line)) {
            return Ok(answer);
        }
        bail!("{}", silence(&run))
    }

    fn version(&self, path: &Path, shell: &Shell, stage: &Stage) -> Option<String> {
        match shell.version_flag {
            Some(flag) => {
                let run = process::run(path, &[flag.to_owned()], stage, LIMITS, self.interrupt).ok()?;
                version::number_in(&run.lines.join("\n"))
            }
            None => version::of_package(path, self.interrupt),
        }
    }
}

fn read(line: &str) -> Option<Answer> {
    serde_json::from_str(line.strip_prefix("@ ")?).ok()
}

/// Why there was no answer.
fn silence(run: &Run) -> String {
    match (run.stop, run.end) {
        (Some(Stop::TimedOut(limit)), _) => {
            format!("it did not answer within {} s when asked who it is", limit.as_secs())
        }
        (Some(Stop::Flooded(limit)), _) => {
            format!("it printed more than {} KiB when asked who it is", limit >> 10)
        }
        (Some(Stop::Interrupted), _) => "it was interrupted".to_owned(),
        (None, Some(End::Signal(signal))) => format!("it was ended by signal {signal} when asked who it is"),
        (None, _) => {
            let said = run
                .stderr
                .lines()
                .chain(run.lines.iter().map(String::as_str))
                .find(|line| !line.is_empty());
            let said = said.map_or("it said nothing".to_owned(), |line| format!("it said `{}`", clip(line)));
            format!("it is no JavaScript engine: asked to run {SCRIPT}, {said}")
        }
    }
}
