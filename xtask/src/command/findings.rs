//! `cargo xtask findings`: what each engine version says of each case, as
//! `docs/findings.md`, made from results that are kept in `docs/findings.json`.

use crate::base::directories::Checkout;
use crate::base::file;
use crate::base::output::{self, Status};
use crate::case::places::{self as case, Case};
use crate::command::flags::FindingsFlags;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

const KEPT: &str = "docs/findings.json";
const PAGE: &str = "docs/findings.md";

/// What is kept of a cell.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Finding {
    case: String,
    engine: String,
    /// The program and its version: `d8 10.2.154.26`.
    program: String,
    outcome: String,
    reason: Option<String>,
    verdict: Option<String>,
    peak: Option<u64>,
    slope: Option<f64>,
    ran_out: bool,
}

/// Keeps the results that are given, and writes the page, or only holds it against what is kept.
pub fn findings(flags: FindingsFlags) -> Result<Status> {
    let checkout = Checkout::find()?;
    let cases = case::read(&checkout, &[] as &[&str])?;
    let kept = checkout.root().join(KEPT);
    let page = checkout.root().join(PAGE);
    let mut findings: Vec<Finding> = match flags.results.is_empty() {
        true => serde_json::from_slice(&file::read(&kept)?).with_context(|| format!("failed to read `{KEPT}`"))?,
        false => Vec::new(),
    };
    for path in &flags.results {
        findings.extend(read(path)?);
    }
    let text = render(&cases, &findings);
    if flags.check {
        let current = file::read(&page)? == text.as_bytes();
        if !current {
            output::warn(&format!(
                "`{PAGE}` is not what `cargo xtask findings` makes of `{KEPT}`"
            ));
        }
        return Ok(if current { Status::Expected } else { Status::Unexpected });
    }
    if !flags.results.is_empty() {
        let mut json = serde_json::to_vec_pretty(&findings)?;
        json.push(b'\n');
        file::write(&kept, &json)?;
    }
    file::write(&page, text.as_bytes())?;
    Ok(Status::Expected)
}

/// The findings of one run's results.
fn read(path: &Path) -> Result<Vec<Finding>> {
    let what = || format!("failed to read results from `{}`", path.display());
    let json: Value = serde_json::from_slice(&file::read(path)?).with_context(what)?;
    ensure!(
        json["schema"] == "wasm-leaks/results" && json["version"] == 1,
        "`{}` holds no results of version 1",
        path.display()
    );
    let engines = json["engines"].as_array().with_context(what)?;
    let cells = json["cells"].as_array().with_context(what)?;
    let mut findings: Vec<Finding> = Vec::new();
    for cell in cells {
        let finding = finding(cell, engines).with_context(what)?;
        // Further runs of a cell follow its first.
        match findings.last_mut() {
            Some(last) if cell["run"] != 1 && last.is_of(&finding) => last.add(finding),
            _ => findings.push(finding),
        }
    }
    Ok(findings)
}

impl Finding {
    fn is_of(&self, other: &Finding) -> bool {
        (&self.case, &self.program) == (&other.case, &other.program)
    }

    /// Takes in a further run of the same cell. One that is not ok, or says otherwise, is not hidden by others.
    fn add(&mut self, other: Finding) {
        match (self.outcome.as_str(), other.outcome.as_str()) {
            ("ok", "ok") if self.verdict != other.verdict => {
                self.outcome = "mixed".to_owned();
                let verdicts = [self.verdict.take(), other.verdict];
                self.verdict = Some(verdicts.into_iter().flatten().collect::<Vec<_>>().join(" and "));
            }
            ("ok", "ok") => {
                self.peak = self.peak.max(other.peak);
                self.ran_out |= other.ran_out;
            }
            ("ok", _) => *self = other,
            _ => {}
        }
    }
}

fn finding(cell: &Value, engines: &[Value]) -> Option<Finding> {
    let text = |name: &str| cell[name].as_str().map(str::to_owned);
    let engine = engines.iter().find(|engine| engine["program"] == cell["program"])?;
    let of_engine = |name: &str| engine[name].as_str().map(short);
    let version = of_engine("version").unwrap_or("unknown".to_owned());
    let mut program = format!("{} {version}", of_engine("shell")?);
    if let Some(version) = of_engine("engine_version").filter(|version| version.contains('.')) {
        program += &format!(" ({version})");
    }
    Some(Finding {
        case: text("case")?,
        engine: text("engine")?,
        program,
        outcome: text("outcome")?,
        reason: text("reason"),
        verdict: text("verdict"),
        peak: cell["numbers"]["peak"].as_u64(),
        slope: cell["numbers"]["slope"].as_f64(),
        ran_out: cell["numbers"]["ran_out"].as_bool().unwrap_or(false),
    })
}

/// A version without what a packager added: `10.2.154.26` of `10.2.154.26-node.37`.
fn short(version: &str) -> String {
    version.split('-').next().unwrap_or(version).to_owned()
}

fn render(cases: &[Case], findings: &[Finding]) -> String {
    let mut programs: Vec<(&str, &str)> = Vec::new();
    for finding in findings {
        let program = (finding.engine.as_str(), finding.program.as_str());
        if !programs.contains(&program) {
            programs.push(program);
        }
    }
    let mut page = String::from(
        "# Findings\n\n\
         What each engine says of each case. This page is made by `cargo xtask findings`\n\
         from the results in `docs/findings.json`, which come from\n\
         `cargo xtask test --json`; do not edit it by hand.\n\n\
         `collected`: all is, and promptly. `late`: all is in the end, but memory had run\n\
         out by then, or much was live at once. `leaks`: what is never collected grows\n\
         with what was allocated. The figure behind `late` is the most objects that were\n\
         live after a round of 1,000; `out` says that memory ran out.\n\n",
    );
    page += &format!(
        "| case |{}\n",
        programs
            .iter()
            .map(|(engine, program)| format!(" {engine}: {program} |"))
            .collect::<String>()
    );
    page += &format!("| --- |{}\n", " --- |".repeat(programs.len()));
    for case in cases {
        let said = |(_, program): &(&str, &str)| {
            let found = findings
                .iter()
                .find(|finding| finding.case == case.name && finding.program == *program);
            format!(" {} |", found.map_or("not run".to_owned(), say))
        };
        page += &format!("| `{}` |{}\n", case.name, programs.iter().map(said).collect::<String>());
    }
    page += "\n## Claim by claim\n";
    for case in cases {
        page += &about(case, findings);
    }
    page
}

fn say(finding: &Finding) -> String {
    let said = match (finding.outcome.as_str(), &finding.verdict) {
        ("skipped", _) => return "skipped".to_owned(),
        ("ok", Some(verdict)) => verdict.clone(),
        (outcome, verdict) => format!("**{outcome}** {}", verdict.clone().unwrap_or_default()),
    };
    match (said.as_str(), finding.ran_out, finding.peak) {
        ("late", true, _) => "late, out".to_owned(),
        ("late", false, Some(peak)) => format!("late, {peak}"),
        _ => said,
    }
}

/// The claim of a case, what shows it, and what was said of it in 2020.
fn about(case: &Case, findings: &[Finding]) -> String {
    let of_case = || {
        findings
            .iter()
            .filter(|finding| finding.case == case.name && finding.verdict.is_some())
    };
    let mut text = format!("\n**`{}`**", case.name);
    if let Some(shows) = case.shows() {
        text += &format!(": {shows}.");
    }
    let verdicts: BTreeSet<&str> = of_case().filter_map(|finding| finding.verdict.as_deref()).collect();
    let verdicts: Vec<&str> = verdicts.into_iter().collect();
    text += &format!(
        "\nToday: {}.",
        if verdicts.is_empty() {
            "not run".to_owned()
        } else {
            verdicts.join(" or ")
        }
    );
    if let Some(claim) = case.claim() {
        let concerned = || of_case().filter(|finding| claim.concerns(&finding.engine));
        let holds = |finding: &&Finding| claim.holds(finding.verdict.as_deref() == Some("leaks"), finding.ran_out);
        let against: Vec<&str> = concerned()
            .filter(|finding| !holds(finding))
            .map(|finding| finding.program.as_str())
            .collect();
        let today = match (concerned().count(), against.is_empty()) {
            (0, _) => "Not checked today.".to_owned(),
            (_, true) => "It still holds on all of these.".to_owned(),
            (_, false) => format!("**Contradicted today by** {}.", against.join(", ")),
        };
        text += &format!("\nClaimed in 2020: {}. {today}", claim.text);
    }
    text + "\n"
}
