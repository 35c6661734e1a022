//! Where stages are: below a path that every engine takes for one.

use crate::base::directories::Directories;
use anyhow::Result;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the stages of a command are: among the program's own files; if their path is not plain, in the system's
/// temporary directory.
pub fn place(directories: &Directories) -> Result<PathBuf> {
    let own = directories.scratch("stages")?;
    let others = [env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
    let plain = |path: &&PathBuf| is_plain(path) && path.is_dir();
    // Engines report the names that links lead to.
    let resolve = |path: PathBuf| fs::canonicalize(&path).unwrap_or(path);
    let all = [own.clone()].into_iter().chain(others).map(resolve);
    Ok(all.into_iter().find(|path| plain(&path)).unwrap_or(own))
}

/// Whether every engine takes the path for a path. Some make a URL of it to find a
/// module: jsc fails below a directory `a%20b` or one with a line feed, Bun below `a?b`;
/// jsc and Node.js fail in a path that is not UTF-8.
pub fn is_plain(path: &Path) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@, ".contains(c);
    path.to_str().is_some_and(|path| path.chars().all(is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_plain_if_no_url_can_be_seen_in_it() {
        for (path, plain) in [
            ("/home/me/My Projects/wasm-leaks_2/target", true),
            ("/a%20b", false),
            ("/a?b", false),
            ("/a#b", false),
            ("/a\nb", false),
            ("/a\tb", false),
            ("/a'b", false),
            ("/a:b", false),
            ("/ä", false),
        ] {
            assert_eq!(is_plain(Path::new(path)), plain, "{path:?}");
        }
    }
}
