//! Files that are either whole or absent.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Writes the file at once: a reader, or a crash, finds the old one or the new one.
/// What is no regular file (`/dev/stdout`, a pipe) is written in place.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let what = || format!("failed to write `{}`", path.display());
    // Behind a link it is the file that is written, and the link stays.
    let path = &fs::canonicalize(path).unwrap_or(path.to_owned());
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return fs::write(path, bytes).with_context(what);
    }
    let mut file = tempfile::Builder::new()
        // Temporary files are private to their owner; these are not. The umask still applies.
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(directory(path))
        .with_context(what)?;
    file.write_all(bytes).with_context(what)?;
    file.persist(path).with_context(what)?;
    Ok(())
}

/// An error if the file that a flag names could not be written: better said before the work is done than after.
pub fn can_be_written(path: &Path, flag: &str) -> Result<()> {
    ensure!(
        path != Path::new("-"),
        "`{flag} -` names no file; for standard output use `{flag} /dev/stdout`"
    );
    ensure!(
        directory(path).is_dir() && !path.is_dir(),
        "`{}` is no file that could be written, in a directory that is there",
        path.display()
    );
    Ok(())
}

/// The directory that a file lies in.
pub fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Makes a directory and all above it.
pub fn make_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("failed to make the directory `{}`", path.display()))
}

/// Reads a file that has to be there.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("failed to read `{}`", path.display()))
}

/// The size of a file, in bytes.
pub fn size(path: &Path) -> Result<u64> {
    let facts = fs::metadata(path).with_context(|| format!("failed to look at `{}`", path.display()))?;
    Ok(facts.len())
}

/// What tells one state of a file from another: its size and modification time.
pub fn stamp(path: &Path) -> Result<(u64, i64, i64)> {
    let facts = fs::metadata(path).with_context(|| format!("failed to look at `{}`", path.display()))?;
    Ok((facts.len(), facts.mtime(), facts.mtime_nsec()))
}

/// What is in a directory, in order; what editors leave behind there (`.#lib.rs`, `lib.rs~`) is passed over.
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
