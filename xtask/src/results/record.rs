//! The record of a run on disk: a line of JSON for the run, then one for each cell,
//! appended as it ends. A killed run leaves a record of all cells that had
//! ended; a partial last line is ignored.

use crate::base::file;
use crate::results::cell_row::CellRow;
use crate::results::document::Results;
use anyhow::{Context, Result};
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The number of records of former runs that are kept.
const KEPT: usize = 8;

/// The record of the current run.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
    /// Locked during the run, so that no other run removes it.
    file: Mutex<Flock<File>>,
}

impl Record {
    /// Begins the record of a run in a directory of records, and removes the oldest records.
    pub fn begin(directory: &Path, results: &Results) -> Result<Record> {
        let milliseconds = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let path = directory.join(format!("{milliseconds:014}-{}.jsonl", std::process::id()));
        let what = || format!("failed to write the record `{}`", path.display());
        let file = File::create_new(&path).with_context(what)?;
        let file = Flock::lock(file, FlockArg::LockExclusiveNonblock)
            .map_err(|(_, error)| error)
            .with_context(what)?;
        let record = Record {
            path: path.clone(),
            file: Mutex::new(file),
        };
        record.append_line(&serde_json::to_vec(results)?)?;
        prune(directory);
        Ok(record)
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a cell that has ended.
    pub fn append(&self, cell: &CellRow) -> Result<()> {
        self.append_line(&serde_json::to_vec(cell)?)
    }

    fn append_line(&self, json: &[u8]) -> Result<()> {
        let line = [json, b"\n"].concat();
        let what = || format!("failed to write the record `{}`", self.path.display());
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let before = file.stream_position().with_context(what)?;
        if let Err(error) = file.write_all(&line) {
            // A line is whole, or is not there: the next one must not follow a part of this one.
            file.set_len(before).with_context(what)?;
            file.seek(SeekFrom::Start(before)).with_context(what)?;
            return Err(error).with_context(what);
        }
        Ok(())
    }
}

/// The records in a directory, the newest first.
pub fn records(directory: &Path) -> Vec<PathBuf> {
    let mut records = file::entries(directory).unwrap_or_default();
    records.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    records.reverse();
    records
}

/// Removes the oldest records, except those of active runs.
fn prune(directory: &Path) {
    for path in records(directory).iter().skip(KEPT) {
        let unlocked = file::open(path).is_ok_and(|file| Flock::lock(file, FlockArg::LockSharedNonblock).is_ok());
        if unlocked {
            // Another run may have removed it.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::reading;
    use crate::results::repeated::tests::{cell, results};

    #[test]
    fn a_record_reads_back_with_any_end() {
        let directory = tempfile::tempdir().unwrap();
        let mut written = results(2);
        written.planned = 3;
        let record = Record::begin(directory.path(), &written).unwrap();
        // Cells end in any order.
        for number in [1, 0] {
            record.append(&cell(number, "m0", number)).unwrap();
        }
        let whole = reading::parse(&fs::read(record.path()).unwrap(), |cell| cell).unwrap();
        assert_eq!(whole.cells.iter().map(|cell| cell.number).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(whole.not_run(), 1);
        assert_eq!(whole.programs, written.programs);
        // After a kill in the middle of a line, at any byte, all lines before it are read.
        let bytes = fs::read(record.path()).unwrap();
        let lines: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
        for end in lines[0] + 1..bytes.len() {
            let cells = lines.iter().filter(|at| **at < end).count() - 1;
            let read = reading::parse(&bytes[..end], |cell| cell).unwrap_or_else(|error| panic!("{end}: {error:#}"));
            // The last line may lack its line feed.
            assert!(read.cells.len() == cells || lines.contains(&end), "{end}");
        }
        // The same for a document.
        assert_eq!(reading::parse(&whole.to_json().unwrap(), |cell| cell).unwrap(), whole);
    }

    #[test]
    fn old_records_are_removed_except_those_of_active_runs() {
        let directory = tempfile::tempdir().unwrap();
        let running = Record::begin(directory.path(), &results(1)).unwrap();
        for number in 0..KEPT {
            let name = format!("{:014}-1.jsonl", u64::MAX / 1_000_000 - number as u64);
            fs::write(directory.path().join(name), "").unwrap();
        }
        fs::write(directory.path().join("00000000000001-1.jsonl"), "").unwrap();
        prune(directory.path());
        assert_eq!(records(directory.path()).len(), KEPT + 1);
        assert!(running.path().is_file());
    }
}
