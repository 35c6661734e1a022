//! One side of a comparison: all cells of any number of results, with the explanations of what leaks.

use crate::results::cell_row::CellRow;
use crate::results::document::Results;
use crate::results::explanations::{ExplanationRow, PathRow};
use crate::results::fingerprint::fingerprint;
use crate::results::gathered::{Gathered, GatheredCell, GatheredProgram, gather};
use crate::results::program_row::ProgramRow;
use crate::results::repeated::Repeated;
use std::collections::BTreeMap;

/// One side of a comparison.
#[derive(Debug)]
pub struct ComparedSide {
    /// The runs and programs; programs that are only in explanations come last.
    pub all: Gathered<CellRow>,
    answers: Vec<ExplanationRow>,
}

/// A cell with what is known of it.
#[derive(Debug, Default)]
pub struct SideCell<'a> {
    pub title: &'a str,
    /// `None` if only an explanation names it.
    pub runs: Option<Repeated<'a>>,
    answers: Vec<&'a ExplanationRow>,
}

/// Answers that do not tell whether something is kept alive.
const NO_ANSWER: [&str; 2] = ["cannot-tell", "failed"];

impl ComparedSide {
    /// The side that these files have.
    pub fn of(results: Vec<(String, Results<CellRow>)>, answers: Vec<ExplanationRow>) -> ComparedSide {
        let mut all = gather(results);
        for answer in &answers {
            if place_of(&all.programs, answer).is_none() {
                all.programs.push(program_of(answer));
            }
        }
        ComparedSide { all, answers }
    }

    /// The cells, by case and by the index of the program.
    pub fn cells(&self) -> BTreeMap<(&str, usize), SideCell<'_>> {
        let mut cells: BTreeMap<(&str, usize), SideCell<'_>> = BTreeMap::new();
        for cell in &self.all.cells {
            let (case, title) = cell.case();
            let known = SideCell {
                title,
                runs: Some(cell.repeated()),
                answers: Vec::new(),
            };
            cells.insert((case, cell.program), known);
        }
        for answer in &self.answers {
            // Explanations name a case by its title.
            let of_title = |cell: &&GatheredCell<CellRow>| cell.case().1 == answer.case;
            let case = self.all.cells.iter().find(of_title).map(|cell| cell.case().0);
            let Some(program) = place_of(&self.all.programs, answer) else {
                continue;
            };
            let cell = cells
                .entry((case.unwrap_or(&answer.case), program))
                .or_insert_with(|| SideCell {
                    title: &answer.case,
                    ..SideCell::default()
                });
            cell.answers.push(answer);
        }
        cells
    }
}

impl<'a> SideCell<'a> {
    /// The paths by which more and more is kept alive, by their fingerprints: how many have one, and the first of them.
    /// `None` if nobody asked, or there was no answer.
    pub fn leaking_paths(&self) -> Option<BTreeMap<String, (usize, &'a PathRow)>> {
        let mut answers = self
            .answers
            .iter()
            .filter(|answer| !NO_ANSWER.contains(&answer.answer.as_str()))
            .peekable();
        answers.peek()?;
        let mut paths: BTreeMap<String, (usize, &PathRow)> = BTreeMap::new();
        for answer in answers {
            // Of several answers each tells of the same paths.
            let mut counts: BTreeMap<String, (usize, &PathRow)> = BTreeMap::new();
            for path in answer.paths.iter().filter(|path| path.leaks) {
                counts.entry(fingerprint(path)).or_insert((0, path)).0 += 1;
            }
            for (name, (count, path)) in counts {
                let known = paths.entry(name).or_insert((count, path));
                known.0 = known.0.max(count);
            }
        }
        Some(paths)
    }
}

fn place_of(programs: &[GatheredProgram], answer: &ExplanationRow) -> Option<usize> {
    let is_it =
        |program: &GatheredProgram| (&program.row.engine, &program.row.title) == (&answer.engine, &answer.program);
    programs.iter().position(is_it)
}

/// A program's own name, if it has one, and what else its title says: `stress (d8 10.2.154)`.
fn split_title(title: &str) -> (Option<&str>, &str) {
    let parts = title.strip_suffix(')').and_then(|title| title.split_once(" ("));
    // A program without a name has a version or a word there: a name has no spaces, and comes first.
    match parts.filter(|(name, _)| !name.contains(' ')) {
        Some((name, rest)) => (Some(name), rest),
        None => (None, title),
    }
}

/// The program of an explanation, as far as that names it.
fn program_of(answer: &ExplanationRow) -> GatheredProgram {
    let (name, title) = split_title(&answer.program);
    let mut words = title.split([' ', ',']);
    let shell = words.next().unwrap_or_default();
    let row = ProgramRow {
        name: name.map(str::to_owned),
        engine: answer.engine.clone(),
        title: answer.program.clone(),
        program: String::new(),
        option: answer.engine.clone(),
        shell: shell.to_owned(),
        host: answer.program.contains(", host of "),
        place: None,
        version: words.next().map(str::to_owned),
        engine_version: None,
        features: Vec::new(),
        flags: Vec::new(),
        environment: BTreeMap::new(),
        found: String::new(),
    };
    GatheredProgram {
        row,
        os: String::new(),
        arch: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::split_title;

    #[test]
    fn the_title_of_a_named_program_has_its_name_before_it() {
        for (title, wanted) in [
            ("d8 10.2.154", (None, "d8 10.2.154")),
            ("stress (d8 10.2.154)", (Some("stress"), "d8 10.2.154")),
            (
                "new (node 26.1.0, host of V8 14.6)",
                (Some("new"), "node 26.1.0, host of V8 14.6"),
            ),
            ("js 102 (debug)", (None, "js 102 (debug)")),
            ("", (None, "")),
        ] {
            assert_eq!(split_title(title), wanted);
        }
    }
}
