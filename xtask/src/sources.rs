//! The scripts that a cell ran: what is written where.

use crate::stage::Stage;
use regex::Regex;
use std::fs;

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As in the checkout, but for the guest's glue.
    pub file: String,
    /// From 1 on.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Scripts by name, in the order in which they were loaded.
#[derive(Debug, Default)]
pub struct Sources {
    scripts: Vec<(String, String)>,
    /// The directory that they were in, which engines put before their names.
    stage: String,
}

impl Sources {
    /// Reads these scripts of the stage; what cannot be read was not run.
    pub fn read(stage: &Stage, names: &[String]) -> Sources {
        let read = |name: &String| Some((name.clone(), fs::read_to_string(stage.path().join(name)).ok()?));
        Sources {
            scripts: names.iter().filter_map(read).collect(),
            stage: format!("{}/", stage.path().display()),
        }
    }

    /// The place in one of these scripts, if it is one.
    pub fn place(&self, file: &str, line: usize) -> Option<Place> {
        let file = file.strip_prefix("file://").unwrap_or(file);
        let name = file.strip_prefix(&self.stage).unwrap_or(file);
        let (name, _) = self.scripts.iter().find(|(script, _)| script == name)?;
        Some(Place {
            file: name.clone(),
            line,
        })
    }

    /// What is written in a line, from its first word to where its brackets are balanced.
    pub fn line(&self, place: &Place) -> Option<&str> {
        let (_, text) = self.scripts.iter().find(|(name, _)| *name == place.file)?;
        text.lines().nth(place.line.checked_sub(1)?).map(balanced)
    }

    /// Where the first line of this source is written, if in one place only.
    pub fn find(&self, source: &str) -> Option<Place> {
        let first = source.lines().next()?.trim();
        let mut found = self
            .lines()
            .filter(|(_, line)| !first.is_empty() && line.contains(first));
        let (place, _) = found.next()?;
        found.next().is_none().then_some(place)
    }

    /// Where the class of this name is written.
    pub fn class(&self, name: &str) -> Option<Place> {
        let class = Regex::new(&format!(r"\bclass {}\b", regex::escape(name))).ok()?;
        let is_class = |(_, line): &(Place, &str)| !line.trim_start().starts_with("//") && class.is_match(line);
        self.lines().find(is_class).map(|(place, _)| place)
    }

    fn lines(&self) -> impl Iterator<Item = (Place, &str)> {
        self.scripts.iter().flat_map(|(name, text)| {
            let place = |index| Place {
                file: name.clone(),
                line: index + 1,
            };
            text.lines().enumerate().map(move |(index, line)| (place(index), line))
        })
    }
}

/// A line without what closes more than it has opened: `f(x));` is `f(x)`.
fn balanced(line: &str) -> &str {
    let line = line.trim();
    let mut depth = 0_usize;
    for (index, character) in line.char_indices() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return &line[..index],
            },
            _ => {}
        }
    }
    line.trim_end_matches([';', ',', '{']).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        let script = "// class Late is below\nclass Early {\n}\nfree(\n  () => print(`a`));\nf(() => 1, () => 1);\n";
        Sources {
            scripts: vec![
                ("js/runtime.js".to_owned(), "class Late {}\n".to_owned()),
                ("js/case/test.js".to_owned(), script.to_owned()),
            ],
            stage: "/stage/".to_owned(),
        }
    }

    #[test]
    fn a_place_is_one_in_a_script_that_ran() {
        let sources = sources();
        let at = |file, line| sources.place(file, line).map(|place| place.to_string());
        assert_eq!(at("js/case/test.js", 5).as_deref(), Some("js/case/test.js:5"));
        assert_eq!(at("/stage/js/case/test.js", 5).as_deref(), Some("js/case/test.js:5"));
        assert_eq!(at("file:///stage/js/runtime.js", 1).as_deref(), Some("js/runtime.js:1"));
        assert_eq!(at("node:internal/fs", 5), None);
    }

    #[test]
    fn a_line_ends_where_its_brackets_are_balanced() {
        let sources = sources();
        let line = |line| sources.line(&sources.place("js/case/test.js", line).unwrap());
        assert_eq!(line(5), Some("() => print(`a`)"));
        assert_eq!(line(6), Some("f(() => 1, () => 1)"));
        assert_eq!(line(2), Some("class Early"));
        assert_eq!(line(0), None);
        assert_eq!(line(99), None);
    }

    #[test]
    fn a_source_and_a_class_are_found_where_they_are_written() {
        let sources = sources();
        let found = |place: Option<Place>| place.map(|place| place.to_string());
        assert_eq!(
            found(sources.find("() => print(`a`)")).as_deref(),
            Some("js/case/test.js:5")
        );
        assert_eq!(found(sources.find("nowhere")), None);
        assert_eq!(found(sources.find("")), None);
        assert_eq!(found(sources.find("class")), None, "it is in two places");
        assert_eq!(found(sources.class("Late")).as_deref(), Some("js/runtime.js:1"));
        assert_eq!(found(sources.class("Early")).as_deref(), Some("js/case/test.js:2"));
        assert_eq!(found(sources.class("(")), None);
    }
}
