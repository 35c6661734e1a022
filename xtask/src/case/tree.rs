//! The files that a user's script may refer to by relative paths.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// A file that a case needs on its stage.
#[derive(Debug)]
pub struct CaseFile {
    pub path: PathBuf,
    /// Its name, relative to the stage.
    pub name: PathBuf,
    /// It is a directory of others' packages: a link to it is enough.
    pub is_link: bool,
}

/// The root of the files on a stage.
pub const ROOT: &str = "program";

/// Directories that hold others' packages: node, deno and bun follow a link to one.
pub const PACKAGES: &str = "node_modules";

/// Directories that no script refers to.
const SKIPPED: [&str; 2] = [".git", ".hg"];

/// The directory into which cargo builds, beside a manifest: elsewhere the name means nothing.
const TARGET: &str = "target";
const MANIFEST: &str = "Cargo.toml";

/// What cargo, and others, put into directories of which there needs to be no copy.
const CACHE: &str = "CACHEDIR.TAG";

/// The most files, and bytes, of a tree: each cell gets a copy.
const MOST_FILES: usize = 20_000;
const MOST_BYTES: u64 = 1 << 30;

/// All files below the directory, by their names on a stage. Links to files
/// are followed; those to directories become links.
pub fn files(root: &Path) -> Result<Vec<CaseFile>> {
    let mut found = Vec::new();
    let mut bytes = 0;
    walk(root, Path::new(ROOT), &mut found, &mut bytes).with_context(|| {
        format!(
            "failed to gather the files below `{}`, to which the script may refer",
            root.display()
        )
    })?;
    Ok(found)
}

/// The packages of the nearest directory above that has some, as a workspace of several
/// packages has them. On a stage they lie above the root, where they are found as here.
pub fn packages_above(root: &Path) -> Option<CaseFile> {
    let mut above = root.ancestors().skip(1).map(|path| path.join(PACKAGES));
    Some(CaseFile {
        path: above.find(|path| path.is_dir())?,
        name: PathBuf::from(PACKAGES),
        is_link: true,
    })
}

/// Whether no script above a directory refers to what is in it: it is a cache, or what was built.
pub fn is_skipped(directory: &Path) -> bool {
    let name = directory.file_name().unwrap_or_default();
    SKIPPED.iter().any(|skipped| name == *skipped)
        || (name == TARGET && directory.with_file_name(MANIFEST).exists())
        || directory.join(CACHE).exists()
}

fn walk(directory: &Path, name: &Path, found: &mut Vec<CaseFile>, bytes: &mut u64) -> Result<()> {
    let what = || format!("failed to list `{}`", directory.display());
    for entry in fs::read_dir(directory).with_context(what)? {
        let entry = entry.with_context(what)?;
        let (path, file_name) = (entry.path(), entry.file_name());
        let kind = entry.file_type().with_context(what)?;
        let name = name.join(&file_name);
        let is_directory = kind.is_dir() || (kind.is_symlink() && path.is_dir());
        if is_directory && is_skipped(&path) {
            continue;
        }
        let is_link = is_directory && (kind.is_symlink() || file_name == PACKAGES);
        if is_directory && !is_link {
            walk(&path, &name, found, bytes)?;
            continue;
        }
        // Pipes and sockets are no files, and a link may lead nowhere.
        let Some(facts) = fs::metadata(&path).ok().filter(|facts| is_link || facts.is_file()) else {
            continue;
        };
        *bytes += if is_link { 0 } else { facts.len() };
        found.push(CaseFile { path, name, is_link });
        ensure!(
            found.len() <= MOST_FILES && *bytes <= MOST_BYTES,
            "it has more than {MOST_FILES} files or {} MiB; a file `package.json` beside the script makes its own \
             directory the limit",
            MOST_BYTES >> 20
        );
    }
    Ok(())
}
