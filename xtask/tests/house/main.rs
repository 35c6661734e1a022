//! The house: wings that know only those above them, one type for each name, and
//! a header in every file.

mod source;

use source::{LIBRARIES, Source, conflicted, doubled_types, headless, rings, silent_wings, upward};
use std::path::Path;

/// The wings, each of which knows only those before it.
const WINGS: &[&str] = &[
    "heap",
    "instrument",
    "base",
    "measure",
    "run",
    "browser",
    "engine",
    "case",
    "guest",
    "cell",
    "results",
    "explain",
    "install",
    "show",
    "command",
    "measured",
    "lib",
    "main",
];

/// All sources of the program and of its libraries.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = Source::below(&root.join("xtask/src"), "");
    for library in LIBRARIES {
        sources.extend(Source::below(&root.join(library).join("src"), library));
    }
    assert!(sources.len() > 60, "the sources were not found");
    sources
}

#[test]
fn no_import_runs_upward() {
    assert_eq!(upward(&sources(), WINGS), [] as [String; 0]);
}

#[test]
fn no_import_runs_round() {
    assert_eq!(rings(&sources()), [] as [String; 0]);
}

#[test]
fn every_file_says_what_it_is_for() {
    assert_eq!(headless(&sources()), [] as [String; 0]);
}

#[test]
fn every_type_has_a_name_of_its_own() {
    assert_eq!(doubled_types(&sources()), [] as [String; 0]);
}

#[test]
fn every_wing_says_in_five_lines_what_it_knows() {
    assert_eq!(silent_wings(&sources(), WINGS), [] as [String; 0]);
}

#[test]
fn no_file_holds_the_marks_of_a_merge() {
    assert_eq!(conflicted(&sources()), [] as [String; 0]);
}

/// Sources that are not on disk.
fn made_up(files: &[(&str, &str)]) -> Vec<Source> {
    files.iter().map(|(file, text)| Source::of(file, text)).collect()
}

#[test]
fn an_import_that_runs_upward_is_found_however_it_is_written() {
    for text in [
        "use crate::show::table;",
        "use crate::{base::file, show::table::{self, columns}};",
        "fn f() { crate::show::table::columns(); }",
        "use super::super::show::table;",
        "fn f() { super::super::show::table::columns() }",
        "pub(crate) use crate::show::table as other;",
        "use heap::Heap;\nuse instrument::instrument;\nuse crate :: show :: table;",
    ] {
        let sources = made_up(&[("run/process.rs", text), ("show/table.rs", "")]);
        let found = upward(&sources, WINGS);
        assert!(!found.is_empty(), "{text}");
        assert!(found[0].starts_with("run/process.rs"), "{found:?}");
        assert!(found[0].contains("show::table"), "{found:?}");
    }
    // A comment, a string, or an import in the right direction is none.
    for text in [
        "// use crate::show::table;",
        "const S: &str = \"crate::show::table\";",
        "use crate::base::file;",
    ] {
        let sources = made_up(&[("run/process.rs", text), ("show/table.rs", ""), ("base/file.rs", "")]);
        assert_eq!(upward(&sources, WINGS), [] as [String; 0], "{text}");
    }
    // A library knows none of the program, and no other library that comes after it.
    let sources = made_up(&[("heap/a.rs", "use instrument::role::Role;"), ("instrument/role.rs", "")]);
    assert!(upward(&sources, WINGS)[0].starts_with("heap/a.rs"));
    let sources = made_up(&[("instrument/a.rs", "use heap::path::Paths;"), ("heap/path.rs", "")]);
    assert_eq!(upward(&sources, WINGS), [] as [String; 0]);
    let sources = made_up(&[("attic/x.rs", "")]);
    assert_eq!(upward(&sources, WINGS), ["attic/x.rs: `attic` is not a wing"]);
}

#[test]
fn a_ring_is_found() {
    let parent = [
        ("run/mod.rs", "mod a;\nuse a::A;"),
        ("run/a.rs", "use crate::run::Run;"),
    ];
    assert_eq!(rings(&made_up(&parent)), ["run/a.rs, run/mod.rs"]);
    let files = [
        ("run/a.rs", "use crate::run::b::B;"),
        ("run/b.rs", "use super::c::C;"),
        ("run/c.rs", "fn f() { crate::run::a::f() }"),
        ("run/d.rs", "use crate::run::a::A;"),
    ];
    assert_eq!(rings(&made_up(&files)), ["run/a.rs, run/b.rs, run/c.rs"]);
    assert_eq!(rings(&made_up(&files[1..])), [] as [String; 0]);
}

#[test]
fn a_missing_header_and_a_doubled_name_are_found() {
    let files = [
        ("run/a.rs", "//! What it is for.\nstruct Line;\nenum Kind {}"),
        (
            "show/b.rs",
            "// Not a header.\npub(crate) struct Line {}\ntrait Other {}",
        ),
        (
            "show/c.rs",
            "//!\n#[cfg(test)]\nmod tests { struct Kind; }\ntype Other = u8;",
        ),
    ];
    let sources = made_up(&files);
    assert_eq!(headless(&sources), ["show/b.rs", "show/c.rs"]);
    let doubled = doubled_types(&sources);
    assert_eq!(
        doubled,
        ["`Line` in run/a.rs, show/b.rs", "`Other` in show/b.rs, show/c.rs",]
    );
}

#[test]
fn a_wing_that_does_not_say_what_it_knows_is_found() {
    let said = "//! A wing.\n//!\n//! In: a file.\n//! Out: a type.\n//! Knows no cell.\n\nmod a;";
    for (text, found) in [
        (said.to_owned(), None),
        (
            format!("//! One.\n//! Two.\n{said}"),
            Some("run/mod.rs: 6 lines, not 1 to 5"),
        ),
        (said.replace("Out:", "Then:"), Some("run/mod.rs: no `Out:`")),
        (said.replace("In:", "First:"), Some("run/mod.rs: no `In:`")),
        ("mod a;".to_owned(), Some("run/mod.rs: 0 lines, not 1 to 5")),
        // Only the header counts.
        (
            "//! A wing.\n\n// In: a. Out: b.".to_owned(),
            Some("run/mod.rs: no `In:`"),
        ),
    ] {
        let sources = made_up(&[("run/mod.rs", &text), ("run/a.rs", "")]);
        assert_eq!(
            silent_wings(&sources, WINGS).first().map(String::as_str),
            found,
            "{text}"
        );
    }
}

#[test]
fn the_marks_of_a_merge_are_found() {
    for mark in ["<<<<<<< ours", "=======", ">>>>>>> theirs", "||||||| base"] {
        let text = format!("fn f() {{}}\n{mark}\nfn g() {{}}");
        assert_eq!(conflicted(&made_up(&[("run/a.rs", &text)])), ["run/a.rs:2"], "{mark}");
    }
    let text = "//! A heading\n//! =======\nlet a = \"<<<<<<< x\";";
    assert_eq!(conflicted(&made_up(&[("run/a.rs", text)])), [] as [String; 0]);
}
