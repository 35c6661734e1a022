//! Copies of users' crates with all that they refer to: cargo writes `Cargo.lock`, and
//! build scripts what they like, and nothing of that is to be written beside the originals.
//! Each copy lies at its own full path below one directory, so that relative paths lead
//! from one to the other. A file that has not changed is left alone: cargo goes by its time.

use crate::base::file;
use crate::case::tree::{self, CaseFile, ROOT};
use crate::guest::cargo::Metadata;
use crate::run::session::Session;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// What cargo writes if the user has none.
const LOCK: &str = "Cargo.lock";

/// The directory of all copies.
#[derive(Debug)]
pub struct Mirror(PathBuf);

impl Mirror {
    pub fn new(session: &Session) -> Result<Mirror> {
        let directory = session.directories.scratch("mirrors")?;
        fs::canonicalize(&directory)
            .with_context(|| format!("failed to look at `{}`", directory.display()))
            .map(Mirror)
    }

    /// Where the copy of a file or directory lies.
    pub fn place(&self, path: &Path) -> PathBuf {
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Brings a copy up to date.
    pub fn bring(&self, directory: &Path) -> Result<()> {
        let target = self.place(directory);
        let mut brought = BTreeSet::new();
        for file in tree::files(directory)? {
            let place = target.join(file.name.strip_prefix(ROOT).unwrap_or(&file.name));
            bring(&file, &place, &self.0)?;
            brought.insert(place);
        }
        file::make_directory(&target)?;
        remove_others(&target, &brought)
    }
}

/// The directories that a crate needs, besides `root`, which contains it: its workspace, and
/// those of the crates that it depends on by path.
pub fn directories(directory: &Path, root: &Path, session: &Session) -> Result<Vec<PathBuf>> {
    let mut found = vec![root.to_owned()];
    let mut asked = BTreeSet::new();
    let mut next = vec![directory.to_owned()];
    while let Some(directory) = next.pop() {
        if !asked.insert(directory.clone()) {
            continue;
        }
        let metadata = Metadata::read(&directory, session)?;
        found.push(real(&metadata.workspace_root));
        let dependencies = metadata.packages.iter().flat_map(|package| &package.dependencies);
        let paths = dependencies.filter_map(|dependency| dependency.path.as_deref());
        // One that is not there is for cargo to complain of.
        next.extend(paths.filter(|path| path.is_dir()).map(real));
    }
    Ok(outermost(found))
}

fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Those of the directories that lie in no other.
fn outermost(mut directories: Vec<PathBuf>) -> Vec<PathBuf> {
    directories.sort();
    let mut found: Vec<PathBuf> = Vec::new();
    for directory in directories {
        if !found.last().is_some_and(|last| directory.starts_with(last)) {
            found.push(directory);
        }
    }
    found
}

/// Makes the file at `place` the same as the user's. Nothing is written through a link.
fn bring(file: &CaseFile, place: &Path, mirror: &Path) -> Result<()> {
    let what = || format!("failed to copy `{}` to `{}`", file.path.display(), place.display());
    make_directories(file::directory(place), mirror)?;
    let is_link = place.is_symlink();
    if file.is_link {
        let target = real(&file.path);
        if is_link && fs::read_link(place).is_ok_and(|link| link == target) {
            return Ok(());
        }
        remove(place)?;
        return symlink(target, place).with_context(what);
    }
    if is_link || place.is_dir() {
        remove(place)?;
    }
    let is_same = file::size(place).ok() == file::size(&file.path).ok()
        && matches!((file::read(place), file::read(&file.path)), (Ok(old), Ok(new)) if old == new);
    match is_same {
        true => Ok(()),
        false => file::copy(&file.path, place),
    }
}

/// Makes a directory in the mirror, instead of any file or link that was there.
fn make_directories(directory: &Path, mirror: &Path) -> Result<()> {
    let within = directory.ancestors().take_while(|path| *path != mirror);
    for path in within {
        if path.is_symlink() || path.is_file() {
            remove(path)?;
        }
    }
    file::make_directory(directory)
}

fn remove(path: &Path) -> Result<()> {
    let removed = match path.is_dir() && !path.is_symlink() {
        true => fs::remove_dir_all(path),
        false if path.is_symlink() || path.exists() => fs::remove_file(path),
        false => Ok(()),
    };
    removed.with_context(|| format!("failed to remove `{}`", path.display()))
}

/// Removes what the user has no longer, except for the lock file that cargo wrote.
fn remove_others(directory: &Path, brought: &BTreeSet<PathBuf>) -> Result<()> {
    let what = || format!("failed to list `{}`", directory.display());
    for entry in fs::read_dir(directory).with_context(what)? {
        let entry = entry.with_context(what)?;
        let path = entry.path();
        let is_directory = entry.file_type().with_context(what)?.is_dir();
        let is_kept = match is_directory {
            true => brought
                .range(path.clone()..)
                .next()
                .is_some_and(|next| next.starts_with(&path)),
            false => brought.contains(&path) || entry.file_name() == LOCK,
        };
        match is_kept {
            false => remove(&path)?,
            true if is_directory => remove_others(&path, brought)?,
            true => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_follows_the_original() {
        let world = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(world.path()).unwrap();
        let (theirs, mirror) = (root.join("theirs"), Mirror(root.join("mirror")));
        fs::create_dir(&mirror.0).unwrap();
        let copy = mirror.place(&theirs);
        let put = |name: &str, text: &str| {
            let path = theirs.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let text = |name: &str| fs::read_to_string(copy.join(name)).ok();
        put("Cargo.toml", "a");
        put("src/lib.rs", "b");
        put("target/debug/x", "not copied");
        mirror.bring(&theirs).unwrap();
        assert_eq!(text("src/lib.rs").as_deref(), Some("b"));
        assert_eq!(text("target/debug/x"), None);
        let before = fs::metadata(copy.join("src/lib.rs")).unwrap().modified().unwrap();
        // What cargo and build scripts write there does not reach the original.
        fs::write(copy.join("Cargo.lock"), "lock").unwrap();
        fs::write(copy.join("src/made.rs"), "made").unwrap();
        put("Cargo.toml", "c");
        mirror.bring(&theirs).unwrap();
        assert_eq!(text("Cargo.toml").as_deref(), Some("c"));
        assert_eq!(text("Cargo.lock").as_deref(), Some("lock"));
        assert_eq!(text("src/made.rs"), None);
        let after = fs::metadata(copy.join("src/lib.rs")).unwrap().modified().unwrap();
        assert_eq!(before, after, "an unchanged file keeps its time");
        // A file becomes a directory, a directory a link, and a link a directory.
        fs::remove_file(theirs.join("Cargo.toml")).unwrap();
        put("Cargo.toml/x", "d");
        fs::rename(theirs.join("src"), root.join("elsewhere")).unwrap();
        symlink(root.join("elsewhere"), theirs.join("src")).unwrap();
        mirror.bring(&theirs).unwrap();
        assert_eq!(text("Cargo.toml/x").as_deref(), Some("d"));
        assert_eq!(text("src/lib.rs").as_deref(), Some("b"));
        fs::remove_file(theirs.join("src")).unwrap();
        put("src/lib.rs", "e");
        mirror.bring(&theirs).unwrap();
        assert_eq!(text("src/lib.rs").as_deref(), Some("e"));
        assert_eq!(fs::read_to_string(root.join("elsewhere/lib.rs")).unwrap(), "b");
    }

    #[test]
    fn a_directory_within_another_is_copied_once() {
        let all = ["/a/b", "/a", "/a-b/c", "/a/b/c", "/d"].map(PathBuf::from).to_vec();
        assert_eq!(outermost(all), ["/a", "/a-b/c", "/d"].map(PathBuf::from));
    }
}
