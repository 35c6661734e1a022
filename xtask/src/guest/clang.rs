//! Guests in C and C++: one module from some files, by clang and wasm-ld. It is named by a
//! hash of what the preprocessor makes of the sources, so that each header counts, and by
//! the compiler.

use crate::base::file;
use crate::base::output::quote;
use crate::base::text::command_line;
use crate::case::guest_source::GuestSource;
use crate::guest::built::{BuiltGuest, GuestPlace, MadeFiles, build_unless_built};
use crate::run::session::Session;
use crate::run::tools;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Flags for all sources: names are kept, there is no library, and what is not `static` can be exported.
const COMPILE: &[&str] = &[
    "--target=wasm32",
    "-nostdlib",
    // Past the driver, which else has wasm-opt, if it is on PATH, rewrite the module: without names, and not where DWARF says.
    "-Xclang",
    "-O2",
    "-g",
    "-fvisibility=default",
];

/// What C++ would need a library for.
const CPP: &[&str] = &["-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"];

/// A library with no `main`: what is not hidden is exported, and what is not defined is imported.
const LINK: &[&str] = &["-Wl,--no-entry", "-Wl,--export-dynamic", "-Wl,--allow-undefined"];

/// Where distributions put programs that are not on PATH.
const OFF_PATH: &[&str] = &[
    "/usr/lib/llvm-*/bin",
    "/usr/lib/llvm/*/bin",
    "/opt/homebrew/opt/llvm*/bin",
    "/opt/homebrew/opt/lld*/bin",
    "/usr/local/opt/llvm*/bin",
    "/usr/local/opt/lld*/bin",
];

/// A compiler that knows wasm32, and its linker.
#[derive(Debug, PartialEq, Eq)]
pub struct Clang {
    pub clang: PathBuf,
    pub linker: PathBuf,
}

/// No compiler here builds C for wasm32.
#[derive(Debug)]
pub struct NoClang;

impl fmt::Display for NoClang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "there is no clang for C and C++ here: no `clang` on PATH or in LLVM's directories knows the target \
             wasm32, or there is no `wasm-ld`",
        )
    }
}

impl std::error::Error for NoClang {}

/// Builds the guest if that is needed.
pub fn build(source: &GuestSource, session: &Session) -> Result<BuiltGuest> {
    let clang = find(session)?.context(NoClang)?;
    build_unless_built(
        &source.name,
        || place(source, &clang, session),
        || {
            let _line = session.progress.begin(&format!("building the guest `{}`", source.name));
            let bytes = clang.run(source, &source.paths, &clang.link_flags(), "module.wasm", session)?;
            Ok(MadeFiles::from([(format!("{}.wasm", source.stem()).into(), bytes)]))
        },
    )
}

/// The first compiler that can build for wasm32, if there is one with a linker.
pub fn find(session: &Session) -> Result<Option<Clang>> {
    let linkers = programs("wasm-ld");
    for clang in programs("clang") {
        let shell = tools::shell()?;
        let command = tools::guarded(&shell)?.arg(&clang).arg("--print-targets");
        let answer = tools::ask(command, session)?;
        if answer.success && answer.stdout.split_whitespace().any(|word| word == "wasm32") {
            let linker = linker_for(&clang, &linkers);
            return Ok(linker.map(|linker| Clang {
                clang: clang.clone(),
                linker,
            }));
        }
    }
    Ok(None)
}

/// The programs of this name: on PATH, with a version in their name, the highest first, and off PATH.
fn programs(name: &str) -> Vec<PathBuf> {
    let plain = which::which(name).ok();
    let versioned = regex::Regex::new(&format!("^{name}-[0-9]+$")).ok();
    let mut versioned: Vec<PathBuf> = versioned
        .and_then(|pattern| which::which_re(pattern).ok())
        .into_iter()
        .flatten()
        .collect();
    versioned.sort_by_key(|path| std::cmp::Reverse(major(path)));
    let off_path = OFF_PATH.iter().flat_map(|pattern| {
        let found = glob::glob(&format!("{pattern}/{name}"));
        found.into_iter().flatten().filter_map(Result::ok)
    });
    plain.into_iter().chain(versioned).chain(off_path).collect()
}

/// The number in `clang-14`, or in the directory `llvm-14`.
fn major(path: &Path) -> u32 {
    let numbers = path.components().rev().filter_map(|part| {
        let (_, number) = part.as_os_str().to_str()?.rsplit_once('-')?;
        number.parse().ok()
    });
    numbers.into_iter().next().unwrap_or(0)
}

/// The linker of the compiler's own LLVM, if it is there: the one beside it, or of its version.
fn linker_for(clang: &Path, linkers: &[PathBuf]) -> Option<PathBuf> {
    let real = fs::canonicalize(clang).unwrap_or_else(|_| clang.to_owned());
    let beside = file::directory(&real).join("wasm-ld");
    let of_version = linkers.iter().find(|linker| major(linker) == major(&real)).cloned();
    let beside = beside.is_file().then_some(beside);
    beside.or(of_version).or_else(|| linkers.first().cloned())
}

/// The place of the guest, when it is built from the current sources by this compiler.
fn place(source: &GuestSource, clang: &Clang, session: &Session) -> Result<GuestPlace> {
    let mut texts = Vec::new();
    for path in &source.paths {
        texts.push(clang.run(source, std::slice::from_ref(path), &["-E".into()], "text", session)?);
    }
    let stamp = |path: &Path| fs::metadata(path).ok().map(|facts| file::stamp(&facts));
    let compiler = (&clang.clang, stamp(&clang.clang), &clang.linker, stamp(&clang.linker));
    let flags = (&source.flags, COMPILE, CPP, LINK);
    GuestPlace::new(&source.stem(), (texts, compiler, flags), session)
}

impl Clang {
    fn link_flags(&self) -> Vec<OsString> {
        let mut linker = OsString::from("-fuse-ld=");
        linker.push(&self.linker);
        LINK.iter().map(OsString::from).chain([linker]).collect()
    }

    /// Runs clang in the directory of the sources, and returns the file that it makes. The user's flags come after
    /// ours, which they may change.
    fn run(
        &self,
        source: &GuestSource,
        paths: &[PathBuf],
        flags: &[OsString],
        output: &str,
        session: &Session,
    ) -> Result<Vec<u8>> {
        let directory = session.directories.scratch("clang")?;
        let made = tempfile::tempdir_in(directory).context("failed to make a directory for clang")?;
        let output = made.path().join(output);
        let is_cpp = paths
            .iter()
            .any(|path| path.extension().is_none_or(|extension| extension != "c"));
        // The module is the same wherever its sources lie.
        let mut nameless = OsString::from("-fdebug-prefix-map=");
        nameless.push(&source.base);
        nameless.push("=.");
        let shell = tools::shell_in(&source.base)?;
        let command = tools::guarded(&shell)?
            .arg(&self.clang)
            .args(COMPILE)
            .arg(nameless)
            .args(if is_cpp { CPP } else { &[] })
            .args(flags)
            .args(&source.flags)
            .arg("-o")
            .arg(&output)
            .args(paths.iter().map(|path| plain(path)));
        let answer = tools::build(command, session)?;
        if !answer.success {
            quote(&answer.stderr);
            bail!(
                "failed to build the guest `{}` by `{}`; its output is above",
                source.name,
                command_line([&self.clang])
            );
        }
        file::read(&output)
    }
}

/// A path that is never taken for a flag.
fn plain(path: &Path) -> PathBuf {
    match path.is_absolute() {
        true => path.to_owned(),
        false => Path::new(".").join(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_is_that_of_the_compiler() {
        let linkers = ["/usr/bin/wasm-ld-22", "/usr/bin/wasm-ld-14"].map(PathBuf::from);
        for (clang, linker) in [
            ("/nowhere/bin/clang-14", Some("/usr/bin/wasm-ld-14")),
            ("/nowhere/llvm-22/bin/clang", Some("/usr/bin/wasm-ld-22")),
            ("/nowhere/bin/clang", Some("/usr/bin/wasm-ld-22")),
        ] {
            assert_eq!(
                linker_for(Path::new(clang), &linkers).as_deref(),
                linker.map(Path::new),
                "{clang}"
            );
        }
        assert_eq!(linker_for(Path::new("/nowhere/bin/clang"), &[]), None);
    }
}
