//! The record of a run on disk: a line of JSON for the run, then one for each cell,
//! appended as it ends. A killed run leaves a record of all cells that had
//! ended; a partial last line is ignored.

use crate::base::file;
use crate::results::cell_row::CellRow;
use crate::results::document::{OLDEST, Results, SCHEMA, VERSION};
use crate::results::version_1;
use anyhow::{Context, Result, bail, ensure};
use nix::fcntl::{Flock, FlockArg};
use serde::Deserialize;
use serde_json::value::RawValue;
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

/// The schema of a file.
#[derive(Debug, Deserialize)]
struct Schema {
    schema: String,
    version: u32,
}

/// Reads results from a file: a record, or a document from `--json`, of this
/// version or an earlier one. Cells are in the order of the plan.
pub fn read(path: &Path) -> Result<Results> {
    parse(&file::read(path)?).with_context(|| format!("failed to read results from `{}`", path.display()))
}

fn parse(bytes: &[u8]) -> Result<Results> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Box<RawValue>>();
    let first = values.next().context("it is empty")?.context("it is not JSON")?;
    let no_results = || format!("it does not begin with `\"schema\": \"{SCHEMA}\"`");
    let schema: Schema = serde_json::from_str(first.get()).with_context(no_results)?;
    let mut results: Results = match (schema.schema.as_str(), schema.version) {
        (SCHEMA, OLDEST..=VERSION) => serde_json::from_str(first.get())?,
        (SCHEMA, newer) if newer > VERSION => {
            bail!("it has version {newer} of the schema; this program reads up to {VERSION}: use a newer program")
        }
        _ => version_1::parse(&schema.schema, schema.version, first.get()).with_context(no_results)?,
    };
    let rest = &bytes[values.byte_offset()..];
    for line in rest.split_inclusive(|byte| *byte == b'\n') {
        match serde_json::from_slice::<CellRow>(line) {
            Ok(cell) => results.cells.push(cell),
            Err(_) if line.trim_ascii().is_empty() => {}
            // The run was killed in the middle of this line.
            Err(_) if !line.ends_with(b"\n") => {}
            Err(error) => return Err(error).with_context(|| format!("cell {} of the record", results.cells.len() + 1)),
        }
    }
    ensure!(
        results.cells.iter().all(|cell| cell.program < results.programs.len()),
        "a cell refers to a missing program"
    );
    results.version = VERSION;
    results.cells.sort_by_key(|cell| cell.number);
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let whole = read(record.path()).unwrap();
        assert_eq!(whole.cells.iter().map(|cell| cell.number).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(whole.not_run(), 1);
        assert_eq!(whole.programs, written.programs);
        // After a kill in the middle of a line, at any byte, all lines before it are read.
        let bytes = fs::read(record.path()).unwrap();
        let lines: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
        for end in lines[0] + 1..bytes.len() {
            let cells = lines.iter().filter(|at| **at < end).count() - 1;
            let read = parse(&bytes[..end]).unwrap_or_else(|error| panic!("{end}: {error:#}"));
            // The last line may lack its line feed.
            assert!(read.cells.len() == cells || lines.contains(&end), "{end}");
        }
        // The same for a document.
        assert_eq!(parse(&whole.to_json().unwrap()).unwrap(), whole);
    }

    #[test]
    fn version_2_had_fewer_numbers() {
        let mut old = results(1);
        old.cells.push(cell(0, "m0", 0));
        let mut json: serde_json::Value = serde_json::from_slice(&old.to_json().unwrap()).unwrap();
        json["version"] = 2.into();
        json["cells"][0]["numbers"] = serde_json::json!({
            "verdict": "late", "peak": 7, "residue": 0, "slope": 0.5, "bytes_per_object": null,
            "rounds_lasted": null, "ran_out": true,
        });
        let read = parse(json.to_string().as_bytes()).unwrap();
        let numbers = read.cells[0].numbers.as_ref().unwrap();
        assert_eq!((read.version, numbers.peak, numbers.watched.rounds), (VERSION, 7, 0));
    }

    #[test]
    fn other_files_are_an_error() {
        let good = String::from_utf8(results(1).to_json().unwrap()).unwrap();
        let newer = good.replace("\"version\": 3", "\"version\": 4");
        let mut bad = results(1);
        bad.cells.push(cell(0, "m0", 7));
        for (text, wanted) in [
            (String::new(), "it is empty"),
            ("hello".to_owned(), "it is not JSON"),
            ("{}".to_owned(), "it does not begin with"),
            ("[1]".to_owned(), "it does not begin with"),
            (good.replace("wasm-leaks", "other"), "it does not begin with"),
            (newer, "version 4 of the schema; this program reads up to 3"),
            (good[..good.len() / 2].to_owned(), "it is not JSON"),
            (format!("{good}{{}}\n"), "cell 1 of the record"),
            (format!("{good}nonsense\n"), "cell 1 of the record"),
            (
                String::from_utf8(bad.to_json().unwrap()).unwrap(),
                "a cell refers to a missing program",
            ),
        ] {
            let error = format!("{:#}", parse(text.as_bytes()).unwrap_err());
            assert!(error.contains(wanted), "{wanted}: {error}");
        }
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
