//! Files that are either whole or absent.

use anyhow::{Context, Result};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes the file at once: a reader, or a crash, finds the old one or the new one.
/// What is no regular file (`/dev/stdout`, a pipe) is written in place.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let what = || format!("failed to write `{}`", path.display());
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

/// The directory that a file lies in.
pub fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Makes a directory below `target/` and all above it.
pub fn make_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| {
        format!(
            "failed to make the directory `{}`; make it writable, or set CARGO_TARGET_DIR to one that is",
            path.display()
        )
    })
}

/// Reads a file that has to be there.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("failed to read `{}`", path.display()))
}
