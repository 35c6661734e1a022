//! wasm-leaks: are WebAssembly and JavaScript objects that refer to each other
//! collected, or do they leak; what grows, and what keeps it alive?

mod base;
mod measure;
mod run;
mod engine;
mod case;
mod guest;
mod cell;
mod results;
mod explain;
mod install;
mod show;
mod command;

use base::output::{self, Status};
use command::flags::{Command, Flags};
use run::interrupt::Interrupt;
use std::process::ExitCode;

fn main() -> ExitCode {
    let flags = match Flags::read() {
        Ok(flags) => flags,
        Err(usage) => return output::usage(&usage),
    };
    let interrupt = Interrupt::default();
    let answer = match flags.command {
        Command::Test(flags) => command::test::test(flags, &interrupt),
        Command::Build(flags) => command::build::build(flags, &interrupt),
        Command::Engines(flags) => command::engines::engines(flags, &interrupt),
        Command::Findings(flags) => command::findings::findings(flags),
        Command::Explain(flags) => command::explain::explain(flags, &interrupt),
        Command::Guard(flags) => run::guard::guard(flags),
    };
    if let Some(signal) = interrupt.signal() {
        return Status::Interrupted(signal).into();
    }
    match answer {
        Ok(status) => status.into(),
        Err(error) => {
            output::error(&error);
            Status::NoAnswer.into()
        }
    }
}
