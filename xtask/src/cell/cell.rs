//! A cell: one case on one engine.

use crate::base::directories::Checkout;
use crate::base::file;
use crate::case::places::Case;
use crate::cell::judge::{Judgement, Outcome, judge};
use crate::engine::feature::Feature;
use crate::engine::search::Program;
use crate::guest::guests::Guests;
use crate::measure::telemetry;
use crate::run::interrupt::Interrupt;
use crate::run::lifeline::End;
use crate::run::process::{self, Limits, Run};
use crate::run::stage::Stage;
use anyhow::Result;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// The names on the stage; in the checkout, all but the guest have the same.
pub const SHELL: &str = "js/lib/shell.js";
const RUNTIME: &str = "js/lib/runtime.js";
const GUEST: &str = "guest.wasm";
const GLUE: &str = "guest.js";

#[derive(Debug, Clone, Copy)]
pub struct Cell<'a> {
    pub case: &'a Case,
    pub program: &'a Program,
}

/// What came of a cell, and what is to be said of it.
#[derive(Debug)]
pub struct Facts<'a> {
    pub cell: Cell<'a>,
    pub judgement: Judgement,
    /// What was run, from the program on.
    pub arguments: Vec<String>,
    pub transcript: Vec<String>,
    pub telemetry: Vec<Value>,
    /// The end of standard error.
    pub stderr: String,
    pub end: Option<End>,
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub peak_bytes: u64,
}

impl<'a> Cell<'a> {
    /// Runs the cell, unless the engine cannot be judged or lacks what the case
    /// needs, and judges it. An error is one of the checkout, not of the engine.
    pub fn run(self, checkout: &Checkout, guests: &Guests, limits: Limits, interrupt: &Interrupt) -> Result<Facts<'a>> {
        let mut facts = Facts {
            cell: self,
            judgement: Judgement::of(Outcome::Broke("it was not run".to_owned())),
            arguments: self.arguments(&self.scripts(guests, &[])?, None),
            transcript: Vec::new(),
            telemetry: Vec::new(),
            stderr: String::new(),
            end: None,
            seconds: 0.0,
            cpu_seconds: 0.0,
            peak_bytes: 0,
        };
        if let Some(doubt) = &self.program.doubt {
            facts.judgement = Judgement::of(Outcome::Inconclusive(doubt.clone()));
            return Ok(facts);
        }
        if let Some(feature) = self.lacks() {
            facts.judgement = Judgement::of(Outcome::Skipped(feature));
            return Ok(facts);
        }
        let stage = self.stage(checkout, guests)?;
        match process::run(&self.program.path, &facts.arguments, &stage, limits, interrupt) {
            Ok(run) => facts.take(run),
            Err(error) => facts.judgement = Judgement::of(Outcome::Broke(format!("{error:#}"))),
        }
        Ok(facts)
    }

    /// What the case needs and the engine lacks, if anything.
    pub fn lacks(self) -> Option<Feature> {
        let needs = &self.case.expectation(self.program.engine).needs;
        needs
            .iter()
            .find(|feature| !self.program.features.contains(feature))
            .copied()
    }

    /// The scripts after `shell.js`, in the order in which they are loaded; `more` of them before the case's own.
    pub fn scripts(self, guests: &Guests, more: &[&str]) -> Result<Vec<String>> {
        let test = format!("js/cases/{}/test.js", self.case.name);
        let glue = guests.built(self.case.guest())?.glue.as_ref().map(|_| GLUE);
        let names = glue.into_iter().chain([RUNTIME]).chain(more.iter().copied());
        Ok(names.map(str::to_owned).chain([test]).collect())
    }

    /// What the program is called with: its flags, one more, and the guest with the scripts.
    pub fn arguments(self, scripts: &[String], flag: Option<String>) -> Vec<String> {
        let flags: Vec<String> = self.program.flags.iter().cloned().chain(flag).collect();
        let arguments: Vec<&str> = [GUEST].into_iter().chain(scripts.iter().map(String::as_str)).collect();
        self.program.shell.arguments(&flags, SHELL, &arguments)
    }

    /// A stage with all that the case needs.
    pub fn stage(self, checkout: &Checkout, guests: &Guests) -> Result<Stage> {
        let stage = Stage::new(checkout)?;
        let built = guests.built(self.case.guest())?;
        stage.add(&built.module, GUEST)?;
        if let Some(glue) = &built.glue {
            stage.add(glue, GLUE)?;
        }
        for name in [SHELL, RUNTIME] {
            stage.add(&checkout.root().join(name), name)?;
        }
        let directory = self.case.directory(checkout);
        for path in file::entries(&directory)? {
            if let (true, Some(name)) = (path.is_file(), path.file_name().and_then(|name| name.to_str())) {
                stage.add(&path, &format!("js/cases/{}/{name}", self.case.name))?;
            }
        }
        Ok(stage)
    }

    /// The name under which the time that the cell took is kept.
    pub fn key(self) -> String {
        format!("{} on {}", self.case.name, self.program.path.display())
    }
}

impl Facts<'_> {
    fn take(&mut self, run: Run) {
        let ended = run.ended();
        self.end = run.end;
        self.seconds = run.seconds;
        self.cpu_seconds = run.cpu_seconds;
        self.peak_bytes = run.peak_bytes;
        self.stderr = run.stderr;
        let printed = telemetry::part(run.lines);
        let program = self.cell.program;
        let expectation = self.cell.case.expectation(program.engine);
        self.judgement = judge(ended, &printed, expectation, program.shell);
        self.transcript = printed.transcript;
        self.telemetry = printed.telemetry;
    }
}

/// How long each cell took when it last ran, in seconds: the longest are started first.
#[derive(Debug)]
pub struct Times {
    file: PathBuf,
    seconds: std::collections::BTreeMap<String, f64>,
}

impl Times {
    /// Reads the times; without any, or with a file that cannot be read, nothing is known.
    pub fn read(checkout: &Checkout) -> Result<Times> {
        let file = checkout.scratch("times")?.join("times.json");
        let seconds = fs::read(&file).ok().and_then(|json| serde_json::from_slice(&json).ok());
        Ok(Times {
            file,
            seconds: seconds.unwrap_or_default(),
        })
    }

    /// What is not known may be long: it counts as longer than all.
    pub fn of(&self, cell: Cell<'_>) -> f64 {
        self.seconds.get(&cell.key()).copied().unwrap_or(f64::INFINITY)
    }

    /// Adds the times of these cells and writes the file.
    pub fn write(mut self, facts: &[Facts<'_>]) -> Result<()> {
        for facts in facts.iter().filter(|facts| facts.end.is_some()) {
            self.seconds.insert(facts.cell.key(), facts.seconds);
        }
        file::write(&self.file, &serde_json::to_vec(&self.seconds)?)
    }
}
