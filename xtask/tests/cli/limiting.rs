//! The limits of a cell: on the command line, and in its expectation.

use crate::world::{D8, M0, World};
use std::fs;

/// The expectation of m0 with one more directive.
fn expect_in_m0(world: &World, directive: &str) {
    let text = fs::read_to_string(world.checkout.join("expected/m0.txt")).unwrap();
    world.write("expected/m0.txt", &format!("#: {directive}\n{text}"));
}

// Elsewhere the memory of a process is not known.
#[cfg(target_os = "linux")]
#[test]
fn what_takes_too_much_memory_is_ended() {
    for order in ["take-memory 600", "take-memory-in-child 600"] {
        let world = World::new();
        let first = M0[0];
        world.engine("d8", D8, &[first, order, "hang"]);
        let printed = [
            "it took more than 300 MiB of memory; 100 rounds had ended, with 1000 of 100000 objects live",
            "1 broke",
        ];
        world.run(&["test", "--memory", "300"]).expect(1, &printed);
        world.assert_clean();
        // The case may say so as well, and the command line comes first.
        expect_in_m0(&world, "memory = 301");
        world.run(&["test"]).expect(1, &["more than 301 MiB of memory"]);
        world
            .run(&["test", "--memory", "302"])
            .expect(1, &["more than 302 MiB"]);
    }
}

#[test]
fn what_stays_below_its_limit_of_memory_is_ok() {
    let world = World::new();
    world.engine("d8", D8, &[&["take-memory 100"], M0].concat());
    world.run(&["test", "--memory", "400"]).expect(0, &["1 ok"]);
    world.run(&["test"]).expect(0, &["1 ok"]);
}

#[test]
fn the_command_line_comes_before_the_case() {
    let world = World::new();
    let noted = world.file("arguments");
    let note = format!("note-arguments {}", noted.display());
    world.engine("d8", D8, &[&[&note[..]], M0].concat());
    expect_in_m0(&world, "rounds = 30");
    expect_in_m0(&world, "objects = 20");
    expect_in_m0(&world, "timeout = 10");
    for (arguments, options) in [
        (&["test"][..], "rounds=30 objects=20 milliseconds=8000"),
        (
            &["test", "--rounds", "3", "--objects", "2", "--timeout", "100"],
            "rounds=3 objects=2 milliseconds=80000",
        ),
    ] {
        let _ = fs::remove_file(&noted);
        world.run(arguments).expect(0, &["1 ok"]);
        let text = fs::read_to_string(&noted).unwrap();
        assert!(text.contains(options), "{text}");
    }
}
