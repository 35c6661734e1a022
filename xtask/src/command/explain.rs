//! `explain`: shows what keeps the wrappers of a case alive, in the same words for each engine.

use crate::base::status::Status;
use crate::base::text::{command_line, json_without_commands};
use crate::base::{file, output};
use crate::cell::limits::GivenLimits;
use crate::cell::run::Cell;
use crate::command::flags::{ExplainFlags, ExplainFormat};
use crate::command::planned::planned;
use crate::command::{choice, plan};
use crate::engine::table::ENGINES;
use crate::explain::answer::{Answer, Asking, ExplainedCell, explain_cell};
use crate::explain::keeping::Keeping;
use crate::explain::leaks::{Wanted, leaks};
use crate::explain::snapshots;
use crate::results::explanations::{SCHEMA, VERSION};
use crate::run::keys::PressedKeys;
use crate::run::schedule;
use crate::run::session::Session;
use crate::show::diagram::{DiagramLanguage, diagram};
use crate::show::explanation_text;
use anyhow::{Result, bail};
use serde_json::json;
use std::ffi::OsString;
use std::path::Path;

pub fn explain(flags: &ExplainFlags, session: &Session) -> Result<Status> {
    if !flags.snapshot.is_empty() {
        return explain_snapshots(flags);
    }
    let mut cases = plan::cases("explain", &flags.cases, session)?;
    choice::without_excluded(&mut cases, &flags.filters)?;
    if let Some(path) = &flags.page {
        file::can_be_written(path, "--page")?;
    }
    let mut found = plan::find(flags.engines.selection(), session)?;
    let Some(choice) = choice::choose(&flags.filters, &mut cases, &mut found, None, session)? else {
        return Ok(Status::Expected);
    };
    let (guests, found) = plan::prepare_found(&cases, found, session)?;
    let planned = planned(&cases, &found, &choice, 1);
    let cells: Vec<Cell<'_>> = planned.iter().map(|planned| planned.cell).collect();
    let given = GivenLimits {
        time: flags.timeout,
        ..GivenLimits::usual(schedule::cores().get())
    };
    let keep = flags.keep.as_deref().map(Keeping::new).transpose()?;
    let asking = Asking {
        verbose: flags.verbose,
        kind: flags.kind.as_deref(),
        keep: keep.as_ref(),
    };
    session.progress.plan(cells.len());
    let keys = PressedKeys::listen(&session.progress);
    let scheduled = schedule::all(
        &cells,
        |_| 0.0,
        schedule::cores(),
        session,
        |cell| {
            let name = format!("{} on {}", cell.case.name, cell.program.label());
            let _line = session.progress.begin(&name);
            let answer = explain_cell(cell, asking, &guests, &given, session);
            session.progress.cell_ended();
            Ok(answer)
        },
    );
    drop(keys);
    session.progress.cells_over();
    let mut explained = scheduled.outcomes;
    if session.is_interrupted() {
        // What the signal cut off is no failure of the engine.
        explained.retain(|cell| !matches!(cell.answer, Answer::Failed { .. }));
        let (answered, planned) = (explained.len(), cells.len());
        if flags.page.is_none() {
            print(&explained, flags.format)?;
        }
        bail!("{answered} of {planned} answers had come");
    }
    report(&explained, flags)
}

/// Looks into snapshots that somebody already has.
fn explain_snapshots(flags: &ExplainFlags) -> Result<Status> {
    let (program, format) = snapshots::read_all(&flags.snapshot)?;
    let wanted = Wanted {
        kind: flags.kind.as_deref(),
        verbose: flags.verbose,
        hidden: format.hides(),
    };
    let engine = ENGINES.iter().find(|engine| engine.snapshot == format);
    let last = flags
        .snapshot
        .last()
        .and_then(|path| path.file_name())
        .unwrap_or_default();
    let explained = ExplainedCell {
        case: last.display().to_string(),
        engine: engine.map_or("", |engine| engine.name),
        program: engine.map_or(String::new(), |engine| engine.title.to_owned()),
        answer: Answer::Leaks(Box::new(leaks(&program, None, wanted))),
    };
    print(&[explained], flags.format)?;
    Ok(Status::Expected)
}

/// Prints the answers, or writes the page, and reports the failures on standard error.
fn report(explained: &[ExplainedCell], flags: &ExplainFlags) -> Result<Status> {
    let has_answered = |cell: &ExplainedCell| !matches!(cell.answer, Answer::CannotTell { .. } | Answer::Failed { .. });
    let has_failed = |cell: &&ExplainedCell| matches!(cell.answer, Answer::Failed { .. });
    let answered = explained.iter().any(has_answered);
    let failed = explained.iter().any(|cell| has_failed(&cell));
    match &flags.page {
        None => print(explained, flags.format)?,
        // A page with a missing answer does not replace one that may have it.
        Some(path) if failed => output::warn(&format!("`{}` is not written", path.display())),
        Some(path) => write_page(path, explained, flags)?,
    }
    for cell in explained.iter().filter(has_failed) {
        output::fail(explanation_text::text(cell).trim_end());
    }
    Ok(match answered && !failed {
        true => Status::Expected,
        false => Status::NoAnswer,
    })
}

/// The answers go to standard output; failures are reported on standard error.
fn print(all: &[ExplainedCell], format: ExplainFormat) -> Result<()> {
    let answers = || all.iter().filter(|cell| !matches!(cell.answer, Answer::Failed { .. }));
    output::print(&match format {
        ExplainFormat::Text => answers().map(explanation_text::text).collect::<Vec<_>>().join("\n"),
        ExplainFormat::Mermaid => diagram(all, DiagramLanguage::Mermaid),
        ExplainFormat::Dot => diagram(all, DiagramLanguage::Dot),
        ExplainFormat::Json => {
            let json = json!({ "schema": SCHEMA, "version": VERSION, "answers": all });
            return output::print_data(&json_without_commands(&format!("{json:#}\n")));
        }
    })
}

/// The introduction of the page.
const PREFACE: &str = "\
Each path begins at what a program can name, its global variables, and ends at
an object that should have died. It stands for all that are kept alive in the same
way. What only the engine has a name for is folded away; `--verbose` shows it. The
dashed edge `┆` is invisible to the collector: it is what the guest reports of its
linear memory.
";

/// Writes a page with the printed answer of each program for each case.
fn write_page(path: &Path, all: &[ExplainedCell], flags: &ExplainFlags) -> Result<()> {
    console::set_colors_enabled(false);
    let mut cases: Vec<&str> = all.iter().map(|cell| cell.case.as_str()).collect();
    cases.dedup();
    // The path of a program on this machine does not matter to a reader.
    let name = |word: &OsString| Path::new(word).file_name().unwrap_or(word).to_owned();
    let engines = flags.engines.engines.iter().map(name);
    let mut words: Vec<OsString> = ["cargo", "xtask", "explain"].map(OsString::from).into();
    words.extend(cases.iter().map(OsString::from));
    words.extend(engines.flat_map(|name| ["--engine".into(), name]));
    words.extend(flags.verbose.then(|| "--verbose".into()));
    words.extend(["--page".into(), path.into()]);
    let command = command_line(words);
    let mut page = format!("# What keeps the object alive\n\n{PREFACE}\nMade by\n\n```\n{command}\n```\n");
    for case in cases {
        page += &format!("\n## {case}\n");
        for cell in all.iter().filter(|cell| cell.case == case) {
            page += &format!("\n```\n{}```\n", explanation_text::text(cell));
        }
    }
    file::write(path, page.as_bytes())
}
