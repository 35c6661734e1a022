//! `cargo xtask engines`: says what is found, and how to get what is missing.

use crate::base::directories::Checkout;
use crate::base::output::{self, Status};
use crate::command::flags::EnginesFlags;
use crate::engine::search::{self as find, Found};
use crate::install::installer::commands;
use crate::install::recipe::Need;
use crate::results::document::EngineRow;
use crate::run::interrupt::Interrupt;
use crate::show::table::columns;
use anyhow::Result;
use console::style;
use serde_json::json;

pub fn engines(flags: EnginesFlags, interrupt: &Interrupt) -> Result<Status> {
    interrupt.listen()?;
    let checkout = Checkout::find()?;
    let found = find::find(&checkout, &flags.engines.engines, interrupt)?;
    found.passed_over.iter().for_each(|word| output::warn(word));
    output::print(&if flags.json {
        as_json(&found, interrupt)?
    } else {
        as_table(&found, interrupt)
    })?;
    let named = !flags.engines.engines.is_empty();
    Ok(match named && !found.missing.is_empty() {
        true => Status::NoAnswer,
        false => Status::Expected,
    })
}

fn as_table(found: &Found, interrupt: &Interrupt) -> String {
    let header = ["engine", "found", "program", "by", "flags", "features"];
    let mut rows = vec![header.map(|title| style(title).bold().to_string()).to_vec()];
    for program in &found.programs {
        let features: Vec<String> = program.features.iter().map(|feature| feature.to_string()).collect();
        rows.push(vec![
            program.engine.name.to_owned(),
            program.to_string(),
            program.path.display().to_string(),
            program.how.to_string(),
            if program.flags.is_empty() {
                "none".to_owned()
            } else {
                program.flags.join(" ")
            },
            features.join(" "),
        ]);
    }
    for engine in &found.missing {
        rows.push(vec![engine.name.to_owned(), style("missing").yellow().to_string()]);
    }
    let mut text = columns(&rows);
    for engine in found.without_shell() {
        let commands = commands(Need::Shell(engine), interrupt);
        text += &match commands.is_empty() {
            true => format!(
                "\nnothing is known that would install a shell of {} on this system\n",
                engine.title
            ),
            false => format!(
                "\nto get a shell of {}, `cargo xtask test --install` tries:\n",
                engine.title
            ),
        };
        for command in commands {
            text += &format!("  {command}\n");
        }
    }
    text
}

fn as_json(found: &Found, interrupt: &Interrupt) -> Result<String> {
    let engines: Vec<EngineRow<'_>> = found.programs.iter().map(EngineRow::of).collect();
    let missing: Vec<_> = found
        .missing
        .iter()
        .map(|engine| json!({ "engine": engine.name, "install": commands(Need::Shell(engine), interrupt) }))
        .collect();
    let all = json!({ "schema": "wasm-leaks/engines", "version": 1, "engines": engines, "missing": missing });
    Ok(format!("{}\n", serde_json::to_string_pretty(&all)?))
}
