//! wasm-cycles: does this way of tying WebAssembly and JavaScript objects
//! together get collected, or does it leak?
//!
//! The modules, in the order in which a newcomer should read them: flags →
//! plan (cases × engines) → run (bytes and times) → judge (pure) → print.

mod flags;

mod test;
mod build;
mod engines;
mod findings;
mod explain;

mod checkout;
mod case;
mod expectation;
mod transcript;
mod claim;

mod engine;
mod shell;
mod feature;
mod find;
mod places;
mod probe;
mod version;
mod canary;

mod guest;
mod guest_crate;
mod lock;
mod toolchain;

mod prepare;
mod cell;
mod schedule;
mod repeat;
mod stage;
mod process;
mod guard;
mod lifeline;
mod interrupt;

mod question;
mod heap;
mod path;
mod sources;
mod explanation;

mod telemetry;
mod verdict;
mod judge;

mod draw;
mod diagram;

mod table;
mod failure;
mod progress;
mod results;

mod recipe;
mod install;

mod tool;
mod output;
mod file;
mod suggest;

use flags::{Command, Flags};
use interrupt::Interrupt;
use output::Status;
use std::process::ExitCode;

fn main() -> ExitCode {
    let flags = match Flags::read() {
        Ok(flags) => flags,
        Err(usage) => return output::usage(&usage),
    };
    let interrupt = Interrupt::default();
    let answer = match flags.command {
        Command::Test(flags) => test::test(flags, &interrupt),
        Command::Build(flags) => build::build(flags, &interrupt),
        Command::Engines(flags) => engines::engines(flags, &interrupt),
        Command::Findings(flags) => findings::findings(flags),
        Command::Explain(flags) => explain::explain(flags, &interrupt),
        Command::Guard(flags) => guard::guard(flags),
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
