//! Which programs and cases of two sides are the same, although versions, machines and directories differ.

use crate::results::gathered::GatheredProgram;
use std::collections::HashMap;
use std::hash::Hash;

/// A way to look at a program: what has to be the same, and nothing else.
type ProgramKey = fn(&GatheredProgram) -> Vec<&str>;

/// The same build, on a machine of the same kind; then on another.
const BUILDS: [ProgramKey; 2] = [
    |program| [build(program), machine(program)].concat(),
    |program| build(program),
];

/// Another version. It is the same program only if neither side has several of these.
const VERSIONS: [ProgramKey; 4] = [
    |program| [shell(program), vec![major(program)], machine(program)].concat(),
    |program| [shell(program), machine(program)].concat(),
    |program| [shell(program), vec![major(program)]].concat(),
    |program| shell(program),
];

fn build(program: &GatheredProgram) -> Vec<&str> {
    let row = &program.row;
    let flags = row.flags.iter().map(String::as_str);
    let variables = row.environment.iter();
    let variables = variables.flat_map(|(name, value)| ["env", name.as_str(), value.as_str()]);
    let title = [row.engine.as_str(), &row.title].into_iter();
    title.chain(flags).chain(variables).collect()
}

fn machine(program: &GatheredProgram) -> Vec<&str> {
    vec![&program.os, &program.arch]
}

fn shell(program: &GatheredProgram) -> Vec<&str> {
    let name = program.row.name.as_deref().unwrap_or_default();
    vec![&program.row.engine, &program.row.shell, name]
}

fn major(program: &GatheredProgram) -> &str {
    let version = program.row.version.as_deref().unwrap_or_default();
    version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default()
}

/// The index of the other side's program for each of the old ones; a program is paired once.
pub fn programs(old: &[GatheredProgram], new: &[GatheredProgram]) -> Vec<Option<usize>> {
    let mut pairs = Pairs::new(old.len(), new.len());
    for key in BUILDS {
        pairs.in_order(old, new, key);
    }
    for key in VERSIONS {
        pairs.only_ones(old, new, key);
    }
    pairs.of_old
}

/// The same for cases, each with its name and its title. A user's own case has the path that was given as its name,
/// which may be another on another machine.
pub fn cases(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<Option<usize>> {
    let mut pairs = Pairs::new(old.len(), new.len());
    pairs.in_order(old, new, |(name, _)| *name);
    pairs.only_ones(old, new, |(_, title)| *title);
    pairs.of_old
}

struct Pairs {
    of_old: Vec<Option<usize>>,
    is_taken: Vec<bool>,
}

impl Pairs {
    fn new(old: usize, new: usize) -> Pairs {
        Pairs {
            of_old: vec![None; old],
            is_taken: vec![false; new],
        }
    }

    /// Pairs what has equal keys, the first with the first.
    fn in_order<'a, T, K: PartialEq>(&mut self, old: &'a [T], new: &'a [T], key: impl Fn(&'a T) -> K) {
        for (pair, item) in self.of_old.iter_mut().zip(old) {
            let wanted = key(item);
            let is_it = |index: &usize| !self.is_taken[*index] && key(&new[*index]) == wanted;
            if pair.is_none()
                && let Some(index) = (0..new.len()).find(is_it)
            {
                self.is_taken[index] = true;
                *pair = Some(index);
            }
        }
    }

    /// Pairs what alone has its key on both sides.
    fn only_ones<'a, T, K: Eq + Hash>(&mut self, old: &'a [T], new: &'a [T], key: impl Fn(&'a T) -> K) {
        let places = |items: &'a [T]| {
            let mut places: HashMap<K, Vec<usize>> = HashMap::new();
            for (index, item) in items.iter().enumerate() {
                places.entry(key(item)).or_default().push(index);
            }
            places
        };
        let new_places = places(new);
        for (key, old_places) in places(old) {
            if let ([old], Some([new])) = (&old_places[..], new_places.get(&key).map(Vec::as_slice))
                && self.of_old[*old].is_none()
                && !self.is_taken[*new]
            {
                self.is_taken[*new] = true;
                self.of_old[*old] = Some(*new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::tests::results;

    /// `v8/d8 10.2` on `linux`, by such a text.
    fn program(text: &str) -> GatheredProgram {
        let (name, os) = text.split_once(" on ").unwrap_or((text, "linux"));
        let (shell, version) = name.split_once(' ').unwrap();
        let mut row = results(1).programs.remove(0);
        row.title = name.to_owned();
        row.shell = shell.to_owned();
        row.version = Some(version.to_owned());
        GatheredProgram {
            row,
            os: os.to_owned(),
            arch: "x86_64".to_owned(),
        }
    }

    #[test]
    fn programs_are_paired_by_build_and_then_by_what_is_alone() {
        for (old, new, wanted) in [
            (vec!["d8 10.2"], vec!["d8 10.2"], vec![Some(0)]),
            (vec!["d8 10.2"], vec!["node 20", "d8 10.2"], vec![Some(1)]),
            // Another version, on another machine.
            (vec!["d8 10.2"], vec!["d8 11.0 on macos"], vec![Some(0)]),
            // The same build on either machine.
            (
                vec!["d8 10.2", "d8 10.2 on macos"],
                vec!["d8 10.2 on macos", "d8 10.2"],
                vec![Some(1), Some(0)],
            ),
            // The first of several versions is of the same major one as the second of the others.
            (
                vec!["js 102.1", "js 128.0"],
                vec!["js 128.3", "js 102.1"],
                vec![Some(1), Some(0)],
            ),
            // Nobody knows which of both it was.
            (vec!["js 102.1", "js 128.0"], vec!["js 140.0"], vec![None, None]),
            (vec!["js 140.0"], vec!["js 102.1", "js 128.0"], vec![None]),
            (vec!["d8 10.2"], vec!["node 20"], vec![None]),
            // Two of one build.
            (vec!["d8 1", "d8 1"], vec!["d8 1", "d8 1"], vec![Some(0), Some(1)]),
        ] {
            let of = |names: &[&str]| names.iter().map(|name| program(name)).collect::<Vec<_>>();
            assert_eq!(programs(&of(&old), &of(&new)), wanted, "{old:?} {new:?}");
        }
    }

    #[test]
    fn cases_are_paired_by_name_and_then_by_title() {
        let old = [("/home/a/leak", "leak"), ("m0", "m0"), ("x/b", "b")];
        let new = [("m0", "m0"), ("/srv/leak", "leak"), ("y/b", "b"), ("z/b", "b")];
        assert_eq!(cases(&old, &new), [Some(1), Some(0), None]);
    }
}
