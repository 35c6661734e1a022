//! The flags of the commands that read results.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct FindingsFlags {
    /// Results from `test --json`, or directories of them: of each cell the newest run stays in docs/findings.jsonl
    #[arg(value_name = "RESULTS | DIR", conflicts_with = "check")]
    pub results: Vec<PathBuf>,

    /// Write nothing; exit with 1 if the page is out of date
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, Args)]
pub struct PageFlags {
    /// Results from `test --json`, records of runs, and explanations from `explain --format json`; of a directory all in it
    #[arg(value_name = "RESULTS | DIR", required = true)]
    pub results: Vec<PathBuf>,

    /// The page [default: report.html below target/wasm-leaks; installed: below the user's cache directory]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = COMPARE_STATUS)]
pub struct CompareFlags {
    /// The results before: a file from `test --json`, a record of a run, or a directory of these and of explanations
    /// from `explain --format json`
    #[arg(value_name = "OLD")]
    pub old: PathBuf,

    /// The results after
    #[arg(value_name = "NEW")]
    pub new: PathBuf,

    /// The format of the output
    #[arg(long, alias = "message-format", value_enum, default_value = "text")]
    pub format: ComparisonFormat,
}

/// How a comparison is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ComparisonFormat {
    Text,
    Json,
}

const COMPARE_STATUS: &str = "\
Worse is: a cell that was as expected and is no more, or was ok and is skipped; one that leaks
and had another verdict; a kind that grows and did not, or grows by more than a fourth more (bytes
of the JavaScript heap: more than twice as much); a retaining path that was not there. Peaks and
times are shown, and never worse.

Exit status:
  0  nothing got worse; what only one side has is named
  1  something got worse
  2  there is no answer: a file cannot be read, or both have no cell in common";
