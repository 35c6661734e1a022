//! The names of programs: whole, and as short as they can be and still name one each.

use crate::base::text::inert;
use crate::results::program_row::ProgramRow;

/// `v8: d8 10.2.154.26`, inert.
pub fn program_name(program: &ProgramRow) -> String {
    format!("{}: {}", inert(&program.engine), inert(&program.title))
}

/// A name for each program, inert: its own, if it has one; or that of its shell; with the first number of its version, or with all of it, where
/// several have that shell; and else with its place among the programs, from 1.
pub fn short_names(programs: &[ProgramRow]) -> Vec<String> {
    let forms: Vec<[String; 4]> = (1..)
        .zip(programs)
        .map(|(place, program)| forms(place, program))
        .collect();
    let is_unique = |name: &String, index: usize| {
        let others = forms.iter().enumerate().filter(|(other, _)| *other != index);
        others.flat_map(|(_, forms)| forms).all(|other| other != name)
    };
    let shortest = |(index, forms): (usize, &[String; 4])| {
        let unique = forms.iter().find(|name| is_unique(name, index));
        unique.unwrap_or(&forms[3]).clone()
    };
    forms.iter().enumerate().map(shortest).collect()
}

/// The names that a program could have, the shortest first.
fn forms(place: usize, program: &ProgramRow) -> [String; 4] {
    if let Some(name) = &program.name {
        let name = inert(name).into_owned();
        return [name.clone(), name.clone(), name.clone(), format!("{name}#{place}")];
    }
    let shell = inert(&program.shell).into_owned();
    // An unknown version makes no name of its own.
    let version = program.version.as_deref().map(inert).unwrap_or_default();
    let first: String = version.chars().take_while(char::is_ascii_digit).collect();
    [
        shell.clone(),
        format!("{shell}{first}"),
        match version.is_empty() {
            true => shell.clone(),
            false => format!("{shell}-{version}"),
        },
        format!("{shell}#{place}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::repeated::tests::results;

    #[test]
    fn a_name_is_as_long_as_it_has_to_be() {
        for (programs, expected) in [
            (
                &[("d8", "10.2"), ("jsc", "2.50"), ("js", "102.15")][..],
                &["d8", "jsc", "js"][..],
            ),
            (
                &[("d8", "10.2"), ("js", "102.15"), ("js", "128.3")],
                &["d8", "js102", "js128"],
            ),
            (
                &[("js", "128.1"), ("js", "128.3"), ("js", "140.0")],
                &["js-128.1", "js-128.3", "js140"],
            ),
            (&[("d8", "10.2"), ("d8", "10.2")], &["d8#1", "d8#2"]),
            (&[("d8", ""), ("d8", "10.2")], &["d8#1", "d810"]),
        ] {
            let mut all = results(programs.len());
            for (row, (shell, version)) in all.programs.iter_mut().zip(programs) {
                row.shell = (*shell).to_owned();
                row.version = Some((*version).to_owned());
            }
            assert_eq!(short_names(&all.programs), expected, "{programs:?}");
        }
        let mut all = results(2).programs;
        all[1].name = Some("stress".to_owned());
        assert_eq!(short_names(&all), ["d8", "stress"]);
    }
}
