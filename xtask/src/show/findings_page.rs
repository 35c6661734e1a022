//! `docs/findings.md`: the verdict of each program on each case, and the claims of 2020.

use crate::base::text::{command_line, inert};
use crate::case::claim::Claim;
use crate::measure::verdict::Verdict;
use crate::results::cell_row::{CellRow, OutcomeName};
use crate::results::document::Results;
use crate::results::program_row::ProgramRow;
use crate::results::repeated::{Repeated, group};
use std::collections::BTreeSet;

/// The claim that a case shows, and the claim about it in 2020.
#[derive(Debug)]
pub struct CaseClaim<'a> {
    pub case: &'a str,
    pub shows: Option<&'a str>,
    pub claim: Option<&'a Claim>,
    /// Where that was reported or claimed.
    pub sources: &'a [String],
    /// It runs in pages of browsers alone.
    pub is_of_page: bool,
}

/// How long the day is at the beginning of a time in RFC 3339.
const DAY: usize = 10;

const PREFACE: &str = "\
# Findings

What each engine makes of each case. This page is made by `cargo xtask findings`
from the results in `docs/findings.jsonl`, which come from
`cargo xtask test --json`: of each cell those of the newest run. Do not edit it by hand.

`collected`: everything is, and promptly. `bounded`: something stays, and grows no
more. `late`: everything is collected in the end, but memory had run out by then, or
much was live at once. `leaks`: what stays grows with what is made. The figure behind
`late` is the most objects that were live after a round of 1,000; `out` means that
memory ran out. `collected 20/20`: in 20 of 20 runs.

";

const OF_PAGES: &str = "
## In a page

What only a page has: listeners, observers, timers, frames, workers. These cases need a document, and no shell has one.

";

/// The whole page, in Markdown.
pub fn page(cases: &[CaseClaim<'_>], results: &Results) -> String {
    let groups = group(&results.cells);
    let (of_pages, others): (Vec<&CaseClaim<'_>>, Vec<&CaseClaim<'_>>) = cases.iter().partition(|case| case.is_of_page);
    let has_run = |cases: &[&CaseClaim<'_>], program: usize| {
        let is_one = |group: &Repeated<'_>| cases.iter().any(|case| case.case == group.runs[0].case);
        groups
            .iter()
            .any(|group| group.runs[0].program == program && is_one(group))
    };
    let programs = 0..results.programs.len();
    let in_pages: Vec<usize> = programs.clone().filter(|index| has_run(&of_pages, *index)).collect();
    let elsewhere = programs.filter(|index| !in_pages.contains(index) || has_run(&others, *index));
    let mut page = PREFACE.to_owned();
    page += &verdict_table(&others, &elsewhere.collect::<Vec<_>>(), &groups, results);
    if !in_pages.is_empty() {
        page += OF_PAGES;
        page += &verdict_table(&of_pages, &in_pages, &groups, results);
    }
    page += &program_table(&groups, results);
    page += "\n## Claim by claim\n";
    for case in cases {
        page += &about(case, &groups, results);
    }
    page
}

/// The verdicts of these cases on these programs.
fn verdict_table(cases: &[&CaseClaim<'_>], programs: &[usize], groups: &[Repeated<'_>], results: &Results) -> String {
    let heading = |index: &usize| {
        let program = &results.programs[*index];
        format!(" {}: {} |", program.engine, cell_text(&title(program)))
    };
    let mut page = format!("| case |{}\n", programs.iter().map(heading).collect::<String>());
    page += &format!("| --- |{}\n", " --- |".repeat(programs.len()));
    for case in cases {
        let verdict = |program| {
            let is =
                |group: &&Repeated<'_>| (group.runs[0].case.as_str(), group.runs[0].program) == (case.case, program);
            let found = groups.iter().find(is);
            format!(" {} |", found.map_or("not run".to_owned(), verdict_text))
        };
        page += &format!(
            "| `{}` |{}\n",
            case.case,
            programs.iter().map(|program| verdict(*program)).collect::<String>()
        );
    }
    page
}

/// Each program with its flags, how much of it was run, and when.
fn program_table(groups: &[Repeated<'_>], results: &Results) -> String {
    let mut table =
        String::from("\n## Programs\n\n| program | flags | cases | runs | run on |\n| --- | --- | --- | --- | --- |\n");
    for (index, program) in results.programs.iter().enumerate() {
        let of_program = groups.iter().filter(|group| group.runs[0].program == index);
        let of_program: Vec<&Repeated<'_>> = of_program.collect();
        let flags = match program.flags.is_empty() {
            true => "none".to_owned(),
            false => format!("`{}`", cell_text(&command_line(&program.flags)).replace('`', "'")),
        };
        let runs: usize = of_program.iter().map(|group| group.runs.len()).sum();
        table += &format!(
            "| {}: {} | {flags} | {} | {runs} | {} |\n",
            program.engine,
            cell_text(&title(program)),
            of_program.len(),
            dates(&of_program, results)
        );
    }
    table
}

/// The day of these runs, or the first and the last.
fn dates(groups: &[&Repeated<'_>], results: &Results) -> String {
    let started = |row: &CellRow| match &row.origin {
        Some(origin) => origin.started.clone(),
        None => results.started.clone(),
    };
    let days: BTreeSet<String> = groups
        .iter()
        .flat_map(|group| &group.runs)
        .map(|row| match started(row).get(..DAY) {
            Some(day) => cell_text(day),
            None => "an unknown day".to_owned(),
        })
        .collect();
    match (days.first(), days.last()) {
        (Some(first), Some(last)) if first == last => first.clone(),
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => String::new(),
    }
}

/// A program with short versions: `node 20.20.2 (11.3.244.8)`.
fn title(program: &ProgramRow) -> String {
    let version = program.version.as_deref().map_or("unknown", short);
    let mut title = format!("{} {version}", program.shell);
    if let Some(version) = program
        .engine_version
        .as_deref()
        .filter(|version| version.contains('.'))
    {
        title += &format!(" ({})", short(version));
    }
    title
}

/// A version without a packager's suffix: `10.2.154.26` of `10.2.154.26-node.37`.
fn short(version: &str) -> &str {
    version.split('-').next().unwrap_or(version)
}

/// Text escaped for a cell of a table.
fn cell_text(text: &str) -> String {
    inert(text).replace('|', "\\|")
}

fn verdict_text(cell: &Repeated<'_>) -> String {
    let row = cell.shown();
    let ran_out = ran_out(cell);
    let peak = cell
        .runs
        .iter()
        .filter_map(|run| Some(run.numbers.as_ref()?.peak))
        .max();
    match (cell.outcome(), row.verdict) {
        (OutcomeName::Skipped, _) => "skipped".to_owned(),
        (OutcomeName::Ok, Some(Verdict::Late)) if ran_out => "late, out".to_owned(),
        (OutcomeName::Ok, Some(Verdict::Late)) => format!("late, {}", peak.unwrap_or_default()),
        (OutcomeName::Ok, Some(_)) => cell.verdicts(),
        (outcome, _) => format!("**{outcome}** {}", cell.verdicts()).trim_end().to_owned(),
    }
}

fn ran_out(cell: &Repeated<'_>) -> bool {
    let out = |numbers: &crate::measure::numbers::Numbers| numbers.ran_out;
    cell.runs.iter().any(|run| run.numbers.as_ref().is_some_and(out))
}

/// The claim that a case shows, the verdicts, and the claim about it in 2020.
fn about(case: &CaseClaim<'_>, groups: &[Repeated<'_>], results: &Results) -> String {
    let of_case = || {
        groups
            .iter()
            .filter(|group| group.runs[0].case == case.case && group.runs[0].verdict.is_some())
    };
    let mut text = format!("\n**`{}`**", case.case);
    if let Some(shows) = case.shows {
        text += &format!(": {shows}.");
    }
    let sources: Vec<String> = case
        .sources
        .iter()
        .map(|source| format!("<{}>", inert(source)))
        .collect();
    if !sources.is_empty() && case.claim.is_none() {
        text += &format!("\nSource: {}", sources.join(", "));
    }
    let verdicts: BTreeSet<Verdict> = of_case()
        .flat_map(|group| &group.runs)
        .filter_map(|run| run.verdict)
        .collect();
    let verdicts: Vec<String> = verdicts.iter().map(Verdict::to_string).collect();
    text += &match verdicts.is_empty() {
        true => "\nNow: not run.".to_owned(),
        false => format!(
            "\nNow: {}; {}.",
            verdicts.join(" or "),
            how_often(&of_case().collect::<Vec<_>>(), results)
        ),
    };
    if let Some(claim) = case.claim {
        let program = |group: &Repeated<'_>| results.program(group.runs[0]);
        let concerned: Vec<_> = of_case()
            .filter(|group| claim.concerns(&program(group).engine))
            .collect();
        let holds = |group: &&&Repeated<'_>| claim.holds(group.leaked(), ran_out(group));
        let against: Vec<String> = concerned
            .iter()
            .filter(|group| !holds(group))
            .map(|group| title(program(group)))
            .collect();
        let today = match (concerned.len(), against.is_empty()) {
            (0, _) => "Not checked.".to_owned(),
            (_, true) => "It still holds on all of these.".to_owned(),
            (_, false) => format!("**Contradicted by** {}.", against.join(", ")),
        };
        let source = match sources.is_empty() {
            true => String::new(),
            false => format!(" ({})", sources.join(", ")),
        };
        text += &format!("\nClaimed in 2020{source}: {}. {today}", claim.text);
    }
    text + "\n"
}

/// `9 runs on 9 programs, 2026-11-25`
fn how_often(groups: &[&Repeated<'_>], results: &Results) -> String {
    let counted = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    };
    let runs: usize = groups.iter().map(|group| group.runs.len()).sum();
    format!(
        "{} on {}, {}",
        counted(runs, "run"),
        counted(groups.len(), "program"),
        dates(groups, results)
    )
}
