//! The command line.

use crate::world::{Answer, D8, M0, World};
use std::fs;

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
    for (arguments, printed) in [
        (&["tset"][..], "test"),
        (&["test", "--engin", "v8"], "--engine"),
        (&["test", "--timeout", "0"], "a number of seconds above 0"),
        (&["test", "--timeout", "soon"], "a number of seconds above 0"),
        (&["test", "--timeout", "NaN"], "a number of seconds above 0"),
        (&["test", "--timeout", "1e300"], "a number of seconds above 0"),
        (&["test", "--jobs", "0"], "expected a whole number from 1 to 1000"),
        (&["test", "--repeat", "x"], "expected a whole number from 1 to 10000"),
        (&["test", "--timeout", "-1"], "a number of seconds above 0"),
        (&["test", "--memory", "0"], "expected a whole number from 1 to 1048576"),
        (&["test", "--memory", "-1"], "expected a whole number from 1 to 1048576"),
        (
            &["test", "--rounds", "10001"],
            "expected a whole number from 1 to 10000",
        ),
        (
            &["test", "--objects", "1e3"],
            "expected a whole number from 1 to 1000000",
        ),
        (&[], "Usage"),
    ] {
        world.run(arguments).expect(2, &[printed]);
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
        .expect(2, &["`guest` is neither a case nor a directory"]);
    world
        .run(&["test", "/"])
        .expect(2, &["`/` is neither a case nor a directory"]);
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
    for name in ["test", "build", "findings"] {
        let output = world.installed(&[name]).output().unwrap();
        let printed = [
            &format!("`wasm-leaks {name}` needs a checkout of wasm-leaks")[..],
            "an empty directory` is not in one",
            &format!("run `cargo xtask {name}`"),
        ];
        Answer::of(output).expect(2, &printed);
    }
}

#[test]
fn outside_of_a_checkout_engines_are_found_and_the_cache_is_the_users() {
    let world = World::new();
    world.engine("d8", D8, M0);
    for _ in 0..2 {
        let answer = Answer::of(world.installed(&["engines"]).output().unwrap());
        answer.expect(0, &[]);
        assert!(answer.stdout.contains("d8 10.0.1"), "{}", answer.stdout);
    }
    assert!(world.directory().join(".cache/wasm-leaks/probes").is_dir());
    let left = std::fs::read_dir(world.file("an empty directory")).unwrap();
    assert_eq!(left.count(), 0);
    let mut command = world.installed(&["engines"]);
    let answer = Answer::of(command.env_remove("HOME").output().unwrap());
    answer.expect(2, &["set HOME or XDG_CACHE_HOME"]);
    let cache = world.file("cache");
    let answer = Answer::of(command.env("XDG_CACHE_HOME", &cache).output().unwrap());
    answer.expect(0, &[]);
    assert!(cache.join("wasm-leaks/probes").is_dir());
    let answer = Answer::of(world.installed(&["--help"]).output().unwrap());
    answer.expect(0, &[]);
    assert!(
        answer.stdout.contains("Usage: wasm-leaks [OPTIONS] <COMMAND>"),
        "{}",
        answer.stdout
    );
}

#[test]
fn results_go_only_where_they_can() {
    let world = World::new();
    world.engine("d8", D8, M0);
    for path in ["nowhere/r.json", "js"] {
        let printed = format!("`{path}` cannot be written");
        world.run(&["test", "--json", path]).expect(2, &[&printed]);
    }
    world
        .run(&["test", "--json", "-"])
        .expect(2, &["`--json -` names no file"]);
    // The results are printed, although they cannot be recorded.
    let answer = world.run(&["test", "--json", "/proc/r.json"]);
    answer.expect(2, &["1 ok", "failed to write `/proc/r.json`"]);
}

#[test]
fn results_go_after_the_table_where_standard_output_is_a_file() {
    let world = World::new();
    world.engine("d8", D8, M0);
    let path = world.file("out.txt");
    std::fs::write(&path, "what was there\n").unwrap();
    let open = || std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    for name in ["/dev/stdout", path.to_str().unwrap()] {
        let mut command = world.xtask(&["test", "--engine", "v8", "--json", name]);
        let output = command.stdout(open()).output().unwrap();
        Answer::of(output).expect(0, &["1 ok"]);
    }
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("what was there\ncase  v8: d8"), "{text}");
    assert_eq!(text.matches("ok collected").count(), 2, "{text}");
    assert_eq!(text.matches("wasm-leaks/results").count(), 2, "{text}");
}

#[test]
fn a_link_to_nothing_stays_and_permissions_stay() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    world.engine("d8", D8, M0);
    std::os::unix::fs::symlink("new.json", world.checkout.join("r.json")).unwrap();
    world.run(&["test", "--json", "r.json"]).expect(0, &[]);
    assert!(world.checkout.join("r.json").is_symlink());
    let new = world.checkout.join("new.json");
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).unwrap();
    world.run(&["test", "--json", "r.json"]).expect(0, &[]);
    assert_eq!(std::fs::metadata(&new).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_name_forges_no_message() {
    let world = World::new();
    let answer = world.run(&["test", "m9\nerror: forged\u{1b}[2J"]);
    answer.expect(2, &["there is no case `m9\n  error: forged\\x1b[2J`"]);
    assert!(!answer.stderr.lines().skip(1).any(|line| line.starts_with("error:")));
}

#[test]
fn a_check_takes_no_results() {
    World::new()
        .run(&["findings", "--check", "r.json"])
        .expect(2, &["cannot be used with"]);
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

/// Directories and scripts that are no case, each with what is said of it.
const NO_CASES: &[(&str, &str)] = &[
    ("nowhere/at/all", "failed to look at `nowhere/at/all`"),
    ("nowhere.js", "failed to look at `nowhere.js`"),
    (
        "programs/empty",
        "a case is a directory with a script `test.js`, `test.mjs` or `test.ts`, and it is empty",
    ),
    ("programs/other", "and it has no such script"),
    (
        "programs/both",
        "has both a `test.js` and a `test.mjs`: name the one to run",
    ),
    ("programs/notes.txt", "is no script"),
    ("programs/pipe", "neither a directory nor a script"),
    (
        "programs/expects",
        "expected.txt:1: unknown directive `verdikt`; did you mean `verdict`?",
    ),
];

#[test]
fn a_directory_that_is_no_case_is_no_answer() {
    let world = World::new();
    world.engine("d8", D8, M0);
    for (name, text) in [
        ("empty/.keep", ""),
        ("other/main.js", ""),
        ("both/test.js", ""),
        ("both/test.mjs", ""),
        ("notes.txt", ""),
        ("expects/test.js", "function test(n) {}"),
        ("expects/expected.txt", "#: verdikt = leaks\n"),
    ] {
        let path = world.directory().join("programs").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let pipe = world.directory().join("programs/pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for (word, wanted) in NO_CASES {
        let arguments = ["test", word, "--engine", "v8"];
        let mut command = world.xtask(&arguments);
        let output = command.current_dir(world.directory()).output().unwrap();
        Answer::of(output).expect(2, &[wanted]);
    }
}
