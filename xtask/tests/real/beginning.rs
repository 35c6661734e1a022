//! New cases, as `new` writes them.

use crate::world::World;
use std::fs;

/// The line that makes the small case leak.
const LEAK: &str = "// widget.onClick(() => `widget";

pub fn a_new_case_passes_at_once_and_leaks_by_one_line(engine: &str) {
    let world = World::new().with_this_machine();
    world.run(&["new", "leak"]).expect(0, &[]);
    let few = ["test", "leak", "--engine", engine, "--rounds", "100"];
    world.run(&few).expect(0, &["1 cell: 1 ok"]);
    let path = world.checkout.join("leak/test.mjs");
    let script = fs::read_to_string(&path).unwrap();
    assert!(script.contains(LEAK), "{script}");
    fs::write(&path, script.replace(LEAK, &LEAK[3..])).unwrap();
    let answer = world.run(&["test", "leak", "--engine", engine]);
    answer.expect(1, &["the verdict is `leaks`; expected `collected | bounded`"]);
    assert!(answer.stdout.contains("Widget"), "{}", answer.stdout);
}

/// What came is accepted, and comes again.
pub fn what_came_is_accepted(engine: &str) {
    let world = World::new().with_this_machine();
    world.write(
        "../own/test.js",
        "const all = [];\nlet calls = 0;\nprint('begin {1}');
function test(n) { for (let i = 0; i < n; i++) all.push({ i }); print(`round ${++calls}`); print(all.length); }
function teardown() { print(`# ${all.length} in the end`); }",
    );
    let own = world.file("own");
    let word = own.to_str().unwrap();
    let answer = world.run(&["test", word, "--engine", engine, "--accept"]);
    answer.expect(0, &["+ #: verdict = leaks", "wrote "]);
    let expected = fs::read_to_string(own.join("expected.txt")).unwrap();
    assert_eq!(
        expected,
        "#: verdict = leaks\n{{begin \\{\\d+\\}}}\nround {{\\d+}}\n{{\\d+}}\n...\n{{\\# \\d+ in the end}}\n"
    );
    world.run(&["test", word, "--engine", engine]).expect(0, &["1 ok"]);
}

pub fn a_copied_case_is_judged_by_a_census(engine: &str) {
    let world = World::new().with_guests().with_this_machine();
    for (name, verdict) in [("m0", "ok bounded"), ("m1", "ok leaks")] {
        world.copy(&format!("js/cases/{name}"));
        world.copy(&format!("expected/{name}.txt"));
        let directory = world.file("copies").join(name);
        let word = directory.to_str().unwrap();
        world.run(&["new", word, "--from", name]).expect(0, &[]);
        let answer = world.run(&["test", word, "--engine", engine]);
        answer.expect(0, &["1 cell: 1 ok"]);
        assert!(answer.stdout.contains(verdict), "{}", answer.stdout);
    }
}
