//! Guests that are built: directories of files, each named by a hash of what it was built from.

use crate::base::file;
use crate::run::session::Session;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The number of times that a build is repeated because its sources changed meanwhile.
const ATTEMPTS: usize = 3;

/// Beside the files: their digests, written last.
const DIGESTS: &str = "files.digest";

/// The files that a build makes, under the names that they have beside the sources.
pub type MadeFiles = BTreeMap<PathBuf, Vec<u8>>;

/// A guest that is ready to run.
#[derive(Debug, Clone)]
pub struct BuiltGuest {
    pub files: Vec<BuiltFile>,
}

#[derive(Debug, Clone)]
pub struct BuiltFile {
    pub path: PathBuf,
    /// Its name beside the sources.
    pub name: PathBuf,
}

impl BuiltGuest {
    /// Its module.
    pub fn module(&self) -> Result<&Path> {
        self.of_kind("wasm").context("the guest has no module")
    }

    /// The script that wasm-bindgen made for it, if it did.
    pub fn glue(&self) -> Option<&Path> {
        self.of_kind("js")
    }

    /// The first file with this extension; other scripts lie deeper than the glue.
    fn of_kind(&self, extension: &str) -> Option<&Path> {
        let files = self.files.iter().map(|file| file.path.as_path());
        let of_kind = files.filter(|path| path.extension() == Some(OsStr::new(extension)));
        of_kind.min_by_key(|path| path.components().count())
    }
}

/// Where a guest is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct GuestPlace(PathBuf);

impl GuestPlace {
    /// For a guest of this name, built from this.
    pub fn new(name: &str, built_from: impl Hash, session: &Session) -> Result<GuestPlace> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let name = name.replace(|c| !is_plain(c), "_");
        let mut hasher = DefaultHasher::new();
        built_from.hash(&mut hasher);
        let directory = session.directories.scratch("guests")?;
        Ok(GuestPlace(directory.join(format!("{name}-{:016x}", hasher.finish()))))
    }

    /// The guest, if all its files are there as they were built.
    pub fn built(&self) -> Option<BuiltGuest> {
        let digests = String::from_utf8(file::read(&self.0.join(DIGESTS)).ok()?).ok()?;
        let files: Option<Vec<BuiltFile>> = digests
            .lines()
            .map(|line| {
                let (digest, name) = line.split_once(' ')?;
                let path = self.0.join(name);
                let is_intact = file::read(&path).is_ok_and(|bytes| file::digest(&bytes) == digest);
                is_intact.then(|| BuiltFile {
                    path,
                    name: name.into(),
                })
            })
            .collect();
        files
            .filter(|files| !files.is_empty())
            .map(|files| BuiltGuest { files })
    }

    /// Puts its files in place.
    pub fn put(&self, files: &MadeFiles) -> Result<BuiltGuest> {
        let mut digests = String::new();
        for (name, bytes) in files {
            let path = self.0.join(name);
            file::make_directory(file::directory(&path))?;
            file::write(&path, bytes)?;
            digests += &format!("{} {}\n", file::digest(bytes), name.display());
        }
        file::write(&self.0.join(DIGESTS), digests.as_bytes())?;
        self.built()
            .with_context(|| format!("the guest in `{}` changed as it was written", self.0.display()))
    }
}

/// The guest of a place that depends on the sources, or what `make` makes. If the sources change meanwhile, it is
/// made again.
pub fn build_unless_built(
    name: &str,
    place: impl Fn() -> Result<GuestPlace>,
    make: impl Fn() -> Result<MadeFiles>,
) -> Result<BuiltGuest> {
    for _ in 0..ATTEMPTS {
        let before = place()?;
        if let Some(built) = before.built() {
            return Ok(built);
        }
        let files = make()?;
        if place()? == before {
            return before.put(&files);
        }
    }
    bail!(
        "failed to build the guest `{name}`: its sources kept changing during the build; try again when they are stable"
    )
}

/// All files below a directory, by their names in it.
pub fn files_below(directory: &Path) -> Result<MadeFiles> {
    let mut found = MadeFiles::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        let what = || format!("failed to list `{}`", next.display());
        for entry in fs::read_dir(&next).with_context(what)? {
            let path = entry.with_context(what)?.path();
            match path.is_dir() {
                true => directories.push(path),
                false => {
                    let name = path.strip_prefix(directory).unwrap_or(&path).to_owned();
                    found.insert(name, file::read(&path)?);
                }
            }
        }
    }
    Ok(found)
}
