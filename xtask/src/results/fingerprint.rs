//! What a retaining path is known by again, in another run, after an edit elsewhere, on another machine.

use crate::base::stable_hash::StableHash;
use crate::results::explanations::{PathRow, StepRow};
use regex::Regex;
use std::sync::LazyLock;

/// What engines number anew in each run: an address, an object's number, an index, and a long number.
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"0[xX][0-9a-fA-F]+|[#@]\d+|\[(?:\d+|\?)\]|\d{4,}").expect("the pattern is a constant")
});

/// Kinds of edges whose names are only numbers, or are the program's data.
const UNNAMED: [&str; 4] = ["element", "table-slot", "set-element", "map-value"];

/// The fingerprint of a path: of its root, of the kind and name of each edge, and of the class and file of each
/// object. Lines, indices, numbers of objects, addresses, the text of functions, and how many objects are kept do not count.
pub fn fingerprint(path: &PathRow) -> String {
    let mut hash = StableHash::default();
    hash.add(&root(&path.root));
    for step in &path.steps {
        hash.add(&step.kind);
        hash.add(&edge(step));
        hash.add(&without_numbers(&step.node));
        hash.add(&file(step.place.as_deref().unwrap_or_default()));
    }
    if let Some(memory) = &path.linear_memory {
        hash.add(&memory.field);
        hash.add(&memory.what);
    }
    hash.digits()
}

/// A root; of a module the file alone.
fn root(name: &str) -> String {
    match name.strip_prefix("module ") {
        Some(path) => format!("module {}", file(path)),
        None => without_numbers(name),
    }
}

/// The name of an edge, without what is another in each run.
pub fn edge(step: &StepRow) -> String {
    match UNNAMED.contains(&step.kind.as_str()) {
        true => "[]".to_owned(),
        false => without_numbers(&step.label),
    }
}

/// Text without the numbers that engines give anew in each run: `WasmObject #`.
pub fn without_numbers(text: &str) -> String {
    let kept = |found: &regex::Captures<'_>| match found[0].as_bytes()[0] {
        b'[' => "[]".to_owned(),
        mark @ (b'#' | b'@') => char::from(mark).to_string(),
        _ => "0".to_owned(),
    };
    NUMBERED.replace_all(text, kept).into_owned()
}

/// The file of a place such as `src/a.js:7` or `file:///home/x/a.js:7:3`. Of an absolute path only the last part is
/// the same on every machine.
pub fn file(place: &str) -> String {
    let mut path = place;
    while let Some((before, number)) = path.rsplit_once(':')
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        path = before;
    }
    let is_absolute = path.starts_with('/') || path.contains("://");
    let name = path.rsplit('/').next().filter(|_| is_absolute);
    name.unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::explanations::LinearMemoryRow;

    fn step(kind: &str, label: &str, node: &str, place: &str) -> StepRow {
        StepRow {
            kind: kind.to_owned(),
            label: label.to_owned(),
            node: node.to_owned(),
            source: Some("() => 1".to_owned()),
            place: Some(place.to_owned()).filter(|place| !place.is_empty()),
        }
    }

    fn path() -> PathRow {
        PathRow {
            wrapper: "WasmObject #1".to_owned(),
            count: 9000,
            growth: Some("grows".to_owned()),
            root: "global".to_owned(),
            steps: vec![
                step("property", "table", "ObjectTable", "js/lib/runtime.js:61"),
                step("element", "[0]", "function", "js/cases/m1/test.js:8"),
                step("captured-variable", "obj", "WasmObject #1", "js/lib/runtime.js:162"),
            ],
            linear_memory: Some(LinearMemoryRow {
                bytes: Some(8),
                field: ".obj".to_owned(),
                what: "callback".to_owned(),
                handle: Some(0),
                closes: Some(1),
            }),
            cut: Some(1),
            leaks: true,
        }
    }

    /// A path with one change.
    fn changed(change: impl Fn(&mut PathRow)) -> String {
        let mut path = path();
        change(&mut path);
        fingerprint(&path)
    }

    #[test]
    fn it_is_the_same_on_every_machine_and_in_every_version() {
        assert_eq!(fingerprint(&path()), "e47735b899a9baef");
    }

    #[test]
    fn what_changes_from_run_to_run_does_not_count() {
        let same = fingerprint(&path());
        for other in [
            changed(|path| path.count = 7),
            changed(|path| path.wrapper = "WasmObject #77".to_owned()),
            changed(|path| path.steps[2].node = "WasmObject #77".to_owned()),
            changed(|path| path.steps[1].label = "[40000]".to_owned()),
            changed(|path| path.steps[1].label = "[?]".to_owned()),
            changed(|path| path.steps[1].source = Some("() => 2".to_owned())),
            changed(|path| path.steps[1].place = Some("js/cases/m1/test.js:9:1".to_owned())),
            changed(|path| path.linear_memory.as_mut().unwrap().handle = Some(7)),
            changed(|path| path.cut = None),
        ] {
            assert_eq!(other, same);
        }
        let at = |place: &str| changed(|path| path.steps[0].place = Some(place.to_owned()));
        assert_eq!(at("/home/one/lib/a.js:1"), at("/srv/two/a.js:22"));
        let of = |root: &str| changed(|path| path.root = root.to_owned());
        assert_eq!(of("module /home/one/test.mjs"), of("module /srv/two/test.mjs"));
        assert_eq!(of("root: Handle 0x7f01"), of("root: Handle 0xbeef"));
        assert_eq!(at("file:///home/one/a.js:1:2"), at("/srv/two/a.js"));
    }

    #[test]
    fn what_identifies_the_path_counts() {
        let same = fingerprint(&path());
        for other in [
            changed(|path| path.root = "module test.mjs".to_owned()),
            changed(|path| path.steps[0].label = "registry".to_owned()),
            changed(|path| path.steps[0].node = "Map".to_owned()),
            changed(|path| path.steps[0].place = Some("js/lib/other.js:61".to_owned())),
            changed(|path| path.steps[1].kind = "internal".to_owned()),
            changed(|path| path.linear_memory = None),
            changed(|path| path.steps.truncate(2)),
            changed(|path| path.steps.swap(0, 1)),
        ] {
            assert_ne!(other, same);
        }
    }

    #[test]
    fn numbers_are_left_out_and_names_are_not() {
        for (text, wanted) in [
            ("WasmObject #1", "WasmObject #"),
            ("Object @91234", "Object @"),
            ("root: 0x7f00aa", "root: 0"),
            ("[12]", "[]"),
            ("Vec3 of Widget2", "Vec3 of Widget2"),
            ("id 123456", "id 0"),
            (".x1", ".x1"),
        ] {
            assert_eq!(without_numbers(text), wanted);
        }
        for (place, wanted) in [
            ("a/b.js:1:2", "a/b.js"),
            ("b.js", "b.js"),
            ("", ""),
            ("../b.js:", "../b.js:"),
            ("/x/y z/b.js:7", "b.js"),
        ] {
            assert_eq!(file(place), wanted);
        }
    }
}
