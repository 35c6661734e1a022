//! `instrument`: writes a module whose allocator reports each block, and its half in JavaScript.

use crate::base::status::Status;
use crate::base::{file, output, text};
use crate::case::allocator;
use crate::command::instrument_flags::InstrumentFlags;
use crate::guest::block_script::block_script;
use crate::run::session::Session;
use crate::show::instrument_text::{refusal_text, usage_text, warnings, wrapped_text};
use anyhow::{Context, Result, anyhow, ensure};
use instrument::{BlockFrees, GivenAllocator, Instrumented};
use std::fs;
use std::path::{Path, PathBuf};

/// The extension of the script, in place of the module's.
const SCRIPT_EXTENSION: &str = "blocks.mjs";

/// Writes both files, or none.
pub fn instrument(flags: &InstrumentFlags, session: &Session) -> Result<Status> {
    let (module, script) = (&flags.output, script_path(flags));
    check(flags, &script)?;
    let given = given(&flags.allocators)?;
    let made = instrumented(&flags.input, &given)?;
    let text = block_script(&session.directories)?;
    // The script first: alone it does no harm.
    let is_new = !script.exists();
    file::write(&script, text.as_bytes())?;
    file::write(module, &made.module).inspect_err(|_| {
        if is_new {
            let _ = fs::remove_file(&script);
        }
    })?;
    for warning in warnings(&made) {
        output::warn(&warning);
    }
    let name = script.file_name().unwrap_or_default().to_string_lossy();
    output::print(&format!(
        "made {}, in which these functions report blocks:\n{}and {}, which counts them, to be used like this:\n{}",
        text::shell_word(module),
        wrapped_text(&made.wrapped),
        text::shell_word(&script),
        usage_text(&name)
    ))?;
    Ok(Status::Expected)
}

fn script_path(flags: &InstrumentFlags) -> PathBuf {
    let usual = || flags.output.with_extension(SCRIPT_EXTENSION);
    flags.script.clone().unwrap_or_else(usual)
}

/// That both can be written, and over nothing that is wanted.
fn check(flags: &InstrumentFlags, script: &Path) -> Result<()> {
    let InstrumentFlags { input, output, .. } = flags;
    for path in [output, script] {
        let shown = path.display();
        ensure!(path != Path::new("-"), "`-` names no file: name the one to write");
        // After a module on standard output the text about it would follow, and beside a device nothing can lie.
        let is_device = path.starts_with("/dev") || fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir());
        ensure!(
            !is_device,
            "`{shown}` is no regular file, and nothing was written: name another one"
        );
        file::can_be_written(path, "--script")?;
    }
    ensure!(
        flags.overwrite || !is_same(input, output),
        "`{}` is the module itself, and nothing was written: name another file, or add `--overwrite`",
        output.display()
    );
    for (path, what) in [(input, "the module itself"), (output, "the module that is made")] {
        ensure!(
            !is_same(path, script),
            "the script `{}` would be {what}, and nothing was written: name another file by `--script`",
            script.display()
        );
    }
    Ok(())
}

/// Whether two paths lead to one file, which may not be there yet.
fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| -> Option<PathBuf> {
        let found = fs::canonicalize(path).ok();
        let beside = || Some(fs::canonicalize(file::directory(path)).ok()?.join(path.file_name()?));
        found.or_else(beside)
    };
    one == other || place(one).is_some_and(|one| place(other) == Some(one))
}

fn given(words: &[String]) -> Result<Vec<GivenAllocator>> {
    let mut all = Vec::new();
    for word in words {
        all.extend(allocator::functions(word).with_context(|| format!("`--allocator {word}`"))?);
    }
    Ok(all)
}

/// The module that is made; the error has what to do next.
fn instrumented(input: &Path, given: &[GivenAllocator]) -> Result<Instrumented> {
    let module = file::read(input)?;
    let word = text::shell_word(input.as_os_str());
    let refused = |why: String| anyhow!("`{}` stays as it is: {why}", input.display());
    let made = instrument::instrument(&module, given).map_err(|why| refused(refusal_text(&why, &word)))?;
    ensure!(
        made.frees != BlockFrees::ByCollector,
        refused(
            "a collector of its own takes blocks back, and does not report it, so that nobody can say which of them \
             live; if parts of the program allocate and free by functions of their own, name these by `--allocator`"
                .to_owned()
        )
    );
    Ok(made)
}
