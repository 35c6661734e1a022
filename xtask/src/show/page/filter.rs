//! The form that shows only some cells. It is there only if scripts run.

use crate::base::text::clip;
use crate::measure::verdict::Verdict;
use crate::results::cell_row::OutcomeName;
use crate::results::gathered::Gathered;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// The form, with what the cells have.
pub fn form(all: &Gathered) -> Markup {
    let rows = || all.cells.iter().flat_map(|cell| cell.repeated().runs);
    let engines: BTreeSet<String> = all.programs.iter().map(|program| clip(&program.row.engine)).collect();
    let verdicts: BTreeSet<Verdict> = rows().filter_map(|row| row.verdict).collect();
    let outcomes: Vec<OutcomeName> = OutcomeName::ALL
        .into_iter()
        .filter(|outcome| all.cells.iter().any(|cell| cell.repeated().outcome() == *outcome))
        .collect();
    html! {
        form id="filter" hidden aria-label="Which cells are shown" {
            label { "Case" input name="case" type="search" autocomplete="off"; }
            (select("Engine", "engine", engines))
            (select("Verdict", "verdict", verdicts.iter().map(Verdict::to_string)))
            (select("Outcome", "outcome", outcomes.iter().map(OutcomeName::to_string)))
            button type="reset" { "Show all" }
            output id="shown" aria-live="polite" {}
        }
    }
}

fn select(title: &str, name: &str, options: impl IntoIterator<Item = String>) -> Markup {
    html! {
        label { (title)
            select name=(name) {
                option value="" { "all" }
                @for option in options { option value=(option) { (option) } }
            }
        }
    }
}
