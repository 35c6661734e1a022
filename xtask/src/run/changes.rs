//! Waits for changes of files below some directories.
//!
//! The system only says that something happened; what has changed is found by comparing the
//! files with what they were. So it does not matter how an editor replaces a file.

use crate::base::file;
use crate::run::session::Session;
use anyhow::{Context, Result, ensure};
use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Several files are often written at once: they are one change, if there is no such pause between them.
const PAUSE: Duration = Duration::from_millis(100);

/// Where files change all the time, there is a look nevertheless.
const LONGEST: Duration = Duration::from_secs(5);

/// How often a wait looks whether the command was interrupted.
const INTERVAL: Duration = Duration::from_millis(100);

/// Directories in which no sources lie. So it is with names that begin with a dot.
const SKIPPED: [&str; 2] = ["node_modules", "target"];

/// The most files and directories that are watched.
const MOST: usize = 20_000;

/// Identifies a state of a file.
type FileState = (u64, (u64, i64, i64));

/// Files below some directories, as they were when they were last looked at.
pub struct Changes {
    roots: Vec<PathBuf>,
    /// Files and directories that this command writes.
    ignored: Vec<PathBuf>,
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    /// The watched directories; one that was made anew is another one.
    watched: HashMap<PathBuf, (u64, u64)>,
    files: BTreeMap<PathBuf, FileState>,
}

/// What happened to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    pub path: PathBuf,
    /// `changed`, `new` or `removed`.
    pub what: &'static str,
}

impl Changes {
    /// Watches nothing yet. What is below `ignored` will never be a change.
    pub fn new(ignored: Vec<PathBuf>) -> Result<Changes> {
        let (sender, events) = channel();
        let watcher = notify::recommended_watcher(move |event| {
            // The receiver is gone when the command ends.
            let _ = sender.send(event);
        });
        Ok(Changes {
            roots: Vec::new(),
            ignored,
            watcher: watcher.context("failed to watch files")?,
            events,
            watched: HashMap::new(),
            files: BTreeMap::new(),
        })
    }

    /// From here on, changes below these directories count.
    pub fn begin(&mut self, roots: &[PathBuf]) -> Result<()> {
        let is_below_another = |root: &&PathBuf| roots.iter().any(|other| *root != other && root.starts_with(other));
        let all: BTreeSet<PathBuf> = roots.iter().filter(|root| !is_below_another(root)).cloned().collect();
        self.roots = all.into_iter().collect();
        self.files = self.look()?;
        Ok(())
    }

    /// Waits until files have changed, also since `begin`; `None` if the command is interrupted meanwhile.
    pub fn wait(&mut self, session: &Session) -> Result<Option<Vec<FileChange>>> {
        let mut is_due = true;
        while !session.is_interrupted() {
            if is_due {
                self.calm_down(session);
                let found = self.look()?;
                let changes = differences(&self.files, &found);
                self.files = found;
                if !changes.is_empty() {
                    return Ok(Some(changes));
                }
            }
            is_due = match self.events.recv_timeout(INTERVAL) {
                Ok(event) => self.matters(&event),
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("files are not watched any more"),
            };
        }
        Ok(None)
    }

    /// Takes events until there is a pause in those that matter.
    fn calm_down(&mut self, session: &Session) {
        let began = Instant::now();
        let mut last = began;
        while last.elapsed() < PAUSE && began.elapsed() < LONGEST && !session.is_interrupted() {
            if let Ok(event) = self.events.recv_timeout(PAUSE.saturating_sub(last.elapsed()))
                && self.matters(&event)
            {
                last = Instant::now();
            }
        }
    }

    /// Whether an event may mean a change.
    fn matters(&mut self, event: &notify::Result<Event>) -> bool {
        let Ok(event) = event else {
            // Something was lost: better to look.
            return true;
        };
        if matches!(
            event.kind,
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
        ) {
            event.paths.iter().for_each(|path| self.forget(path));
        }
        let concerns = |path: &PathBuf| {
            let is_near = |root: &PathBuf| path.starts_with(root) || root.starts_with(path);
            self.roots.iter().any(is_near) && !self.ignored.iter().any(|ignored| path.starts_with(ignored))
        };
        event.need_rescan() || (!matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(concerns))
    }

    /// What was removed or moved away is watched anew if it comes back, even if it looks the same:
    /// file systems use numbers again.
    fn forget(&mut self, path: &Path) {
        let gone: Vec<PathBuf> = self
            .watched
            .keys()
            .filter(|known| known.starts_with(path))
            .cloned()
            .collect();
        for directory in gone {
            self.watched.remove(&directory);
            // The system has dropped it already, if it is gone.
            let _ = self.watcher.unwatch(&directory);
        }
    }

    /// All files as they are now. Directories that are new are watched from now on.
    fn look(&mut self) -> Result<BTreeMap<PathBuf, FileState>> {
        let mut files = BTreeMap::new();
        for root in self.roots.clone() {
            // What is above says that the root was made or moved.
            let above = root.ancestors().skip(1).find(|path| path.is_dir());
            above.map_or(Ok(()), |above| self.watch(above))?;
            if root.is_dir() {
                self.walk(&root, &mut files)?;
            }
        }
        Ok(files)
    }

    fn walk(&mut self, directory: &Path, files: &mut BTreeMap<PathBuf, FileState>) -> Result<()> {
        // It is watched before it is looked at: what comes between is not missed.
        self.watch(directory)?;
        // It may be removed meanwhile, which is a change of its own.
        for path in file::entries(directory).unwrap_or_default() {
            let name = path.file_name().unwrap_or_default();
            let is_skipped = SKIPPED.iter().any(|skipped| name == *skipped);
            if self.ignored.contains(&path) || (is_skipped && path.is_dir()) {
                continue;
            }
            let Ok(facts) = fs::metadata(&path) else {
                continue;
            };
            if facts.is_file() {
                files.insert(path, (facts.ino(), file::stamp(&facts)));
            } else if facts.is_dir() && !path.is_symlink() {
                self.walk(&path, files)?;
            }
            ensure!(
                files.len() + self.watched.len() <= MOST,
                "there are more than {MOST} files and directories to be watched, such as those in `{}`; a file \
                 `package.json` beside the script makes its own directory the limit",
                directory.display()
            );
        }
        Ok(())
    }

    fn watch(&mut self, directory: &Path) -> Result<()> {
        let Ok(facts) = fs::metadata(directory) else {
            return Ok(());
        };
        let identity = (facts.dev(), facts.ino());
        if self.watched.get(directory) == Some(&identity) {
            return Ok(());
        }
        let watched = self.watcher.watch(directory, RecursiveMode::NonRecursive);
        if watched.is_err() && !directory.exists() {
            return Ok(());
        }
        watched.with_context(|| {
            format!(
                "failed to watch `{}`; the system limits how many directories are watched (on Linux by \
                 `fs.inotify.max_user_watches`)",
                directory.display()
            )
        })?;
        self.watched.insert(directory.to_owned(), identity);
        Ok(())
    }
}

fn differences(old: &BTreeMap<PathBuf, FileState>, new: &BTreeMap<PathBuf, FileState>) -> Vec<FileChange> {
    let what = |path: &PathBuf| match (old.get(path), new.get(path)) {
        (None, Some(_)) => Some("new"),
        (Some(_), None) => Some("removed"),
        (before, after) => (before != after).then_some("changed"),
    };
    let paths: BTreeSet<&PathBuf> = old.keys().chain(new.keys()).collect();
    let change = |path: &PathBuf| {
        what(path).map(|what| FileChange {
            path: path.clone(),
            what,
        })
    };
    paths.into_iter().filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_new_changed_or_removed() {
        let state = |files: &[(&str, u64)]| {
            let all = files
                .iter()
                .map(|(name, size)| (PathBuf::from(name), (1, (*size, 0, 0))));
            all.collect::<BTreeMap<_, _>>()
        };
        let found = differences(
            &state(&[("a", 1), ("b", 1), ("c", 1)]),
            &state(&[("a", 1), ("b", 2), ("d", 1)]),
        );
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|change| (change.path.to_str().unwrap(), change.what))
            .collect();
        assert_eq!(found, [("b", "changed"), ("c", "removed"), ("d", "new")]);
    }

    #[test]
    fn what_holds_no_sources_is_skipped() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        for name in [
            "a.js",
            "sub/b.js",
            "node_modules/c.js",
            "target/d.js",
            ".git/e",
            ".f.swp",
            "g~",
            "json/r.json",
        ] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let mut changes = Changes::new(vec![root.join("json/r.json")]).unwrap();
        changes
            .begin(&[root.join("sub"), root.clone(), root.join("none")])
            .unwrap();
        assert_eq!(changes.roots, std::slice::from_ref(&root));
        let names: Vec<&PathBuf> = changes.files.keys().collect();
        assert_eq!(names, [&root.join("a.js"), &root.join("sub/b.js")]);
    }
}
