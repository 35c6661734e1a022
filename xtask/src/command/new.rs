//! `new`: writes a small working case into a directory of its own.

use crate::base::status::Status;
use crate::base::text::shell_word;
use crate::base::{file, invocation, output};
use crate::case::template::{self, NewFile};
use crate::command::flags::NewFlags;
use crate::command::plan;
use crate::run::session::Session;
use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub fn new(flags: &NewFlags, session: &Session) -> Result<Status> {
    let directory = &flags.directory;
    let is_there = check(directory, session)?;
    let files = match &flags.from {
        None => template::usual(&session.directories)?,
        Some(case) => from_case(case, session)?,
    };
    match is_there {
        true => fill(directory, &files)?,
        false => make(directory, &files)?,
    }
    let word = directory.display().to_string();
    // A name with a hyphen first would be a flag.
    let word = match word.starts_with('-') {
        true => format!("./{word}"),
        false => word,
    };
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    let (shown, program) = (shell_word(&word), invocation::name());
    output::print(&format!(
        "made {shown} with {}\n\nto run it:\n  {program} test {shown}\nto run it again after each change:\n  \
         {program} watch {shown}\n",
        names.join(", ")
    ))?;
    Ok(Status::Expected)
}

/// Whether the directory is there, and empty; an error if it is no place for a new case.
fn check(directory: &Path, session: &Session) -> Result<bool> {
    let shown = directory.display();
    if let Some(root) = session.directories.checkout() {
        let cases = root.join("js/cases");
        let is_ours = |path: &Path| fs::canonicalize(path).is_ok_and(|path| path.starts_with(&cases));
        ensure!(
            !directory.ancestors().any(is_ours),
            "`{shown}` would be among the checkout's own cases, which are two files each: see \"Adding a case\" in \
             README.md"
        );
    }
    match fs::read_dir(directory) {
        Ok(mut entries) => {
            ensure!(
                entries.next().is_none(),
                "`{shown}` is not empty, and nothing was written: name a new directory"
            );
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::NotFound && !directory.is_symlink() => Ok(false),
        Err(error) => Err(error).with_context(|| format!("failed to look at `{shown}`: name a new directory")),
    }
}

/// The files of a case of the checkout.
fn from_case(word: &OsString, session: &Session) -> Result<Vec<NewFile>> {
    if session.directories.checkout().is_none() {
        bail!(
            "`--from {0}` needs a checkout of wasm-leaks, whose cases it copies; without `--from {0}` a small case is \
             written",
            Path::new(word).display()
        );
    }
    let cases = plan::cases("new", std::slice::from_ref(word), session)?;
    let [case] = &cases[..] else {
        bail!(
            "`{}` names {} cases: name the one to copy",
            Path::new(word).display(),
            cases.len()
        );
    };
    ensure!(
        case.own().is_none(),
        "`{}` is a case of your own already: copy its directory",
        case.name
    );
    let guests = plan::build_guests(&cases, session)?;
    let built = guests.of_case(case)?;
    ensure!(
        built.glue().is_none(),
        "the guest of `{}` is wasm-bindgen's, with ten pages of memory: too few for a census to see it leak; copy \
         another case, or write a script for a module of your own",
        case.name
    );
    template::of_case(case, built.module()?, &session.directories)
}

/// Makes the directory with the files in it: all of them, or nothing.
fn make(directory: &Path, files: &[NewFile]) -> Result<()> {
    let what = || format!("failed to make the directory `{}`", directory.display());
    let parent = file::directory(directory);
    file::make_directory(parent)?;
    let unfinished = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o777))
        .tempdir_in(parent)
        .with_context(what)?;
    write_all(unfinished.path(), files)?;
    fs::rename(unfinished.path(), directory).with_context(what)?;
    // It is there under its own name.
    let _ = unfinished.keep();
    Ok(())
}

/// Writes the files into an empty directory: all of them, or nothing.
fn fill(directory: &Path, files: &[NewFile]) -> Result<()> {
    write_all(directory, files).inspect_err(|_| {
        for file in files {
            let _ = fs::remove_file(directory.join(file.name));
        }
    })
}

fn write_all(directory: &Path, files: &[NewFile]) -> Result<()> {
    files
        .iter()
        .try_for_each(|new| file::write(&directory.join(new.name), &new.bytes))
}
