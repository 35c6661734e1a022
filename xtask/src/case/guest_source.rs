//! The sources of a guest, as an expectation names them.

use crate::base::suggest::did_you_mean;
use crate::case::tree::ROOT;
use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// What a guest is built from, and where its files lie on a stage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GuestSource {
    /// Its name in the expectation.
    pub name: String,
    pub language: GuestLanguage,
    /// The file, or files, or the directory of the crate; relative to `base`.
    pub paths: Vec<PathBuf>,
    /// The directory that the paths are relative to.
    pub base: PathBuf,
    /// More flags for clang.
    pub flags: Vec<String>,
    /// The place of a user's own guest; `None` of one of the checkout.
    pub own: Option<OwnGuestPlace>,
}

/// Where a user's own guest lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnGuestPlace {
    /// The directory up to which its script finds files.
    pub root: PathBuf,
    /// The directory on a stage of the file, or of the crate: what is built is put there.
    pub stage: PathBuf,
    /// The script is a module, and so has to be its glue.
    pub is_module: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuestLanguage {
    /// WebAssembly text.
    Text,
    /// C, or C++.
    C,
    /// A Cargo crate.
    Rust,
}

/// The language of each kind of source file.
const EXTENSIONS: &[(&str, GuestLanguage)] = &[
    ("wat", GuestLanguage::Text),
    ("c", GuestLanguage::C),
    ("cc", GuestLanguage::C),
    ("cpp", GuestLanguage::C),
    ("cxx", GuestLanguage::C),
];

/// The manifest of a crate.
pub const MANIFEST: &str = "Cargo.toml";

impl GuestSource {
    /// The guest of this name in the directory `guest/` of a checkout: `NAME.wat`, `NAME.c`
    /// and so on, or the crate `NAME/`.
    pub fn in_checkout(root: &Path, name: &str, flags: &[String]) -> Result<GuestSource> {
        let base = root.join("guest");
        let is_plain = !name.starts_with('.') && !name.contains('/');
        let found = candidates(name)
            .find(|(path, language)| is_plain && is_there(&base.join(path), *language))
            .with_context(|| no_guest(&base, name))?;
        Ok(GuestSource {
            name: name.to_owned(),
            language: found.1,
            paths: vec![found.0],
            base,
            flags: flags.to_vec(),
            own: None,
        })
    }

    /// The guest of a user's own case in the directory `base`, from the words after `#: guest =`.
    pub fn of_own_case(
        base: &Path,
        words: &str,
        flags: &[String],
        root: &Path,
        is_module: bool,
    ) -> Result<GuestSource> {
        let names = shlex::split(words).context("a quote is not closed")?;
        ensure!(!names.is_empty(), "it names no file");
        let mut paths = Vec::new();
        let mut languages = Vec::new();
        for name in &names {
            let (path, language) = of_word(base, name)?;
            paths.push(path);
            languages.push(language);
        }
        let language = languages[0];
        ensure!(
            paths.len() == 1 || languages.iter().all(|language| *language == GuestLanguage::C),
            "only files of C and C++ are built into one module; name other guests on lines of their own"
        );
        let place = OwnGuestPlace {
            root: root.to_owned(),
            stage: stage_of(&base.join(&paths[0]), language, root)?,
            is_module,
        };
        Ok(GuestSource {
            name: words.to_owned(),
            language,
            paths,
            base: base.to_owned(),
            flags: flags.to_vec(),
            own: Some(place),
        })
    }

    /// Its first file, or its directory, as shown to people.
    pub fn first(&self) -> PathBuf {
        self.base
            .join(self.paths.first().map_or(Path::new(""), PathBuf::as_path))
    }

    /// The name of its module, without an extension; of a crate cargo says it.
    pub fn stem(&self) -> String {
        let path = self.first();
        path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// The files, and the directory, that may be the guest of a checkout with this name.
fn candidates(name: &str) -> impl Iterator<Item = (PathBuf, GuestLanguage)> {
    let files = EXTENSIONS
        .iter()
        .map(move |(extension, language)| (PathBuf::from(format!("{name}.{extension}")), *language));
    files.chain([(PathBuf::from(name), GuestLanguage::Rust)])
}

fn is_there(path: &Path, language: GuestLanguage) -> bool {
    match language {
        GuestLanguage::Rust => path.join(MANIFEST).is_file(),
        GuestLanguage::Text | GuestLanguage::C => path.is_file(),
    }
}

fn no_guest(base: &Path, name: &str) -> String {
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    let names: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.path().file_stem()?.to_str()?.to_owned();
            let is_guest = candidates(&name).any(|(path, language)| is_there(&base.join(path), language));
            is_guest.then_some(name)
        })
        .collect();
    format!(
        "there is no guest `{name}`{}",
        did_you_mean(name, names.iter().map(String::as_str))
    )
}

/// The source that a word names.
fn of_word(base: &Path, word: &str) -> Result<(PathBuf, GuestLanguage)> {
    let name = Path::new(word);
    let name = match name.file_name() == Some(OsStr::new(MANIFEST)) {
        true => name.parent().unwrap_or(Path::new("")),
        false => name,
    };
    let path = base.join(name);
    let shown = path.display();
    let facts =
        fs::metadata(&path).with_context(|| format!("there is no guest `{word}`: failed to look at `{shown}`"))?;
    if facts.is_dir() {
        ensure!(
            path.join(MANIFEST).is_file(),
            "`{shown}` is no guest: it has no `{MANIFEST}`"
        );
        return Ok((name.to_owned(), GuestLanguage::Rust));
    }
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    ensure!(
        extension != "wasm",
        "`{shown}` is a module already: the script loads it itself, and it needs no `#: guest`"
    );
    match EXTENSIONS.iter().find(|(known, _)| *known == extension) {
        Some((_, language)) if facts.is_file() => Ok((name.to_owned(), *language)),
        _ => bail!(
            "`{shown}` is no source of a guest: name a file that ends with `.wat`, `.c` or `.cpp`, or the directory of \
             a Cargo crate"
        ),
    }
}

/// The directory on a stage of a source.
fn stage_of(path: &Path, language: GuestLanguage, root: &Path) -> Result<PathBuf> {
    let full = fs::canonicalize(path).with_context(|| format!("failed to look at `{}`", path.display()))?;
    let directory = match language {
        GuestLanguage::Rust => full.as_path(),
        GuestLanguage::Text | GuestLanguage::C => full.parent().unwrap_or(Path::new("/")),
    };
    let below = directory.strip_prefix(root).ok().with_context(|| {
        format!(
            "`{}` lies outside of `{}`, up to which the script finds files; a file `package.json` in a directory above \
             both makes that the limit",
            path.display(),
            root.display()
        )
    })?;
    Ok(Path::new(ROOT).join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with sources of all kinds.
    fn sources() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in [
            "guest/a.wat",
            "guest/b.c",
            "guest/c/Cargo.toml",
            "guest/x.rs",
            "guest/m.wasm",
            "out.c",
        ] {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::create_dir(directory.path().join("guest/empty")).unwrap();
        directory
    }

    #[test]
    fn a_guest_of_the_checkout_is_found_by_its_name() {
        let directory = sources();
        let found = |name: &str| GuestSource::in_checkout(directory.path(), name, &[]);
        for (name, language, path) in [
            ("a", GuestLanguage::Text, "a.wat"),
            ("b", GuestLanguage::C, "b.c"),
            ("c", GuestLanguage::Rust, "c"),
        ] {
            let source = found(name).unwrap();
            assert_eq!(source.language, language);
            assert_eq!(source.paths, [PathBuf::from(path)]);
        }
        for (name, error) in [
            ("empty", "there is no guest `empty`"),
            ("aa", "there is no guest `aa`; did you mean `a`?"),
            ("../out", "there is no guest `../out`"),
        ] {
            assert_eq!(format!("{:#}", found(name).unwrap_err()), error);
        }
    }

    #[test]
    fn a_guest_of_an_own_case_is_found_by_its_path() {
        let directory = sources();
        let root = fs::canonicalize(directory.path()).unwrap();
        let base = root.join("guest");
        let found = |words: &str, root: &Path| GuestSource::of_own_case(&base, words, &[], root, true);
        for (words, language, stage) in [
            ("a.wat", GuestLanguage::Text, "program/guest"),
            ("b.c ../out.c", GuestLanguage::C, "program/guest"),
            ("../out.c", GuestLanguage::C, "program"),
            ("c/", GuestLanguage::Rust, "program/guest/c"),
            ("c/Cargo.toml", GuestLanguage::Rust, "program/guest/c"),
        ] {
            let source = found(words, &root).unwrap();
            assert_eq!(source.language, language, "{words}");
            assert_eq!(source.own.unwrap().stage, Path::new(stage), "{words}");
        }
        for (words, error) in [
            ("", "it names no file"),
            ("'a", "a quote is not closed"),
            ("d.wat", "there is no guest `d.wat`"),
            ("x.rs", "is no source of a guest: name a file that ends with `.wat`"),
            ("m.wasm", "is a module already: the script loads it itself"),
            ("empty", "is no guest: it has no `Cargo.toml`"),
            ("a.wat b.c", "only files of C and C++ are built into one module"),
        ] {
            let error_text = format!("{:#}", found(words, &root).unwrap_err());
            assert!(error_text.contains(error), "{words}: {error_text}");
        }
        let outside = format!("{:#}", found("../out.c", &base).unwrap_err());
        assert!(outside.contains("lies outside of `"), "{outside}");
    }
}
