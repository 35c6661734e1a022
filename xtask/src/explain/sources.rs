//! The source of the scripts that a cell ran, by place.

use crate::base::file;
use crate::case::source_maps::SourceMaps;
use crate::engine::host::OwnPlace;
use crate::explain::made_scripts::MadeScripts;
use crate::explain::place::{LIBRARY, Place};
use crate::explain::program_files::ProgramFiles;
use crate::explain::script_text::{
    arrow_function, balanced, declared_names, end_of_function, start_of_function, words,
};
use crate::run::stage::Stage;
use anyhow::Result;
use heap::SourcePosition;
use regex::Regex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Built-in classes that paths lead through.
const BUILT_IN: &[&str] = &[
    "Array",
    "ArrayBuffer",
    "Error",
    "function",
    "string",
    "symbol",
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
    /// Of a user's own program: how its scripts are called.
    program: Option<ProgramFiles>,
    /// The scripts that were made of others, which stand in `scripts` in their place.
    made: MadeScripts,
    /// There are no scripts: a place is as the engine calls it.
    is_of_snapshot: bool,
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

    /// Reads the scripts of a user's own program: their sources, where they have a source map.
    pub fn of_program(stage: &Stage, own: &OwnPlace, maps: Option<Arc<SourceMaps>>) -> Result<Sources> {
        let program = ProgramFiles::of(stage, own);
        let (made, scripts) = MadeScripts::take(program.read(), maps);
        let mut sources = Sources::of(scripts, format!("{}/", stage.path().display()))?;
        sources.program = Some(program);
        sources.made = made;
        Ok(sources)
    }

    /// Of a snapshot alone: what engines call places is what is known.
    pub fn of_snapshot() -> Sources {
        Sources {
            is_of_snapshot: true,
            ..Sources::default()
        }
    }

    fn of(scripts: Vec<(String, String)>, stage: String) -> Result<Sources> {
        let mut sources = Sources {
            scripts,
            stage,
            classes: HashMap::new(),
            ..Sources::default()
        };
        sources.find_classes()?;
        Ok(sources)
    }

    /// The place, if it is in one of these scripts.
    pub fn place(&self, position: &SourcePosition) -> Option<Place> {
        let SourcePosition { file, line, column } = position;
        let line = *line as usize;
        if let Some(program) = &self.program {
            return Some(self.made.original(program.name(file)?, line, *column as usize));
        }
        let file = file.strip_prefix("file://").unwrap_or(file);
        if self.is_of_snapshot {
            // Hosts have scripts of their own.
            let is_foreign = file.is_empty() || FOREIGN.iter().any(|prefix| file.starts_with(prefix));
            let file = file.to_owned();
            return (!is_foreign).then_some(Place { file, line });
        }
        let name = file.strip_prefix(&self.stage).unwrap_or(file);
        let (name, _) = self.scripts.iter().find(|(script, _)| script == name)?;
        Some(Place {
            file: name.clone(),
            line,
        })
    }

    /// The name of a module with these variables: of one that is made of others, that of the one which declares them,
    /// or of the last, that imports all others.
    pub fn module(&self, file: &str, variables: &[String]) -> Option<String> {
        let position = SourcePosition {
            file: file.to_owned(),
            line: 1,
            column: 0,
        };
        let Some(program) = &self.program else {
            return self.place(&position).map(|place| place.file);
        };
        let name = program.name(file)?;
        Some(match self.made.last_source(&name) {
            Some(last) => self.declaring(variables).map_or(last, str::to_owned),
            None => name,
        })
    }

    /// Whether an engine's name of a file is that of one of our own scripts.
    pub fn is_library(&self, file: &str) -> bool {
        let file = file.strip_prefix("file://").unwrap_or(file);
        file.strip_prefix(&self.stage)
            .is_some_and(|name| name.starts_with(LIBRARY))
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
        if let Some(place) = self.made.find(first) {
            return Some(place);
        }
        let mut found = self
            .lines()
            .filter(|(_, line)| !first.is_empty() && line.contains(first));
        let (place, _) = found.next()?;
        found.next().is_none().then_some(place)
    }

    /// Whether the scripts that ran were made of others.
    pub fn are_made(&self) -> bool {
        !self.made.is_empty()
    }

    /// Whether a class of this name is the language's own.
    pub fn is_built_in(name: &str) -> bool {
        BUILT_IN.contains(&name)
    }

    /// The place of the class of this name, if there is only one, and if it is not a
    /// built-in class, which a script may have a namesake of.
    pub fn class(&self, name: &str) -> Option<&Place> {
        if BUILT_IN.contains(&name) {
            return None;
        }
        self.classes.get(name)?.as_ref()
    }

    /// Forgets the classes in other files than these.
    pub fn keep_classes_of(&mut self, files: &HashSet<String>) {
        let is_there = |place: &Option<Place>| place.as_ref().is_some_and(|place| files.contains(&place.file));
        self.classes.retain(|_, place| is_there(place));
    }

    /// The names of global variables that a path should rather begin at: first those that
    /// the case declares, and those of the runtime that hold something; then all that the
    /// case mentions.
    pub fn names(&self) -> [HashSet<String>; 2] {
        let mut declared: HashSet<String> = HELD_BY_RUNTIME.iter().map(|name| (*name).to_owned()).collect();
        let mut mentioned = HashSet::new();
        for (_, text) in self.scripts.iter().filter(|(name, _)| !name.starts_with(LIBRARY)) {
            for line in text.lines() {
                declared.extend(line.split(';').flat_map(declared_names).map(str::to_owned));
            }
            mentioned.extend(words(text).map(str::to_owned));
        }
        [declared, mentioned]
    }

    /// The only script that declares all of these names, of which there has to be one.
    pub fn declaring(&self, names: &[String]) -> Option<&str> {
        let declares = |text: &str, name: &String| {
            let mut declared = text.lines().flat_map(|line| line.split(';')).flat_map(declared_names);
            declared.any(|declared| declared == name)
        };
        let all = |text: &String| !names.is_empty() && names.iter().all(|name| declares(text, name));
        let mut found = self.scripts.iter().filter(|(_, text)| all(text));
        let (name, _) = found.next()?;
        found.next().is_none().then_some(name)
    }

    /// The closure that a variable is kept for, if the function at this place keeps it
    /// without mentioning it: the nearest other one that does. `None` if that is not sure.
    pub fn other_closure(&self, function: &Place, variable: &str) -> Option<(String, Place)> {
        let (_, text) = self.scripts.iter().find(|(name, _)| *name == function.file)?;
        let lines: Vec<&str> = text.lines().collect();
        let at = function.line.checked_sub(1)?;
        let end = end_of_function(&lines, at)?;
        let own = |index: usize| (at..=end).contains(&index);
        let is_word = |line: &str| words(line).any(|word| word == variable);
        let here = self.function(function)?;
        // Of a line with more than the function, only the function counts.
        let mentions = match at == end {
            true => is_word(here),
            false => lines.get(at..=end)?.iter().any(|line| is_word(line)),
        };
        if mentions || variable == "this" {
            return None;
        }
        let candidates = (0..lines.len()).filter(|index| !own(*index) && is_word(lines[*index]));
        let found = candidates.filter_map(|index| {
            let start = start_of_function(&lines, index, variable)?;
            Some((index.abs_diff(at), start))
        });
        let (_, start) = found.min()?;
        let place = Place {
            file: function.file.clone(),
            line: start + 1,
        };
        Some((self.function(&place)?.to_owned(), place))
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

/// How hosts call scripts of their own.
const FOREIGN: [&str; 5] = ["node:", "ext:", "internal/", "native ", "chrome-extension:"];

/// Global variables of `js/lib/runtime.js` that hold something, and of wasm-bindgen's glue.
const HELD_BY_RUNTIME: &[&str] = &[
    "table",
    "instance",
    "memory",
    "registry",
    "observer",
    "imports",
    "module",
    "wasm_bindgen",
];

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
    fn names_are_those_that_the_case_declares_and_mentions() {
        let script = "const { a, b: [c] } = f();\nlet d = e;\nclass G extends H {\n  m() {}\n}\nasync function i(j) {}\nglobalThis.k = [];\nk.l = 1;\n";
        let scripts = [
            ("js/lib/runtime.js", "const mine = 1;\n"),
            ("js/cases/case/test.js", script),
        ];
        let scripts = scripts.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let [declared, mentioned] = Sources::of(scripts.into(), String::new()).unwrap().names();
        let mut declared: Vec<&str> = declared.iter().map(String::as_str).collect();
        declared.retain(|name| !HELD_BY_RUNTIME.contains(name));
        declared.sort_unstable();
        assert_eq!(declared, ["G", "H", "a", "b", "c", "d", "extends", "i", "k"]);
        assert!(mentioned.contains("e") && mentioned.contains("j") && !mentioned.contains("mine"));
    }

    #[test]
    fn a_module_is_known_by_what_it_declares() {
        let scripts = [
            ("a.mjs", "const all = [];\nexport function test(n) {}\n"),
            ("b.mjs", "export const all = new Map(), other = 1;\n"),
        ];
        let scripts = scripts.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let sources = Sources::of(scripts.into(), String::new()).unwrap();
        let find = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            sources.declaring(&names).map(str::to_owned)
        };
        assert_eq!(find(&["all", "test"]).as_deref(), Some("a.mjs"));
        assert_eq!(find(&["all"]), None);
        assert_eq!(find(&["all", "nothing"]), None);
        assert_eq!(find(&[]), None);
    }

    #[test]
    fn a_variable_is_kept_for_the_closure_that_mentions_it() {
        let script = "async function create() {\n  const model = new Model();\n  const id = 1;\n  const checksum = () => model;\n  cleanups.set(id, () => id);\n  later(() => {\n    id;\n  });\n  later(function () {\n    use(id);\n    use(large);\n  });\n  const large = 1;\n  return checksum(model);\n}\n";
        let scripts = vec![("case.js".to_owned(), script.to_owned())];
        let sources = Sources::of(scripts, String::new()).unwrap();
        let found = |line: usize, variable: &str| {
            let file = "case.js".to_owned();
            let (source, place) = sources.other_closure(&Place { file, line }, variable)?;
            Some((source, place.line))
        };
        let checksum = Some(("() => model".to_owned(), 4));
        assert_eq!(found(5, "model"), checksum);
        assert_eq!(found(6, "model"), checksum);
        assert_eq!(found(5, "id"), None, "it mentions it");
        assert_eq!(found(6, "id"), None, "it mentions it below");
        assert_eq!(found(5, "large"), Some(("later(function () {".to_owned(), 9)));
        assert_eq!(found(5, "other"), None);
        assert_eq!(found(5, "this"), None);
        assert_eq!(found(99, "model"), None);
    }

    #[test]
    fn a_place_is_one_in_a_script_that_ran() {
        let sources = sources();
        let position = |file: &str, line| SourcePosition {
            file: file.to_owned(),
            line,
            column: 0,
        };
        let at = |file, line| sources.place(&position(file, line)).map(|place| place.to_string());
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
        let line = |line| {
            sources.function(&Place {
                file: "js/cases/case/test.js".to_owned(),
                line,
            })
        };
        assert_eq!(line(5), Some("() => print(`a`)"));
        assert_eq!(line(6), Some("f(() => 1, () => 1)"));
        assert_eq!(line(2), Some("class Early {"));
        assert_eq!(line(0), None);
        assert_eq!(line(99), None);
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
