//! A run of a cell, reduced to what a page shows of it: hundreds of megabytes of results take little memory.

use crate::results::cell_row::CellRow;
use crate::results::curves::Curves;

/// Lines of a transcript that are kept, from its beginning and from its end.
const LINES: usize = 8;

/// Characters of a line that are kept.
const LINE: usize = 400;

/// Bytes of standard error that are kept, from its end.
const STDERR: usize = 1500;

/// Kinds of a census that are kept of those that grow, and of those that stay.
const KINDS: usize = 40;

/// A run of a cell without its telemetry, of which the curves stay.
#[derive(Debug, Clone, PartialEq)]
pub struct ReducedCell {
    /// Its transcript and telemetry are empty.
    pub row: CellRow,
    pub curves: Curves,
    /// The first lines of its transcript, and the last ones.
    pub first: Vec<String>,
    pub last: Vec<String>,
    /// How many lines are between.
    pub left_out: usize,
}

impl AsRef<CellRow> for ReducedCell {
    fn as_ref(&self) -> &CellRow {
        &self.row
    }
}

impl AsMut<CellRow> for ReducedCell {
    fn as_mut(&mut self) -> &mut CellRow {
        &mut self.row
    }
}

impl ReducedCell {
    /// Reduces a cell.
    pub fn of(mut row: CellRow) -> ReducedCell {
        let curves = Curves::of(&row.telemetry);
        row.telemetry = Vec::new();
        let mut first = std::mem::take(&mut row.transcript);
        let rest = first.split_off(first.len().min(LINES));
        let left_out = rest.len().saturating_sub(LINES);
        let last = rest.into_iter().skip(left_out);
        let last = last.map(cut).collect();
        if row.stderr.len() > STDERR {
            let least = row.stderr.len() - STDERR;
            let start = (least..).find(|at| row.stderr.is_char_boundary(*at));
            row.stderr = format!("…{}", &row.stderr[start.unwrap_or(least)..]);
        }
        if let Some(census) = &mut row.census {
            census.grows.truncate(KINDS);
            census.stays.truncate(KINDS);
        }
        ReducedCell {
            row,
            curves,
            first: first.into_iter().map(cut).collect(),
            last,
            left_out,
        }
    }
}

/// A line, cut where it is too long.
fn cut(mut line: String) -> String {
    if let Some((end, _)) = line.char_indices().nth(LINE) {
        line.truncate(end);
        line.push('…');
    }
    line.shrink_to_fit();
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::tests::cell;

    #[test]
    fn a_transcript_keeps_its_beginning_and_its_end() {
        for (lines, first, left_out, last) in [(0, 0, 0, 0), (7, 7, 0, 0), (15, 8, 0, 7), (500, 8, 484, 8)] {
            let mut row = cell(0, "m0", 0);
            row.transcript = (0..lines).map(|line| line.to_string()).collect();
            let reduced = ReducedCell::of(row);
            assert_eq!(
                (reduced.first.len(), reduced.left_out, reduced.last.len()),
                (first, left_out, last)
            );
        }
        let mut row = cell(0, "m0", 0);
        row.transcript = vec!["ü".repeat(1_000_000)];
        row.stderr = "ü".repeat(1_000_001);
        let reduced = ReducedCell::of(row);
        assert_eq!(reduced.first[0].chars().count(), LINE + 1);
        assert!(reduced.row.stderr.len() <= STDERR + 3);
    }
}
