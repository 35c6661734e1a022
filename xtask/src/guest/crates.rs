//! Guests in Rust. Those of the checkout are built in place, and kept under a hash of their
//! sources; users' crates are built from copies, of which cargo knows what has changed.

use crate::base::file;
use crate::case::guest_source::{GuestSource, MANIFEST, OwnGuestPlace};
use crate::guest::built::{BuiltGuest, GuestPlace, MadeFiles, build_unless_built};
use crate::guest::cargo::{CargoBuild, Metadata};
use crate::guest::glue::{self, GlueTarget, PROGRAM_SOURCE};
use crate::guest::mirror::{self, Mirror};
use crate::run::lock::lock;
use crate::run::session::Session;
use anyhow::{Context, Result};
use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The sources that all guests of the checkout share.
const SHARED: &[&str] = &["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "guest/link.rs"];

/// Directories of a crate that hold none of its sources.
const SKIPPED: [&str; 1] = ["target"];

/// Where the glue of a user's crate lies, as wasm-pack puts it.
const PACKAGE: &str = "pkg";

/// Builds the guest if that is needed.
pub fn build(source: &GuestSource, session: &Session) -> Result<BuiltGuest> {
    match &source.own {
        Some(place) => build_own(source, place, session),
        None => build_unless_built(
            &source.name,
            || place(source, session),
            || {
                // Another command may build it at the same time.
                let directory = session.directories.scratch("cargo")?;
                let _lock = lock(&directory.join("lock"), session)?;
                match place(source, session)?.built() {
                    Some(built) => made_before(&built),
                    None => make(source, &directory, session),
                }
            },
        ),
    }
}

/// Whether the guest need not be built; of a user's own crate only cargo knows.
pub fn is_built(source: &GuestSource, session: &Session) -> Result<bool> {
    Ok(source.own.is_none() && place(source, session)?.built().is_some())
}

/// The files of a guest that another command built meanwhile.
fn made_before(built: &BuiltGuest) -> Result<MadeFiles> {
    let read = |file: &crate::guest::built::BuiltFile| Ok((file.name.clone(), file::read(&file.path)?));
    built.files.iter().map(read).collect()
}

/// The place of a guest of the checkout, when it is built from the current sources by the current toolchain.
fn place(source: &GuestSource, session: &Session) -> Result<GuestPlace> {
    let root = session.directories.need_checkout("build")?;
    let mut files: Vec<PathBuf> = SHARED.iter().map(|name| root.join(name)).collect();
    walk(source.first(), &mut files)?;
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
    GuestPlace::new(&source.name, (hasher.finish(), PROGRAM_SOURCE), session)
}

/// The file, or every file below the directory, in order.
fn walk(path: PathBuf, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path);
        return Ok(());
    }
    for path in file::entries(&path)? {
        if !SKIPPED.iter().any(|skipped| path.ends_with(skipped)) {
            walk(path, files)?;
        }
    }
    Ok(())
}

/// Makes a guest of the checkout: the module, and its glue if it has any.
fn make(source: &GuestSource, target: &Path, session: &Session) -> Result<MadeFiles> {
    let directory = source.first();
    let metadata = Metadata::read(&directory, session)?;
    let package = metadata.package_in(&directory)?;
    let module = CargoBuild {
        name: &source.name,
        directory: &directory,
        profile: package.profile(),
        library: &package.library(),
        is_locked: true,
        target,
    }
    .module(session)?;
    let name = stem(&module)?;
    let module = file::read(&module)?;
    match glue::version(&module) {
        Some(version) => glue::bind(&module, &name, GlueTarget::NoModules, &version, session),
        None => Ok(MadeFiles::from([(format!("{name}.wasm").into(), module)])),
    }
}

/// Builds a user's crate from a copy of it, and binds the module by the wasm-bindgen that it was made for.
fn build_own(source: &GuestSource, own: &OwnGuestPlace, session: &Session) -> Result<BuiltGuest> {
    let directory = source.first();
    let directory = fs::canonicalize(&directory)
        .with_context(|| format!("failed to look at the crate `{}`", directory.display()))?;
    let target = session.directories.scratch("cargo")?;
    let lock = lock(&target.join("lock"), session)?;
    let mirror = Mirror::new(session)?;
    for needed in mirror::directories(&directory, &own.root, session)? {
        mirror.bring(&needed)?;
    }
    let copy = mirror.place(&directory);
    let metadata = Metadata::read(&copy, session)?;
    let package = metadata.package_in(&copy)?;
    let module = CargoBuild {
        name: &source.name,
        directory: &copy,
        profile: package.profile(),
        library: &package.library(),
        is_locked: false,
        target: &target,
    }
    .module(session)?;
    let name = stem(&module)?;
    let module = file::read(&module)?;
    drop(lock);
    let version = glue::version(&module);
    let glue_target = GlueTarget::for_script(own.is_module);
    let place = GuestPlace::new(&name, (&module, &version, glue_target, PROGRAM_SOURCE), session)?;
    if let Some(built) = place.built() {
        return Ok(built);
    }
    let Some(version) = version else {
        return place.put(&MadeFiles::from([(format!("{name}.wasm").into(), module)]));
    };
    let made = glue::bind(&module, &name, glue_target, &version, session)?;
    let packed = made
        .into_iter()
        .map(|(name, bytes)| (Path::new(PACKAGE).join(name), bytes));
    place.put(&packed.collect())
}

/// The name of a module, without its extension.
fn stem(module: &Path) -> Result<String> {
    let stem = module.file_stem().and_then(|stem| stem.to_str());
    stem.map(str::to_owned)
        .with_context(|| format!("`{}` has no name; look at `{MANIFEST}`", module.display()))
}
