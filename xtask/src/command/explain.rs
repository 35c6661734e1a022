//! `cargo xtask explain`: what keeps the first wrapper of a case alive, in the same words on each engine.

use crate::base::directories::Checkout;
use crate::base::file;
use crate::base::output::{self, Status};
use crate::case::places as case;
use crate::cell::cell::Cell;
use crate::command::flags::{ExplainFlags, Format};
use crate::command::prepare::prepare;
use crate::explain::explanation::{self, Explanation};
use crate::explain::question::{self, Answer};
use crate::measure::verdict::Verdict;
use crate::run::interrupt::Interrupt;
use crate::run::process::Limits;
use crate::run::progress::Progress;
use crate::run::schedule;
use crate::show::diagram::{Language, diagram};
use crate::show::draw;
use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::json;
use std::ffi::OsString;
use std::path::Path;

/// What the JSON is, and its version, which any change raises that a reader would notice.
const SCHEMA: &str = "wasm-leaks/explanations";
const VERSION: u32 = 1;

/// What one engine told of one case.
#[derive(Debug, Serialize)]
pub struct Told {
    pub case: String,
    pub engine: &'static str,
    /// The program and its version.
    pub program: String,
    #[serde(flatten)]
    pub answer: Shown,
}

/// An answer, or why there is none.
#[derive(Debug, Serialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Shown {
    Kept(Explanation),
    Nothing {
        wrapper: String,
        made: u64,
        /// Slots of the table that are in use all the same: nobody frees the guest's objects.
        slots: u64,
        /// The case is expected to leak all the same: then a round is not enough to see it.
        leaks: bool,
    },
    /// The engine has no way to tell.
    CannotTell {
        reason: String,
    },
    /// It has, and did not.
    Failed {
        reason: String,
    },
}

pub fn explain(flags: ExplainFlags, interrupt: &Interrupt) -> Result<Status> {
    interrupt.listen()?;
    let checkout = Checkout::find()?;
    let cases = case::read(&checkout, &flags.cases)?;
    if let Some(path) = &flags.page {
        file::can_be_written(path, "--page")?;
    }
    let progress = Progress::default();
    let (guests, found) = prepare(&checkout, &cases, &flags.engines.engines, &progress, interrupt)?;
    let row = |case| found.programs.iter().map(move |program| Cell { case, program });
    let cells: Vec<Cell<'_>> = cases.iter().flat_map(row).collect();
    let limits = Limits::of_case(flags.timeout);
    let told = schedule::all(
        &cells,
        |_| 0.0,
        schedule::cores(),
        interrupt,
        |cell| {
            let line = progress.begin_cell(cell);
            let answer = question::ask(cell, &checkout, &guests, limits, interrupt);
            let answer = answer.and_then(|answer| shown(answer, cell, flags.verbose));
            drop(line);
            Ok(Told {
                case: cell.case.name.clone(),
                engine: cell.program.engine.name,
                program: cell.program.to_string(),
                answer: answer.unwrap_or_else(|error| Shown::Failed {
                    reason: format!("{error:#}"),
                }),
            })
        },
    )?;
    if interrupt.signal().is_some() {
        output::note("interrupted");
        return Ok(Status::NoAnswer);
    }
    let answered = |told: &Told| matches!(told.answer, Shown::Kept(_) | Shown::Nothing { .. });
    let has_failed = |told: &&Told| matches!(told.answer, Shown::Failed { .. });
    let answered = told.iter().any(answered);
    let failed = told.iter().any(|told| has_failed(&told));
    match &flags.page {
        None => print(&told, flags.format)?,
        // One that lacks an answer is not put in the place of one that may have it.
        Some(path) if failed => output::note(&format!("`{}` is not written", path.display())),
        Some(path) => write_page(path, &told, &flags)?,
    }
    for told in told.iter().filter(has_failed) {
        output::fail(draw::text(told).trim_end());
    }
    Ok(match answered && !failed {
        true => Status::Expected,
        false => Status::NoAnswer,
    })
}

fn shown(answer: Answer, cell: Cell<'_>, verbose: bool) -> Result<Shown> {
    let engine = cell.program.engine;
    Ok(match answer {
        Answer::Nothing(wrapper) => Shown::Nothing {
            wrapper: explanation::name(&wrapper),
            made: wrapper.made,
            slots: wrapper.slots,
            leaks: cell.case.expectation(engine).verdicts == [Verdict::Leaks],
        },
        Answer::CannotTell(reason) => Shown::CannotTell { reason },
        Answer::Kept(kept) => match (explanation::explain(&kept, verbose), engine.snapshot.hides()) {
            (Some(explanation), _) => Shown::Kept(explanation),
            (None, why) => {
                let name = explanation::name(&kept.wrapper);
                let what = format!("{name} is alive, but no path from a root leads to it");
                let why = why.with_context(|| format!("{what}: the snapshot is not whole"))?;
                Shown::CannotTell {
                    reason: format!("{what}: {why}"),
                }
            }
        },
    })
}

/// The answers go to standard output; what is no answer is told on standard error.
fn print(all: &[Told], format: Format) -> Result<()> {
    let answers = || all.iter().filter(|told| !matches!(told.answer, Shown::Failed { .. }));
    output::print(&match format {
        Format::Text => answers().map(draw::text).collect::<Vec<_>>().join("\n"),
        Format::Mermaid => diagram(all, Language::Mermaid),
        Format::Dot => diagram(all, Language::Dot),
        Format::Json => format!(
            "{:#}\n",
            json!({ "schema": SCHEMA, "version": VERSION, "answers": all })
        ),
    })
}

/// What the page says before its cases.
const PREFACE: &str = "\
Each path begins at what a program can name, its global variables, and ends at
the first object that should have died. What the engine alone has a name for is
folded away; `--verbose` shows it. The dashed edge `┆` is none that a collector
sees: it is what the guest tells of its linear memory.
";

/// Each case with what each engine says of it, as it would be printed.
fn write_page(path: &Path, all: &[Told], flags: &ExplainFlags) -> Result<()> {
    console::set_colors_enabled(false);
    let mut cases: Vec<&str> = all.iter().map(|told| told.case.as_str()).collect();
    cases.dedup();
    // Where a program lies is no matter to who reads it.
    let name = |word: &OsString| {
        Path::new(word)
            .file_name()
            .unwrap_or(word)
            .to_string_lossy()
            .into_owned()
    };
    let engines = flags.engines.engines.iter();
    let engines: String = engines.map(|word| format!(" --engine {}", name(word))).collect();
    let verbose = if flags.verbose { " --verbose" } else { "" };
    let mut page = format!(
        "# What keeps the object alive\n\n{PREFACE}\nMade by\n\n```\ncargo xtask explain {}{engines}{verbose} --page \
         {}\n```\n",
        cases.join(" "),
        path.display()
    );
    for case in cases {
        page += &format!("\n## {case}\n");
        for told in all.iter().filter(|told| told.case == case) {
            page += &format!("\n```\n{}```\n", draw::text(told));
        }
    }
    file::write(path, page.as_bytes())
}
