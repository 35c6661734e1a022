//! `bind --target web|no-modules --no-typescript --out-dir DIRECTORY --out-name NAME MODULE`
//! makes the glue of a wasm-bindgen module, as `wasm-bindgen` does when called so.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1)
    };
    let (Some(target), Some(directory), Some(name), Some(module)) =
        (after("--target"), after("--out-dir"), after("--out-name"), arguments.last())
    else {
        return Err("a flag is missing".into());
    };
    let mut bindgen = Bindgen::new();
    match target.to_str() {
        Some("web") => bindgen.web(true)?,
        Some("no-modules") => bindgen.no_modules(true)?,
        _ => return Err("the target is neither `web` nor `no-modules`".into()),
    };
    bindgen
        .input_path(module)
        .out_name(&name.to_string_lossy())
        .typescript(false)
        // The command's default; the library's is another.
        .omit_default_module_path(false)
        .generate(directory)?;
    Ok(())
}
