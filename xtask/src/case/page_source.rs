//! The page that a user's script runs in, where that is not ours: a file beside the script, or a page of a server that
//! the user has started.

use crate::base::file;
use anyhow::{Result, bail, ensure};
use std::path::{Component, Path, PathBuf};

/// A page, as a directive names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageSource {
    /// A file, by its path from the directory of the script.
    File(String),
    /// An address of this machine.
    Address(String),
}

/// The ends of the names of pages.
const EXTENSIONS: [&str; 2] = ["html", "htm"];

/// The hosts that are this machine, whatever its names are.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

impl PageSource {
    /// Parses the value of `#: page`.
    pub fn file(value: &str) -> Result<PageSource> {
        ensure!(
            !value.contains("://"),
            "`{value}` is an address, which `#: url` takes; `#: page` takes a file"
        );
        let extension = Path::new(value).extension().and_then(|extension| extension.to_str());
        let is_page = extension.is_some_and(|extension| EXTENSIONS.contains(&extension));
        ensure!(
            is_page && !Path::new(value).is_absolute(),
            "`{value}` is no page: expected a path, from the directory of the script, of a file that ends with `.html`"
        );
        Ok(PageSource::File(value.to_owned()))
    }

    /// Parses the value of `#: url`.
    pub fn address(value: &str) -> Result<PageSource> {
        let Some(rest) = value.strip_prefix("http://") else {
            bail!("`{value}` is no address such as http://127.0.0.1:8000/: expected `http://`");
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().ok()),
            _ => (authority, Some(80)),
        };
        ensure!(
            LOOPBACK.contains(&host),
            "`{value}` is not on this machine: expected 127.0.0.1, localhost or [::1], for nothing is asked of others"
        );
        ensure!(port.is_some_and(|port| port > 0), "`{value}` has no valid port");
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control();
        ensure!(value.chars().all(is_plain), "`{value}` is no address: it has a space");
        Ok(PageSource::Address(value.to_owned()))
    }

    /// What a browser is to open: a file by its path on the stage, or the address. `directory` is that of the script,
    /// as it is below `root` and on the stage.
    pub fn on_stage(&self, directory: &Path, root: &Path, stage_root: &str) -> Result<String> {
        let given = match self {
            PageSource::Address(address) => return Ok(address.clone()),
            PageSource::File(given) => given,
        };
        let below = directory.strip_prefix(root).unwrap_or(Path::new(""));
        let Some(name) = plain(&below.join(given)) else {
            bail!(
                "`{given}` lies outside of `{}`, and no copy is made of what is there",
                root.display()
            );
        };
        let path = root.join(&name);
        file::size(&path)?;
        ensure!(path.is_file(), "`{}` is no file", path.display());
        let name = Path::new(stage_root).join(name);
        match name.to_str() {
            Some(name) => Ok(name.to_owned()),
            None => bail!("the path of the page `{}` is not UTF-8", path.display()),
        }
    }
}

/// The path without `.` and `..`; `None` if it leads out of where it begins.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => found.push(name),
            Component::ParentDir if found.pop() => {}
            _ => return None,
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_page_is_a_file_below_the_root() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        fs::create_dir_all(root.join("tests/d.html")).unwrap();
        fs::write(root.join("index.html"), "").unwrap();
        fs::write(root.join("tests/a b.htm"), "").unwrap();
        fs::write(directory.path().join("outside.html"), "").unwrap();
        for (value, expected) in [
            ("../index.html", Ok("program/index.html")),
            ("./a b.htm", Ok("program/tests/a b.htm")),
            ("../../outside.html", Err("lies outside of")),
            ("none.html", Err("none.html")),
            ("d.html", Err("is no file")),
        ] {
            let page = PageSource::file(value).unwrap();
            let found = page.on_stage(&root.join("tests"), &root, "program");
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(error), Err(expected)) => assert!(format!("{error:#}").contains(expected), "{error:#}"),
                (found, _) => panic!("{value}: {found:?}"),
            }
        }
        for value in ["", "/index.html", "page.js", "http://127.0.0.1/", "index"] {
            assert!(PageSource::file(value).is_err(), "{value}");
        }
    }

    #[test]
    fn an_address_is_of_this_machine() {
        for value in [
            "http://127.0.0.1:8000/",
            "http://localhost:5173/app?x=1#y",
            "http://[::1]:80/",
            "http://[::1]/",
            "http://127.0.0.1",
        ] {
            assert_eq!(
                PageSource::address(value).unwrap(),
                PageSource::Address(value.to_owned())
            );
        }
        for value in [
            "",
            "index.html",
            "https://127.0.0.1/",
            "http://example.org/",
            "http://127.0.0.1.example.org/",
            "http://user@127.0.0.1/",
            "http://127.0.0.1@example.org/",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:x/",
            "http://127.0.0.1:8000/a b",
            "http://0.0.0.0:80/",
        ] {
            assert!(PageSource::address(value).is_err(), "{value}");
        }
    }
}
