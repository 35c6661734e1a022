//! An expectation: the expected transcript, and the expected verdict.
//! `expected/readme.txt` explains the format.

use crate::base::file;
use crate::case::claim::Claim;
use crate::case::directives::Directives;
use crate::case::expected_line::{ExpectedLine, Pattern};
use crate::case::page_source::PageSource;
use crate::engine::feature::Feature;
use crate::measure::verdict::Verdict;
use anyhow::{Context, Result, ensure};
use instrument::GivenAllocator;
use std::path::Path;

#[derive(Debug)]
pub struct Expectation {
    /// Its file, as shown to people.
    pub path: String,
    /// The allowed verdicts: one, or more where versions of an engine really differ.
    pub verdicts: Vec<Verdict>,
    /// The guests that are built for the case, as it names them; none is the default.
    pub guests: Vec<String>,
    /// The functions of the allocator of its modules that hand out and take back blocks of linear memory; none if they
    /// are to be found by their names.
    pub allocator: Vec<GivenAllocator>,
    /// More flags for clang.
    pub clang: Vec<String>,
    /// The claim that the case shows, for `docs/findings.md`.
    pub shows: Option<String>,
    /// The claim about it in 2020.
    pub claimed: Option<Claim>,
    /// Where what it shows was reported, or what is claimed of it was claimed.
    pub sources: Vec<String>,
    /// The features that the engine must have; a cell without them is skipped.
    pub needs: Vec<Feature>,
    /// The page that the script runs in, if that is not ours.
    pub page: Option<PageSource>,
    /// The case runs only when it is named.
    pub only_named: bool,
    /// How many rounds the case runs at first, and how many objects it is to make in each.
    pub rounds: Option<u32>,
    pub objects: Option<u32>,
    /// The time that a cell of it may use, in seconds, if no other is given on the command line.
    pub timeout: Option<u32>,
    /// The memory that a cell of it may take, in MiB, if no other is given on the command line.
    pub memory: Option<u32>,
    /// Where a leak that is expected has been reported.
    pub bug: Option<String>,
    pub lines: Vec<ExpectedLine>,
    /// No file says what is expected: whatever is printed is fine.
    pub is_default: bool,
}

/// The guest of a case of the checkout that names none: the crate `guest/linear/`.
pub const DEFAULT_GUEST: &str = "linear";

/// The verdicts on a user's own case that are fine if nothing else is expected.
const NO_LEAK: [Verdict; 2] = [Verdict::Collected, Verdict::Bounded];

/// The largest expectation, in bytes: no transcript is larger.
const LARGEST: u64 = 16 << 20;

impl Expectation {
    /// Reads a file that is shown as `shown`.
    pub fn read(path: &Path, shown: &str) -> Result<Expectation> {
        Expectation::parse(&text_of(path, shown)?, shown)
    }

    /// Reads the file of a user's own case. Without a verdict nothing may leak; without lines, too, whatever is
    /// printed is fine.
    pub fn read_of_own_case(path: &Path, shown: &str) -> Result<Expectation> {
        Expectation::parse_with(&text_of(path, shown)?, shown, Some(&NO_LEAK))
    }

    /// Of a case without a file, whose place would be `path`: nothing leaks.
    pub fn of_no_file(path: &str) -> Expectation {
        Expectation {
            path: path.to_owned(),
            verdicts: NO_LEAK.to_vec(),
            guests: Vec::new(),
            allocator: Vec::new(),
            clang: Vec::new(),
            shows: None,
            claimed: None,
            sources: Vec::new(),
            needs: Vec::new(),
            page: None,
            only_named: false,
            rounds: None,
            objects: None,
            timeout: None,
            memory: None,
            bug: None,
            lines: Vec::new(),
            is_default: true,
        }
    }

    /// Parses the text of a file that is shown as `path`.
    pub fn parse(text: &str, path: &str) -> Result<Expectation> {
        Expectation::parse_with(text, path, None)
    }

    /// The same, with the verdicts of a file that names none, if it need not.
    fn parse_with(text: &str, path: &str, verdicts: Option<&[Verdict]>) -> Result<Expectation> {
        let mut directives = Directives::default();
        let mut lines: Vec<ExpectedLine> = Vec::new();
        for (index, text) in text.lines().enumerate() {
            let number = index + 1;
            let at = || format!("{path}:{number}");
            if let Some(directive) = text.strip_prefix("#:") {
                directives.read(directive).with_context(at)?;
            } else if !text.starts_with('#') {
                let line = ExpectedLine::new(number, text).with_context(at)?;
                if matches!(line.pattern, Pattern::Any) {
                    let doubled = lines.last().is_some_and(|line| matches!(line.pattern, Pattern::Any));
                    ensure!(!doubled, "{}: a `...` after a `...` is never used", at());
                }
                lines.push(line);
            }
        }
        let mut needs = directives.needs.unwrap_or_default();
        if directives.page.is_some() && !needs.contains(&Feature::Document) {
            needs.push(Feature::Document);
        }
        let is_default = verdicts.is_some() && directives.verdicts.is_none() && lines.is_empty();
        Ok(Expectation {
            verdicts: directives
                .verdicts
                .or_else(|| verdicts.map(<[Verdict]>::to_vec))
                .with_context(|| format!("{path}:1: a line `#: verdict = …` is missing"))?,
            guests: directives.guests,
            allocator: directives.allocator,
            clang: directives.clang.unwrap_or_default(),
            shows: directives.shows,
            claimed: directives.claimed,
            sources: directives.sources,
            needs,
            page: directives.page,
            only_named: directives.only_named.unwrap_or(false),
            rounds: directives.rounds,
            objects: directives.objects,
            timeout: directives.timeout,
            memory: directives.memory,
            bug: directives.bug,
            path: path.to_owned(),
            lines,
            is_default,
        })
    }
}

fn text_of(path: &Path, shown: &str) -> Result<String> {
    let bytes = file::read_at_most(path, LARGEST)?;
    String::from_utf8(bytes).with_context(|| format!("`{shown}` is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_directives_comments_and_lines() {
        let text = "# A comment.\n#: verdict = leaks\n#: needs = gc wasm-gc\nplain\n...\n{{\\d+}} live.\n";
        let expectation = Expectation::parse(text, "e.txt").unwrap();
        assert_eq!(expectation.verdicts, [Verdict::Leaks]);
        assert_eq!(expectation.guests, [] as [&str; 0]);
        assert_eq!(expectation.needs, [Feature::Gc, Feature::WasmGc]);
        assert!(!expectation.only_named);
        let numbers: Vec<usize> = expectation.lines.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [4, 5, 6]);
    }

    #[test]
    fn each_directive_has_its_value() {
        let parsed = |directive: &str| {
            let text = format!("#: verdict = leaks | late\n#: {directive}");
            Expectation::parse(&text, "e.txt").unwrap()
        };
        assert_eq!(parsed("run = always").verdicts, [Verdict::Leaks, Verdict::Late]);
        assert_eq!(parsed("guest = a.c b.c\n#: guest = c/").guests, ["a.c b.c", "c/"]);
        assert_eq!(
            parsed("allocator = malloc\n#: allocator = free=give").allocator.len(),
            2
        );
        assert_eq!(parsed("clang = -DA='b c' -g0").clang, ["-DA=b c", "-g0"]);
        assert_eq!(parsed("shows = it stays").shows.as_deref(), Some("it stays"));
        assert_eq!(parsed("claimed = leaks on v8").claimed.unwrap().text, "leaks on v8");
        assert!(parsed("run = when-named").only_named);
        assert!(!parsed("run = always").only_named);
        assert_eq!(parsed("rounds = 10000").rounds, Some(10_000));
        assert_eq!(parsed("objects = 1000000").objects, Some(1_000_000));
        assert_eq!(parsed("memory = 512").memory, Some(512));
    }

    #[test]
    fn an_own_case_need_not_name_a_verdict() {
        for (text, verdicts, is_default) in [
            ("#: guest = a.wat\n", NO_LEAK.to_vec(), true),
            ("#: guest = a.wat\nhello\n", NO_LEAK.to_vec(), false),
            ("#: verdict = leaks\n", vec![Verdict::Leaks], false),
        ] {
            let expectation = Expectation::parse_with(text, "e.txt", Some(&NO_LEAK)).unwrap();
            assert_eq!(
                (expectation.verdicts, expectation.is_default),
                (verdicts, is_default),
                "{text}"
            );
        }
    }

    #[test]
    fn an_error_names_file_and_line() {
        for (text, expected) in [
            ("plain", "e.txt:1: a line `#: verdict = …` is missing"),
            (
                "#: verdict = leeks",
                "e.txt:1: the directive `verdict`: unknown verdict `leeks`; did you mean `leaks`?",
            ),
            (
                "\n#: verdit = leaks",
                "e.txt:2: unknown directive `verdit`; did you mean `verdict`?",
            ),
            ("#: guest =", "e.txt:1: the directive `guest`: it names no file"),
            (
                "#: clang = '-g",
                "e.txt:1: the directive `clang`: a quote is not closed",
            ),
            (
                "#: allocator = free=",
                "e.txt:1: the directive `allocator`: in `free=`: no function is named: write an export, or `#INDEX`",
            ),
            ("#: verdict", "e.txt:1: a directive reads `#: name = value`"),
            (
                "#: verdict = leaks\n#: verdict = leaks",
                "e.txt:2: the directive `verdict`: it is given twice",
            ),
            (
                "#: needs = wasm-cg",
                "e.txt:1: the directive `needs`: unknown feature `wasm-cg`; did you mean `wasm-gc`?",
            ),
            (
                "#: run = never",
                "e.txt:1: the directive `run`: `never` is neither `always` nor `when-named`",
            ),
            (
                "#: rounds = 0",
                "e.txt:1: the directive `rounds`: `0` is not a number from 1 to 10000",
            ),
            (
                "#: objects = many",
                "e.txt:1: the directive `objects`: `many` is not a number from 1 to 1000000",
            ),
            (
                "#: memory = 1 GiB",
                "e.txt:1: the directive `memory`: `1 GiB` is not a number from 1 to 1048576",
            ),
            ("#: verdict = leaks\na {{b", "e.txt:2: a `{{` is not closed by `}}`"),
            (
                "#: verdict = leaks\n...\n...",
                "e.txt:3: a `...` after a `...` is never used",
            ),
        ] {
            let error = Expectation::parse(text, "e.txt").unwrap_err();
            assert_eq!(format!("{error:#}"), expected);
        }
        let error = Expectation::parse("#: verdict = leaks\n{{(}}", "e.txt").unwrap_err();
        assert!(format!("{error:#}").starts_with("e.txt:2: bad regex `(`"), "{error:#}");
    }
}
