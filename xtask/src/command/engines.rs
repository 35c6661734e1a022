//! `engines`: the programs found, and how to install missing ones.

use crate::base::output;
use crate::base::status::Status;
use crate::base::text::{clip, command_line, inert, json_without_commands};
use crate::command::flags::EnginesFlags;
use crate::engine::found::Found;
use crate::engine::search;
use crate::install::installer::{commands, install_command, install_engines};
use crate::install::recipes::Need;
use crate::results::program_row::ProgramRow;
use crate::run::session::Session;
use crate::show::columns::columns;
use anyhow::Result;
use console::style;
use serde_json::json;

pub fn engines(flags: &EnginesFlags, session: &Session) -> Result<Status> {
    let named = flags.engines.selection();
    if flags.install {
        install_engines(named, session)?;
    }
    let found = search::find(named, session)?;
    found.warnings.iter().for_each(|warning| output::warn(warning));
    match flags.json {
        true => output::print_data(&json_without_commands(&as_json(&found, session)?))?,
        false => output::print(&as_table(&found, session))?,
    }
    let is_missing = !named.engines.is_empty() && !found.missing.is_empty();
    Ok(if is_missing { Status::NoAnswer } else { Status::Expected })
}

fn as_table(found: &Found, session: &Session) -> String {
    let header = ["engine", "found", "program", "by", "flags", "features"];
    let mut rows = vec![header.map(|title| style(title).bold().to_string()).to_vec()];
    for program in &found.programs {
        let row = ProgramRow::of(program);
        // Variables stand before flags, as before a command.
        let called_with = row.called_with();
        let flags = match called_with.is_empty() {
            true => "none".to_owned(),
            false => command_line(&called_with),
        };
        let program = inert(&row.program).into_owned();
        rows.push(vec![
            row.engine,
            clip(&row.title),
            program,
            row.found,
            flags,
            row.features.join(" "),
        ]);
    }
    for wanted in &found.missing {
        rows.push(vec![wanted.name(), style("missing").yellow().to_string()]);
    }
    let mut text = columns(&rows);
    for wanted in found.without_shell() {
        let title = wanted.to_string();
        let need = Need::Shell(wanted);
        let commands = commands(&need, session);
        text += &match commands.is_empty() {
            true => format!("\nthere is no known way to install a shell of {title} on this system\n"),
            false => format!("\nto get a shell of {title}, `{}` tries:\n", install_command(&[need])),
        };
        for command in commands {
            text += &format!("  {command}\n");
        }
    }
    text
}

fn as_json(found: &Found, session: &Session) -> Result<String> {
    let programs: Vec<ProgramRow> = found.programs.iter().map(ProgramRow::of).collect();
    let missing: Vec<_> = found
        .missing
        .iter()
        .map(|wanted| json!({ "engine": wanted.name(), "install": commands(&Need::Shell(wanted.clone()), session) }))
        .collect();
    let all = json!({ "schema": "wasm-leaks/engines", "version": 2, "programs": programs, "missing": missing });
    Ok(format!("{}\n", serde_json::to_string_pretty(&all)?))
}
