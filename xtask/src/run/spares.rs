//! Directories of stages that are used again.
//!
//! To find inodes for new files may take long where many files have just been removed: ext4 passes over those of the last
//! seconds one by one, which was a quarter of what a cell costs whose engine ends at once. So the files of the next stage
//! are written over those of one before. That is done only if nothing but our files is on it.

use nix::unistd::geteuid;
use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::ops::Bound;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use tempfile::TempDir;

/// A directory whose stage is no longer used.
#[derive(Debug)]
pub struct Spare {
    pub directory: TempDir,
    /// All of its files, by their relative names.
    pub files: BTreeSet<PathBuf>,
}

/// The directories that a command keeps for stages to come, at most as many as there will be.
#[derive(Debug, Default)]
pub struct Spares {
    kept: Mutex<Kept>,
    /// The permissions of a file that was just placed.
    mode: OnceLock<u32>,
}

#[derive(Debug, Default)]
struct Kept {
    wanted: usize,
    spares: Vec<Spare>,
}

impl Spares {
    /// From here on, at least so many stages will be made.
    pub fn want(&self, count: usize) {
        let mut kept = self.kept();
        kept.wanted = count;
        kept.spares.truncate(count);
    }

    /// A directory for a new stage, with what is left in it.
    pub fn take(&self) -> Option<Spare> {
        self.kept().spares.pop()
    }

    /// Learns from a file that was just placed what permissions they have.
    pub fn learn(&self, file: &Path) {
        if self.mode.get().is_none()
            && let Ok(facts) = fs::symlink_metadata(file)
        {
            let _ = self.mode.set(facts.mode());
        }
    }

    /// Keeps the directory if a stage will be made in it and nothing but its files is there; else removes it.
    pub fn offer(&self, spare: Spare) {
        if self.is_untouched(&spare) {
            let mut kept = self.kept();
            if kept.spares.len() < kept.wanted {
                kept.spares.push(spare);
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has exactly the files that were placed, each as it was made but for what is in it.
    fn is_untouched(&self, spare: &Spare) -> bool {
        let root = spare.directory.path();
        let mut seen = 0;
        let mut directories = vec![PathBuf::new()];
        while let Some(directory) = directories.pop() {
            let Ok(entries) = fs::read_dir(root.join(&directory)) else {
                return false;
            };
            for entry in entries {
                let Some((name, facts)) = entry
                    .ok()
                    .and_then(|entry| Some((entry.file_name(), entry.metadata().ok()?)))
                else {
                    return false;
                };
                let name = directory.join(name);
                if facts.is_dir() && leads_to_file(&spare.files, &name) {
                    directories.push(name);
                } else if spare.files.contains(&name) && self.is_as_made(&facts) {
                    seen += 1;
                } else {
                    return false;
                }
            }
        }
        seen == spare.files.len()
    }

    /// Whether nobody else has a name for the file, and writing to it will do.
    fn is_as_made(&self, facts: &Metadata) -> bool {
        facts.is_file()
            && facts.nlink() == 1
            && facts.uid() == geteuid().as_raw()
            && self.mode.get() == Some(&facts.mode())
    }
}

/// Whether one of the files is below a directory.
pub fn leads_to_file(files: &BTreeSet<PathBuf>, directory: &Path) -> bool {
    // Paths are in the order of their components.
    let next = files
        .range::<Path, _>((Bound::Included(directory), Bound::Unbounded))
        .next();
    next.is_some_and(|file| file.starts_with(directory))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    const FILES: [&str; 3] = ["a.js", "js/lib/b.js", "js/lib/c.js"];

    fn spare() -> Spare {
        let directory = tempfile::tempdir().unwrap();
        for name in FILES {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        Spare {
            directory,
            files: FILES.map(PathBuf::from).into(),
        }
    }

    fn spares(wanted: usize) -> Spares {
        let spares = Spares::default();
        spares.want(wanted);
        spares.learn(&spare().directory.path().join("a.js"));
        spares
    }

    #[test]
    fn as_many_are_kept_as_will_be_used() {
        let spares = spares(1);
        let [first, second] = [spare(), spare()];
        let paths = [&first, &second].map(|spare| spare.directory.path().to_owned());
        spares.offer(first);
        spares.offer(second);
        assert_eq!(paths.each_ref().map(|path| path.exists()), [true, false]);
        assert_eq!(spares.take().unwrap().directory.path(), paths[0]);
        assert!(spares.take().is_none());
        spares.offer(spare());
        spares.want(0);
        assert!(spares.take().is_none());
    }

    /// What a program does to a stage.
    type Change = (&'static str, fn(&Path));

    #[test]
    fn one_that_a_program_has_changed_is_not_used_again() {
        let changes: &[Change] = &[
            ("a file more", |root| fs::write(root.join("js/core"), "").unwrap()),
            ("a directory more", |root| fs::create_dir(root.join("cache")).unwrap()),
            ("a file less", |root| fs::remove_file(root.join("a.js")).unwrap()),
            ("a link in place of a file", |root| {
                fs::remove_file(root.join("a.js")).unwrap();
                symlink("js/lib/b.js", root.join("a.js")).unwrap();
            }),
            ("a directory in place of a file", |root| {
                fs::remove_file(root.join("a.js")).unwrap();
                fs::create_dir(root.join("a.js")).unwrap();
            }),
            ("a second name", |root| {
                let other = root
                    .parent()
                    .unwrap()
                    .join(root.file_name().unwrap())
                    .with_extension("other");
                fs::hard_link(root.join("a.js"), other).unwrap();
            }),
            ("permissions", |root| {
                fs::set_permissions(root.join("a.js"), fs::Permissions::from_mode(0o400)).unwrap();
            }),
        ];
        for (what, change) in changes {
            let spares = spares(1);
            let spare = spare();
            let root = spare.directory.path().to_owned();
            change(&root);
            spares.offer(spare);
            assert!(spares.take().is_none(), "{what}");
            assert!(!root.exists(), "{what}");
            let _ = fs::remove_file(root.with_extension("other"));
        }
    }
}
