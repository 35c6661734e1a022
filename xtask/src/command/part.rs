//! `test --partition`: which cells of a plan are its part.
//!
//! The parts are the same wherever the cases, the programs and the times are: the times are those of the results that
//! the command line names, else of those that the checkout keeps for its findings.

use crate::base::output;
use crate::base::stable_hash::StableHash;
use crate::command::findings;
use crate::command::flags::PartFlags;
use crate::command::planned::PlannedCell;
use crate::command::result_files;
use crate::results::cell_row::CellRow;
use crate::results::document::PartitionRow;
use crate::results::expected_times::ExpectedTimes;
use crate::results::program_row::ProgramRow;
use crate::run::partition::{Partition, parts};
use crate::run::session::Session;
use anyhow::Result;
use std::collections::HashSet;

/// What is in one part: all runs of a cell.
struct Share<'a> {
    case: &'a str,
    program: usize,
    runs: usize,
    milliseconds: u64,
}

/// The times by which the flags split a plan, or by which `--quick` chooses.
pub fn expected_times(flags: &PartFlags, session: &Session) -> Result<ExpectedTimes> {
    let mut times = ExpectedTimes::default();
    let files = result_files::files(&flags.times)?;
    for (_, results) in result_files::read(&files, CellRow::without_output)?.results {
        times.add(&results);
    }
    if flags.times.is_empty() {
        let kept = session.directories.checkout().map(findings::kept).transpose()?;
        kept.flatten().iter().for_each(|results| times.add(results));
    }
    Ok(times)
}

/// The cells of a part, and how the results name it.
pub fn chosen<'a>(
    planned: Vec<PlannedCell<'a>>,
    programs: &[ProgramRow],
    partition: Partition,
    times: &ExpectedTimes,
) -> (Vec<PlannedCell<'a>>, PartitionRow) {
    let shares = shares(&planned, programs, times);
    let lengths: Vec<u64> = shares.iter().map(|share| share.milliseconds).collect();
    let parts = parts(&lengths, partition.of);
    let row = PartitionRow {
        number: partition.number,
        of: partition.of,
        whole: planned.len(),
        plan: digest(&shares, &parts, programs),
    };
    let own = shares.iter().zip(&parts).filter(|(_, part)| **part == partition.number);
    let own: Vec<&Share<'_>> = own.map(|(share, _)| share).collect();
    output::note(&summary(partition, &own, &shares, times));
    let keys: HashSet<(&str, usize)> = own.iter().map(|share| (share.case, share.program)).collect();
    let is_own = |cell: &PlannedCell<'_>| keys.contains(&(cell.cell.case.name.as_str(), cell.program));
    (planned.iter().copied().filter(is_own).collect(), row)
}

/// The shares of the plan in an order that depends on no path and on no order of words.
fn shares<'a>(planned: &[PlannedCell<'a>], programs: &[ProgramRow], times: &ExpectedTimes) -> Vec<Share<'a>> {
    let mut shares: Vec<Share<'a>> = Vec::new();
    // All runs of a cell stand together.
    for cell in planned {
        let case = cell.cell.case.name.as_str();
        let milliseconds = times.milliseconds(case, &programs[cell.program]);
        match shares.last_mut() {
            Some(share) if (share.case, share.program) == (case, cell.program) => {
                share.runs += 1;
                share.milliseconds = share.milliseconds.saturating_add(milliseconds);
            }
            _ => shares.push(Share {
                case,
                program: cell.program,
                runs: 1,
                milliseconds,
            }),
        }
    }
    let name = |share: &Share<'_>| {
        let ProgramRow {
            engine,
            title,
            flags,
            environment,
            ..
        } = &programs[share.program];
        (engine.clone(), title.clone(), flags.clone(), environment.clone())
    };
    shares.sort_by(|one, other| (one.case, name(one), one.program).cmp(&(other.case, name(other), other.program)));
    shares
}

/// What all parts of one plan have in common.
fn digest(shares: &[Share<'_>], parts: &[usize], programs: &[ProgramRow]) -> String {
    let mut hash = StableHash::default();
    for (share, part) in shares.iter().zip(parts) {
        let program = &programs[share.program];
        hash.add(share.case);
        hash.add(&program.engine);
        hash.add(&program.title);
        hash.add(&program.flags.join(" "));
        for (name, value) in &program.environment {
            hash.add(name);
            hash.add(value);
        }
        hash.add(&share.runs.to_string());
        hash.add(&part.to_string());
    }
    hash.digits()
}

/// `part 2/4: 19 of 75 cells, about 12.0 of 48.3 s`
fn summary(partition: Partition, own: &[&Share<'_>], all: &[Share<'_>], times: &ExpectedTimes) -> String {
    let text = format!("part {partition}: {} of {} cells", own.len(), all.len());
    let seconds = |milliseconds: u64| milliseconds as f64 / 1000.0;
    let own = seconds(own.iter().map(|share| share.milliseconds).sum());
    let all = seconds(all.iter().map(|share| share.milliseconds).sum());
    match times.is_empty() {
        true => format!("{text}; no times are known, so that each counts the same"),
        false => format!("{text}, about {own:.1} of {all:.1} s"),
    }
}
