//! wasm-leaks: are WebAssembly and JavaScript objects that refer to each other
//! collected, or do they leak; what grows, and what keeps it alive?

mod base;
mod measure;
mod run;
mod browser;
mod engine;
mod case;
mod guest;
mod cell;
mod results;
mod explain;
mod install;
mod show;
mod command;

#[doc(hidden)]
pub mod measured;

use anyhow::Result;
use base::output;
use base::status::Status;
use base::text;
use command::flags::{Command, Flags, WhenFlag};
use run::interrupt::Interrupt;
use run::session::Session;
use std::process::ExitCode;

/// Runs the command that the command line asks for, and returns its exit status.
pub fn main() -> ExitCode {
    let flags = match Flags::from_command_line() {
        Ok(flags) => flags,
        Err(usage) => return output::usage(&usage),
    };
    output::set_colours(match flags.color {
        WhenFlag::Auto => None,
        WhenFlag::Always => Some(true),
        WhenFlag::Never => Some(false),
    });
    let interrupt = Interrupt::default();
    let answer = run_command(&flags.command, &interrupt);
    if let Some(signal) = interrupt.signal() {
        if let Err(error) = answer {
            output::note(&format!("interrupted: {}", text::inert(&format!("{error:#}"))));
        }
        return Status::Interrupted(signal).into();
    }
    answer.map_or_else(
        |error| {
            output::error(&error);
            Status::NoAnswer.into()
        },
        ExitCode::from,
    )
}

fn run_command(command: &Command, interrupt: &Interrupt) -> Result<Status> {
    let session = || Session::begin(interrupt);
    match command {
        Command::Test(flags) => command::test::test(flags, &session()?),
        Command::Explain(flags) => command::explain::explain(flags, &session()?),
        Command::Bisect(flags) => command::bisect::bisect(flags, &session()?),
        Command::Browse(flags) => command::browse::browse(flags),
        Command::Build(flags) => command::build::build(flags, &session()?),
        Command::Engines(flags) => command::engines::engines(flags, &session()?),
        Command::Findings(flags) => command::findings::findings(flags, &session()?),
        Command::Report(flags) => command::report::report(flags, &session()?),
        Command::Compare(flags) => command::compare::compare(flags),
        Command::Completions(flags) => command::completions::completions(flags),
        Command::Manual => command::manual::manual(),
        Command::Instrument(flags) => command::instrument::instrument(flags, &session()?),
        Command::New(flags) => command::new::new(flags, &session()?),
        Command::Watch(flags) => command::watch::watch(flags, &session()?),
        // These belong to another command, which handles the signals.
        Command::Guard(flags) => run::guard::guard(flags.stages.as_deref(), &flags.command),
        Command::Sweep(flags) => Ok(run::stage_root::sweep(&flags.directory)),
    }
}
