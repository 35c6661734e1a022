//! Runs one case on one program, and judges it.

use crate::base::file;
use crate::case::Case;
use crate::case::tree;
use crate::cell::block_places::with_places;
use crate::cell::in_sources::in_sources;
use crate::cell::judge::{Departure, Judgement, Outcome, judge};
use crate::cell::limits::GivenLimits;
use crate::cell::needs;
use crate::cell::script_error::script_error;
use crate::engine::feature::Feature;
use crate::engine::host::{self, OwnPlace, Performance};
use crate::engine::library::{
    self, BLOCKS, CENSUS, DEBUGGER_CENSUS, GROWTH, INNER_GLOBAL, LEDGER, MEMORIES, PLACES, PLANTED, REACH, READERS,
    READINGS, RETAIN, RUNTIME, SNAPSHOT, TREND, WATCH, WEB, WITNESS_V8,
};
use crate::engine::program::Program;
use crate::guest::guests::Guests;
use crate::guest::instrumenting::{ANSWERS, StageAnswers};
use crate::measure::block_findings::BlockOwners;
use crate::measure::census::{KindGrowth, What};
use crate::measure::census_events::{ModuleSeen, digest};
use crate::measure::telemetry::{self, Printed, TelemetryEvent};
use crate::run::lifeline::End;
use crate::run::limits::{Limits, Stop};
use crate::run::process::Finished;
use crate::run::session::Session;
use crate::run::stage::Stage;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

/// The names on a stage of a guest, and of its glue from wasm-bindgen.
const GUEST: &str = "guest.wasm";
const GLUE: &str = "guest.js";

/// One case on one program.
#[derive(Debug, Clone, Copy)]
pub struct Cell<'a> {
    pub case: &'a Case,
    pub program: &'a Program,
}

/// The facts of a cell that ran, and its judgement.
#[derive(Debug)]
pub struct Facts<'a> {
    pub cell: Cell<'a>,
    pub judgement: Judgement,
    /// The arguments of the program.
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
    /// Runs the cell and judges it. It is not run if the program failed its canary
    /// or lacks a feature that the case needs. An error is trouble of the checkout or of the
    /// machine, not of the engine.
    pub fn run(self, guests: &Guests, given: &GivenLimits, session: &Session) -> Result<Facts<'a>> {
        let mut performance = self.performance(guests, &[], &[])?;
        let limits = self.limits(given);
        performance.options = self.options(given);
        let not_run = |outcome| Facts {
            cell: self,
            judgement: Judgement::of(outcome),
            arguments: host::arguments(self.program, &performance),
            transcript: Vec::new(),
            telemetry: Vec::new(),
            stderr: String::new(),
            end: None,
            seconds: 0.0,
            cpu_seconds: 0.0,
            peak_bytes: 0,
        };
        if let Some(doubt) = self.doubt() {
            return Ok(not_run(Outcome::Inconclusive(doubt)));
        }
        if let Some(feature) = self.lacks() {
            return Ok(not_run(Outcome::Skipped(feature)));
        }
        let mut stage = self.stage(guests, session)?;
        let not_run = not_run(Outcome::Ok);
        let key = host::new_key();
        if self.case.own().is_some() {
            let answers = StageAnswers::new(stage.path(), &key, guests.instrumenting(self.case));
            stage.write(&format!("{ANSWERS}/readme"), b"Answers to the scripts.\n")?;
            stage.answer(Arc::new(answers));
        }
        performance.key = Some(key.clone());
        Ok(match host::run(self.program, &performance, &stage, limits, session)? {
            Ok(finished) => not_run.with(finished, &key, guests)?,
            Err(error) => Facts {
                judgement: Judgement::of(Outcome::Broke(error.to_string())),
                ..not_run
            },
        })
    }

    /// Why the program cannot be judged by this case, if so.
    pub fn doubt(self) -> Option<String> {
        let shell = self.program.shell;
        let is_unread = self.case.own().is_some() && !shell.counts_alive;
        let unread = is_unread.then(|| format!("what is alive in a page of {} cannot be counted yet", shell.name));
        self.program.doubt.clone().or(unread)
    }

    /// The limits of its program.
    pub fn limits(self, given: &GivenLimits) -> Limits {
        given.of(self.case.expectation(self.program))
    }

    /// The values for `js/lib/runtime.js` and `census.js`.
    pub fn options(self, given: &GivenLimits) -> Vec<String> {
        given.options(self.case.expectation(self.program))
    }

    /// A feature that the case needs and the engine lacks, if any.
    pub fn lacks(self) -> Option<Feature> {
        let needs = &self.case.expectation(self.program).needs;
        let has = |feature: &&Feature| self.program.features.contains(feature);
        needs.iter().find(|feature| !has(feature)).copied()
    }

    /// The guest and the scripts of the case, with scripts of ours `before` the guest is compiled, and `after` that.
    pub fn performance(self, guests: &Guests, before: &[&'static str], after: &[&'static str]) -> Result<Performance> {
        if self.case.own().is_some() {
            return self.own_performance(guests, census_scripts());
        }
        let glue = guests.of_case(self.case)?.glue().map(|_| GLUE);
        let first = [WATCH, MEMORIES, TREND].into_iter().chain(before.iter().copied());
        let shared = first.chain(glue).chain([RUNTIME]).chain(after.iter().copied());
        Ok(Performance {
            guest: Some(GUEST.to_owned()),
            scripts: shared.map(str::to_owned).chain(self.case.scripts()).collect(),
            ..Performance::default()
        })
    }

    /// The script of a user's own case, of which the engine writes its heap between calls.
    pub fn retaining_performance(self, guests: &Guests) -> Result<Performance> {
        Ok(Performance {
            writes_heap: true,
            ..self.own_performance(guests, retaining_scripts())?
        })
    }

    /// The script of a user's own case, with scripts of ours that call it.
    fn own_performance(self, guests: &Guests, ours: impl Iterator<Item = &'static str>) -> Result<Performance> {
        let own = self.case.own().context("the case has neither a guest nor a script")?;
        let bundle = guests.bundle(self.case, self.program.shell);
        let name = bundle.map(|bundle| bundle.name.as_str()).or(own.name.to_str());
        let name = name.with_context(|| {
            format!(
                "the name of the script `{}` is not UTF-8, and no engine can be given it",
                own.name.display()
            )
        })?;
        Ok(Performance {
            scripts: ours.map(str::to_owned).chain([name.to_owned()]).collect(),
            own: Some(OwnPlace {
                directory: self.case.stage_directory().trim_end_matches('/').to_owned(),
                root: tree::ROOT.to_owned(),
                home: self.case.root().to_owned(),
                is_module: own.is_module,
                is_in_browser: self.program.shell.browser.is_some(),
                page: self.case.page(self.program)?,
            }),
            ..Performance::default()
        })
    }

    /// A stage with all files that the case needs.
    pub fn stage(self, guests: &Guests, session: &Session) -> Result<Stage> {
        let stage = Stage::new(session)?;
        match self.case.own() {
            None => {
                let built = guests.of_case(self.case)?;
                stage.copy(built.module()?, GUEST)?;
                if let Some(glue) = built.glue() {
                    stage.copy(glue, GLUE)?;
                }
                library::put(&session.directories, &stage, &[WATCH, MEMORIES, TREND, RUNTIME])?;
            }
            Some(_) => {
                let scripts = census_scripts()
                    .chain(retaining_scripts())
                    .chain([INNER_GLOBAL, DEBUGGER_CENSUS]);
                let scripts: Vec<&str> = scripts.collect();
                library::put(&session.directories, &stage, &scripts)?;
            }
        }
        guests.put_files(self.case, &stage)?;
        if let Some(bundle) = guests.bundle(self.case, self.program.shell) {
            bundle.put(&stage, self.case.stage_directory().trim_end_matches('/'))?;
        }
        Ok(stage)
    }
}

/// What a user's own script finds.
fn own_scripts() -> impl Iterator<Item = &'static str> {
    [WATCH, MEMORIES].into_iter().chain(WEB.iter().copied())
}

/// Our scripts before a user's own, for the census.
fn census_scripts() -> impl Iterator<Item = &'static str> {
    let judging = [TREND, GROWTH, PLACES, PLANTED, LEDGER, BLOCKS];
    own_scripts()
        .chain(judging)
        .chain(READERS)
        .chain([WITNESS_V8, READINGS, CENSUS])
}

/// And those that make the engine write its heap.
fn retaining_scripts() -> impl Iterator<Item = &'static str> {
    own_scripts().chain([PLACES, SNAPSHOT, REACH, RETAIN])
}

impl Facts<'_> {
    /// Adds the facts of the run, and judges it.
    fn with(mut self, mut finished: Finished, key: &str, guests: &Guests) -> Result<Self> {
        let ending = finished.ending();
        let mut printed = telemetry::split(finished.lines, Some(key));
        if self.cell.case.own().is_some() {
            printed = with_places(printed, &guests.instrumenting(self.cell.case));
        }
        if let Some(maps) = guests.source_maps(self.cell.case) {
            printed = in_sources(printed, maps);
            finished.stderr = maps.in_text(&finished.stderr).into_owned();
        }
        let program = self.cell.program;
        let expectation = self.cell.case.expectation(program);
        self.judgement = judge(ending, &printed, &finished.stderr, expectation, program);
        if let Some(feature) = self.cannot_compile(&printed, &self.modules(guests)?) {
            self.judgement = Judgement::of(Outcome::Skipped(feature));
        }
        self.name_modules(guests)?;
        if self.cell.case.own().is_some() {
            self.tell_collector(guests);
            self.tell_untold(guests);
            self.tell_refused(guests);
        }
        if let Outcome::Broke(how) = &mut self.judgement.outcome
            && let Some(Stop::TimedOut(_) | Stop::TookMemory(_)) = ending.stop
        {
            *how += &seen(&printed.events);
        }
        self.end = finished.end;
        self.seconds = finished.seconds;
        self.cpu_seconds = finished.cpu_seconds;
        self.peak_bytes = finished.peak_bytes;
        self.stderr = finished.stderr;
        self.transcript = printed.transcript;
        self.telemetry = printed.telemetry;
        Ok(self)
    }
}

impl Facts<'_> {
    /// The feature that the program lacks and a module of the case uses, if it could not compile one.
    fn cannot_compile(&self, printed: &Printed, modules: &[PathBuf]) -> Option<Feature> {
        let is_failed = matches!(self.judgement.outcome, Outcome::Failed(_));
        if !is_failed || !script_error(printed).is_some_and(|error| error.contains(COMPILE_ERROR)) {
            return None;
        }
        let features = &self.cell.program.features;
        modules
            .iter()
            .filter_map(|path| file::read(path).ok())
            .find_map(|module| needs::lacking(&module, |feature| !features.contains(&feature)))
    }

    /// Says that blocks are kept in their module, where that has a collector.
    fn tell_collector(&mut self, guests: &Guests) {
        let Some(census) = &mut self.judgement.census else {
            return;
        };
        let first = census.grows.iter().find(|growth| growth.kind.what == What::Blocks);
        let module = first.and_then(|growth| growth.kind.module.as_ref());
        let known = module.and_then(|module| guests.instrumenting(self.cell.case).known(module));
        let is_by_objects = matches!(census.blocks.owner, Some(BlockOwners::Stays(_)));
        if known.is_some_and(|known| known.has_collector()) && !is_by_objects {
            census.blocks.owner = Some(BlockOwners::Collector);
        }
    }

    /// It is a failure if no module has the functions that the user named as its allocator.
    fn tell_refused(&mut self, guests: &Guests) {
        let Some(why) = guests.instrumenting(self.cell.case).refused() else {
            return;
        };
        let departure = Departure::Other(format!(
            "`#: allocator` names the allocator of no module that was compiled: {why}"
        ));
        match &mut self.judgement.outcome {
            Outcome::Failed(departures) => departures.push(departure),
            outcome @ Outcome::Ok => *outcome = Outcome::Failed(vec![departure]),
            Outcome::Skipped(_) | Outcome::Inconclusive(_) | Outcome::Broke(_) => {}
        }
    }

    /// Says why nothing is known of the blocks of a module whose memory grows.
    fn tell_untold(&mut self, guests: &Guests) {
        let Some(census) = &mut self.judgement.census else {
            return;
        };
        let is_told = |growth: &KindGrowth| growth.kind.what == What::BlockBytes;
        let grows = census
            .grows
            .iter()
            .filter(|growth| growth.kind.what == What::LinearMemory);
        let module = grows.filter_map(|growth| growth.kind.module.as_ref()).next();
        let Some(module) = module.filter(|_| !census.grows.iter().any(is_told)) else {
            return;
        };
        let known = guests.instrumenting(self.cell.case).known(module);
        if let Some(untold) = known.and_then(|known| known.untold()) {
            census.blocks.untold = Some(untold.why);
            census.blocks.wants_names = untold.is_for_want_of_names;
        }
    }

    /// Names the files of the modules that the census found, by their bytes.
    fn name_modules(&mut self, guests: &Guests) -> Result<()> {
        let files = self.modules(guests)?;
        let Some(census) = &mut self.judgement.census else {
            return Ok(());
        };
        let kinds = census.grows.iter_mut().map(|growth| &mut growth.kind);
        let kinds = kinds.chain(census.stays.iter_mut().map(|stay| &mut stay.kind));
        let modules: Vec<&mut ModuleSeen> = kinds.filter_map(|kind| kind.module.as_mut()).collect();
        for module in modules {
            let is_it = |path: &&PathBuf| {
                file::size(path).is_ok_and(|size| size == module.size)
                    && file::read(path).is_ok_and(|bytes| digest(&bytes) == module.digest)
            };
            let name = files.iter().find(is_it).and_then(|path| path.file_name());
            module.file = name.map(|name| name.to_string_lossy().into_owned());
        }
        Ok(())
    }

    /// The modules of the case: those that were built, then the user's, and those of packages.
    fn modules(&self, guests: &Guests) -> Result<Vec<PathBuf>> {
        let case = self.cell.case;
        let mut found: Vec<PathBuf> = match case.own() {
            Some(_) => guests.staged(case)?.into_iter().map(|file| file.path).collect(),
            None => Vec::new(),
        };
        found.extend(case.files().unwrap_or_default().into_iter().map(|file| file.path));
        found.extend(guests.package_modules(case));
        found.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
        Ok(found)
    }
}

/// The name of the error of a module that an engine cannot compile.
const COMPILE_ERROR: &str = "CompileError";

/// What a program reported before it was killed, as the end of a sentence.
fn seen(events: &[TelemetryEvent]) -> String {
    let mut rounds = events.iter().filter_map(|event| match event {
        TelemetryEvent::Round(counts) => Some(counts),
        _ => None,
    });
    match (rounds.clone().count(), rounds.next_back()) {
        (0, _) | (_, None) => match events.iter().rev().find_map(calls) {
            Some(calls) if calls > 0.0 => format!("; what is alive had been counted until {calls} calls"),
            Some(_) => "; what is alive had been counted only before the first call".to_owned(),
            None => "; no round had ended".to_owned(),
        },
        (number, Some(last)) => format!(
            "; {number} rounds had ended, with {} of {} objects live",
            last.live, last.allocated
        ),
    }
}

fn calls(event: &TelemetryEvent) -> Option<f64> {
    match event {
        TelemetryEvent::Reading(reading) => Some(reading.calls),
        _ => None,
    }
}
