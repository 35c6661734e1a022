//! wasm-cycles: does this way of tying WebAssembly and JavaScript objects
//! together get collected, or does it leak?
//!
//! The modules, in the order in which a newcomer should read them: flags →
//! plan (cases × engines) → run (bytes and times) → judge (pure) → print.

mod flags;

mod build;
mod engines;
mod test;

mod case;
mod checkout;
mod expectation;
mod transcript;

mod engine;
mod feature;
mod find;
mod probe;
mod shell;
mod version;

mod guest;
mod guest_crate;
mod tool;
mod toolchain;

mod canary;
mod cell;
mod guard;
mod interrupt;
mod lifeline;
mod process;
mod schedule;
mod stage;

mod judge;
mod repeat;
mod telemetry;
mod verdict;

mod failure;
mod progress;
mod results;
mod table;

mod install;
mod recipe;

mod file;
mod output;
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
