//! Files that are either whole or absent, and reading that never waits for another process.

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{AccessFlags, access};
use std::fs::{self, File, FileType, OpenOptions};
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The largest file that is read as a whole, in bytes.
const LARGEST: u64 = 1 << 30;

/// Replaces the file atomically: a reader, or a crash, finds the old one or the new one.
/// Its permissions stay, and it is on the disk before it takes the old one's place. Other
/// files (a device, a pipe) are written in place; the file that standard output or standard
/// error goes to (`/dev/stdout`) gets the bytes after what was printed.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let what = || format!("failed to write `{}`", path.display());
    if let Some(mut stream) = standard_stream(path) {
        return stream.write_all(bytes).with_context(what);
    }
    // Of a link the target is written, and the link stays.
    let path = &link_target(path);
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return write_in_place(path, bytes).with_context(what);
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
    // Else a crash of the machine may leave the new name with none of the bytes.
    file.as_file().sync_all().with_context(what)?;
    file.persist(path).with_context(what)?;
    // Some file systems cannot do that for a directory; then the name is as durable as they make it.
    let _ = File::open(directory(path)).and_then(|directory| directory.sync_all());
    Ok(())
}

/// Adds bytes to the end of a file, which is made if it is not there.
pub fn append(path: &Path, bytes: &[u8]) -> Result<()> {
    let opened = OpenOptions::new()
        .append(true)
        .create(true)
        // A pipe that no process reads would block the call.
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path);
    opened
        .and_then(|mut file| file.write_all(bytes))
        .with_context(|| format!("failed to append to `{}`", path.display()))
}

/// Writes a device or a pipe.
fn write_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Without waiting: a pipe that no process reads would block the call that opens it.
    let opened = OpenOptions::new()
        .write(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path);
    let mut file = opened.map_err(|error| match error.raw_os_error() {
        Some(code) if code == Errno::ENXIO as i32 => io::Error::other("no process reads this pipe"),
        _ => error,
    })?;
    // A reader may be slower than the writer.
    fcntl(&file, FcntlArg::F_SETFL(OFlag::empty()))?;
    file.write_all(bytes)
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
    if let Err(error @ (Errno::EACCES | Errno::EROFS)) = access(path, AccessFlags::W_OK) {
        bail!("`{shown}` cannot be written: {}", error.desc());
    }
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

/// Opens a regular file to read it. Other files are refused: a pipe that no process
/// writes to would block the command, and a device may never end.
pub fn open(path: &Path) -> Result<File> {
    let what = || format!("failed to read `{}`", path.display());
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)
        .with_context(what)?;
    let kind = file.metadata().with_context(what)?.file_type();
    ensure!(kind.is_file(), "{}: it is {}, not a file", what(), kind_name(kind));
    Ok(file)
}

fn kind_name(kind: FileType) -> &'static str {
    match kind {
        _ if kind.is_dir() => "a directory",
        _ if kind.is_fifo() => "a pipe",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

/// Reads a regular file that must exist.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    read_at_most(path, LARGEST)
}

/// Reads a regular file that must exist, and has at most this many bytes.
pub fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>> {
    let what = || format!("failed to read `{}`", path.display());
    let mut bytes = Vec::new();
    // It may grow meanwhile.
    open(path)?
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .with_context(what)?;
    ensure!(
        bytes.len() as u64 <= most,
        "{}: it is larger than {} MiB",
        what(),
        most >> 20
    );
    Ok(bytes)
}

/// Copies the bytes of a regular file; the copy gets the permissions of a new file.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut source = open(from)?;
    File::create(to)
        .and_then(|mut target| io::copy(&mut source, &mut target))
        .with_context(|| format!("failed to copy `{}` to `{}`", from.display(), to.display()))?;
    Ok(())
}

/// A digest by which damage to a file is noticed. It is no proof against intent.
pub fn digest(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("{:016x}", hasher.finish())
}

/// The size of a file, in bytes.
pub fn size(path: &Path) -> Result<u64> {
    let facts = fs::metadata(path).with_context(|| format!("failed to look at `{}`", path.display()))?;
    Ok(facts.len())
}

/// Identifies a state of a file: its size and modification time.
pub fn stamp(facts: &fs::Metadata) -> (u64, i64, i64) {
    (facts.len(), facts.mtime(), facts.mtime_nsec())
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
