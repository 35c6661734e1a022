//! Where the results come from: the runs with their machines, and the programs with their versions and flags.

use crate::base::text::{clip, command_line, inert};
use crate::results::gathered::Gathered;
use crate::results::partitions::warnings;
use maud::{Markup, html};

/// A row for each run of a command.
pub fn runs(all: &Gathered) -> Markup {
    let known = |text: &str| match text {
        "" => "not known".to_owned(),
        text => clip(text),
    };
    html! {
        @for warning in warnings(&all.runs) {
            p.bad { (inert(&warning)) "." }
        }
        div.wide tabindex="0" role="region" aria-labelledby="runs-caption" {
            table {
                caption id="runs-caption" { "The runs" }
                thead { tr {
                    @for name in ["results", "began", "machine", "wasm-leaks", "commit", "part", "cells", "missing engines"] {
                        th scope="col" { (name) }
                    }
                } }
                tbody {
                    @for (index, run) in all.runs.iter().enumerate() {
                        @let results = &run.results;
                        tr id={ "run-" (index) } {
                            th scope="row" { (clip(&run.name)) }
                            td { (known(&results.started)) }
                            td { (clip(&results.os)) " " (clip(&results.arch)) }
                            td { (known(&results.tool)) }
                            td { code { (known(results.commit.as_deref().unwrap_or_default())) } }
                            td { @if let Some(part) = &results.partition { (part.number) "/" (part.of) } }
                            td { (run.ended) " of " (results.planned.max(run.ended)) }
                            td { (clip(&results.missing.join(", "))) }
                        }
                    }
                }
            }
        }
    }
}

/// A row for each program.
pub fn programs(all: &Gathered) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-labelledby="programs-caption" {
            table {
                caption id="programs-caption" { "The programs" }
                thead { tr {
                    @for name in ["program", "engine", "version", "machine", "variables and flags", "path", "selected by"] {
                        th scope="col" { (name) }
                    }
                } }
                tbody {
                    @for program in &all.programs {
                        @let row = &program.row;
                        tr data-column=(clip(&row.engine)) {
                            th scope="row" { (clip(&row.title)) }
                            td { (clip(&row.engine)) " " (clip(row.engine_version.as_deref().unwrap_or_default())) }
                            td { (clip(row.version.as_deref().unwrap_or("not known"))) }
                            td { (clip(&program.os)) " " (clip(&program.arch)) }
                            td { code { (command_line(row.called_with())) } }
                            td { code { (clip(&row.program)) } }
                            td { code { "--engine " (inert(&row.option)) } }
                        }
                    }
                }
            }
        }
    }
}
