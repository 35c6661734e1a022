//! Whether the parts of a plan, which `test --partition` ran, are together a whole run.

use crate::results::document::PartitionRow;
use crate::results::gathered::GatheredRun;
use std::collections::{BTreeMap, BTreeSet};

/// Parts that are named in a warning; the others are counted.
const NAMED: usize = 16;

/// The parts of one plan: of the same programs on machines of one kind, in as many parts.
type PlanKey = (usize, Vec<String>, String, String);

/// What is wrong with the parts that were gathered; each is one line. Runs that were no parts are nothing to warn of.
pub fn warnings(runs: &[GatheredRun]) -> Vec<String> {
    let mut plans: BTreeMap<PlanKey, Vec<(&GatheredRun, &PartitionRow)>> = BTreeMap::new();
    for run in runs {
        if let Some(partition) = &run.results.partition {
            plans.entry(key(run, partition)).or_default().push((run, partition));
        }
    }
    plans.iter().flat_map(|(key, parts)| of_plan(key, parts)).collect()
}

fn key(run: &GatheredRun, partition: &PartitionRow) -> PlanKey {
    let results = &run.results;
    let mut programs: Vec<String> = results
        .programs
        .iter()
        .map(|program| format!("{}: {}", program.engine, program.title))
        .collect();
    programs.sort();
    (partition.of, programs, results.os.clone(), results.arch.clone())
}

fn of_plan((of, programs, ..): &PlanKey, parts: &[(&GatheredRun, &PartitionRow)]) -> Vec<String> {
    let programs = programs.join(", ");
    let mut warnings = Vec::new();
    let known: BTreeSet<usize> = parts.iter().map(|(_, part)| part.number).collect();
    let missing: Vec<String> = (1..=*of)
        .filter(|number| !known.contains(number))
        .map(|number| format!("{number}/{of}"))
        .collect();
    if !missing.is_empty() {
        let noun = if missing.len() == 1 { "part is" } else { "parts are" };
        warnings.push(format!(
            "of the cells on {programs} {} {noun} missing: {}",
            missing.len(),
            named(&missing)
        ));
    }
    let plans: BTreeSet<&str> = parts.iter().map(|(_, part)| part.plan.as_str()).collect();
    if plans.len() > 1 {
        warnings.push(format!(
            "the parts on {programs} are of different plans, so that a cell may be in two of them or in none: \
             give each part the same cases and times"
        ));
    }
    let of_commit = |run: &GatheredRun| run.results.commit.clone().unwrap_or_else(|| "no commit".to_owned());
    let mut commits: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (run, part) in parts {
        let numbers = commits.entry(of_commit(run)).or_default();
        numbers.push(format!("{}/{of}", part.number));
    }
    if commits.len() > 1 {
        let each = commits
            .iter()
            .map(|(commit, numbers)| format!("{} of {commit}", named(numbers)));
        warnings.push(format!(
            "the parts on {programs} are of different commits: {}",
            each.collect::<Vec<_>>().join("; ")
        ));
    }
    for (run, part) in parts {
        let not_run = run.results.planned.saturating_sub(run.ended);
        if not_run > 0 {
            warnings.push(format!(
                "part {}/{of} on {programs} was interrupted: {not_run} of {} runs of cells did not end",
                part.number, run.results.planned
            ));
        }
    }
    warnings
}

/// The first of these, and how many more there are.
fn named(parts: &[String]) -> String {
    let more = match parts.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    parts[..parts.len().min(NAMED)].join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::tests::results;

    fn part(number: usize, plan: &str, commit: Option<&str>, programs: usize) -> GatheredRun {
        let mut results = results(programs).with_cells(Vec::new());
        results.commit = commit.map(str::to_owned);
        results.partition = Some(PartitionRow {
            number,
            of: 3,
            whole: 9,
            plan: plan.to_owned(),
        });
        GatheredRun {
            name: "x".to_owned(),
            results,
            ended: 0,
        }
    }

    #[test]
    fn only_a_whole_is_nothing_to_warn_of() {
        let (a, b) = (Some("a"), Some("b"));
        for (parts, wanted) in [
            (vec![part(1, "p", a, 1), part(3, "p", a, 1), part(2, "p", a, 1)], vec![]),
            (
                vec![part(1, "p", a, 1), part(3, "p", a, 1)],
                vec!["1 part is missing: 2/3"],
            ),
            (vec![part(2, "p", a, 1)], vec!["2 parts are missing: 1/3, 3/3"]),
            (
                vec![part(1, "p", a, 1), part(2, "p", b, 1), part(3, "p", None, 1)],
                vec!["1/3 of a; 2/3 of b; 3/3 of no commit"],
            ),
            (
                vec![part(1, "p", a, 1), part(2, "q", a, 1), part(3, "p", a, 1)],
                vec!["of different plans"],
            ),
            // Parts on other programs are of another plan.
            (
                vec![part(1, "p", a, 1), part(2, "p", a, 1), part(3, "p", a, 2)],
                vec!["1 part is missing: 3/3", "2 parts are missing: 1/3, 2/3"],
            ),
        ] {
            let found = warnings(&parts);
            assert_eq!(found.len(), wanted.len(), "{found:?}");
            for (found, wanted) in found.iter().zip(wanted) {
                assert!(found.contains(wanted), "{found}");
            }
        }
        let mut cut_short = part(1, "p", a, 1);
        cut_short.results.partition = None;
        assert_eq!(warnings(&[cut_short]), [] as [String; 0]);
        let mut interrupted = [part(1, "p", a, 1), part(2, "p", a, 1), part(3, "p", a, 1)];
        interrupted[1].results.planned = 4;
        assert!(warnings(&interrupted)[0].contains("part 2/3"));
    }
}
