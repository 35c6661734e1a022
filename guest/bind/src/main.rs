//! `bind MODULE DIRECTORY` makes the glue of a wasm-bindgen module: `guest.js`, a
//! classic script, and `guest_bg.wasm`.

use anyhow::{Context, Result, bail};
use std::env;
use std::path::PathBuf;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [module, directory] = arguments.as_slice() else {
        bail!("usage: bind MODULE DIRECTORY");
    };
    Bindgen::new()
        .input_path(module)
        .out_name("guest")
        .no_modules(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(directory)
        .with_context(|| format!("failed to make the glue of `{}`", module.display()))
}
