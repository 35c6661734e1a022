//! What a search for engines found.

use crate::engine::program::{FoundBy, Program};
use crate::engine::wanted::WantedEngine;

/// The programs found, and the engines without one.
#[derive(Debug, Default)]
pub struct Found {
    pub programs: Vec<Program>,
    pub missing: Vec<WantedEngine>,
    /// A warning about each candidate that does not work.
    pub warnings: Vec<String>,
}

impl Found {
    /// Adds what another search found.
    pub fn add(&mut self, other: Found) {
        self.programs.extend(other.programs);
        for wanted in other.missing {
            if !self.missing.contains(&wanted) {
                self.missing.push(wanted);
            }
        }
        self.warnings.extend(other.warnings);
    }

    /// The engines whose own shell was not found; a host may stand in.
    pub fn without_shell(&self) -> Vec<WantedEngine> {
        let mut engines = self.missing.clone();
        let by_host = |program: &&Program| program.shell.host && program.found_by == FoundBy::Host;
        let hosts = self.programs.iter().filter(by_host);
        engines.extend(hosts.map(|program| WantedEngine::any(program.engine)));
        engines
    }
}
