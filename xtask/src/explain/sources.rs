//! The source of the scripts that a cell ran, by place.

use crate::base::file;
use crate::run::stage::Stage;
use anyhow::Result;
use regex::Regex;
use std::collections::HashMap;

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its path in the checkout, except for the guest's glue.
    pub file: String,
    /// From 1.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Built-in classes that paths lead through.
const BUILT_IN: &[&str] = &[
    "Array",
    "ArrayBuffer",
    "Error",
    "FinalizationRegistry",
    "Function",
    "Generator",
    "Map",
    "Object",
    "Promise",
    "Proxy",
    "Set",
    "WeakMap",
    "WeakRef",
    "WeakSet",
];

/// Scripts by name, in the order in which they were loaded.
#[derive(Debug, Default)]
pub struct Sources {
    scripts: Vec<(String, String)>,
    /// The directory of the scripts, which engines put before their names.
    stage: String,
    /// The places of classes; `None` for a class in several places.
    classes: HashMap<String, Option<Place>>,
}

impl Sources {
    /// Reads these scripts of the stage; a script that cannot be read was not run.
    pub fn read(stage: &Stage, names: &[String]) -> Result<Sources> {
        let read = |name: &String| {
            Some((
                name.clone(),
                String::from_utf8(file::read(&stage.path().join(name)).ok()?).ok()?,
            ))
        };
        let scripts = names.iter().filter_map(read).collect();
        Sources::of(scripts, format!("{}/", stage.path().display()))
    }

    fn of(scripts: Vec<(String, String)>, stage: String) -> Result<Sources> {
        let mut sources = Sources {
            scripts,
            stage,
            classes: HashMap::new(),
        };
        sources.find_classes()?;
        Ok(sources)
    }

    /// The place, if it is in one of these scripts.
    pub fn place(&self, file: &str, line: usize) -> Option<Place> {
        let file = file.strip_prefix("file://").unwrap_or(file);
        let name = file.strip_prefix(&self.stage).unwrap_or(file);
        let (name, _) = self.scripts.iter().find(|(script, _)| script == name)?;
        Some(Place {
            file: name.clone(),
            line,
        })
    }

    /// The source of the function that begins in a line: the line, as far as its
    /// brackets are balanced; or, if it can only be an arrow function, the same from
    /// its parameters on.
    pub fn function(&self, place: &Place) -> Option<&str> {
        let (_, text) = self.scripts.iter().find(|(name, _)| *name == place.file)?;
        let line = text.lines().nth(place.line.checked_sub(1)?)?;
        Some(balanced(arrow_function(line).unwrap_or(line)))
    }

    /// The place of the first line of this source, if there is only one.
    pub fn find(&self, source: &str) -> Option<Place> {
        let first = source.lines().next()?.trim();
        let mut found = self
            .lines()
            .filter(|(_, line)| !first.is_empty() && line.contains(first));
        let (place, _) = found.next()?;
        found.next().is_none().then_some(place)
    }

    /// The place of the class of this name, if there is only one, and if it is not a
    /// built-in class, which a script may have a namesake of.
    pub fn class(&self, name: &str) -> Option<&Place> {
        if BUILT_IN.contains(&name) {
            return None;
        }
        self.classes.get(name)?.as_ref()
    }

    /// Finds all classes once, because a path may be long.
    fn find_classes(&mut self) -> Result<()> {
        let class = Regex::new(r"^(?:[^/*]*[^\w$])?class ([\w$]+)")?;
        let mut classes: HashMap<String, Option<Place>> = HashMap::new();
        for (place, line) in self.lines() {
            if let Some(found) = class.captures(line) {
                let known = classes.entry(found[1].to_owned());
                known.and_modify(|place| *place = None).or_insert(Some(place));
            }
        }
        self.classes = classes;
        Ok(())
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

/// The only function in a line, an arrow function, from its parameters to the line's
/// end; `None` if there may be another function, or a comment.
fn arrow_function(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("=>")?;
    if ["=>", "function", "//", "/*"]
        .iter()
        .any(|other| before.contains(other) || after.contains(other))
    {
        return None;
    }
    let before = before.trim_end();
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let start = match before.strip_suffix(')') {
        Some(parameters) => {
            let mut depth = 1;
            let opening = parameters.char_indices().rev().find(|(_, c)| {
                depth += i32::from(*c == ')') - i32::from(*c == '(');
                depth == 0
            });
            opening?.0
        }
        None => before.trim_end_matches(is_name).len(),
    };
    Some(&line[start..])
}

/// A line up to its first unmatched closing bracket: `f(x));` is `f(x)`. Brackets
/// in quotes do not count.
fn balanced(line: &str) -> &str {
    let line = line.trim();
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (index, character) in line.char_indices() {
        match (quote, character) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return &line[..index],
            },
            (None, _) => {}
        }
    }
    line.trim_end_matches([';', ',']).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        let script = "// class Late is below\nclass Early {\n}\nfree(\n  () => print(`a`));\nf(() => 1, () => 1);\nclass Twice {}\nclass Twice {}\n/* class Never */\n";
        let scripts = [
            ("js/lib/runtime.js", "class Late {}\n"),
            ("js/cases/case/test.js", script),
        ];
        let scripts = scripts.map(|(name, text)| (name.to_owned(), text.to_owned()));
        Sources::of(scripts.into(), "/stage/".to_owned()).unwrap()
    }

    #[test]
    fn a_place_is_one_in_a_script_that_ran() {
        let sources = sources();
        let at = |file, line| sources.place(file, line).map(|place| place.to_string());
        assert_eq!(
            at("js/cases/case/test.js", 5).as_deref(),
            Some("js/cases/case/test.js:5")
        );
        assert_eq!(
            at("/stage/js/cases/case/test.js", 5).as_deref(),
            Some("js/cases/case/test.js:5")
        );
        assert_eq!(
            at("file:///stage/js/lib/runtime.js", 1).as_deref(),
            Some("js/lib/runtime.js:1")
        );
        assert_eq!(at("node:internal/fs", 5), None);
    }

    #[test]
    fn a_line_ends_where_its_brackets_are_balanced() {
        let sources = sources();
        let line = |line| sources.function(&sources.place("js/cases/case/test.js", line).unwrap());
        assert_eq!(line(5), Some("() => print(`a`)"));
        assert_eq!(line(6), Some("f(() => 1, () => 1)"));
        assert_eq!(line(2), Some("class Early {"));
        assert_eq!(balanced("() => [obj, ')', \"\\\")\"]);"), "() => [obj, ')', \"\\\")\"]");
        assert_eq!(line(0), None);
        assert_eq!(line(99), None);
    }

    #[test]
    fn an_arrow_function_begins_at_its_parameters() {
        for (line, function) in [
            ("  install(() => print(`a`));", Some("() => print(`a`));")),
            ("f((a, b = g(1)) => a)", Some("(a, b = g(1)) => a)")),
            ("f(x => x)", Some("x => x)")),
            ("$x => x", Some("$x => x")),
            ("say(→x => x)", Some("x => x)")),
            ("f(() => () => 1)", None),
            ("f(function () { return [1].map(x => x); })", None),
            ("f(g); // as in a => b", None),
            ("function f() {", None),
            (") => 1", None),
        ] {
            assert_eq!(arrow_function(line), function, "{line}");
        }
    }

    #[test]
    fn a_source_and_a_class_have_a_place() {
        let sources = sources();
        let found = |place: Option<Place>| place.map(|place| place.to_string());
        assert_eq!(
            found(sources.find("() => print(`a`)")).as_deref(),
            Some("js/cases/case/test.js:5")
        );
        assert_eq!(found(sources.find("nowhere")), None);
        assert_eq!(found(sources.find("")), None);
        assert_eq!(found(sources.find("class")), None, "it is in two places");
        let class = |name| found(sources.class(name).cloned());
        assert_eq!(class("Late").as_deref(), Some("js/lib/runtime.js:1"));
        assert_eq!(class("Early").as_deref(), Some("js/cases/case/test.js:2"));
        assert_eq!(class("Twice"), None);
        assert_eq!(class("("), None);
    }
}
