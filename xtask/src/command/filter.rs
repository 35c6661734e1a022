//! `test --not`, `--needs`, `--verdict`: which of the named cases are run.

use crate::base::{output, text};
use crate::case::{Case, wildcard};
use crate::command::flags::FilterFlags;
use anyhow::{Result, bail};

/// The cases that every filter keeps; an error names the first filter that leaves none.
pub fn filtered(mut cases: Vec<Case>, flags: &FilterFlags) -> Result<Vec<Case>> {
    for pattern in &flags.not {
        let before = cases.len();
        let is_it = |name: &str| pattern.matches_with(name, wildcard::OPTIONS);
        cases.retain(|case| !is_it(&case.name) && !is_it(&case.title));
        if cases.len() == before {
            output::warn(&format!("`--not={}` leaves out no case", text::inert(pattern.as_str())));
        }
        enough(&cases, &format!("--not={pattern}"))?;
    }
    for feature in &flags.needs {
        cases.retain(|case| case.expectations().any(|expected| expected.needs.contains(feature)));
        enough(&cases, &format!("--needs={feature}"))?;
    }
    if !flags.verdict.is_empty() {
        let is_wanted = |case: &Case| {
            let mut verdicts = case.expectations().flat_map(|expected| &expected.verdicts);
            verdicts.any(|verdict| flags.verdict.contains(verdict))
        };
        cases.retain(is_wanted);
        let names: Vec<String> = flags.verdict.iter().map(ToString::to_string).collect();
        enough(&cases, &format!("--verdict={}", names.join(",")))?;
    }
    Ok(cases)
}

fn enough(cases: &[Case], filter: &str) -> Result<()> {
    if cases.is_empty() {
        bail!("`{filter}` leaves no case to run; leave it out, or name other cases");
    }
    Ok(())
}
