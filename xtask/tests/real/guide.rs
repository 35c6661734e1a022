//! docs/guide.md, followed in an empty directory: its files, its commands, and what they print.

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
    (r"\[\d+\] *", "[N] "),
    (r"(\n +└ \w+) +", "$1 "),
    (r"(made by|grown by|<) (\w+) \(([\w.]+):\d+\)", "$1 $2 ($3)"),
    (r"\+[\d.]+ B of", "+N B of"),
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
        if let Some((_, name)) = information.split_once(' ') {
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

/// The lines, without what varies, and the lists in them in one order.
fn lines(text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    for (pattern, instead) in VARIES {
        text = Regex::new(pattern).unwrap().replace_all(&text, *instead).into_owned();
    }
    let mut lines: Vec<String> = text.lines().map(in_order).collect();
    // What grows at the same rate has no order.
    for some in lines.chunk_by_mut(|above, below| above.starts_with('+') && below.starts_with('+')) {
        some.sort_unstable();
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
    let actual = lines(&format!("{}{}", answer.stdout, answer.stderr));
    assert_eq!(
        lines(printed),
        actual,
        "docs/guide.md: wasm-leaks {}",
        arguments.join(" ")
    );
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
    let commands = steps(&page).into_iter().filter_map(|step| match step {
        Step::Command { printed, .. } => Some(printed),
        Step::File { .. } => None,
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
        assert_eq!(lines(&printed) == lines(&other), same, "`{from}` as `{to}`");
    }
}
