//! The order of the programs of merged results, whichever file is read first.

use crate::engine::table::ENGINES;
use crate::engine::version_order::version_order;
use crate::results::program_row::ProgramRow;

/// The place of a program among others: engines in the order of the table, of each engine the oldest version first, those
/// with names of their own last; then whatever tells programs apart.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProgramPlace {
    engine: (usize, String),
    is_named: bool,
    version: (bool, Vec<u64>),
    build: (String, Vec<String>),
    machine: [String; 2],
}

impl ProgramPlace {
    /// The place of a program on a machine of this kind: the system and the architecture.
    pub fn of(row: &ProgramRow, machine: [&str; 2]) -> ProgramPlace {
        let known = ENGINES.iter().position(|engine| engine.name == row.engine);
        ProgramPlace {
            engine: (known.unwrap_or(ENGINES.len()), row.engine.clone()),
            is_named: row.name.is_some(),
            version: version_order(row.own_version()),
            build: (row.title.clone(), row.called_with()),
            machine: machine.map(str::to_owned),
        }
    }
}

/// Puts programs in order; the new index of each. Equals stay as they are.
pub fn in_order<T>(programs: &mut Vec<T>, place: impl Fn(&T) -> ProgramPlace) -> Vec<usize> {
    let mut sorted: Vec<(usize, T)> = std::mem::take(programs).into_iter().enumerate().collect();
    sorted.sort_by_cached_key(|(_, program)| place(program));
    let mut places = vec![0; sorted.len()];
    for (index, (before, program)) in sorted.into_iter().enumerate() {
        places[before] = index;
        programs.push(program);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::tests::results;

    #[test]
    fn engines_are_as_in_the_table_then_the_oldest_version_comes_first_and_names_last() {
        let ordered = [
            ("v8", None, "10.2"),
            ("v8", None, "14.6"),
            ("v8", Some("stress"), "9.1"),
            ("jsc", None, "2.50"),
            ("jsc", None, "unknown"),
            ("spidermonkey", None, "91.9"),
            ("spidermonkey", None, "128.3"),
            ("another", None, "1.0"),
        ];
        let mut programs = results(ordered.len()).programs;
        for (row, (engine, name, version)) in programs.iter_mut().zip(ordered) {
            row.engine = engine.to_owned();
            row.name = name.map(str::to_owned);
            row.version = Some(version.to_owned());
        }
        let place = |row: &ProgramRow| ProgramPlace::of(row, ["linux", "x86_64"]);
        let wanted = programs.clone();
        programs.reverse();
        programs.swap(1, 5);
        let before = programs.clone();
        let places = in_order(&mut programs, place);
        assert_eq!(programs, wanted);
        for (row, place) in before.iter().zip(places) {
            assert_eq!(row, &programs[place]);
        }
    }

    #[test]
    fn equals_stay_as_they_are_and_machines_are_apart() {
        let mut programs = results(1).programs;
        programs.push(programs[0].clone());
        for (machines, wanted) in [(["a", "a"], [0, 1]), (["b", "a"], [1, 0])] {
            let mut both: Vec<(&str, ProgramRow)> = machines.into_iter().zip(programs.clone()).collect();
            let places = in_order(&mut both, |(os, row)| ProgramPlace::of(row, [os, "x86_64"]));
            assert_eq!(places, wanted);
        }
    }
}
