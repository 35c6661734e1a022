//! `completions`: the script by which a shell completes the words of a command.

use crate::base::output;
use crate::base::status::Status;
use crate::command::flags::{CompletionsFlags, Flags};
use anyhow::{Context, Result};
use clap_complete::generate;

/// How clap_complete 4.6 names the program where its script for bash sets a command, and where it then looks that up:
/// not in the same way if the name has a hyphen, so that nothing of a command would be completed.
const NAME: &str = "wasm__leaks__subcmd__";
const MISNAMED: &str = "wasm__subcmd__leaks__subcmd__";

/// Prints the script. It completes the installed program: `cargo xtask` is cargo's to complete.
pub fn completions(flags: &CompletionsFlags) -> Result<Status> {
    let mut script = Vec::new();
    generate(
        flags.shell,
        &mut Flags::described(),
        env!("CARGO_PKG_NAME"),
        &mut script,
    );
    let script = String::from_utf8(script).context("the script of completions is not UTF-8")?;
    output::print_data(&script.replace(MISNAMED, NAME))?;
    Ok(Status::Expected)
}
