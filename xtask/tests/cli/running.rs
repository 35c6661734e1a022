//! Misbehaviour of an engine while it runs a case, and that nothing remains of it.

use crate::world::{D8, JSC, M0, World, lives, pids};
use std::process::{Child, Stdio};

/// Runs m0 on a d8 with these orders.
fn m0(orders: &[&str], arguments: &[&str], status: i32, printed: &[&str]) {
    let world = World::new();
    world.engine("d8", D8, orders);
    let answer = world.run(&[&["test", "--engine", "v8"], arguments].concat());
    answer.expect(status, printed);
    if status == 1 {
        answer.expect(1, &["to run it alone: cargo xtask test m0 --engine v8"]);
    }
    world.assert_clean();
}

#[test]
fn what_is_as_expected_is_ok() {
    m0(M0, &[], 0, &["1 cell: 1 ok"]);
}

#[test]
fn one_that_crashes_is_broke() {
    let orders = [M0, &["crash"]].concat();
    m0(&orders, &[], 1, &["it crashed: signal 6 (SIGABRT)", "1 broke"]);
    let orders = [M0, &["exit 139"]].concat();
    m0(
        &orders,
        &[],
        1,
        &["it crashed: exit status 139, for signal 11 (SIGSEGV)", "1 broke"],
    );
}

#[test]
fn one_that_hangs_is_broke() {
    let orders = [M0, &["hang"]].concat();
    m0(
        &orders,
        &["--timeout", "0.5"],
        1,
        &["it ran out of time after 0.5 s", "1 broke"],
    );
}

#[test]
fn one_that_floods_is_broke() {
    m0(
        &["flood 1000000000"],
        &[],
        1,
        &["it printed more than 16 MiB or 200000 lines", "1 broke"],
    );
}

#[test]
fn what_is_no_utf_8_is_shown_all_the_same() {
    m0(&["say-byte 255"], &[], 1, &["actual:   \u{fffd}", "1 FAILED"]);
}

#[test]
fn success_is_not_believed_of_one_that_exits_with_an_error() {
    let orders = [M0, &["exit 7"]].concat();
    m0(&orders, &[], 1, &["it exited with 7 instead of 0", "1 FAILED"]);
}

#[test]
fn one_that_says_nothing_has_failed() {
    m0(
        &[],
        &[],
        1,
        &[
            "the transcript is empty",
            "expected: Callback after 1 allocated.",
            "(expected/m0.txt:4)",
        ],
    );
}

#[test]
fn success_is_not_believed_against_the_numbers() {
    let orders = ["rounds leak", M0[1]];
    let printed = [
        "the verdict is `leaks`; expected `collected`",
        "what keeps it alive: cargo xtask explain m0 --engine v8",
    ];
    m0(&orders, &[], 1, &printed);
}

#[test]
fn telemetry_that_cannot_be_read_is_broke() {
    m0(
        &["say @ gibberish"],
        &[],
        1,
        &["line 1 of its output begins with `@ ` but is not telemetry"],
    );
}

#[test]
fn telemetry_that_was_cut_off_does_not_hide_why() {
    let orders = [M0[0], r#"say @ {"type":"rou"#, "crash"];
    m0(
        &orders,
        &[],
        1,
        &["it crashed: signal 6", "Success; max 1000 objects live."],
    );
    let orders = [r#"say @ {"type":"rou"#, "hang"];
    m0(&orders, &["--timeout", "0.5"], 1, &["it ran out of time after 0.5 s"]);
}

#[test]
fn one_that_prints_too_many_lines_is_broke() {
    m0(
        &["flood-lines 1000000000"],
        &[],
        1,
        &["it printed more than 16 MiB or 200000 lines"],
    );
}

#[test]
fn verdicts_are_counted_and_mixed_ones_fail() {
    m0(M0, &["--repeat", "3"], 0, &["1 cell: 1 ok"]);
    let world = World::new();
    let file = world.file("turns");
    // Every other run leaks.
    let orders = [&format!("alternate {}", file.display()), M0[1]];
    world.engine("d8", D8, &orders);
    let either = std::fs::read_to_string(world.checkout.join("expected/m0.txt")).unwrap();
    world.write(
        "expected/m0.txt",
        &either.replace("verdict = collected", "verdict = collected | leaks"),
    );
    let answer = world.run(&["test", "--repeat", "4", "--jobs", "1", "--engine", "v8"]);
    answer.expect(
        1,
        &["the verdicts are mixed: collected 2/4, leaks 2/4", "1 cell: 1 FAILED"],
    );
    assert!(
        answer.stdout.contains("FAILED collected 2/4, leaks 2/4"),
        "{}",
        answer.stdout
    );
    let answer = world.run(&["test", "--repeat", "1", "--engine", "v8"]);
    answer.expect(0, &["1 ok"]);
}

#[test]
fn as_many_cells_run_at_once_as_asked() {
    for (jobs, order) in [("1", "begin end begin end"), ("2", "begin begin end end")] {
        let world = World::new();
        let file = world.file("log");
        let note = |word: &str| format!("note {word} {}", file.display());
        // With two at once, each waits until the other has begun.
        let meet = format!("wait-for-lines {jobs} {}", file.display());
        for (name, answer) in [("d8", D8), ("jsc", JSC)] {
            world.engine(name, answer, &[&note("begin"), &meet, M0[0], M0[1], &note("end")]);
        }
        world
            .run(&["test", "--jobs", jobs, "--engine", "v8", "--engine", "jsc"])
            .expect(0, &["2 ok"]);
        let log = std::fs::read_to_string(&file).unwrap();
        assert_eq!(log.split_whitespace().collect::<Vec<_>>().join(" "), order);
    }
}

#[test]
fn a_failure_shows_both_lines_and_the_end_of_standard_error() {
    m0(
        &[
            "say Callback after 1 allocated.",
            "say something else",
            "complain it hurts",
        ],
        &[],
        1,
        &[
            "expected: 1000 total allocated, 1000 still live.",
            "(expected/m0.txt:5)",
            "actual:   something else",
            "(line 2 of the transcript)",
            "it hurts",
        ],
    );
}

#[test]
fn what_can_no_longer_be_started_is_broke() {
    let world = World::new();
    let well = r#"canary: say @ {"type":"canary","reason":null}"#;
    let orders = [format!("probe: {D8}"), "canary: vanish".to_owned(), well.to_owned()];
    world.fake(&world.bin.join("d8"), &orders);
    world.run(&["test", "--engine", "v8"]).expect(
        1,
        &["failed to start `", "No such file or directory", "1 cell: 1 broke"],
    );
    world.assert_clean();
}

// Its child leaves the process group, and cannot be killed elsewhere.
#[cfg(target_os = "linux")]
#[test]
fn a_child_that_does_not_want_to_die_dies() {
    let world = World::new();
    let pid = world.file("pid");
    let order = format!("hang-with-deaf-child {}", pid.display());
    world.engine("d8", D8, &[&order]);
    world
        .run(&["test", "--engine", "v8", "--timeout", "1"])
        .expect(1, &["it ran out of time after 1 s"]);
    assert_eq!(pids(&pid).len(), 1);
    assert!(!lives(pids(&pid)[0]));
    world.assert_clean();
}

#[test]
fn two_commands_at_once_do_not_disturb_each_other() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, M0);
    let start = || {
        let mut command = world.xtask(&["test"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<Child> = (0..4).map(|_| start()).collect();
    let answers: Vec<_> = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    for output in answers {
        crate::world::Answer::of(output).expect(0, &["2 ok"]);
    }
    world.assert_clean();
}
