//! The cases of the page: what only a page can leak, in each browser.

use crate::browsers::in_each;
use crate::world::{Answer, World, repository};
use std::fs;
use std::io::Write;

/// The names of the cases of the page.
fn names() -> Vec<String> {
    let entries = fs::read_dir(repository().join("js/cases")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("page-")).collect();
    names.sort();
    names
}

/// Runs a command in this checkout.
fn run(arguments: &[&str]) -> Answer {
    let world = World::new().with_this_machine();
    let world = world.set("CARGO_TARGET_DIR", repository().join("target"));
    Answer::of(world.xtask(arguments).current_dir(repository()).output().unwrap())
}

/// A checkout with a case of the page, on which that and its expectation may be changed.
fn world_with(case: &str) -> World {
    let world = World::new().with_this_machine();
    world.copy(&format!("js/cases/{case}"));
    world.copy(&format!("expected/{case}.txt"));
    world
}

#[test]
fn each_case_comes_out_as_expected_of_its_browser() {
    in_each(|browser, place| {
        let answer = run(&["test", "page-*", "--engine", browser, "--in", place]);
        let count = names().len();
        let outcome = if place == "page" { "ok" } else { "skipped" };
        answer.expect(0, &[&format!("{count} cells: {count} {outcome}")]);
    });
}

#[test]
fn another_verdict_than_expected_fails() {
    in_each(|browser, place| {
        for (case, verdict, other) in [
            ("page-window", "leaks", "collected"),
            ("page-window-abort", "collected", "leaks"),
        ] {
            if place == "page" {
                let world = world_with(case);
                let file = format!("expected/{case}.txt");
                let expected = fs::read_to_string(repository().join(&file)).unwrap();
                let [is, should] = [verdict, other].map(|verdict| format!("#: verdict = {verdict}\n"));
                assert!(expected.contains(&is));
                world.write(&file, &expected.replace(&is, &should));
                let told = format!("the verdict is `{verdict}`; expected `{other}`");
                let answer = world.run(&["test", case, "--engine", browser]);
                answer.expect(1, &["FAILED", &told]);
                world.assert_clean();
            }
        }
    });
}

#[test]
fn a_browser_has_an_expectation_of_its_own() {
    in_each(|browser, place| {
        if place == "page" {
            // The shared one is that of the case without the leak.
            let world = world_with("page-window");
            let text = |case: &str| fs::read_to_string(repository().join(format!("expected/{case}.txt"))).unwrap();
            world.write("expected/page-window.txt", &text("page-window-abort"));
            world.write(&format!("expected/page-window.{browser}.txt"), &text("page-window"));
            world
                .run(&["test", "page-window", "--engine", browser])
                .expect(0, &["1 cell: 1 ok"]);
        }
    });
}

/// A shell has no document: a case that is named is skipped, with the reason, and others are left out.
#[test]
fn without_a_document_a_case_of_the_page_does_not_run() {
    let answer = run(&["test", "page-window", "--engine", "jsc"]);
    if answer.status == Some(2) {
        return;
    }
    answer.expect(0, &["1 cell: 1 skipped"]);
    let answer = run(&["test", "--engine", "jsc", "--list"]);
    answer.expect(
        0,
        &[&format!("{} cases need a document and are left out", names().len())],
    );
    assert!(!answer.stdout.contains("page-"), "{}", answer.stdout);
    let answer = run(&["test", "page-window", "--engine", "jsc", "--list"]);
    answer.expect(0, &[]);
    assert!(answer.stdout.contains("skipped no document"), "{}", answer.stdout);
}

/// Each block of docs/explain-pages.md with this browser's version is the current output, and there is one for each case.
#[test]
fn the_page_of_explanations_is_true() {
    in_each(|browser, place| {
        if place == "worker" {
            return;
        }
        let page = fs::read_to_string(repository().join("docs/explain-pages.md")).unwrap();
        let cases: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let answer = run(&[&["explain", "--engine", browser], &cases[..]].concat());
        answer.expect(0, &[]);
        let (_, program) = answer.stdout.split_once(": ").unwrap().0.split_once(" on ").unwrap();
        let mark = format!(" on {program}: ");
        let blocks: Vec<&str> = page.split("```\n").filter(|block| block.contains(&mark)).collect();
        if blocks.is_empty() {
            let skipped =
                format!("docs/explain-pages.md has nothing of {program}: write it anew, as its first lines say");
            // Never required: a distribution updates its browsers every few weeks.
            let _ = writeln!(std::io::stderr(), "skipped: {skipped}");
            return;
        }
        let printed: Vec<&str> = answer.stdout.split("\n\n").map(str::trim_end).collect();
        let blocks: Vec<&str> = blocks.into_iter().map(str::trim_end).collect();
        assert_eq!(blocks, printed);
    });
}
