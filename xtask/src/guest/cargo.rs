//! Runs cargo for wasm32, with each compiler that can build for it until one does.

use crate::base::file;
use crate::base::output::quote;
use crate::guest::toolchain::{self, NoToolchain, StdLibrary, TARGET, Toolchain};
use crate::run::session::Session;
use crate::run::tools;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use xshell::{Cmd, Shell};

/// Prefixes of variables that would change the built guest.
const UNSET: &[&str] = &[
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
];

/// The parts of the standard library that cargo builds from its sources, if a crate does not say which it needs.
const LIBRARY: &[&str] = &["std"];

/// Features of the standard library: without those for backtraces, which wasm32 does not have, and which are a third
/// of the work.
const LIBRARY_FEATURES: &str = "-Zbuild-std-features=panic-unwind";

/// A build of one crate.
#[derive(Debug)]
pub struct CargoBuild<'a> {
    /// Its name, as people know it.
    pub name: &'a str,
    /// The directory of the crate, in which cargo runs.
    pub directory: &'a Path,
    pub profile: &'a str,
    /// The parts of the standard library that it needs, if there are none for wasm32.
    pub library: &'a [String],
    /// `Cargo.lock` has to be there, and is not written.
    pub is_locked: bool,
    /// Into which cargo builds.
    pub target: &'a Path,
}

/// What `cargo metadata` says of a workspace.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    pub workspace_root: PathBuf,
}

#[derive(Debug, Deserialize)]
pub struct Package {
    pub manifest_path: PathBuf,
    pub dependencies: Vec<Dependency>,
    /// Tables of other programs, by their names.
    metadata: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// Of a crate that lies in a directory.
    pub path: Option<PathBuf>,
}

impl Package {
    /// The profile that the crate is built with: `[package.metadata.wasm-leaks]` in its manifest may name one.
    pub fn profile(&self) -> &str {
        self.own("profile")
            .and_then(serde_json::Value::as_str)
            .unwrap_or("release")
    }

    /// The parts of the standard library that it needs: `library` in the same table, such as `["core", "alloc"]`.
    pub fn library(&self) -> Vec<String> {
        let named = self.own("library").and_then(serde_json::Value::as_array);
        let names = named.map(|names| names.iter().filter_map(serde_json::Value::as_str).collect());
        let names: Vec<&str> = names.unwrap_or_else(|| LIBRARY.to_vec());
        names.into_iter().map(str::to_owned).collect()
    }

    fn own(&self, key: &str) -> Option<&serde_json::Value> {
        self.metadata.as_ref()?.get("wasm-leaks")?.get(key)
    }
}

impl Metadata {
    /// Of the workspace of the crate in this directory. Nothing is written there.
    pub fn read(directory: &Path, session: &Session) -> Result<Metadata> {
        let shell = tools::shell_in(directory)?;
        let command = cargo(&shell)?.args(["metadata", "--no-deps", "--format-version", "1"]);
        let output = tools::ask(clean(command), session)?;
        let what = || format!("failed to read the manifest of the crate `{}`", directory.display());
        if !output.success {
            quote(&output.stderr);
            bail!("{}; what cargo says is above", what());
        }
        serde_json::from_str(&output.stdout).with_context(what)
    }

    /// The package in this directory.
    pub fn package_in(&self, directory: &Path) -> Result<&Package> {
        let real = |path: &Path| fs::canonicalize(path).ok();
        let is_it = |package: &&Package| package.manifest_path.parent().and_then(real) == real(directory);
        self.packages.iter().find(is_it).with_context(|| {
            format!(
                "`{}` is no crate, but a workspace: name the directory of one of its crates",
                directory.display()
            )
        })
    }
}

/// A message of cargo's.
#[derive(Debug, Deserialize)]
struct CargoMessage {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    target: CargoTarget,
    #[serde(default)]
    filenames: Vec<PathBuf>,
    /// It was there, and is taken to be up to date.
    #[serde(default)]
    fresh: bool,
}

#[derive(Debug, Default, Deserialize)]
struct CargoTarget {
    kind: Vec<String>,
}

/// A module that cargo says it has made.
#[derive(Debug)]
struct CargoModule {
    path: PathBuf,
    is_fresh: bool,
}

impl CargoBuild<'_> {
    /// Tries one toolchain after the other until one builds it; the module that it makes.
    pub fn module(&self, session: &Session) -> Result<PathBuf> {
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
            let shell = tools::shell_in(self.directory)?;
            let build = || tools::build(self.command(&shell, &toolchain)?, session);
            let mut output = build()?;
            if output.success && self.is_anothers(&self.module_in(&output.stdout)?, &rustc) {
                output = build()?;
            }
            if output.success {
                let module = self.module_in(&output.stdout)?.path;
                file::write(&owner_of(&module), self.owner(&rustc).as_encoded_bytes())?;
                return Ok(module);
            }
            failures.push((format!("`{rustc}`"), output.stderr));
        }
        // The others complain of the same, or of what they lack.
        if let Some((_, stderr)) = failures.first() {
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
    fn command<'a>(&self, shell: &'a Shell, toolchain: &Toolchain) -> Result<Cmd<'a>> {
        let command = cargo(shell)?
            .args(["build", "--target", TARGET, "--profile", self.profile])
            .arg("--message-format=json-render-diagnostics")
            .args(self.is_locked.then_some("--locked"))
            .arg("--target-dir")
            .arg(self.target);
        let command = clean(command).env("RUSTC", &toolchain.rustc);
        Ok(match toolchain.library {
            StdLibrary::Target => command,
            // The flag is for nightly compilers; RUSTC_BOOTSTRAP makes a stable one accept it.
            StdLibrary::Sources => command
                .arg(format!("-Zbuild-std={},panic_abort", self.library.join(",")))
                .arg(LIBRARY_FEATURES)
                .env("RUSTC_BOOTSTRAP", "1"),
        })
    }

    /// Whether another crate of the same name has built over the module since this one was built, which cargo does
    /// not notice: the file's name has no hash. Then it is removed, so that cargo builds it again.
    fn is_anothers(&self, module: &CargoModule, rustc: &str) -> bool {
        let owner = file::read(&owner_of(&module.path)).unwrap_or_default();
        let is_anothers = module.is_fresh && owner != self.owner(rustc).as_encoded_bytes();
        if is_anothers {
            let deps = file::directory(&module.path).join("deps");
            for path in [
                deps.join(module.path.file_name().unwrap_or_default()),
                module.path.clone(),
            ] {
                // What cannot be removed is not built again, and cargo says why.
                let _ = fs::remove_file(path);
            }
        }
        is_anothers
    }

    /// What a module is the module of: this crate, by this compiler.
    fn owner(&self, rustc: &str) -> OsString {
        let mut owner = self.directory.as_os_str().to_owned();
        owner.push("\n");
        owner.push(rustc);
        owner
    }

    /// The module among what cargo says that it has made: of the crate's library, or else of a program.
    fn module_in(&self, stdout: &str) -> Result<CargoModule> {
        let own = fs::canonicalize(self.directory).unwrap_or_default();
        let artifacts = stdout.lines().filter_map(|line| {
            let message: CargoMessage = serde_json::from_str(line).ok()?;
            let manifest = fs::canonicalize(&message.manifest_path).ok()?;
            let is_own = message.reason == "compiler-artifact" && manifest.parent() == Some(&own);
            let is_module = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "wasm");
            let module = message.filenames.into_iter().find(is_module)?;
            let module = CargoModule {
                path: module,
                is_fresh: message.fresh,
            };
            is_own.then_some((message.target.kind.iter().any(|kind| kind == "cdylib"), module))
        });
        let module = artifacts.max_by_key(|(is_library, _)| *is_library);
        let (_, module) = module.with_context(|| {
            format!(
                "the crate of the guest `{}` makes no module: its Cargo.toml needs the lines `[lib]` and \
                 `crate-type = [\"cdylib\"]`",
                self.name
            )
        })?;
        Ok(module)
    }
}

/// The file that says whose a module is.
fn owner_of(module: &Path) -> PathBuf {
    module.with_extension("owner")
}

/// Begins a command line of cargo's.
pub fn cargo(shell: &Shell) -> Result<Cmd<'_>> {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    ensure!(which::which(&cargo).is_ok(), NoToolchain);
    Ok(tools::guarded(shell)?.arg(cargo))
}

/// The command without the variables that would change its output.
pub fn clean(mut command: Cmd<'_>) -> Cmd<'_> {
    let unset = |name: &OsString| UNSET.iter().any(|prefix| name.to_string_lossy().starts_with(prefix));
    for (variable, _) in env::vars_os().filter(|(name, _)| unset(name)) {
        command = command.env_remove(variable);
    }
    command
}
