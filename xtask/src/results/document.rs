//! The results of a run. `docs/results.md` documents the schema; any change that a
//! reader would notice raises the version.

use crate::results::cell_row::CellRow;
use crate::results::program_row::ProgramRow;
use serde::{Deserialize, Serialize};

pub const SCHEMA: &str = "wasm-leaks/results";
pub const VERSION: u32 = 2;

/// The results of one run, or of several that were merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    pub schema: String,
    pub version: u32,
    /// The version of this program that ran the cells.
    pub tool: String,
    pub os: String,
    pub arch: String,
    /// When the run began, in RFC 3339.
    pub started: String,
    /// How many runs of cells were planned; fewer are here if the run was interrupted.
    pub planned: usize,
    pub programs: Vec<ProgramRow>,
    /// The engines that were looked for and not found.
    pub missing: Vec<String>,
    #[serde(default)]
    pub cells: Vec<CellRow>,
}

impl Results {
    /// Those of a run that begins now.
    pub fn begin(programs: Vec<ProgramRow>, missing: Vec<String>, planned: usize) -> Results {
        Results {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            started: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            planned,
            programs,
            missing,
            cells: Vec::new(),
        }
    }

    /// The program of a cell.
    pub fn program(&self, cell: &CellRow) -> &ProgramRow {
        // Whoever reads results checks that it is there.
        &self.programs[cell.program]
    }

    /// How many runs of cells were planned and have not ended.
    pub fn not_run(&self) -> usize {
        self.planned.saturating_sub(self.cells.len())
    }

    /// One document of JSON.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        Ok(json)
    }
}
