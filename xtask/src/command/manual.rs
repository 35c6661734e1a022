//! `manual`: the manual page, in roff.

use crate::base::output;
use crate::base::status::Status;
use crate::command::flags::Flags;
use anyhow::{Context, Result};
use clap::Command;
use clap_mangen::Man;

/// Prints one page of all commands: a page for each would leave a reader to guess their names.
pub fn manual() -> Result<Status> {
    let page = page().context("failed to write the manual page")?;
    output::print_data(&page)?;
    Ok(Status::Expected)
}

fn page() -> Result<String> {
    let mut whole = Flags::described().disable_help_subcommand(true);
    // The names of commands and the global flags are known once it is built.
    whole.build();
    let mut bytes = Vec::new();
    let man = Man::new(whole.clone());
    man.render_title(&mut bytes)?;
    man.render_name_section(&mut bytes)?;
    man.render_synopsis_section(&mut bytes)?;
    man.render_options_section(&mut bytes)?;
    let mut page = String::from_utf8(bytes)?;
    for command in whole.get_subcommands() {
        page += &section(command)?;
    }
    Ok(page)
}

/// A section for a command: the sections of its own page are parts of it.
fn section(command: &Command) -> Result<String> {
    let mut bytes = Vec::new();
    let man = Man::new(command.clone());
    man.render_description_section(&mut bytes)?;
    man.render_synopsis_section(&mut bytes)?;
    man.render_options_section(&mut bytes)?;
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let mut section = format!(".SH \"{name}\"\n");
    for line in String::from_utf8(bytes)?.lines() {
        section += &line.replacen(".SH ", ".SS ", usize::from(line.starts_with(".SH ")));
        section.push('\n');
    }
    if let Some(status) = command.get_after_help() {
        section += &statuses(&status.to_string());
    }
    Ok(section)
}

/// What the help of a command ends with: a title, and lines that stay as they are.
fn statuses(text: &str) -> String {
    let (title, lines) = text.split_once('\n').unwrap_or((text, ""));
    let title = title.trim_end_matches(':').to_uppercase();
    // A line that begins with a dot or a quote would be a command.
    let lines: String = lines
        .lines()
        .map(|line| format!("\\&{}\n", line.replace('\\', "\\e").replace('-', "\\-")))
        .collect();
    format!(".SS \"{title}\"\n.nf\n{lines}.fi\n")
}
