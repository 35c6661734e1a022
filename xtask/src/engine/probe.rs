//! Probes which engine a program is. A name proves nothing: `js` may be
//! Node.js, and `sm` shows slides.

use crate::base::file;
use crate::base::text::clip;
use crate::engine::feature::Feature;
use crate::engine::library::{self, PROBE};
use crate::engine::program::{FoundBy, Program};
use crate::engine::shell::{Shell, shell_named};
use crate::engine::table;
use crate::engine::version;
use crate::run::lifeline::End;
use crate::run::process::{self, Finished, Limits, Stop};
use crate::run::session::Session;
use crate::run::stage::Stage;
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(10),
    output: 1 << 20,
};

/// Part of the cache's key: raise it when the meaning of an answer changes.
const GENERATION: u32 = 1;

/// The answer of a program to the probe, and the flags that it needs for its features.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeAnswer {
    pub shell: String,
    version: Option<String>,
    engine_version: Option<String>,
    features: BTreeSet<Feature>,
    #[serde(default)]
    flags: Vec<String>,
}

impl ProbeAnswer {
    /// The row of the program's shell.
    pub fn shell(&self) -> Result<&'static Shell> {
        shell_named(&self.shell).context("it is an unknown JavaScript shell")
    }

    pub fn program(self, path: PathBuf, found_by: FoundBy) -> Result<Program> {
        let shell = self.shell()?;
        Ok(Program {
            engine: table::engine_named(shell.engine)?,
            shell,
            path,
            version: self.version,
            engine_version: self.engine_version,
            features: self.features,
            flags: self.flags,
            found_by,
            doubt: None,
        })
    }
}

/// Probes programs, and remembers their answers.
#[derive(Debug)]
pub struct Prober<'a> {
    pub session: &'a Session,
    cache: PathBuf,
    script: Cow<'static, [u8]>,
}

impl<'a> Prober<'a> {
    pub fn new(session: &'a Session) -> Result<Prober<'a>> {
        Ok(Prober {
            session,
            cache: session.directories.scratch("probes")?,
            script: library::script(&session.directories, PROBE)?,
        })
    }

    /// Probes the program, and which flags give it the features it lacks. The answer
    /// is remembered as long as the program stays the same; a refusal is not,
    /// because it may have been the machine's fault.
    pub fn probe(&self, path: &Path) -> Result<ProbeAnswer> {
        let key = self.key(path)?;
        if let Some(answer) = fs::read(&key).ok().and_then(|json| serde_json::from_slice(&json).ok()) {
            return Ok(answer);
        }
        let answer = self.probe_anew(path)?;
        file::write(&key, &serde_json::to_vec(&answer)?)?;
        Ok(answer)
    }

    /// The cache file for a program of this path, size and modification time.
    fn key(&self, path: &Path) -> Result<PathBuf> {
        let metadata = fs::metadata(path).context("it does not exist")?;
        ensure!(!metadata.is_dir(), "it is a directory");
        ensure!(metadata.mode() & 0o111 != 0, "it is not executable");
        let mut hasher = DefaultHasher::new();
        (path, file::stamp(path)?, &self.script, GENERATION).hash(&mut hasher);
        Ok(self.cache.join(format!("{:016x}.json", hasher.finish())))
    }

    fn probe_anew(&self, path: &Path) -> Result<ProbeAnswer> {
        let stage = Stage::new(self.session)?;
        stage.write(PROBE, &self.script)?;
        // Before its shell is known, only the script's name is a safe argument.
        let mut answer = self.answer(path, &[PROBE.to_owned()], &stage)?;
        let shell = answer.shell()?;
        for (feature, flag) in shell.flags {
            if answer.features.contains(feature) {
                continue;
            }
            let flags = [&answer.flags[..], &[(*flag).to_owned()]].concat();
            let arguments = shell.arguments(&flags, PROBE, &[]);
            // Some shells refuse an unknown flag, others ignore it with a warning.
            if let Ok(with_flag) = self.answer(path, &arguments, &stage)
                && with_flag.features.contains(feature)
                && with_flag.features.is_superset(&answer.features)
            {
                answer = ProbeAnswer { flags, ..with_flag };
            }
        }
        if answer.version.is_none() {
            answer.version = self.version(path, shell, &stage);
        }
        // The versions go into tables.
        for version in [&mut answer.version, &mut answer.engine_version].into_iter().flatten() {
            *version = clip(version);
        }
        Ok(answer)
    }

    fn answer(&self, path: &Path, arguments: &[String], stage: &Stage) -> Result<ProbeAnswer> {
        let run = process::run(path, arguments, stage, LIMITS, self.session)?;
        if let Some(answer) = run.lines.iter().find_map(|line| answer_in(line)) {
            return Ok(answer);
        }
        bail!("{}", silence(&run))
    }

    fn version(&self, path: &Path, shell: &Shell, stage: &Stage) -> Option<String> {
        match shell.version_flag {
            Some(flag) => {
                let run = process::run(path, &[flag.to_owned()], stage, LIMITS, self.session).ok()?;
                version::number_in(&run.lines.join("\n"))
            }
            None => version::of_package(path, self.session),
        }
    }
}

fn answer_in(line: &str) -> Option<ProbeAnswer> {
    serde_json::from_str(line.strip_prefix("@ ")?).ok()
}

/// The reason for a missing answer.
fn silence(run: &Finished) -> String {
    match (run.stop, run.end) {
        (Some(Stop::TimedOut(limit)), _) => {
            format!("it did not answer the probe within {} s", limit.as_secs())
        }
        (Some(Stop::Flooded(limit)), _) => {
            format!("it printed more than {} KiB when probed", limit >> 10)
        }
        (Some(Stop::Interrupted), _) => "it was interrupted".to_owned(),
        (None, Some(End::Signal(signal))) => format!("it was ended by signal {signal} when probed"),
        (None, _) => {
            let printed = run
                .stderr
                .lines()
                .chain(run.lines.iter().map(String::as_str))
                .find(|line| !line.is_empty());
            let printed = printed.map_or("it printed nothing".to_owned(), |line| {
                format!("it printed `{}`", clip(line))
            });
            format!("it is not a JavaScript engine: when run with `{PROBE}`, {printed}")
        }
    }
}
