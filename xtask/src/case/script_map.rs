//! The source map of one script: which place of which source each of its places is, and what
//! its names were there. Pure.

use anyhow::{Context, Result, ensure};
use oxc_sourcemap::{JSONSourceMap, SourceMap};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A script's source map.
#[derive(Debug, Default)]
pub struct ScriptMap {
    /// The sources, as the map names them, and their texts if it has them.
    pub sources: Vec<SourceText>,
    /// In the order of the script.
    places: Vec<MappedPlace>,
    /// Names of the script that are others in the sources, by where they stand in the script.
    renamed: HashMap<String, Vec<Renamed>>,
}

/// A source of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    pub name: String,
    pub text: Option<String>,
}

/// Lines and columns begin with 0 here, as they do in source maps.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MappedPlace {
    line: u32,
    column: u32,
    source: usize,
    source_line: u32,
    source_column: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Renamed {
    line: u32,
    column: u32,
    name: String,
    /// It names a class or a function here, or makes an object of one.
    is_class: bool,
}

/// A place in a source, by the number of the source. Lines and columns begin with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourcePlace {
    pub source: usize,
    pub line: u32,
    pub column: u32,
}

static SELF_NAMED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^var ([\w$]+) = class (_[\w$]+) ").expect("the pattern is a constant"));

/// A map, or several of which each begins at a place of the script.
#[derive(Deserialize)]
struct IndexMap {
    sections: Vec<IndexSection>,
}

#[derive(Deserialize)]
struct IndexSection {
    offset: SectionOffset,
    map: Value,
}

#[derive(Deserialize, Clone, Copy, Default)]
struct SectionOffset {
    line: u32,
    column: u32,
}

impl ScriptMap {
    /// Reads the map of a script.
    pub fn parse(script: &str, json: &[u8]) -> Result<ScriptMap> {
        let text = String::from_utf8_lossy(json);
        // Against a page that loads it as a script it may begin with a line that is none.
        let text = match text.strip_prefix(")]}") {
            Some(rest) => rest.split_once('\n').map_or("", |(_, json)| json),
            None => &text,
        };
        let value: Value = serde_json::from_str(text).context("it is not JSON")?;
        let mut found = ScriptMap::default();
        let lines: Vec<&str> = script.split('\n').collect();
        if value.get("sections").is_some() {
            let index = IndexMap::deserialize(&value).context("its sections are malformed")?;
            for section in index.sections {
                found.add(section.map, section.offset, &lines)?;
            }
        } else {
            found.add(value, SectionOffset::default(), &lines)?;
        }
        found.places.sort_by_key(|place| (place.line, place.column));
        Ok(found)
    }

    fn add(&mut self, mut value: Value, offset: SectionOffset, lines: &[&str]) -> Result<()> {
        // A source without a name is `null`.
        for source in value
            .get_mut("sources")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if source.is_null() {
                *source = Value::from("");
            }
        }
        let json = JSONSourceMap::deserialize(value).context("it is no source map of version 3")?;
        let map = SourceMap::from_json(json).context("its mappings are malformed")?;
        let first = self.sources.len();
        let root = map.get_source_root().unwrap_or_default().trim_end_matches('/');
        let texts: Vec<Option<&str>> = map.get_source_contents().collect();
        for (number, source) in map.get_sources().enumerate() {
            self.sources.push(SourceText {
                name: match root {
                    "" => source.to_owned(),
                    root => format!("{root}/{source}"),
                },
                text: texts.get(number).copied().flatten().map(str::to_owned),
            });
        }
        for token in map.get_tokens() {
            let line = token.get_dst_line() + offset.line;
            let column = match token.get_dst_line() {
                0 => token.get_dst_col().saturating_add(offset.column),
                _ => token.get_dst_col(),
            };
            let Some(source) = token.get_source_id() else { continue };
            self.places.push(MappedPlace {
                line,
                column,
                source: first + source as usize,
                source_line: token.get_src_line(),
                source_column: token.get_src_col(),
            });
            if let Some(name) = token.get_name_id().and_then(|id| map.get_name(id))
                && let Some((written, is_class)) = lines.get(line as usize).and_then(|text| name_at(text, column))
            {
                self.renamed.entry(written.to_owned()).or_default().push(Renamed {
                    line,
                    column,
                    name: name.to_owned(),
                    is_class,
                });
            }
        }
        ensure!(
            self.places.iter().all(|place| place.source < self.sources.len()),
            "it refers to a source that it does not have"
        );
        Ok(())
    }

    /// Adds the names that esbuild gives to classes which refer to themselves, and of which its map
    /// says nothing: `var Widget = class _Widget {`.
    pub fn add_names_of_esbuild(&mut self, script: &str) {
        for found in SELF_NAMED.captures_iter(script) {
            let name = self.class_name(&found[1]).unwrap_or(&found[2][1..]).to_owned();
            let renamed = Renamed {
                line: 0,
                column: 0,
                name,
                is_class: true,
            };
            self.renamed.entry(found[2].to_owned()).or_default().push(renamed);
        }
    }

    /// The place in a source of a place in the script. A column of 0 is not known: then it is
    /// that of the first place of the line.
    pub fn place(&self, line: u32, column: u32) -> Option<SourcePlace> {
        let line = line.checked_sub(1)?;
        let after = match column {
            0 => self.places.partition_point(|place| place.line < line) + 1,
            _ => self
                .places
                .partition_point(|place| (place.line, place.column) < (line, column)),
        };
        // What stands before the first place of a line belongs to it.
        let before = after.checked_sub(1).and_then(|at| self.places.get(at));
        let found = before.filter(|place| place.line == line);
        let found = found.or_else(|| self.places.get(after).filter(|place| place.line == line))?;
        Some(SourcePlace {
            source: found.source,
            line: found.source_line + 1,
            column: found.source_column + 1,
        })
    }

    /// The name in the source of a function at this place: of one that has other names elsewhere,
    /// the last before it. Engines join names, as `Widget.make/<`: each is one.
    pub fn function_name(&self, name: &str, line: u32, column: u32) -> String {
        self.each_word(name, |found| {
            let at = (line.saturating_sub(1), column.max(1) - 1);
            let before = found.iter().rev().find(|one| (one.line, one.column) <= at);
            Some(&before.or(found.first())?.name)
        })
    }

    /// The name in the sources of a class, wherever it is; `None` if the script has it not, or for several.
    pub fn class_name(&self, name: &str) -> Option<&str> {
        let found = self.renamed.get(name)?;
        let of = |only_classes: bool| {
            let mut names = found.iter().filter(|one| one.is_class || !only_classes);
            let first = names.next()?;
            names.all(|one| one.name == first.name).then_some(first.name.as_str())
        };
        of(true).or_else(|| of(false))
    }

    fn each_word<'a>(&'a self, name: &str, choose: impl Fn(&'a [Renamed]) -> Option<&'a String>) -> String {
        let mut text = String::new();
        let mut rest = name;
        while !rest.is_empty() {
            let is_word = rest.starts_with(is_of_name);
            let end = rest.find(|c| is_of_name(c) != is_word).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let found = self.renamed.get(word).and_then(|found| choose(found));
            text += found.map_or(word, String::as_str);
            rest = after;
        }
        text
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The name that stands in a line at a column, which counts units of UTF-16; and whether it is
/// that of a class or a function.
fn name_at(line: &str, column: u32) -> Option<(&str, bool)> {
    let start = match line.is_ascii() {
        true => column as usize,
        false => byte_of(line, column)?,
    };
    let (before, rest) = (line.get(..start)?, line.get(start..)?);
    let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
    let after = rest[end..].trim_start();
    let keywords = ["class ", "function ", "function* ", "new "];
    let is_class = keywords.iter().any(|keyword| before.ends_with(keyword))
        || after
            .strip_prefix('=')
            .is_some_and(|value| value.trim_start().starts_with("class"));
    (end > 0).then_some((&rest[..end], is_class))
}

fn byte_of(line: &str, column: u32) -> Option<usize> {
    let mut units = 0;
    let mut places = line.char_indices().chain([(line.len(), '\0')]);
    places
        .find(|(_, character)| {
            let is_it = units >= column as usize;
            units += character.len_utf16();
            is_it
        })
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A map of a script of two lines: `class a{}function b(){new a}`, `class c{}`.
    fn map() -> Value {
        // Places: 0:6 a → 0:6 Widget; 0:18 b → 2:9 makeWidget; 0:26 a → 3:13 Widget; 1:6 c → other 0:6 Gadget.
        json!({ "version": 3, "sources": ["app.ts", null], "names": ["Widget", "makeWidget", "Gadget"],
            "sourcesContent": ["one", null], "mappings": "MAAMA,YAEGC,QACID;MCHPE" })
    }

    const SCRIPT: &str = "class a{}function b(){new a}\nclass c{}";

    fn parsed(value: &Value) -> ScriptMap {
        ScriptMap::parse(SCRIPT, value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn each_place_has_one_in_a_source() {
        let map = parsed(&map());
        assert_eq!(map.sources[0].text.as_deref(), Some("one"));
        for (line, column, wanted) in [
            (1, 7, Some((0, 1, 7))),
            (1, 8, Some((0, 1, 7))),
            (1, 19, Some((0, 3, 10))),
            (1, 1, Some((0, 1, 7))),
            (1, 0, Some((0, 1, 7))),
            (1, 9999, Some((0, 4, 14))),
            (2, 7, Some((1, 1, 7))),
            (3, 1, None),
            (0, 0, None),
            (u32::MAX, u32::MAX, None),
        ] {
            let found = map.place(line, column);
            let found = found.map(|place| (place.source, place.line, place.column));
            assert_eq!(found, wanted, "{line}:{column}");
        }
    }

    #[test]
    fn names_are_those_of_the_source() {
        let map = parsed(&map());
        for (name, wanted) in [
            ("b", "makeWidget"),
            ("a.b/<", "Widget.makeWidget/<"),
            ("ab", "ab"),
            ("", ""),
            ("é.b", "é.makeWidget"),
        ] {
            assert_eq!(map.function_name(name, 1, 20), wanted);
        }
        assert_eq!(map.class_name("a"), Some("Widget"));
        assert_eq!(map.class_name("c"), Some("Gadget"));
        assert_eq!(map.class_name("Object"), None);
    }

    #[test]
    fn classes_that_refer_to_themselves_have_the_name_of_the_source() {
        let script = "var Widget2 = class _Widget {\nvar Box = class _Box {";
        let json = json!({ "version": 3, "sources": ["s"], "names": ["Widget"], "mappings": "IAAMA" });
        let mut map = ScriptMap::parse(script, json.to_string().as_bytes()).unwrap();
        map.add_names_of_esbuild(script);
        assert_eq!(map.class_name("_Widget"), Some("Widget"));
        assert_eq!(map.class_name("_Box"), Some("Box"));
    }

    #[test]
    fn a_name_of_several_is_the_last_one_before_the_function() {
        let script = "function a(){}\nfunction a(){}";
        let json = json!({ "version": 3, "sources": ["s"], "names": ["one", "two"], "mappings": "SAASA;SACAC" });
        let map = ScriptMap::parse(script, json.to_string().as_bytes()).unwrap();
        assert_eq!(map.function_name("a", 1, 11), "one");
        assert_eq!(map.function_name("a", 2, 11), "two");
        assert_eq!(map.class_name("a"), None);
    }

    #[test]
    fn the_sections_of_an_index_begin_where_they_say() {
        let part = |name: &str| json!({ "version": 3, "sources": [name], "names": [], "mappings": "AAAA;AACA" });
        let index = json!({ "version": 3, "sections": [
            { "offset": { "line": 0, "column": 0 }, "map": part("a.ts") },
            { "offset": { "line": 1, "column": 20 }, "map": part("b.ts") },
        ] });
        let map = parsed(&index);
        for (line, column, wanted) in [
            (1, 1, ("a.ts", 1)),
            (2, 5, ("a.ts", 2)),
            (2, 21, ("b.ts", 1)),
            (3, 1, ("b.ts", 2)),
        ] {
            let place = map.place(line, column).unwrap();
            assert_eq!(
                (map.sources[place.source].name.as_str(), place.line),
                wanted,
                "{line}:{column}"
            );
        }
    }

    #[test]
    fn a_broken_map_is_an_error() {
        for (json, wanted) in [
            ("", "not JSON"),
            ("[1]", "no source map"),
            (
                r#"{"version":2,"sources":[],"names":[],"mappings":""}"#,
                "no source map",
            ),
            (r#"{"version":3,"sources":[],"names":[],"mappings":"!"}"#, "malformed"),
            (
                r#"{"version":3,"sources":[],"names":[],"mappings":"AAAA"}"#,
                "malformed",
            ),
            (r#"{"version":3,"sections":[{"offset":{}}]}"#, "sections"),
        ] {
            let error = ScriptMap::parse(SCRIPT, json.as_bytes()).unwrap_err();
            assert!(format!("{error:#}").contains(wanted), "{json}: {error:#}");
        }
    }

    #[test]
    fn columns_count_units_of_utf_16() {
        assert_eq!(name_at("/*é😀*/ab=1", 7), Some(("ab", false)));
        assert_eq!(name_at("a", 9), None);
        assert_eq!(name_at("é", 9), None);
    }
}
