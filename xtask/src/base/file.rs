//! Files that are either whole or absent.

use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Replaces the file atomically: a reader, or a crash, finds the old one or the new one.
/// Its permissions stay. Other files (a device, a pipe) are written in place; the file
/// that standard output or standard error goes to (`/dev/stdout`) gets the bytes after
/// what was printed.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let what = || format!("failed to write `{}`", path.display());
    if let Some(mut stream) = standard_stream(path) {
        return stream.write_all(bytes).with_context(what);
    }
    // Of a link the target is written, and the link stays.
    let path = &link_target(path);
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return fs::write(path, bytes).with_context(what);
    }
    let mut file = tempfile::Builder::new()
        // Temporary files are private to their owner by default. The umask applies to new files.
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(directory(path))
        .with_context(what)?;
    if let Ok(old) = fs::metadata(path) {
        file.as_file().set_permissions(old.permissions()).with_context(what)?;
    }
    file.write_all(bytes).with_context(what)?;
    file.persist(path).with_context(what)?;
    Ok(())
}

/// Standard output or standard error, if the path leads to the very file that it goes to.
fn standard_stream(path: &Path) -> Option<File> {
    let wanted = fs::metadata(path).ok()?;
    let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
    [stdout.as_fd(), stderr.as_fd()].into_iter().find_map(|stream| {
        // A duplicate, so that its offset is the stream's own.
        let file = File::from(stream.try_clone_to_owned().ok()?);
        let is = file.metadata().ok()?;
        ((is.dev(), is.ino()) == (wanted.dev(), wanted.ino())).then_some(file)
    })
}

/// Where a link leads, even if nothing is there yet; else the path itself.
fn link_target(path: &Path) -> PathBuf {
    // Linux follows no more links than that.
    const LINKS: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = directory(&target).join(next),
            Err(_) => break,
        }
    }
    target
}

/// Checks that the file of a flag can be written: an error before the work is better than one after it.
pub fn can_be_written(path: &Path, flag: &str) -> Result<()> {
    ensure!(
        path != Path::new("-"),
        "`{flag} -` names no file; for standard output use `{flag} /dev/stdout`"
    );
    let shown = path.display();
    ensure!(!path.is_dir(), "`{shown}` cannot be written: it is a directory");
    let parent = link_target(path);
    let parent = directory(&parent);
    ensure!(
        parent.is_dir(),
        "`{shown}` cannot be written: the directory `{}` does not exist",
        parent.display()
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
