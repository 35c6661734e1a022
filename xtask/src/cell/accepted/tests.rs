//! Tables for expectations that fit.

use super::*;

fn lines(text: &str) -> Vec<String> {
    text.split_terminator('|').map(str::to_owned).collect()
}

fn fitting(transcripts: &[&str]) -> String {
    let transcripts: Vec<Vec<String>> = transcripts.iter().map(|text| lines(text)).collect();
    let slices: Vec<&[String]> = transcripts.iter().map(Vec::as_slice).collect();
    fitting_lines(&slices).unwrap().join("|")
}

#[test]
fn numbers_become_patterns_and_what_has_a_meaning_is_none() {
    for (line, pattern) in [
        ("", ""),
        ("nothing", "nothing"),
        ("7", r"{{\d+}}"),
        ("7 of 12 live.", r"{{\d+}} of {{\d+}} live."),
        ("after 1.5 s.", r"after {{\d+(\.\d+)?}} s."),
        ("utf8 m1 x_2 0x1f 3rd", "utf8 m1 x_2 0x1f 3rd"),
        ("é5 5é", "é5 5é"),
        ("a-5,6:7", r"a-{{\d+}},{{\d+}}:{{\d+}}"),
        ("...", r"{{\.\.\.}}"),
        ("....", "...."),
        ("# 5", r"{{\# \d+}}"),
        ("#: verdict = x", r"{{\#: verdict = x}}"),
        ("{5}", r"{{\{\d+\}}}"),
        ("{{x}}", r"{{\{\{x\}\}}}"),
        ("}}", r"{{\}\}}}"),
        ("(a|b)", "(a|b)"),
    ] {
        assert_eq!(pattern_of(line), pattern, "{line}");
        let text = format!("#: verdict = leaks\n{pattern}\n");
        let expectation = Expectation::parse(&text, "e.txt").unwrap();
        assert!(expectation.lines[0].matches(line), "{line}");
        assert!(!expectation.lines[0].matches(&format!("{line}x")), "{line}");
    }
}

#[test]
fn what_repeats_or_varies_is_three_dots() {
    for (transcripts, expected) in [
        (&[""][..], ""),
        (&["a|b"], "a|b"),
        // Twice is not yet often.
        (&["a 1|a 2"], r"a {{\d+}}|a {{\d+}}"),
        (&["a 1|a 2|a 3"], r"a {{\d+}}|..."),
        (&["x|a|b|a|b|a|b|a|end"], "x|a|b|...|end"),
        // Blocks of blocks.
        (&["a|a|a|b|a|a|a|a|b|a|a|a|b"], "a|...|b|..."),
        // Programs and runs that differ.
        (&["a|b|c", "a|c"], "a|...|c"),
        (&["a|b|c", "a|x|c", "a|b|c|d"], "a|...|c|..."),
        (&["a 1", "a 2"], r"a {{\d+}}"),
        (&["a|a|a|z", "a|z"], "a|...|z"),
        (&["", "a"], "..."),
        (&["...|..."], r"{{\.\.\.}}|{{\.\.\.}}"),
    ] {
        assert_eq!(fitting(transcripts), expected, "{transcripts:?}");
    }
}

#[test]
fn a_long_transcript_is_shortened() {
    // Words, because numbers would all be alike.
    let word = |number: usize| "x".repeat(number);
    let long: Vec<String> = (1..=1000).map(word).collect();
    let fits = fitting_lines(&[&long]).unwrap();
    assert_eq!(fits.len(), KEPT_FIRST + 1 + KEPT_LAST);
    assert_eq!((fits[0].as_str(), fits[KEPT_FIRST].as_str()), ("x", ANY));
    assert_eq!(fits.last(), long.last());
}

#[test]
fn comments_and_other_directives_stay() {
    let old = "# Top.\n#: verdict = leaks\n#: bug = https://a.b\na\n# Of b.\nb\nc\n# End.\n";
    let collected: BTreeSet<Verdict> = [Verdict::Collected].into();
    let both: BTreeSet<Verdict> = [Verdict::Leaks, Verdict::Late].into();
    for (verdicts, new, expected) in [
        (None, None, old.to_owned()),
        (
            Some(&collected),
            None,
            old.replace("verdict = leaks", "verdict = collected"),
        ),
        (
            Some(&both),
            Some("a|b|c"),
            old.replace("verdict = leaks", "verdict = late | leaks"),
        ),
        (None, Some("x|b|c"), old.replace("\na\n", "\nx\n")),
        (None, Some("a|x|c"), old.replace("\nb\n", "\nx\n")),
        (None, Some("a|b"), old.replace("c\n", "")),
        (None, Some("new|a|b|c"), old.replace("\na\n", "\nnew\na\n")),
        (None, Some("a|b|c|new"), old.replace("c\n", "c\nnew\n")),
        (
            None,
            Some(""),
            "# Top.\n#: verdict = leaks\n#: bug = https://a.b\n# Of b.\n# End.\n".to_owned(),
        ),
    ] {
        let new = new.map(lines);
        assert_eq!(rewritten(old, verdicts, new.as_deref()), expected, "{new:?}");
    }
    let bare = "# Top.\n#: verdict = leaks\n# More.";
    assert_eq!(rewritten(bare, None, Some(&lines("a"))), format!("{bare}\na\n"));
}
