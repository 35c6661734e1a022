//! The files that commands take: results of runs and explanations, each by its name or all that are in a directory.

use crate::base::file;
use crate::results::cell_row::CellRow;
use crate::results::document::Results;
use crate::results::explanations::{self, ExplanationRow};
use crate::results::reading;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 512 << 20;

/// How deep directories are searched: what a CI service downloads lies in one directory for each job.
const DEPTH: usize = 4;

/// What any number of files have.
#[derive(Debug)]
pub struct ResultFiles<Cell> {
    /// Each with the path of its file.
    pub results: Vec<(String, Results<Cell>)>,
    pub explanations: Vec<ExplanationRow>,
}

/// What a file has.
enum Read<Cell> {
    Results(Box<Results<Cell>>),
    Explanations(Vec<ExplanationRow>),
}

/// The files that these paths name: of a directory those in it, and below it, that end in `.json` or `.jsonl`.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        add_files(path, DEPTH, &mut files)?;
        ensure!(
            files.len() > before,
            "there are no results in the directory `{}`: they are files that end in `.json` or `.jsonl`",
            path.display()
        );
    }
    Ok(files)
}

fn add_files(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    for path in file::entries(directory)? {
        let ends = path.extension().is_some_and(|end| end == "json" || end == "jsonl");
        match path.is_dir() {
            // A link may lead back to where it lies.
            true if depth > 1 && !path.is_symlink() => add_files(&path, depth - 1, files)?,
            false if ends => files.push(path),
            _ => {}
        }
    }
    Ok(())
}

/// Reads files, of which `keep` makes of each cell what is kept.
pub fn read<Cell>(files: &[PathBuf], keep: fn(CellRow) -> Cell) -> Result<ResultFiles<Cell>> {
    let mut all = ResultFiles {
        results: Vec::new(),
        explanations: Vec::new(),
    };
    for path in files {
        let what = || format!("failed to read results from `{}`", path.display());
        match read_file(path, keep).with_context(what)? {
            Read::Results(results) => all.results.push((path.display().to_string(), *results)),
            Read::Explanations(answers) => all.explanations.extend(answers),
        }
    }
    Ok(all)
}

fn read_file<Cell>(path: &Path, keep: fn(CellRow) -> Cell) -> Result<Read<Cell>> {
    // Nothing of a file that is too large is read.
    ensure!(
        file::size(path)? <= LARGEST,
        "it is larger than {} MiB; give the results of fewer cells",
        LARGEST >> 20
    );
    let bytes = file::read_at_most(path, LARGEST)?;
    Ok(match reading::schema_of(&bytes) {
        Some(schema) if schema == explanations::SCHEMA => Read::Explanations(explanations::parse(&bytes)?),
        _ => Read::Results(Box::new(reading::parse(&bytes, keep)?)),
    })
}
