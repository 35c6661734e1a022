//! The glue of modules that are written with wasm-bindgen, by the very version that the
//! module was written with: the command if it is here, or else a program that is built
//! once for each version.

use crate::base::file;
use crate::base::output::quote;
use crate::guest::built::{MadeFiles, files_below};
use crate::guest::cargo::{cargo, clean};
use crate::run::lock::lock;
use crate::run::session::Session;
use crate::run::tools;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use wasmparser::{Parser, Payload};

/// The section in which wasm-bindgen describes what it has to bind.
const SECTION: &str = "__wasm_bindgen_unstable";

/// The command of wasm-bindgen.
const COMMAND: &str = "wasm-bindgen";

/// The program that does the same, on which the glue depends, and its manifest.
const PROGRAM: &str = "bind";
pub const PROGRAM_SOURCE: &str = include_str!("../../binder/main.rs");
const PROGRAM_MANIFEST: &str = include_str!("../../binder/manifest.toml");

/// What the glue is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GlueTarget {
    /// A module, that fetches its WebAssembly.
    Web,
    /// A classic script.
    NoModules,
}

impl GlueTarget {
    pub fn for_script(is_module: bool) -> GlueTarget {
        match is_module {
            true => GlueTarget::Web,
            false => GlueTarget::NoModules,
        }
    }

    fn name(self) -> &'static str {
        match self {
            GlueTarget::Web => "web",
            GlueTarget::NoModules => "no-modules",
        }
    }
}

/// The version of wasm-bindgen that a module was written with, if it was.
pub fn version(module: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Description {
        version: String,
    }
    let payloads = Parser::new(0).parse_all(module).filter_map(Result::ok);
    let section = payloads.into_iter().find_map(|payload| match payload {
        Payload::CustomSection(section) if section.name() == SECTION => Some(section.data()),
        _ => None,
    })?;
    // The length of some JSON, and the JSON; what follows is for wasm-bindgen alone.
    let (length, rest) = section.split_first_chunk::<4>()?;
    let json = rest.get(..u32::from_le_bytes(*length) as usize)?;
    let description: Description = serde_json::from_slice(json).ok()?;
    // A build from wasm-bindgen's repository adds a commit.
    let version = description.version.split(' ').next()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
    version.chars().all(is_plain).then(|| version.to_owned())
}

/// The glue of a module of this name, and the module that belongs to it.
pub fn bind(module: &[u8], name: &str, target: GlueTarget, version: &str, session: &Session) -> Result<MadeFiles> {
    let binder = binder(version, session)?;
    let _line = session
        .progress
        .begin_slow(&format!("binding `{name}.wasm` by wasm-bindgen {version}"));
    let directory = session.directories.scratch("glue")?;
    let made = tempfile::tempdir_in(directory).context("failed to make a directory for the glue")?;
    let (input, output) = (made.path().join(format!("{name}.wasm")), made.path().join("pkg"));
    file::write(&input, module)?;
    let shell = tools::shell()?;
    let command = tools::guarded(&shell)?
        .arg(binder)
        .args([
            "--target",
            target.name(),
            "--no-typescript",
            "--out-name",
            name,
            "--out-dir",
        ])
        .arg(&output)
        .arg(&input);
    let text = command.to_string();
    let answer = tools::build(command, session)?;
    if !answer.success {
        quote(&answer.stderr);
        bail!("failed to bind `{name}.wasm` by `{text}`; its output is above");
    }
    files_below(&output)
}

/// A program that binds modules of this version.
fn binder(version: &str, session: &Session) -> Result<PathBuf> {
    for path in which::which_all(COMMAND).into_iter().flatten() {
        let shell = tools::shell()?;
        let answer = tools::ask(tools::guarded(&shell)?.arg(&path).arg("--version"), session)?;
        if answer.success && answer.stdout.split_whitespace().nth(1) == Some(version) {
            return Ok(path);
        }
    }
    let directory = session.directories.scratch("binders")?.join(version);
    file::make_directory(&directory)?;
    let _lock = lock(&directory.join("lock"), session)?;
    build_binder(&directory, version, session)
}

/// Builds the program, if that is needed: cargo knows.
fn build_binder(directory: &Path, version: &str, session: &Session) -> Result<PathBuf> {
    let manifest = PROGRAM_MANIFEST.replace("{version}", version);
    for (name, text) in [("main.rs", PROGRAM_SOURCE), ("Cargo.toml", &manifest)] {
        let path = directory.join(name);
        // A file that is written anew would be compiled anew.
        if file::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            file::write(&path, text.as_bytes())?;
        }
    }
    let program = directory.join("target/debug").join(PROGRAM);
    let _line = match program.exists() {
        true => None,
        false => Some(
            session
                .progress
                .begin_slow(&format!("building what binds modules of wasm-bindgen {version}")),
        ),
    };
    let shell = tools::shell_in(directory)?;
    let command = cargo(&shell)?
        .args(["build", "--quiet", "--target-dir"])
        .arg(directory.join("target"));
    let answer = tools::build(clean(command), session)?;
    if !answer.success {
        quote(&answer.stderr);
        bail!(
            "failed to build what binds modules of wasm-bindgen {version}; cargo's output is above; a `{COMMAND}` of \
             that version on PATH is used instead: `cargo install {COMMAND}-cli --version {version}`"
        );
    }
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_names_its_wasm_bindgen() {
        let section = |json: &str| {
            let data: String = (json.len() as u32)
                .to_le_bytes()
                .iter()
                .map(|byte| format!("\\{byte:02x}"))
                .collect();
            let json = json.replace('"', "\\\"");
            wat::parse_str(format!("(module (@custom \"{SECTION}\" \"{data}{json}more\"))")).unwrap()
        };
        for (module, expected) in [
            (
                section(r#"{"schema_version":"0.2.100","version":"0.2.130"}"#),
                Some("0.2.130"),
            ),
            (section(r#"{"version":"0.2.99 (0a1b2c3)"}"#), Some("0.2.99")),
            (section(r#"{"version":"../../x"}"#), None),
            (section("none"), None),
            (wat::parse_str("(module)").unwrap(), None),
            (b"\0asm\x01\0\0\0\0\xff".to_vec(), None),
            (Vec::new(), None),
        ] {
            assert_eq!(version(&module).as_deref(), expected);
        }
    }
}
