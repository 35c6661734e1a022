//! The flags that choose which cells get a line on standard error.

use crate::results::cell_row::OutcomeName;
use clap::{Args, ValueEnum};

/// Which cells get a line: each level has those of the levels before it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum StatusLevel {
    /// No cell
    None,
    /// Cells that are not as expected
    Fail,
    /// And cells that are ok
    Pass,
    /// And cells that are skipped
    Skip,
    /// Every cell
    All,
}

impl StatusLevel {
    /// Whether a cell of this outcome gets a line.
    pub fn shows(self, outcome: OutcomeName) -> bool {
        let least = match outcome {
            OutcomeName::Failed | OutcomeName::Broke | OutcomeName::Inconclusive => StatusLevel::Fail,
            OutcomeName::Ok => StatusLevel::Pass,
            OutcomeName::Skipped => StatusLevel::Skip,
        };
        self >= least
    }
}

/// The levels, as cargo-nextest has them.
#[derive(Debug, Args)]
pub struct StatusFlags {
    /// Which cells get a line on standard error as they end [default: all on a terminal, none elsewhere]
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub status_level: Option<StatusLevel>,

    /// Which cells get a line on standard error after the run
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "none")]
    pub final_status_level: StatusLevel,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_has_the_cells_of_those_before_it() {
        for (level, count) in [
            (StatusLevel::None, 0),
            (StatusLevel::Fail, 3),
            (StatusLevel::Pass, 4),
            (StatusLevel::Skip, 5),
            (StatusLevel::All, 5),
        ] {
            let shown = OutcomeName::ALL.iter().filter(|outcome| level.shows(**outcome));
            assert_eq!(shown.count(), count, "{level:?}");
        }
    }
}
