//! Files that are either whole or absent.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Replaces the file atomically: a reader, or a crash, finds the old one or the new one.
/// Other files (`/dev/stdout`, a pipe) are written in place.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let what = || format!("failed to write `{}`", path.display());
    // Of a link the target is written, and the link stays.
    let path = &fs::canonicalize(path).unwrap_or(path.to_owned());
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return fs::write(path, bytes).with_context(what);
    }
    let mut file = tempfile::Builder::new()
        // Temporary files are private to their owner by default. The umask still applies.
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(directory(path))
        .with_context(what)?;
    file.write_all(bytes).with_context(what)?;
    file.persist(path).with_context(what)?;
    Ok(())
}

/// Checks that the file of a flag can be written: an error before the work is better than one after it.
pub fn can_be_written(path: &Path, flag: &str) -> Result<()> {
    ensure!(
        path != Path::new("-"),
        "`{flag} -` names no file; for standard output use `{flag} /dev/stdout`"
    );
    ensure!(
        directory(path).is_dir() && !path.is_dir(),
        "`{}` cannot be written: it is a directory, or its directory does not exist",
        path.display()
    );
    Ok(())
}

/// The directory of a file.
pub fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Makes a directory and its parents.
pub fn make_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("failed to make the directory `{}`", path.display()))
}

/// Reads a file that must exist.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("failed to read `{}`", path.display()))
}

/// The size of a file, in bytes.
pub fn size(path: &Path) -> Result<u64> {
    let facts = fs::metadata(path).with_context(|| format!("failed to look at `{}`", path.display()))?;
    Ok(facts.len())
}

/// Identifies a state of a file: its size and modification time.
pub fn stamp(path: &Path) -> Result<(u64, i64, i64)> {
    let facts = fs::metadata(path).with_context(|| format!("failed to look at `{}`", path.display()))?;
    Ok((facts.len(), facts.mtime(), facts.mtime_nsec()))
}

/// The entries of a directory, sorted; files that editors leave behind (`.#lib.rs`, `lib.rs~`) are skipped.
pub fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let what = || format!("failed to list `{}`", directory.display());
    let mut paths = fs::read_dir(directory)
        .with_context(what)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .with_context(what)?;
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        !name.starts_with(b".") && !name.ends_with(b"~")
    });
    paths.sort();
    Ok(paths)
}
