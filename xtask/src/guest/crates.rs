//! Guests in Rust: built for wasm32 when their sources have changed, and kept
//! under names with a hash of everything they were built from.

use crate::base::file;
use crate::base::output::quote;
use crate::guest::toolchain::{self, NoToolchain, StdLibrary, TARGET, Toolchain};
use crate::run::lock::lock;
use crate::run::session::Session;
use crate::run::tools;
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use xshell::{Cmd, Shell};

/// A guest that cargo builds.
#[derive(Debug)]
pub struct GuestCrate {
    /// The name in expectations.
    pub name: &'static str,
    package: &'static str,
    profile: &'static str,
    /// The file name of the module that cargo builds.
    artifact: &'static str,
    /// Its own sources, besides the shared ones.
    sources: &'static [&'static str],
    /// The parts of the standard library that it needs.
    library: &'static str,
    /// wasm-bindgen binds it, and makes glue for it.
    glue: bool,
}

/// The guest of a case that names none.
const DEFAULT: &str = crate::case::expectation::DEFAULT_GUEST;

pub static CRATES: &[GuestCrate] = &[
    GuestCrate {
        name: DEFAULT,
        package: "guest",
        profile: "guest",
        artifact: "guest.wasm",
        sources: &["guest/Cargo.toml", "guest/src"],
        library: "core,alloc,panic_abort",
        glue: false,
    },
    GuestCrate {
        name: "bindgen",
        package: "guest-bindgen",
        profile: "guest-bindgen",
        artifact: "guest_bindgen.wasm",
        sources: &["guest/bindgen", "guest/bind"],
        library: "std,panic_abort",
        glue: true,
    },
];

/// The sources that all guests share.
const SHARED: &[&str] = &["Cargo.toml", "Cargo.lock", ".cargo/config.toml"];

/// The program that binds a module, and the names of its outputs.
const BINDER: &str = "bind";
const BOUND: [&str; 2] = ["guest_bg.wasm", "guest.js"];

/// Prefixes of variables that would change the built guest.
const UNSET: &[&str] = &[
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
];

/// The number of times that a build is repeated because its sources changed meanwhile.
const ATTEMPTS: usize = 3;

/// A guest that is ready to run.
#[derive(Debug, Clone)]
pub struct BuiltGuest {
    pub module: PathBuf,
    /// The script that wasm-bindgen made for it.
    pub glue: Option<PathBuf>,
}

impl BuiltGuest {
    /// The file with the digests of the others, written last.
    fn digests(&self) -> PathBuf {
        self.module.with_extension("digest")
    }

    /// Whether it is all there, as it was built.
    fn is_intact(&self) -> bool {
        let actual = || {
            let glue = self.glue.as_ref().map(|path| file::read(path)).transpose()?;
            anyhow::Ok(digests(&file::read(&self.module)?, glue.as_deref()))
        };
        match (file::read(&self.digests()), actual()) {
            (Ok(expected), Ok(actual)) => expected == actual.as_bytes(),
            _ => false,
        }
    }

    /// Puts it in place.
    fn put(&self, module: &[u8], glue: Option<&[u8]>) -> Result<()> {
        if let (Some(path), Some(bytes)) = (&self.glue, glue) {
            file::write(path, bytes)?;
        }
        file::write(&self.module, module)?;
        file::write(&self.digests(), digests(module, glue).as_bytes())
    }
}

/// The digests of a module and of its glue.
fn digests(module: &[u8], glue: Option<&[u8]>) -> String {
    format!(
        "{} {}\n",
        file::digest(module),
        glue.map_or("none".to_owned(), file::digest)
    )
}

/// The crate of this name.
pub fn crate_named(name: &str) -> Option<&'static GuestCrate> {
    CRATES.iter().find(|known| known.name == name)
}

impl GuestCrate {
    /// Whether it need not be built.
    pub fn is_built(&self, session: &Session) -> Result<bool> {
        Ok(self.place(session)?.is_intact())
    }

    /// Builds the guest if that is needed.
    pub fn build(&self, session: &Session) -> Result<BuiltGuest> {
        for _ in 0..ATTEMPTS {
            let place = self.place(session)?;
            if place.is_intact() {
                return Ok(place);
            }
            // Another command must not replace this command's guest before it is copied.
            let directory = session.directories.scratch("cargo")?;
            let _lock = lock(&directory.join("lock"), session)?;
            if place.is_intact() {
                return Ok(place);
            }
            let (module, glue) = self.make(&directory, session)?;
            if self.place(session)?.module == place.module {
                place.put(&module, glue.as_deref())?;
                return Ok(place);
            }
        }
        bail!(
            "failed to build the guest `{}`: its sources kept changing during the build; try again when they are stable",
            self.name
        )
    }

    /// Its path when built from the current sources by the current toolchain.
    fn place(&self, session: &Session) -> Result<BuiltGuest> {
        let root = root(session)?;
        let mut files: Vec<PathBuf> = SHARED.iter().map(|name| root.join(name)).collect();
        for source in self.sources {
            walk(root.join(source), &mut files)?;
        }
        let mut hasher = DefaultHasher::new();
        for path in &files {
            (path.strip_prefix(root).unwrap_or(path), file::read(path)?).hash(&mut hasher);
        }
        // The toolchain that built the command itself: cargo names it in these variables, and rustup updates it in place.
        for variable in ["CARGO", "RUSTC"] {
            let program = env::var_os(variable);
            let stamp = program
                .as_ref()
                .and_then(|program| fs::metadata(program).ok())
                .map(|facts| file::stamp(&facts));
            (program, stamp).hash(&mut hasher);
        }
        let stem = session
            .directories
            .scratch("guests")?
            .join(format!("{}-{:016x}", self.name, hasher.finish()));
        Ok(BuiltGuest {
            module: stem.with_extension("wasm"),
            glue: self.glue.then(|| stem.with_extension("js")),
        })
    }

    /// Compiles it, binds it if it needs glue, and returns the module and the glue.
    fn make(&self, directory: &Path, session: &Session) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
        let module = self.compile(directory, session)?;
        if !self.glue {
            return Ok((file::read(&module)?, None));
        }
        let _line = session
            .progress
            .begin_slow(&format!("binding the guest `{}` by wasm-bindgen", self.name));
        let shell = tools::shell_in(root(session)?)?;
        let made = tempfile::tempdir_in(directory).context("failed to make a directory for the glue")?;
        let build = cargo(&shell, directory)?.args(["--package", BINDER]);
        let bind = tools::guarded(&shell)?
            .arg(directory.join("debug").join(BINDER))
            .arg(module)
            .arg(made.path());
        for command in [clean(build), bind] {
            let text = command.to_string();
            let output = tools::build(command, session)?;
            if !output.success {
                quote(&output.stderr);
                bail!(
                    "failed to bind the guest `{}` by `{text}`; its output is above",
                    self.name
                );
            }
        }
        let [module, glue] = BOUND.map(|name| file::read(&made.path().join(name)));
        Ok((module?, Some(glue?)))
    }

    /// Tries one toolchain after the other until one builds it.
    fn compile(&self, directory: &Path, session: &Session) -> Result<PathBuf> {
        let toolchains = toolchain::toolchains(session)?;
        if toolchains.is_empty() {
            bail!(NoToolchain);
        }
        let mut failures = Vec::new();
        for toolchain in toolchains {
            let rustc = toolchain.rustc.display().to_string();
            let _line = session
                .progress
                .begin_slow(&format!("building the guest `{}` with {rustc}", self.name));
            let shell = tools::shell_in(root(session)?)?;
            let output = tools::build(self.command(&shell, &toolchain, directory)?, session)?;
            if output.success {
                return Ok(directory.join(TARGET).join(self.profile).join(self.artifact));
            }
            failures.push((format!("`{rustc}`"), output.stderr));
        }
        for (_, stderr) in &failures {
            quote(stderr);
        }
        let tried: Vec<String> = failures.into_iter().map(|(rustc, _)| rustc).collect();
        bail!(
            "failed to build the guest `{}` with {}; its output is above",
            self.name,
            tried.join(", ")
        )
    }

    /// Runs cargo with this compiler.
    fn command<'a>(&self, shell: &'a Shell, toolchain: &Toolchain, directory: &Path) -> Result<Cmd<'a>> {
        let command = cargo(shell, directory)?
            .args(["--package", self.package, "--profile", self.profile, "--target", TARGET])
            .env("RUSTC", &toolchain.rustc);
        let command = clean(command);
        Ok(match toolchain.library {
            StdLibrary::Target => command,
            // The flag is for nightly compilers; RUSTC_BOOTSTRAP makes a stable one accept it.
            StdLibrary::Sources => command
                .arg(format!("-Zbuild-std={}", self.library))
                .env("RUSTC_BOOTSTRAP", "1"),
        })
    }
}

fn cargo<'a>(shell: &'a Shell, directory: &Path) -> Result<Cmd<'a>> {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let command = tools::guarded(shell)?
        .arg(cargo)
        .args(["build", "--locked", "--target-dir"]);
    Ok(command.arg(directory))
}

/// The command without the variables that would change its output.
fn clean(mut command: Cmd<'_>) -> Cmd<'_> {
    let unset = |name: &OsString| UNSET.iter().any(|prefix| name.to_string_lossy().starts_with(prefix));
    for (variable, _) in env::vars_os().filter(|(name, _)| unset(name)) {
        command = command.env_remove(variable);
    }
    command
}

/// The file, or every file below the directory, in order.
fn walk(path: PathBuf, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path);
        return Ok(());
    }
    for path in file::entries(&path)? {
        walk(path, files)?;
    }
    Ok(())
}

/// The checkout, whose sources the guests are.
fn root(session: &Session) -> Result<&Path> {
    session.directories.need_checkout("build")
}
