//! Keeps the heap snapshots that engines write, for who wants to look at them elsewhere.

use crate::base::file;
use crate::cell::run::Cell;
use anyhow::Result;
use std::path::Path;

/// A directory for snapshots.
#[derive(Debug)]
pub struct Keeping<'a> {
    directory: &'a Path,
}

impl Keeping<'_> {
    /// Makes the directory, if it is not there.
    pub fn new(directory: &Path) -> Result<Keeping<'_>> {
        file::make_directory(directory)?;
        Ok(Keeping { directory })
    }

    /// Copies the snapshot, the so-and-so-many-th of its cell; it is
    /// named by case and program, and ends as the tools of its engine expect.
    pub fn copy(&self, cell: Cell<'_>, snapshot: &Path, number: usize) -> Result<()> {
        let name = format!("{} {} {}", cell.case.title, cell.program, number + 1);
        let fine = |c: char| {
            if c.is_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '-'
            }
        };
        let name: String = name.chars().map(fine).collect();
        let extension = cell.program.engine.snapshot.extension();
        let path = self.directory.join(format!("{name}.{extension}"));
        file::copy(snapshot, &path)
    }
}
