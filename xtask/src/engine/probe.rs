//! Probes which engine a program is. A name proves nothing: `js` may be
//! Node.js, and `sm` shows slides.

use crate::base::file;
use crate::base::text::clip;
use crate::browser::place::BrowserPlace;
use crate::browser::running::LOST;
use crate::engine::caller::Caller;
use crate::engine::feature::Feature;
use crate::engine::library::{self, PAGE, PROBE, SHELL};
use crate::engine::program::{FoundBy, Program};
use crate::engine::settings::ProgramSettings;
use crate::engine::shell::{Shell, shell_named};
use crate::engine::table;
use crate::engine::version;
use crate::run::lifeline::End;
use crate::run::limits::{Limits, Stop};
use crate::run::process::{self, Finished};
use crate::run::session::Session;
use crate::run::stage::Stage;
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(10),
    output: 1 << 20,
    memory: 4 << 30,
};

/// A browser takes longer to start.
const LIMITS_OF_BROWSERS: Limits = Limits {
    time: Duration::from_secs(60),
    ..LIMITS
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
    pub fn shell(&self) -> Result<&'static Shell, Refusal> {
        shell_named(&self.shell).ok_or_else(|| Refusal("it is an unknown JavaScript shell".to_owned()))
    }

    /// The versions go into tables.
    fn clip_versions(&mut self) {
        for version in [&mut self.version, &mut self.engine_version].into_iter().flatten() {
            *version = clip(version);
        }
    }

    /// Whether it is this engine that has answered.
    pub fn check_engine(&self, engine: &table::Engine) -> Result<(), Refusal> {
        match self.shell()?.engine == engine.name {
            true => Ok(()),
            false => Err(Refusal(format!("it is {}, not {}", self.shell, engine.name))),
        }
    }

    /// The program of this path, which answered in this place, if it is a browser.
    pub fn program(self, path: PathBuf, place: Option<BrowserPlace>, found_by: FoundBy) -> Result<Program, Refusal> {
        let shell = self.shell()?;
        Ok(Program {
            name: None,
            place,
            engine: table::engine_named(shell.engine).map_err(|error| Refusal(error.to_string()))?,
            shell,
            path,
            version: self.version,
            engine_version: self.engine_version,
            features: self.features,
            flags: self.flags,
            environment: BTreeMap::new(),
            found_by,
            doubt: None,
        })
    }
}

/// Why a program is not used: it did not answer the probe, or its answer is not enough.
#[derive(Debug)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Refusal {}

/// An answer of the program, or its refusal. The outer error is trouble of this machine or
/// this command, such as a full disk: it says nothing about the program, and must not let
/// another one be judged in its place.
pub type Probed<T> = Result<Result<T, Refusal>>;

/// Probes programs, and remembers their answers.
#[derive(Debug)]
pub struct Prober<'a> {
    pub session: &'a Session,
    cache: PathBuf,
    script: Cow<'static, [u8]>,
    /// Answers that could not be kept.
    warnings: Mutex<Vec<String>>,
}

/// A remembered answer, and what it is the answer of.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    key: String,
    /// Of the answer's JSON: a damaged file is no answer.
    digest: String,
    answer: Box<RawValue>,
}

impl<'a> Prober<'a> {
    pub fn new(session: &'a Session) -> Result<Prober<'a>> {
        Ok(Prober {
            session,
            cache: session.directories.scratch("probes")?,
            script: library::script(&session.directories, PROBE)?,
            warnings: Mutex::default(),
        })
    }

    /// What went wrong, but did not matter.
    pub fn into_warnings(self) -> Vec<String> {
        self.warnings.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Probes the program with these settings, and which flags give it the features it lacks. The answer
    /// is remembered as long as the program stays the same; a refusal is not,
    /// because it may have been the machine's fault.
    pub fn probe(&self, path: &Path, settings: &ProgramSettings) -> Probed<ProbeAnswer> {
        self.probe_called(path, None, settings)
    }

    /// The same, of a browser: in this place.
    pub fn probe_browser(&self, caller: Caller<'_>, settings: &ProgramSettings) -> Probed<ProbeAnswer> {
        self.probe_called(caller.path, Some(caller), settings)
    }

    fn probe_called(
        &self,
        path: &Path,
        browser: Option<Caller<'_>>,
        settings: &ProgramSettings,
    ) -> Probed<ProbeAnswer> {
        let key = match self.key(path, browser, settings) {
            Ok(key) => key,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let file = self.cache.join(format!("{key}.json"));
        if let Some(answer) = remembered(&file, &key) {
            return Ok(Ok(answer));
        }
        let probed = match browser {
            Some(caller) => self.probe_page(caller, settings)?,
            None => self.probe_anew(path, settings)?,
        };
        let mut answer = match probed {
            Ok(answer) => answer,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // Without the version or the cache only time is lost.
        if let Err(error) = self
            .find_version(&mut answer, path)
            .and_then(|()| remember(&file, &key, &answer))
        {
            ensure!(!self.session.is_interrupted(), "interrupted");
            let warning = format!("{error:#}; `{}` will be probed again", path.display());
            let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
            warnings.push(warning);
        }
        Ok(Ok(answer))
    }

    /// A program of this path, size and modification time, called in this way.
    fn key(&self, path: &Path, browser: Option<Caller<'_>>, settings: &ProgramSettings) -> Result<String, Refusal> {
        let refuse = |reason: &str| Err(Refusal(reason.to_owned()));
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return refuse("it does not exist"),
            Err(error) => return refuse(&format!("it cannot be looked at: {error}")),
        };
        if !metadata.is_file() {
            return refuse(if metadata.is_dir() {
                "it is a directory"
            } else {
                "it is not a file"
            });
        }
        if metadata.mode() & 0o111 == 0 {
            return refuse("it is not executable");
        }
        let mut hasher = DefaultHasher::new();
        (path, file::stamp(&metadata), &self.script, GENERATION, settings).hash(&mut hasher);
        if let Some(caller) = browser {
            (caller.shell.name, caller.place).hash(&mut hasher);
        }
        Ok(format!("{:016x}", hasher.finish()))
    }

    /// A browser is started by this program, and so nothing is risked by the first call.
    fn probe_page(&self, caller: Caller<'_>, settings: &ProgramSettings) -> Probed<ProbeAnswer> {
        let stage = Stage::new(self.session)?;
        library::put(&self.session.directories, &stage, &[SHELL, PAGE[0], PAGE[1], PROBE])?;
        let arguments = caller.arguments(&settings.flags, SHELL, &["none", PROBE]);
        let (program, environment) = (caller.program()?, &settings.environment);
        let run = match process::run(
            &program,
            &arguments,
            environment,
            &stage,
            LIMITS_OF_BROWSERS,
            self.session,
        )? {
            Ok(run) => run,
            Err(error) => return Ok(Err(Refusal(error.to_string()))),
        };
        ensure!(run.stop != Some(Stop::Interrupted), "interrupted");
        let answer = run.lines.iter().find_map(|line| answer_in(line));
        let mut answer = match answer.ok_or_else(|| Refusal(silence(&run))) {
            Ok(answer) => answer,
            Err(refusal) => return Ok(Err(refusal)),
        };
        answer.flags.clone_from(&settings.flags);
        answer.clip_versions();
        Ok(Ok(answer))
    }

    fn probe_anew(&self, path: &Path, settings: &ProgramSettings) -> Probed<ProbeAnswer> {
        let stage = Stage::new(self.session)?;
        stage.write(PROBE, &self.script)?;
        let environment = &settings.environment;
        // Before its shell is known, only the script's name is a safe argument.
        let mut answer = match self.answer(path, &[PROBE.to_owned()], environment, &stage)? {
            Ok(answer) => answer,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let shell = match answer.shell() {
            Ok(shell) => shell,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !settings.flags.is_empty() {
            answer = match self.with_flags(path, shell, settings, &stage)? {
                Ok(answer) => answer,
                Err(refusal) => return Ok(Err(refusal)),
            };
        }
        for (feature, flag) in shell.flags {
            if answer.features.contains(feature) {
                continue;
            }
            let flags = [&answer.flags[..], &[(*flag).to_owned()]].concat();
            let arguments = shell.arguments(&flags, PROBE, &[]);
            // Some shells refuse an unknown flag, others ignore it with a warning.
            if let Ok(with_flag) = self.answer(path, &arguments, environment, &stage)?
                && with_flag.features.contains(feature)
                && with_flag.features.is_superset(&answer.features)
            {
                answer = ProbeAnswer { flags, ..with_flag };
            }
        }
        if let (None, Some(flag)) = (&answer.version, shell.version_flag) {
            let run = process::run(path, &[flag.to_owned()], environment, &stage, LIMITS, self.session)?;
            answer.version = run.ok().and_then(|run| version::number_in(&run.lines.join("\n")));
        }
        answer.clip_versions();
        Ok(Ok(answer))
    }

    /// The answer with the user's flags; the refusal has what the program printed about them.
    fn with_flags(&self, path: &Path, shell: &Shell, settings: &ProgramSettings, stage: &Stage) -> Probed<ProbeAnswer> {
        let arguments = shell.arguments(&settings.flags, PROBE, &[]);
        let run = match process::run(path, &arguments, &settings.environment, stage, LIMITS, self.session)? {
            Ok(run) => run,
            Err(error) => return Ok(Err(Refusal(error.to_string()))),
        };
        ensure!(run.stop != Some(Stop::Interrupted), "interrupted");
        // d8 goes on without a flag that it does not know, and says so on standard output.
        let printed = run.stderr.lines().chain(run.lines.iter().map(String::as_str));
        if let Some(line) = printed.into_iter().find(|line| is_about_flag(line, &settings.flags)) {
            return Ok(Err(Refusal(format!("it printed `{}`", clip(line)))));
        }
        let answer = run.lines.iter().find_map(|line| answer_in(line));
        let answer = answer.ok_or_else(|| Refusal(silence(&run)));
        Ok(answer.map(|answer| ProbeAnswer {
            flags: settings.flags.clone(),
            ..answer
        }))
    }

    fn answer(
        &self,
        path: &Path,
        arguments: &[String],
        environment: &BTreeMap<String, String>,
        stage: &Stage,
    ) -> Probed<ProbeAnswer> {
        let run = match process::run(path, arguments, environment, stage, LIMITS, self.session)? {
            Ok(run) => run,
            Err(error) => return Ok(Err(Refusal(error.to_string()))),
        };
        // What an interrupted program said means nothing.
        ensure!(run.stop != Some(Stop::Interrupted), "interrupted");
        let answer = run.lines.iter().find_map(|line| answer_in(line));
        Ok(answer.ok_or_else(|| Refusal(silence(&run))))
    }

    /// The version that its package has, if the program reports none.
    fn find_version(&self, answer: &mut ProbeAnswer, path: &Path) -> Result<()> {
        let has_flag = shell_named(&answer.shell).is_some_and(|shell| shell.version_flag.is_some());
        if answer.version.is_none() && !has_flag {
            answer.version = version::of_package(path, self.session)?.map(|version| clip(&version));
        }
        Ok(())
    }
}

/// The answer in a file, if it is there, whole, and of this key.
fn remembered(file: &Path, key: &str) -> Option<ProbeAnswer> {
    let remembered: Remembered = serde_json::from_slice(&file::read(file).ok()?).ok()?;
    let json = remembered.answer.get();
    let is_whole = remembered.key == key && remembered.digest == file::digest(json.as_bytes());
    is_whole.then(|| serde_json::from_str(json).ok()).flatten()
}

fn remember(file: &Path, key: &str, answer: &ProbeAnswer) -> Result<()> {
    let json = serde_json::to_string(answer)?;
    let remembered = Remembered {
        key: key.to_owned(),
        digest: file::digest(json.as_bytes()),
        answer: RawValue::from_string(json)?,
    };
    file::write(file, &serde_json::to_vec(&remembered)?)
}

fn answer_in(line: &str) -> Option<ProbeAnswer> {
    serde_json::from_str(line.strip_prefix("@ ")?).ok()
}

/// Whether a line refuses one of the flags: `Warning: unknown flag --x.`
fn is_about_flag(line: &str, flags: &[String]) -> bool {
    const WORDS: [&str; 6] = ["unknown", "unrecognized", "invalid", "illegal", "bad ", "unsupported"];
    let name = |flag: &String| flag.split('=').next().unwrap_or_default().to_owned();
    let lower = line.to_lowercase();
    // The answer to the probe lists features only.
    !line.starts_with("@ ")
        && WORDS.iter().any(|word| lower.contains(word))
        && flags.iter().any(|flag| line.contains(&name(flag)))
}

/// What a browser's driver said, if it was one that was lost.
fn browser_error(run: &Finished) -> Option<String> {
    (run.end == Some(End::Status(i32::from(LOST)))).then(|| clip(run.stderr.lines().last().unwrap_or_default()))
}

/// The reason for a missing answer.
fn silence(run: &Finished) -> String {
    match (run.stop, run.end) {
        (Some(Stop::TimedOut(overrun)), _) => {
            format!("it did not answer the probe within {} s", overrun.limit.as_secs())
        }
        (Some(Stop::TookMemory(overrun)), _) => format!("{overrun} when probed"),
        (Some(Stop::Flooded(limit)), _) => {
            format!("it printed more than {} KiB when probed", limit >> 10)
        }
        (Some(Stop::Interrupted), _) => "it was interrupted".to_owned(),
        (None, Some(End::Signal(signal))) => format!("it was ended by signal {signal} when probed"),
        (None, _) if browser_error(run).is_some() => browser_error(run).unwrap_or_default(),
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
