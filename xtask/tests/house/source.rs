//! Reads sources as text: their imports, their types, their headers.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The wings that are crates of their own: paths into them begin with their names.
pub const LIBRARIES: &[&str] = &["heap", "instrument"];

/// A source file.
pub struct Source {
    /// The path that is shown: `run/process.rs`.
    pub file: String,
    /// Its module: `["run", "process"]`; that of `run/mod.rs` is `["run"]`.
    pub path: Vec<String>,
    pub text: String,
    /// The text without comments and strings.
    code: String,
}

impl Source {
    pub fn of(file: &str, text: &str) -> Source {
        let path = file
            .trim_end_matches(".rs")
            .trim_end_matches("/mod")
            .trim_end_matches("/lib");
        Source {
            file: file.to_owned(),
            path: path.split('/').map(str::to_owned).collect(),
            text: text.to_owned(),
            code: code(text),
        }
    }

    /// Every file below a directory; `wing` is put before its name.
    pub fn below(directory: &Path, wing: &str) -> Vec<Source> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let name = match wing {
                "" => name.to_owned(),
                _ => format!("{wing}/{name}"),
            };
            if path.is_dir() {
                found.extend(Source::below(&path, &name));
            } else if name.ends_with(".rs") {
                found.push(Source::of(&name, &fs::read_to_string(&path).unwrap()));
            }
        }
        found.sort_by(|a, b| a.file.cmp(&b.file));
        found
    }

    fn wing(&self) -> &str {
        &self.path[0]
    }

    /// The modules that it refers to, by their paths from the crate's root; those of a library begin with its name.
    fn imports(&self) -> BTreeSet<Vec<String>> {
        let (code, tests) = self.code.split_once("mod tests {").unwrap_or((&self.code, ""));
        let mut found = self.imports_in(code, &self.path);
        found.extend(self.imports_in(tests, &[&self.path[..], &["tests".to_owned()]].concat()));
        found.extend(self.children());
        found
    }

    /// The modules that a part of the code refers to; the code is in the module of this path.
    fn imports_in(&self, code: &str, module: &[String]) -> BTreeSet<Vec<String>> {
        let mut found = BTreeSet::new();
        let library = LIBRARIES.iter().find(|library| self.wing() == **library);
        let libraries = LIBRARIES.join("|");
        let path = format!(r"\b(crate|super|self|{libraries})\s*::\s*((?:\w+\s*::\s*)*(?:\w+|\{{))");
        let path = Regex::new(&path).unwrap();
        for start in path.captures_iter(code) {
            let whole = start.get(0).unwrap();
            // `a::heap::b` and `x.heap` are not the crate.
            let before = code[..whole.start()].trim_end();
            if before.ends_with("::") || before.ends_with('.') {
                continue;
            }
            let mut words: Vec<String> = whole.as_str().split("::").map(|word| word.trim().to_owned()).collect();
            let braces = words.last().is_some_and(|word| word == "{");
            if braces {
                words.pop();
            }
            let mut base: Vec<String> = match words[0].as_str() {
                "crate" => library.iter().map(|library| (**library).to_owned()).collect(),
                word if library == Some(&word) => continue,
                word if LIBRARIES.contains(&word) => vec![word.to_owned()],
                _ => module.to_vec(),
            };
            for word in &words {
                match word.as_str() {
                    "super" => drop(base.pop()),
                    "crate" | "self" if std::ptr::eq(word, &words[0]) => {}
                    library if std::ptr::eq(word, &words[0]) && LIBRARIES.contains(&library) => {}
                    _ => base.push(word.clone()),
                }
            }
            match braces {
                true => group(&code[whole.end()..], &base, &mut found),
                false => drop(found.insert(base)),
            }
        }
        found
    }

    /// The modules declared here that paths without `crate` or `self` begin with.
    fn children(&self) -> Vec<Vec<String>> {
        let declared = Regex::new(r"(?m)^(?:pub )?mod (\w+);").unwrap();
        let child = |name: &str| {
            let used = Regex::new(&format!(r"(?:^|[^:\w])\s*\b{name}\s*::")).unwrap();
            let is_root = self.wing() == "lib" || (self.path.len() == 1 && LIBRARIES.contains(&self.wing()));
            let parent = if is_root { &[][..] } else { &self.path[..] };
            used.is_match(&self.code)
                .then(|| [parent, &[name.to_owned()][..]].concat())
        };
        let names = declared.captures_iter(&self.code);
        names.filter_map(|found| child(&found[1])).collect()
    }
}

/// The paths of a group of imports, `{a, b::{c, d}}`, from behind its first brace.
fn group(text: &str, base: &[String], found: &mut BTreeSet<Vec<String>>) {
    let mut stack = vec![base.to_vec()];
    let mut path = base.to_vec();
    let token = Regex::new(r"\w+|[{},]").unwrap();
    for token in token.find_iter(text) {
        match token.as_str() {
            "{" => stack.push(path.clone()),
            "," | "}" => {
                found.insert(path.clone());
                if token.as_str() == "}" {
                    stack.pop();
                }
                match stack.last() {
                    Some(base) => path = base.clone(),
                    None => return,
                }
            }
            "self" => {}
            word => path.push(word.to_owned()),
        }
    }
}

/// The text without comments, strings and characters in quotes.
fn code(text: &str) -> String {
    let skipped = Regex::new(r#"(?s)//[^\n]*|/\*.*?\*/|r#".*?"\#|r"[^"]*"|"(?:\\.|[^"\\])*"|'(?:\\.[^']*|[^'\\])'"#);
    skipped.unwrap().replace_all(text, " ").into_owned()
}

/// Imports of a wing from one further down in the list.
pub fn upward(sources: &[Source], wings: &[&str]) -> Vec<String> {
    let rank = |wing: &str| wings.iter().position(|known| *known == wing);
    let mut found = Vec::new();
    for source in sources {
        let Some(own) = rank(source.wing()) else {
            found.push(format!("{}: `{}` is not a wing", source.file, source.wing()));
            continue;
        };
        for import in source.imports() {
            let other = import.first().and_then(|wing| rank(wing));
            if other.is_some_and(|other| other > own) {
                found.push(format!("{} knows `{}`", source.file, import.join("::")));
            }
        }
    }
    found
}

/// Files that import each other in a ring: each ring is the names of its files.
pub fn rings(sources: &[Source]) -> Vec<String> {
    let module = |path: &[String]| {
        let is = |source: &&Source| path.starts_with(&source.path);
        // The deepest module that the path leads into.
        let deepest = sources.iter().filter(is).max_by_key(|source| source.path.len());
        deepest.map(|source| source.file.as_str())
    };
    let mut reach: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in sources {
        let imports = source.imports();
        let known = imports.iter().filter_map(|path| module(path));
        // A module may use what its own `mod.rs` defines.
        let known = known.filter(|file| *file != source.file);
        reach.insert(&source.file, known.collect());
    }
    // The transitive closure, until nothing is added.
    loop {
        let before = reach.clone();
        for known in reach.values_mut() {
            let more: Vec<&str> = known
                .iter()
                .flat_map(|file| before.get(file))
                .flatten()
                .copied()
                .collect();
            known.extend(more);
        }
        if before == reach {
            break;
        }
    }
    let in_ring = |file: &&&str| reach[**file].contains(**file);
    let mut found: BTreeSet<String> = BTreeSet::new();
    for file in reach.keys().filter(in_ring) {
        let ring = reach
            .keys()
            .filter(|other| reach[*file].contains(*other) && reach[*other].contains(*file));
        found.insert(ring.copied().collect::<Vec<_>>().join(", "));
    }
    found.into_iter().collect()
}

/// Files that do not begin with their purpose.
pub fn headless(sources: &[Source]) -> Vec<String> {
    let has_header = |source: &&Source| source.text.lines().next().is_some_and(|line| line.starts_with("//! "));
    let without = sources.iter().filter(|source| !has_header(source));
    without.map(|source| source.file.clone()).collect()
}

/// Wings whose `mod.rs` does not say in one to five lines what comes in and what goes out.
pub fn silent_wings(sources: &[Source], wings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let is_wing =
        |source: &&Source| source.file.ends_with("/mod.rs") && wings.contains(&source.path.join("/").as_str());
    for source in sources.iter().filter(is_wing) {
        let header = source.text.lines().take_while(|line| line.starts_with("//!"));
        let header: Vec<&str> = header.filter(|line| line.len() > 3).collect();
        if !(1..=5).contains(&header.len()) {
            found.push(format!("{}: {} lines, not 1 to 5", source.file, header.len()));
        }
        for word in ["In:", "Out:"] {
            if !header.iter().any(|line| line.contains(word)) {
                found.push(format!("{}: no `{word}`", source.file));
            }
        }
    }
    found
}

/// Lines that a merge left behind.
pub fn conflicted(sources: &[Source]) -> Vec<String> {
    let marks = Regex::new(r"^(?:<<<<<<<|>>>>>>>|\|\|\|\|\|\|\|)(?: |$)|^=======$").unwrap();
    let mut found = Vec::new();
    for source in sources {
        let lines = source.text.lines().enumerate().filter(|(_, line)| marks.is_match(line));
        found.extend(lines.map(|(index, _)| format!("{}:{}", source.file, index + 1)));
    }
    found
}

/// Types that share a name; types in tests do not count.
pub fn doubled_types(sources: &[Source]) -> Vec<String> {
    let definition = Regex::new(r"(?m)^(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|type|union) (\w+)").unwrap();
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in sources
        .iter()
        .filter(|source| !source.path.iter().any(|module| module == "tests"))
    {
        for found in definition.captures_iter(&source.text) {
            places
                .entry(found.get(1).unwrap().as_str())
                .or_default()
                .push(&source.file);
        }
    }
    places.retain(|_, files| files.len() > 1);
    let line = |(name, files): (&str, Vec<&str>)| format!("`{name}` in {}", files.join(", "));
    places.into_iter().map(line).collect()
}
