//! `test --accept`: which expectations it writes, and when it writes none.

use crate::world::{Answer, D8, JSC, M0, World, pids, wait, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::process::{Command, Stdio};

const QUIT: &str = M0[1];

/// What fits the fake engine's rounds of m0.
const FITTING: &str = r"Callback after {{\d+}} allocated.
{{\d+}} total allocated, {{\d+}} still live.
...
Success; max {{\d+}} objects live.
";

const ACCEPT: &[&str] = &["test", "m0", "--accept"];
const OVERWRITE: &[&str] = &["test", "m0", "--accept=overwrite"];

/// A world whose case has no expectation yet, with these orders for d8.
fn world(orders: &[&str]) -> World {
    let world = World::new();
    fs::remove_file(world.checkout.join("expected/m0.txt")).unwrap();
    world.engine("d8", D8, orders);
    world
}

fn expected(world: &World, name: &str) -> String {
    fs::read_to_string(world.checkout.join("expected").join(name)).unwrap_or_default()
}

fn files(world: &World) -> usize {
    fs::read_dir(world.checkout.join("expected")).unwrap().count()
}

#[test]
fn what_came_is_expected_from_then_on() {
    let world = world(M0);
    world
        .run(&["test", "m0"])
        .expect(2, &["has no expectation", "`cargo xtask test m0 --accept` writes it"]);
    let answer = world.run(ACCEPT);
    answer.expect(0, &["  + #: verdict = collected\n", "wrote ", "expected/m0.txt"]);
    let (shown, wrote) = (answer.stderr.find("  + #:"), answer.stderr.find("wrote "));
    assert!(shown < wrote, "the difference comes first: {}", answer.stderr);
    assert_eq!(expected(&world, "m0.txt"), format!("#: verdict = collected\n{FITTING}"));
    world.run(&["test"]).expect(0, &["1 ok"]);
    world.run(ACCEPT).expect(0, &["m0: as expected already"]);
    world.run(OVERWRITE).expect(0, &["m0: as expected already"]);
    world.assert_clean();
}

#[test]
fn what_stands_is_replaced_only_by_order_and_comments_stay() {
    let world = world(&["rounds leak", QUIT]);
    let old = format!("# Mine.\n#: verdict = collected\n#: bug = https://a.b/1\nfirst\n# Of what follows.\n{FITTING}");
    world.write("expected/m0.txt", &old);
    let answer = world.run(ACCEPT);
    answer.expect(
        1,
        &[
            "  - #: verdict = collected\n  + #: verdict = leaks\n",
            "  - first\n",
            "m0: not accepted: what is expected stands already, and `--accept=overwrite` replaces it",
        ],
    );
    assert_eq!(expected(&world, "m0.txt"), old);
    world.run(OVERWRITE).expect(0, &["wrote "]);
    let new = old.replace("= collected", "= leaks").replace("first\n", "");
    assert_eq!(expected(&world, "m0.txt"), new);
    world.run(&["test"]).expect(0, &["1 ok"]);
}

#[test]
fn an_engine_that_differs_gets_a_file_of_its_own() {
    let world = world(M0);
    world.engine("jsc", JSC, &["rounds leak", QUIT]);
    world.run(ACCEPT).expect(0, &["expected/m0.jsc.txt"]);
    assert!(expected(&world, "m0.txt").starts_with("#: verdict = collected\n"));
    assert!(expected(&world, "m0.jsc.txt").starts_with("#: verdict = leaks\n"));
    world.run(&["test"]).expect(0, &["2 ok"]);
    // What engines share is left alone when one of them changes.
    world.engine("jsc", JSC, M0);
    let shared = expected(&world, "m0.txt");
    world.run(OVERWRITE).expect(0, &["- #: verdict = leaks"]);
    assert_eq!(expected(&world, "m0.txt"), shared);
    assert!(expected(&world, "m0.jsc.txt").starts_with("#: verdict = collected\n"));
}

#[test]
fn lines_that_vary_become_three_dots() {
    let world = world(&["say only here", M0[0], QUIT]);
    world.engine("jsc", JSC, M0);
    world.run(ACCEPT).expect(0, &["wrote "]);
    assert_eq!(
        expected(&world, "m0.txt"),
        format!("#: verdict = collected\n...\n{FITTING}")
    );
    world.run(&["test"]).expect(0, &["2 ok"]);
}

#[test]
fn what_is_no_answer_is_not_accepted() {
    for (orders, why) in [
        (&["rounds collect", "crash"][..], "it crashed: signal 6"),
        (&["rounds collect"], "`main` was not called, or did not finish"),
        (&["say nothing", QUIT], "there is no verdict"),
        (&["rounds collect", QUIT, "exit 7"], "it exited with 7 instead of 0"),
        (
            &[
                "rounds collect",
                r#"say @ {"type":"uncaught","where":"a finalizer","text":"Error: oh"}"#,
                QUIT,
            ],
            "oh",
        ),
    ] {
        let world = world(orders);
        let answer = world.run(ACCEPT);
        answer.expect(1, &["m0: not accepted: on d8 10.0.1: ", why]);
        assert_eq!(files(&world), 0, "{why}");
    }
}

#[test]
fn mixed_verdicts_are_not_accepted_and_equal_ones_are() {
    let world = World::new();
    let turns = world.file("turns");
    fs::remove_file(world.checkout.join("expected/m0.txt")).unwrap();
    world.engine("d8", D8, &[&format!("alternate {}", turns.display()), QUIT]);
    let repeated = [ACCEPT, &["--repeat", "2", "--jobs", "1"]].concat();
    world.run(&repeated).expect(
        1,
        &["not accepted: on d8 10.0.1: the verdicts are mixed: collected 1/2, leaks 1/2"],
    );
    assert_eq!(files(&world), 0);
    world.engine("d8", D8, M0);
    world.run(&repeated).expect(0, &["wrote "]);
    world.run(&["test"]).expect(0, &["1 ok"]);
}

#[test]
fn a_case_that_is_skipped_everywhere_is_left_alone() {
    let world = world(M0);
    world.write("expected/m0.txt", "#: verdict = leaks\n#: needs = wasm-gc\n");
    world
        .run(OVERWRITE)
        .expect(0, &["m0: nothing to accept, for it ran nowhere"]);
    assert_eq!(expected(&world, "m0.txt"), "#: verdict = leaks\n#: needs = wasm-gc\n");
}

#[test]
fn an_interrupted_command_accepts_nothing() {
    let world = World::new();
    let pid = world.file("pid");
    fs::remove_file(world.checkout.join("expected/m0.txt")).unwrap();
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, &[&format!("note-pid {}", pid.display()), "hang"]);
    let mut child = world
        .xtask(ACCEPT)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("the second cell runs", || pids(&pid).len() == 1);
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(wait(&mut child), Some(130));
    assert_eq!(files(&world), 0);
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let world = world(M0);
    let target = world.checkout.join("target");
    let mut chmod = Command::new("chmod");
    assert!(chmod.args(["-R", "a+rwX"]).arg(&target).status().unwrap().success());
    world.open(&world.checkout, 0o055);
    let output = world.xtask_without_root(ACCEPT).output().unwrap();
    Answer::of(output).expect(2, &["failed to write", "expected/m0.txt", "Permission denied"]);
    assert_eq!(files(&world), 0);
}

#[test]
fn where_it_may_write_is_new_or_overwrite() {
    let world = world(M0);
    world
        .run(&["test", "--accept=all"])
        .expect(2, &["[possible values: new, overwrite]"]);
    // What follows is a case.
    world
        .run(&["test", "--accept", "m9"])
        .expect(2, &["there is no case `m9`"]);
}
