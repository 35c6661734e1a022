//! docs/guide.md, followed in an empty directory: its files, its commands, and what they print.

use crate::required;
use crate::world::{Answer, World, repository};
use regex::Regex;
use std::fs;
use std::io::Write;
use std::path::Path;

/// What differs from run to run, and what stands for it: counts, times, rates of bytes, where a
/// program lies, which of the equal objects is shown, and the line within a function, of which
/// SpiderMonkey has one before and one after its code is compiled.
const VARIES: &[(&str, &str)] = &[
    (r"over [\d,]+ calls in rounds of [\d,]+", "over N calls"),
    (r"; at \d+ of \d+ readings the collector came to no end", ""),
    (r"all \d+ ", "all N "),
    // What a page has under way may hold one of them.
    (r"\d+ of \d+ (\w+ that are new)", "all N $1"),
    (r"\[\d+\] *", "[N] "),
    (r"(\n +└ \w+) +", "$1 "),
    (r"(made by|grown by|<) (\w+) \(([\w.]+):\d+\)", "$1 $2 ($3)"),
    (r"\+[\d.]+ (?:B|KiB|MiB) of", "+N B of"),
    (r"chromium [\d.]+ ", "chromium "),
    // SpiderMonkey's shell counts the elements of a large array only where they have just moved.
    (r"\n *\+N B of Array a call[^\n]*", ""),
    (r", \+N B of objects", ""),
    (r"--engine (\w+)=\S+", "--engine $1"),
    (r"in [\d.]+ s\n", "in N s\n"),
    // Where nothing grows, a cache of the engine's own may be seen or not.
    (r"ok +(bounded|collected) *", "ok "),
    (r": (bounded|collected), over", ": ok, over"),
    (r"\n[^\n]* at most[^\n]*", ""),
];

/// A step of a reader: a file to write, packages to get, or a command with what it prints.
#[derive(Debug)]
enum Step<'p> {
    File { name: &'p str, text: &'p str },
    Npm { arguments: Vec<&'p str> },
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
        if let Some((_, name)) = information.split_once(' ') {
            steps.push(Step::File { name, text });
        } else {
            assert_eq!(information, "console", "a block is a file or a command");
            let (command, printed) = text.split_once('\n').expect("a command ends its line");
            if let Some(command) = command.strip_prefix("$ npm ") {
                let arguments = command.split(' ').collect();
                steps.push(Step::Npm { arguments });
                continue;
            }
            let command = command.strip_prefix("$ wasm-leaks ").expect("it is ours");
            let arguments = command.split(' ').collect();
            steps.push(Step::Command { arguments, printed });
        }
    }
    steps
}

/// The lines, without what varies, and the lists in them in one order; and so are lines of what grows, unless the page leaves
/// some out, so that those that it shows are in the order of the engine.
fn lines(text: &str, has_all: bool) -> Vec<String> {
    let mut text = text.to_owned();
    for (pattern, instead) in VARIES {
        text = Regex::new(pattern).unwrap().replace_all(&text, *instead).into_owned();
    }
    let mut lines: Vec<String> = text.lines().map(in_order).collect();
    // What grows at the same rate has no order.
    if has_all {
        for some in lines.chunk_by_mut(|above, below| above.starts_with('+') && below.starts_with('+')) {
            some.sort_unstable();
        }
    }
    lines
}

/// A line about what grows, with its kinds sorted; any other as it is.
fn in_order(line: &str) -> String {
    if !line.trim_start().starts_with('+') {
        return line.to_owned();
    }
    let (kinds, place) = line.split_once(" a call").unwrap_or((line, ""));
    let mut kinds: Vec<&str> = kinds.split(", ").map(str::trim).collect();
    kinds.sort_unstable();
    format!("{} a call{place}", kinds.join(", "))
}

/// Asserts that the page shows this answer, as a terminal does: the table, then what failed.
#[track_caller]
fn compare(arguments: &[&str], printed: &str, answer: &Answer) {
    answer.expect(i32::from(printed.contains("FAILED")), &[]);
    let has_all = printed.lines().all(|line| line.trim() != LEFT_OUT);
    let actual = lines(&format!("{}{}", answer.stdout, answer.stderr), has_all);
    let shown = lines(printed, has_all);
    let command = arguments.join(" ");
    if !is_shown_in_part(&shown, &actual) {
        assert_eq!(shown, actual, "docs/guide.md: wasm-leaks {command}");
    }
}

/// Stands in the page for what is left out: lines, or the end of what grows in one.
const LEFT_OUT: &str = "…";

/// Whether a page shows these lines, of which it may leave some out.
fn is_shown_in_part(shown: &[String], actual: &[String]) -> bool {
    let Some((first, rest)) = shown.split_first() else {
        return actual.is_empty();
    };
    if first.trim() == LEFT_OUT {
        return (0..=actual.len()).any(|left_out| is_shown_in_part(rest, &actual[left_out..]));
    }
    let Some((found, others)) = actual.split_first() else {
        return false;
    };
    let is_it = match first.split_once(&format!(", {LEFT_OUT} a call")) {
        Some((before, after)) => found.starts_with(before) && found.ends_with(&format!(" a call{after}")),
        None => found == first,
    };
    is_it && is_shown_in_part(rest, others)
}

/// Whether the engines that are found by themselves are those of the page's tables.
fn are_those(page: &str, answer: &Answer) -> bool {
    let table = page.lines().find(|line| line.starts_with("case ")).unwrap();
    let programs = table.split("  ").filter_map(|cell| cell.trim().split_once(": "));
    programs.into_iter().all(|(_, program)| answer.stdout.contains(program))
}

#[test]
fn the_guide_is_true() {
    let world = World::new().with_this_machine();
    let page = fs::read_to_string(repository().join("docs/guide.md")).unwrap();
    if !are_those(&page, &world.run(&["engines"])) {
        let skipped = "docs/guide.md shows other versions of the engines";
        assert!(std::env::var_os("WASM_LEAKS_REQUIRE_PAGE").is_none(), "{skipped}");
        let _ = writeln!(std::io::stderr(), "skipped the_guide_is_true: {skipped}");
        return;
    }
    let directory = world.file("an empty directory");
    let has_chromium = world.run(&["engines", "--engine", BROWSER]).status == Some(0);
    let mut has_packages = true;
    for step in steps(&page) {
        match step {
            Step::File { name, text } => write(&directory.join(name), text),
            Step::Npm { arguments } => has_packages &= has_chromium && npm(&arguments, &directory),
            Step::Command { arguments, .. } if arguments.contains(&BROWSER) && !has_chromium => {
                assert!(!required().contains(&BROWSER.to_owned()), "{BROWSER} is missing");
                skip(&arguments, &format!("{BROWSER} is missing"));
            }
            Step::Command { arguments, .. } if arguments.contains(&BROWSER) && !has_packages => {
                skip(&arguments, "npm has not installed the packages");
            }
            Step::Command { arguments, printed } => {
                let output = world.installed(&arguments).output().unwrap();
                compare(&arguments, printed, &Answer::of(output));
            }
        }
    }
}

/// The browser of the page.
const BROWSER: &str = "chromium";

fn skip(arguments: &[&str], reason: &str) {
    let _ = writeln!(
        std::io::stderr(),
        "skipped `wasm-leaks {}` of docs/guide.md: {reason}",
        arguments.join(" ")
    );
}

/// Whether npm got the packages; it has to where the page has to be true.
fn npm(arguments: &[&str], directory: &Path) -> bool {
    let quiet = [
        "--silent",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
    ];
    let status = std::process::Command::new("npm")
        .args(arguments)
        .args(quiet)
        .current_dir(directory)
        .status();
    let is_done = status.is_ok_and(|status| status.success());
    let is_required = std::env::var_os("WASM_LEAKS_REQUIRE_PAGE").is_some();
    assert!(is_done || !is_required, "npm {} failed", arguments.join(" "));
    is_done
}

#[test]
fn what_a_page_leaves_out_is_no_other_line() {
    let lines = |text: &str| -> Vec<String> { text.split('|').map(str::to_owned).collect() };
    for (shown, actual, is_it) in [
        ("a|b", "a|b", true),
        ("a", "a|b", false),
        ("a|…", "a|b|c", true),
        ("a|  …|d", "a|b|c|d", true),
        ("a|…|d", "a|d", true),
        ("a|…|d", "a|b|c", false),
        ("…", "", true),
        ("+1 A, … a call, made by f", "+1 A, +2 B a call, made by f", true),
        ("+1 A, … a call, made by f", "+1 C, +2 B a call, made by f", false),
        ("+1 A, … a call, made by f", "+1 A, +2 B a call, made by g", false),
    ] {
        assert_eq!(
            is_shown_in_part(&lines(shown), &lines(actual)),
            is_it,
            "{shown}: {actual}"
        );
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_guide_that_is_wrong_is_noticed() {
    let page = fs::read_to_string(repository().join("docs/guide.md")).unwrap();
    let commands = steps(&page).into_iter().filter_map(|step| match step {
        Step::Command { printed, .. } => Some(printed),
        Step::File { .. } | Step::Npm { .. } => None,
    });
    let printed = commands.collect::<String>();
    for (from, to, same) in [
        ("over 79,926 calls", "over 1,994 calls", true),
        ("+64.8 B of", "+64.0 B of", true),
        ("+1.00 Counter, +1.00 scope", "+1.00 scope, +1.00 Counter", true),
        ("ok collected", "ok bounded", true),
        ("+1.00 Counter", "+2.00 Counter", false),
        ("+1.00 Counter", "+1.00 Count", false),
        ("made by count (test.mjs:6)", "made by count (test.mjs:5)", true),
        ("made by count (test.mjs", "made by count (counter.js", false),
        ("made by count (test.mjs", "made by test (test.mjs", false),
        ("function (test.mjs:6)", "function (test.mjs:7)", false),
        (
            "of linear memory (of text.wasm)",
            "of linear memory (of counter.wasm)",
            false,
        ),
        ("leaks, over", "bounded, over", false),
        ("ok collected", "ok leaks", false),
        ("without callbacks[…] nothing", "without callbacks[…] something", false),
        ("captured variable", "property", false),
    ] {
        assert!(printed.contains(from), "`{from}` is not in the guide");
        let other = printed.replacen(from, to, 1);
        assert_eq!(lines(&printed, true) == lines(&other, true), same, "`{from}` as `{to}`");
    }
}
