//! Cases by patterns: names of the checkout's, and paths.

use crate::world::{Answer, D8, M0, World};
use std::fs;

fn world() -> World {
    let world = World::new();
    for name in ["m1", "readme"] {
        world.copy(&format!("js/cases/{name}"));
        world.copy(&format!("expected/{name}.txt"));
    }
    world.engine("d8", D8, M0);
    world
}

fn ran(answer: &Answer) -> Vec<&str> {
    let rows = answer.stdout.lines().skip(1).take_while(|line| !line.is_empty());
    rows.filter_map(|line| line.split_whitespace().next()).collect()
}

#[test]
fn a_pattern_names_the_cases_that_it_matches() {
    let world = world();
    for (words, names) in [
        (&["m*"][..], &["m0", "m1"][..]),
        (&["m?", "m0"], &["m0", "m1"]),
        (&["m[1-9]"], &["m1"]),
        // It counts as named.
        (&["r*"], &["readme"]),
        (&["js/cases/m*"], &["m0", "m1"]),
    ] {
        let answer = world.run(&[&["test"], words].concat());
        assert_eq!(ran(&answer), names, "{words:?}: {}", answer.stderr);
    }
}

#[test]
fn a_pattern_that_matches_nothing_is_no_answer() {
    let world = world();
    fs::create_dir_all(world.checkout.join("notes/a")).unwrap();
    world.write("notes/main.js", "");
    for (word, printed) in [
        (
            "mm*",
            "`mm*` matches no case of the checkout and no path; did you mean `m1`?",
        ),
        ("zebra-*", "`zebra-*` matches no case of the checkout and no path\n"),
        ("nowhere/*", "`nowhere/*` matches no case of the checkout and no path"),
        (
            "notes/*",
            "`notes/*` matches no case, but 2 other paths: a case is a directory with a script",
        ),
        ("m[0", "there is no case `m[0`; did you mean `m0`?"),
    ] {
        world.run(&["test", word]).expect(2, &[printed]);
    }
    let output = world.installed(&["test", "m*"]).output().unwrap();
    Answer::of(output).expect(2, &["`m*` matches no path\n"]);
}

#[test]
fn a_pattern_matches_directories_with_scripts() {
    let world = World::new();
    world.engine("d8", D8, &[]);
    for name in ["a/test.mjs", "b/test.js", "c/other.js", "d[1]/test.js", "d1/test.js"] {
        world.write(&format!("../programs/{name}"), "");
    }
    for (word, names) in [
        ("programs/?", &["a", "b"][..]),
        ("programs/*", &["a", "b", "d1", "d[1]"]),
        ("programs/*/test.js", &["b", "d1", "d[1]"]),
        ("programs/*/*.js", &["b", "other.js", "d1", "d[1]"]),
        ("prog*", &["a", "b", "d1", "d[1]"]),
        // What there is comes before what it would match.
        ("programs/d[1]", &["d[1]"]),
    ] {
        let mut command = world.xtask(&["test", word, "--engine", "v8"]);
        let answer = Answer::of(command.current_dir(world.directory()).output().unwrap());
        assert_eq!(ran(&answer), names, "{word}");
    }
}
