//! The command line.

use crate::world::{D8, M0, World};

#[test]
fn help_and_version_are_answers() {
    let world = World::new();
    for arguments in [&["--help"][..], &["-h"], &["test", "--help"], &["help", "engines"]] {
        let answer = world.run(arguments);
        answer.expect(0, &[]);
        assert!(answer.stdout.contains("Usage: cargo xtask"), "{}", answer.stdout);
        assert!(!answer.stdout.contains("guard"), "{}", answer.stdout);
    }
    let answer = world.run(&["--version"]);
    answer.expect(0, &[]);
    assert!(answer.stdout.contains(env!("CARGO_PKG_VERSION")), "{}", answer.stdout);
}

#[test]
fn wrong_usage_is_no_answer() {
    let world = World::new();
    for (arguments, said) in [
        (&["tset"][..], "test"),
        (&["test", "--engin", "v8"], "--engine"),
        (&["test", "--timeout", "0"], "a number of seconds above 0"),
        (&["test", "--timeout", "soon"], "a number of seconds above 0"),
        (&["test", "--timeout", "NaN"], "a number of seconds above 0"),
        (&["test", "--timeout", "1e300"], "a number of seconds above 0"),
        (&["test", "--jobs", "0"], "a whole number above 0 is wanted"),
        (&["test", "--repeat", "x"], "a whole number above 0 is wanted"),
        (&["test", "--timeout", "-1"], "a number of seconds above 0"),
        (&[], "Usage"),
    ] {
        world.run(arguments).expect(2, &[said]);
    }
}

#[test]
fn a_case_that_does_not_exist_is_no_answer() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world
        .run(&["test", "m9"])
        .expect(2, &["there is no case `m9`; did you mean `m0`?"]);
    world.run(&["test", "zebra"]).expect(2, &["there is no case `zebra`\n"]);
    world
        .run(&["build", "m9"])
        .expect(2, &["there is no case `m9`; did you mean `m0`?"]);
    world
        .run(&["test", "guest"])
        .expect(2, &["`guest` is no case, and no directory"]);
    world
        .run(&["test", "/"])
        .expect(2, &["`/` is no case, and no directory"]);
}

#[test]
fn a_case_is_named_by_its_directory_too() {
    let world = World::new();
    world.engine("d8", D8, M0);
    for word in ["m0", "js/cases/m0", "js/cases/m0/", "js", "."] {
        let answer = world.run(&["test", word, "--engine", "v8"]);
        answer.expect(0, &["1 cell: 1 ok"]);
    }
}

#[test]
fn outside_of_a_checkout_there_is_no_answer() {
    let world = World::new();
    let output = world.xtask(&["test"]).current_dir(world.directory()).output().unwrap();
    crate::world::Answer::of(output).expect(2, &["is not in a checkout of wasm-leaks"]);
}

#[test]
fn results_go_only_where_they_can() {
    let world = World::new();
    world.engine("d8", D8, M0);
    for path in ["nowhere/r.json", "js"] {
        let said = format!("`{path}` is no file that could be written");
        world.run(&["test", "--json", path]).expect(2, &[&said]);
    }
    world
        .run(&["test", "--json", "-"])
        .expect(2, &["`--json -` names no file"]);
    // What was found is said, though it cannot be kept.
    let answer = world.run(&["test", "--json", "/proc/r.json"]);
    answer.expect(2, &["1 ok", "failed to write `/proc/r.json`"]);
}

#[test]
fn results_behind_a_link_are_written_there() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.write("there.json", "old");
    std::os::unix::fs::symlink("there.json", world.checkout.join("r.json")).unwrap();
    world.run(&["test", "--json", "r.json"]).expect(0, &[]);
    assert!(world.checkout.join("r.json").is_symlink());
    assert!(
        std::fs::read_to_string(world.checkout.join("there.json"))
            .unwrap()
            .contains("wasm-leaks/results")
    );
}
