//! Runs of several machines, engines and versions side by side. Unlike a merge, no run replaces another.

use crate::base::text::command_line;
use crate::results::cell_row::CellRow;
use crate::results::document::Results;
use crate::results::program_order::{ProgramPlace, in_order};
use crate::results::program_row::ProgramRow;
use crate::results::reduced::ReducedCell;
use crate::results::repeated::Repeated;
use std::collections::{HashMap, HashSet};

/// What any number of results have.
#[derive(Debug)]
pub struct Gathered<Cell = ReducedCell> {
    pub runs: Vec<GatheredRun>,
    /// The programs of all runs, in their order.
    pub programs: Vec<GatheredProgram>,
    /// By case, then by program.
    pub cells: Vec<GatheredCell<Cell>>,
    /// Engines that some run lacked, and that none has.
    pub missing: Vec<String>,
}

/// The run of a command, without its cells.
#[derive(Debug)]
pub struct GatheredRun {
    /// Where its results were read from.
    pub name: String,
    pub results: Results<()>,
    /// How many runs of cells ended.
    pub ended: usize,
}

impl GatheredRun {
    /// The run that results, which were read from such a file, are of.
    pub fn of<Cell>(name: &str, results: &Results<Cell>) -> GatheredRun {
        GatheredRun {
            name: name.to_owned(),
            ended: results.cells.len(),
            results: results.without_cells(),
        }
    }
}

/// The same build of a program on machines of one kind.
#[derive(Debug)]
pub struct GatheredProgram {
    pub row: ProgramRow,
    pub os: String,
    pub arch: String,
}

/// All runs of one case on one program.
#[derive(Debug)]
pub struct GatheredCell<Cell = ReducedCell> {
    /// The index of its program.
    pub program: usize,
    /// At least one; each with the index of the run of a command.
    pub runs: Vec<(usize, Cell)>,
}

impl<Cell: AsRef<CellRow>> GatheredCell<Cell> {
    /// Its runs as repeated ones: other verdicts are a failure, whichever run they are of.
    pub fn repeated(&self) -> Repeated<'_> {
        Repeated {
            runs: self.runs.iter().map(|(_, cell)| cell.as_ref()).collect(),
        }
    }

    /// The run to show: the first that is not as expected, else the first.
    pub fn shown(&self) -> &Cell {
        let unexpected = self.runs.iter().find(|(_, cell)| !cell.as_ref().outcome.is_fine());
        &unexpected.unwrap_or(&self.runs[0]).1
    }

    /// The name of its case, and that in tables.
    pub fn case(&self) -> (&str, &str) {
        let row = self.runs[0].1.as_ref();
        (&row.case, row.title())
    }
}

/// What a run of a cell is known by again, if it is in a record and in a document.
type RunKey = (String, String, usize, usize, u64, u64);

/// Puts results, each with the name of its file, side by side. A run of a cell that is in several files counts once.
pub fn gather<Cell>(files: Vec<(String, Results<Cell>)>) -> Gathered<Cell>
where
    Cell: AsRef<CellRow> + AsMut<CellRow>,
{
    let mut all = Gathered {
        runs: Vec::new(),
        programs: Vec::new(),
        cells: Vec::new(),
        missing: Vec::new(),
    };
    let mut places: HashMap<(String, usize), usize> = HashMap::new();
    let mut known: HashSet<RunKey> = HashSet::new();
    for (name, mut results) in files {
        let cells = std::mem::take(&mut results.cells);
        let ended = cells.len();
        let programs = all.add_programs(&results);
        let run = all.runs.len();
        for mut cell in cells {
            let program = programs[cell.as_ref().program];
            cell.as_mut().program = program;
            if !known.insert(key(&results, cell.as_ref())) {
                continue;
            }
            let next = all.cells.len();
            let place = *places.entry((cell.as_ref().case.clone(), program)).or_insert(next);
            match all.cells.get_mut(place) {
                Some(known) => known.runs.push((run, cell)),
                None => all.cells.push(GatheredCell {
                    program,
                    runs: vec![(run, cell)],
                }),
            }
        }
        all.missing.extend(results.missing.iter().cloned());
        let run = GatheredRun::of(&name, &results);
        all.runs.push(GatheredRun { ended, ..run });
    }
    all.missing.sort();
    all.missing.dedup();
    let programs = &all.programs;
    all.missing
        .retain(|engine| !programs.iter().any(|program| program.row.engine == *engine));
    all.sort();
    all
}

impl<Cell: AsRef<CellRow> + AsMut<CellRow>> Gathered<Cell> {
    /// Puts programs in order, and cells by case and program.
    fn sort(&mut self) {
        let places = in_order(&mut self.programs, |program| {
            ProgramPlace::of(&program.row, [&program.os, &program.arch])
        });
        for cell in &mut self.cells {
            cell.program = places[cell.program];
            for (_, run) in &mut cell.runs {
                run.as_mut().program = cell.program;
            }
        }
        self.cells
            .sort_by(|a, b| (a.case(), a.program).cmp(&(b.case(), b.program)));
    }
}

impl<Cell: AsRef<CellRow>> Gathered<Cell> {
    /// All runs as those of one command, without what a comparison does not need either. `None` if there is no run.
    pub fn as_one(&self) -> Option<Results> {
        let last = self.runs.iter().max_by_key(|run| &run.results.started)?;
        let mut one = last.results.clone().with_cells(Vec::new());
        one.partition = None;
        one.planned = self.runs.iter().map(|run| run.results.planned).sum();
        one.missing.clone_from(&self.missing);
        let programs = 0..self.programs.len();
        one.programs = programs
            .map(|program| ProgramRow {
                title: self.title(program),
                ..self.programs[program].row.clone()
            })
            .collect();
        let runs = self.cells.iter().flat_map(|cell| &cell.runs);
        one.cells = runs.map(|(_, cell)| cell.as_ref().clone().without_output()).collect();
        Some(one)
    }
}

impl<Cell> Gathered<Cell> {
    /// The title of a program; with its variables and flags if others of that title have other ones; on another kind of machine than some other program, with that.
    pub fn title(&self, program: usize) -> String {
        let GatheredProgram { row, os, arch } = &self.programs[program];
        let machine = |program: &GatheredProgram| (program.os.clone(), program.arch.clone());
        let is_same = self
            .programs
            .iter()
            .all(|other| machine(other) == machine(&self.programs[program]));
        let is_title = |other: &&GatheredProgram| (&other.row.engine, &other.row.title) == (&row.engine, &row.title);
        let is_called_alike = |other: &GatheredProgram| other.row.called_with() == row.called_with();
        let title = match self.programs.iter().filter(is_title).all(is_called_alike) {
            true => row.title.clone(),
            // The same name, with other flags in another run.
            false => format!("{} [{}]", row.title, command_line(row.called_with())),
        };
        match is_same {
            true => title,
            false => format!("{title} on {os} {arch}"),
        }
    }

    /// The place of each program of these results; new ones are added.
    fn add_programs(&mut self, results: &Results<Cell>) -> Vec<usize> {
        let mut places: Vec<usize> = Vec::new();
        for row in &results.programs {
            let is_it = |known: &GatheredProgram| {
                known.row.is_same_build(row) && (&known.os, &known.arch) == (&results.os, &results.arch)
            };
            // Two programs of one run may be the same build: each keeps its own cells.
            let mut indices = 0..self.programs.len();
            let place = indices.find(|index| is_it(&self.programs[*index]) && !places.contains(index));
            if place.is_none() {
                self.programs.push(GatheredProgram {
                    row: row.clone(),
                    os: results.os.clone(),
                    arch: results.arch.clone(),
                });
            }
            places.push(place.unwrap_or(self.programs.len() - 1));
        }
        places
    }
}

fn key<Cell>(results: &Results<Cell>, row: &CellRow) -> RunKey {
    let times = (row.began.to_bits(), row.seconds.to_bits());
    (
        results.started.clone(),
        row.case.clone(),
        row.program,
        row.run,
        times.0,
        times.1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::verdict::Verdict;
    use crate::results::repeated::tests::{cell, results};

    fn reduced(programs: usize, cells: Vec<CellRow>) -> Results<ReducedCell> {
        results(programs).with_cells(cells.into_iter().map(ReducedCell::of).collect())
    }

    #[test]
    fn no_run_replaces_another_and_none_counts_twice() {
        let other = CellRow {
            verdict: Some(Verdict::Leaks),
            seconds: 2.0,
            ..cell(0, "m0", 0)
        };
        let files = vec![
            ("a".to_owned(), reduced(2, vec![cell(0, "m1", 1), cell(1, "m0", 0)])),
            ("b".to_owned(), reduced(1, vec![other])),
            // The same again.
            ("a".to_owned(), reduced(2, vec![cell(0, "m1", 1), cell(1, "m0", 0)])),
        ];
        let all = gather(files);
        assert_eq!((all.programs.len(), all.cells.len()), (2, 2));
        assert_eq!(all.cells[0].repeated().verdicts(), "collected 1/2, leaks 1/2");
        assert!(all.cells[0].repeated().mixed().is_some());
        assert_eq!(all.runs.iter().map(|run| run.ended).collect::<Vec<_>>(), [2, 1, 2]);
    }

    #[test]
    fn columns_are_in_the_same_order_whichever_file_is_read_first() {
        let file = |version: &str| {
            let mut one = reduced(1, vec![cell(0, "m0", 0)]);
            one.programs[0].version = Some(version.to_owned());
            one.programs[0].title = format!("js {version}");
            one.cells[0].row.reason = Some(version.to_owned());
            (version.to_owned(), one)
        };
        for order in [["91.1", "128.3", "140.0"], ["128.3", "140.0", "91.1"]] {
            let all = gather(order.map(file).into());
            let versions: Vec<_> = all.programs.iter().map(|program| program.row.own_version()).collect();
            assert_eq!(versions, [Some("91.1"), Some("128.3"), Some("140.0")], "{order:?}");
            for (index, cell) in all.cells.iter().enumerate() {
                let row = &cell.shown().row;
                assert_eq!((cell.program, row.program), (index, index));
                assert_eq!(row.reason.as_deref(), versions[index]);
            }
        }
    }

    #[test]
    fn another_machine_is_another_column_and_what_one_has_is_not_missing() {
        let mut elsewhere = reduced(1, vec![cell(0, "m0", 0)]);
        elsewhere.os = "macos".to_owned();
        elsewhere.missing = vec!["v8".to_owned(), "jsc".to_owned()];
        let here = reduced(1, vec![cell(0, "m0", 0)]);
        let all = gather(vec![("a".to_owned(), here), ("b".to_owned(), elsewhere)]);
        assert_eq!(all.programs.len(), 2);
        assert_eq!(all.missing, ["jsc"]);
    }
}
