//! The results of a run. `docs/results.md` documents the schema; any change that a
//! reader would notice raises the version.

use crate::base::text::json_without_commands;
use crate::results::cell_row::CellRow;
use crate::results::program_row::ProgramRow;
use serde::{Deserialize, Serialize};

pub const SCHEMA: &str = "wasm-leaks/results";
pub const VERSION: u32 = 3;
/// The oldest version that is read as this one: what it lacks has a default.
pub const OLDEST: u32 = 2;

/// The results of one run, or of several that were merged. A reader that needs less of each cell keeps cells of another type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results<Cell = CellRow> {
    pub schema: String,
    pub version: u32,
    /// The version of this program that ran the cells.
    pub tool: String,
    pub os: String,
    pub arch: String,
    /// When the run began, in RFC 3339.
    pub started: String,
    /// The commit that was checked out where the cases lie; `None` if that is no git tree.
    #[serde(default)]
    pub commit: Option<String>,
    /// Which part of the cells these are, if the command ran only a part of them.
    #[serde(default)]
    pub partition: Option<PartitionRow>,
    /// The number of planned runs of cells; an interrupted run has fewer cells.
    pub planned: usize,
    pub programs: Vec<ProgramRow>,
    /// The missing engines.
    pub missing: Vec<String>,
    #[serde(default = "Vec::new")]
    pub cells: Vec<Cell>,
}

/// A part of the cells of a plan, as `test --partition` runs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionRow {
    /// From 1.
    pub number: usize,
    /// How many parts there are.
    pub of: usize,
    /// The number of planned runs of cells of all parts.
    pub whole: usize,
    /// A digest of all cells with their parts: only parts with the same one have each cell once.
    pub plan: String,
}

impl<Cell> Results<Cell> {
    /// The same, with other cells.
    pub fn with_cells<Other>(self, cells: Vec<Other>) -> Results<Other> {
        Results {
            schema: self.schema,
            version: self.version,
            tool: self.tool,
            os: self.os,
            arch: self.arch,
            started: self.started,
            commit: self.commit,
            partition: self.partition,
            planned: self.planned,
            programs: self.programs,
            missing: self.missing,
            cells,
        }
    }

    /// The same, without cells.
    pub fn without_cells(&self) -> Results<()> {
        Results {
            schema: self.schema.clone(),
            version: self.version,
            tool: self.tool.clone(),
            os: self.os.clone(),
            arch: self.arch.clone(),
            started: self.started.clone(),
            commit: self.commit.clone(),
            partition: self.partition.clone(),
            planned: self.planned,
            programs: self.programs.clone(),
            missing: self.missing.clone(),
            cells: Vec::new(),
        }
    }

    /// The number of planned runs of cells that have not ended.
    pub fn not_run(&self) -> usize {
        self.planned.saturating_sub(self.cells.len())
    }
}

impl Results {
    /// The results of a run that begins now.
    pub fn begin(programs: Vec<ProgramRow>, missing: Vec<String>, planned: usize) -> Results {
        Results {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            started: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            commit: None,
            partition: None,
            planned,
            programs,
            missing,
            cells: Vec::new(),
        }
    }

    /// The program of a cell.
    pub fn program(&self, cell: &CellRow) -> &ProgramRow {
        // The index was checked when the results were read.
        &self.programs[cell.program]
    }

    /// A JSON document. It may go to a log (`--json /dev/stdout`).
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let json = serde_json::to_string_pretty(self)? + "\n";
        Ok(json_without_commands(&json).into_bytes())
    }
}
