//! The command. All of it is in the library beside it, so that benchmarks can measure parts of it.

use std::process::ExitCode;

fn main() -> ExitCode {
    wasm_leaks::main()
}
