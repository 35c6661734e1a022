//! docs/guide.md, followed in an empty directory: its files, its commands, and what they print.

use crate::world::{Answer, World, repository};
use regex_lite::Regex;
use std::fs;
use std::io::Write;
use std::path::Path;

/// What differs from run to run: counts of calls and objects, times, bytes by blocks, and
/// the line within a function, of which SpiderMonkey has one before and one after its code is compiled.
const VARIES: &[(&str, &str)] = &[
    (r"over [\d,]+ calls in rounds of [\d,]+", "over N calls"),
    (r"all \d+ ", "all N "),
    (r"\+[\d.]+ B of", "+N B of"),
    (r"made by ([^(]*) \(([\w.]+):\d+\)", "made by $1 ($2)"),
    (r"< ([^(]*) \(([\w.]+):\d+\)", "< $1 ($2)"),
    // What stays of a set that was emptied.
    (r"ok +(bounded|collected) *", "ok "),
];

/// A step of a reader: a file to write, or a command with what it prints.
#[derive(Debug)]
enum Step<'p> {
    File { name: &'p str, text: &'p str },
    Command { arguments: Vec<&'p str>, printed: &'p str },
}

/// The steps of a page, by its fenced blocks.
fn steps(page: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = page;
    while let Some((_, block)) = rest.split_once("\n```") {
        let (information, block) = block.split_once('\n').expect("a fence ends its line");
        let (text, after) = block.split_once("```\n").expect("a block has an end");
        rest = after;
        if let Some(name) = information.strip_prefix("js ") {
            steps.push(Step::File { name, text });
        } else {
            assert_eq!(information, "console", "a block is a file or a command");
            let (command, printed) = text.split_once('\n').expect("a command prints something");
            let command = command.strip_prefix("$ wasm-leaks ").expect("it is ours");
            let arguments = command.split(' ').collect();
            steps.push(Step::Command { arguments, printed });
        }
    }
    steps
}

/// The lines, without what varies, and each without the order of what it lists.
fn lines(text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    for (pattern, instead) in VARIES {
        text = Regex::new(pattern).unwrap().replace_all(&text, *instead).into_owned();
    }
    let in_order = |line: &str| match line.trim_start().starts_with('+') {
        true => {
            // The unit ends the list of kinds, and not always the same kind.
            let line = line.replacen(" a call", "", 1);
            let (kinds, place) = line.split_once(", made by").unwrap_or((&line, ""));
            let mut kinds: Vec<&str> = kinds.split(',').map(str::trim).collect();
            kinds.sort_unstable();
            format!("{} @{place}", kinds.join(", "))
        }
        false => line.to_owned(),
    };
    text.lines().map(in_order).collect()
}

/// Asserts that the page shows this answer: all of it, or all up to a blank line.
#[track_caller]
fn compare(arguments: &[&str], printed: &str, answer: &Answer) {
    let failed = printed.contains("FAILED");
    answer.expect(i32::from(failed), &[]);
    let shown = lines(printed);
    let mut actual = lines(&answer.stdout);
    if !failed {
        actual.truncate(shown.len());
    }
    assert_eq!(shown, actual, "docs/guide.md: wasm-leaks {}", arguments.join(" "));
}

fn found_here(world: &World, page: &str) -> bool {
    let answer = world.run(&["engines"]);
    // All programs that the page names in its first table.
    let table = page.lines().find(|line| line.starts_with("case ")).unwrap();
    let programs = table.split("  ").filter_map(|cell| cell.trim().split_once(": "));
    programs.into_iter().all(|(_, program)| answer.stdout.contains(program))
}

#[test]
fn the_guide_is_true() {
    let world = World::new().with_this_machine();
    let page = fs::read_to_string(repository().join("docs/guide.md")).unwrap();
    if !found_here(&world, &page) {
        let skipped = "docs/guide.md shows other versions of the engines";
        assert!(std::env::var_os("WASM_LEAKS_REQUIRE_PAGE").is_none(), "{skipped}");
        let _ = writeln!(std::io::stderr(), "skipped the_guide_is_true: {skipped}");
        return;
    }
    let directory = world.file("an empty directory");
    for step in steps(&page) {
        match step {
            Step::File { name, text } => write(&directory.join(name), text),
            Step::Command { arguments, printed } => {
                let output = world.installed(&arguments).output().unwrap();
                compare(&arguments, printed, &Answer::of(output));
            }
        }
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_guide_that_is_wrong_is_noticed() {
    let page = fs::read_to_string(repository().join("docs/guide.md")).unwrap();
    let printed = steps(&page).into_iter().find_map(|step| match step {
        Step::Command { printed, .. } => Some(printed),
        Step::File { .. } => None,
    });
    let printed = printed.expect("it has a command");
    for (from, to, same) in [
        ("79,926 calls", "1,994 calls", true),
        ("+33.1 B", "+32.8 B", true),
        ("+1.00 scope, +1.00 function (panel.js:16)", "+1.00 function (panel.js:16), +1.00 scope", true),
        ("+1.00 Panel", "+2.00 Panel", false),
        ("+1.00 Panel", "+1.00 Pane", false),
        ("made by Panel (panel.js", "made by Panel (other.js", false),
        ("leaks, over", "bounded, over", false),
        ("function (panel.js:16)", "function (panel.js:17)", false),
    ] {
        assert!(printed.contains(from), "`{from}` is not in the guide");
        let other = printed.replacen(from, to, 1);
        assert_eq!(lines(printed) == lines(&other), same, "`{from}` as `{to}`");
    }
}
