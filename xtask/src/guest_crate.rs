//! The Rust guest: built for wasm32 when its sources have changed, and kept
//! under a name that tells what it was built from.

use crate::checkout::Checkout;
use crate::file;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::recipe::Need;
use crate::tool;
use crate::toolchain::{self, Means, TARGET, Toolchain};
use crate::{install, output};
use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use xshell::Cmd;

const PACKAGE: &str = "guest";
const PROFILE: &str = "guest";

/// What it is built from, besides its sources.
const SHARED: &[&str] = &["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "guest/Cargo.toml"];

/// The parts of the standard library that a guest without it needs.
const BUILD_STD: &str = "-Zbuild-std=core,alloc,panic_abort";

/// Variables that begin so would change what a guest is built to.
const UNSET: &[&str] = &[
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
];

/// How often the lock is tried.
const POLL: Duration = Duration::from_millis(50);

/// How often a build begins anew because its sources changed under it.
const ATTEMPTS: usize = 3;

/// The guest's module, if it need not be built.
pub fn built(checkout: &Checkout) -> Result<Option<PathBuf>> {
    let module = module(checkout)?;
    Ok(module.is_file().then_some(module))
}

/// Builds the guest if that is needed, and returns its module.
pub fn build(checkout: &Checkout, progress: &Progress, interrupt: &Interrupt) -> Result<PathBuf> {
    for _ in 0..ATTEMPTS {
        let module = module(checkout)?;
        if module.is_file() {
            return Ok(module);
        }
        // Another command must not put its guest in place of this one's before it is copied.
        let directory = checkout.scratch("cargo")?;
        let _lock = lock(&directory.join("lock"), progress, interrupt)?;
        if module.is_file() {
            return Ok(module);
        }
        let built = compile(checkout, &directory, progress, interrupt)?;
        let bytes = file::read(&built)?;
        if self::module(checkout)? == module {
            file::write(&module, &bytes)?;
            return Ok(module);
        }
    }
    bail!("the sources of the guest change faster than it can be built")
}

/// Waits for the lock, but not past Ctrl-C.
fn lock(path: &Path, progress: &Progress, interrupt: &Interrupt) -> Result<Flock<File>> {
    let what = || format!("failed to lock `{}`", path.display());
    let mut file = File::create(path).with_context(what)?;
    let mut line = None;
    loop {
        // A lock that blocks would not be ended by a signal that is caught.
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((_, Errno::EWOULDBLOCK)) if interrupt.signal().is_some() => bail!("interrupted"),
            Err((again, Errno::EWOULDBLOCK)) => file = again,
            Err((_, error)) => return Err(error).with_context(what),
        }
        line.get_or_insert_with(|| progress.begin("waiting for another command that builds the guest".to_owned()));
        thread::sleep(POLL);
    }
}

/// Tries one toolchain after the other until one builds the guest.
fn compile(checkout: &Checkout, directory: &Path, progress: &Progress, interrupt: &Interrupt) -> Result<PathBuf> {
    let toolchains = toolchain::all(checkout, interrupt)?;
    if toolchains.is_empty() {
        bail!(
            "no Rust here can build the guest: no `rustc` on PATH has the target {TARGET}, or the standard \
             library's sources{}",
            install::hint(&[Need::Wasm32], interrupt)
        );
    }
    let mut failures = Vec::new();
    for toolchain in toolchains {
        let _line = progress.begin_slow(format!("building the guest with {}", toolchain.rustc.display()));
        match compile_with(&toolchain, checkout, directory, interrupt)? {
            Ok(module) => return Ok(module),
            Err(stderr) => failures.push((toolchain.rustc, stderr)),
        }
    }
    for (_, stderr) in &failures {
        output::note(stderr.trim_end());
    }
    let tried: Vec<String> = failures
        .iter()
        .map(|(rustc, _)| format!("`{}`", rustc.display()))
        .collect();
    bail!(
        "failed to build the guest with {}; what it said is above",
        tried.join(", ")
    )
}

/// Runs cargo with this compiler; the inner error is what it said.
fn compile_with(
    toolchain: &Toolchain,
    checkout: &Checkout,
    directory: &Path,
    interrupt: &Interrupt,
) -> Result<Result<PathBuf, String>> {
    let shell = tool::shell_in(checkout.root())?;
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command: Cmd<'_> = tool::guarded(&shell)?
        .arg(cargo)
        .args(["build", "--locked", "--package", PACKAGE, "--profile", PROFILE])
        .args(["--target", TARGET, "--target-dir"])
        .arg(directory)
        .env("RUSTC", &toolchain.rustc);
    let unset = |name: &OsString| UNSET.iter().any(|prefix| name.to_string_lossy().starts_with(prefix));
    for (variable, _) in env::vars_os().filter(|(name, _)| unset(name)) {
        command = command.env_remove(variable);
    }
    if toolchain.means == Means::Sources {
        // The flag is for nightly compilers, unless a stable one is told to be as one.
        command = command.arg(BUILD_STD).env("RUSTC_BOOTSTRAP", "1");
    }
    let said = tool::run_guarded(command, interrupt)?;
    let module = directory
        .join(TARGET)
        .join(PROFILE)
        .join(PACKAGE)
        .with_extension("wasm");
    Ok(if said.success { Ok(module) } else { Err(said.stderr) })
}

/// Where the module lies that is built from today's sources by today's toolchains.
fn module(checkout: &Checkout) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    let mut files: Vec<PathBuf> = SHARED.iter().map(|name| checkout.root().join(name)).collect();
    walk(&checkout.root().join("guest/src"), &mut files)?;
    for path in &files {
        (path.strip_prefix(checkout.root()).unwrap_or(path), file::read(path)?).hash(&mut hasher);
    }
    // The toolchain that the command itself was built with: cargo tells where it is, and rustup updates it in place.
    for variable in ["CARGO", "RUSTC"] {
        let program = env::var_os(variable);
        let stamp = program
            .as_ref()
            .and_then(|program| file::stamp(Path::new(program)).ok());
        (program, stamp).hash(&mut hasher);
    }
    Ok(checkout
        .scratch("guests")?
        .join(format!("{PACKAGE}-{:016x}.wasm", hasher.finish())))
}

/// Every file below the directory, in order.
fn walk(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for path in file::entries(directory)? {
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
