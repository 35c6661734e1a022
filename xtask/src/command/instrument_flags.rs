//! The flags of `instrument`.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = INSTRUMENT_STATUS)]
pub struct InstrumentFlags {
    /// The module
    #[arg(value_name = "IN.wasm")]
    pub input: PathBuf,

    /// The module that is written: another file, unless --overwrite is given
    #[arg(value_name = "OUT.wasm")]
    pub output: PathBuf,

    /// The functions of the allocator, if it is not found by itself, such as 'allocate=take free=#12': each is an
    /// export, a name of the section of names, or an index; docs/instrument.md has all that can be said of one; may be
    /// repeated
    #[arg(long = "allocator", value_name = "FUNCTIONS")]
    pub allocators: Vec<String>,

    /// The script that is written: an ES module [default: beside OUT.wasm, as OUT.blocks.mjs]
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,

    /// OUT.wasm may be IN.wasm, which is replaced
    #[arg(long)]
    pub overwrite: bool,
}

const INSTRUMENT_STATUS: &str = "\
Exit status:
  0  the module and its script were written
  2  nothing was written: wrong usage, IN.wasm is no module that can be read, or
     its allocator is not found";
