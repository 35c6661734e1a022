//! Cases in real browsers: in pages and in workers, and what becomes of pages that misbehave.

use crate::required;
use crate::world::{Answer, World, lives, repository};
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The browsers, by the names of `--engine`.
pub const BROWSERS: &[&str] = &["chromium", "firefox", "webkitgtk"];

/// Those of this machine, probed once.
fn found() -> &'static [&'static str] {
    static FOUND: OnceLock<Vec<&str>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let world = World::new().with_this_machine();
        let works = |name: &&str| world.run(&["engines", "--engine", name]).status == Some(0);
        BROWSERS.iter().copied().filter(works).collect()
    })
}

/// Calls a check with each browser that is found, in a page and in a worker. What is missing is reported.
pub fn in_each(check: fn(&str, &str)) {
    for browser in BROWSERS {
        if found().contains(browser) {
            ["page", "worker"].iter().for_each(|place| check(browser, place));
        } else {
            assert!(
                !required().iter().any(|name| name == browser),
                "{browser} is missing, but WASM_LEAKS_REQUIRE_ENGINES names it"
            );
            let _ = writeln!(std::io::stderr(), "skipped: {browser} is missing");
        }
    }
}

/// A checkout in which the script of m0 is another one.
pub fn world_with(script: &str) -> World {
    let world = World::new().with_this_machine();
    world.write("js/cases/m0/test.js", script);
    world
}

/// Runs m0, and checks that nothing is left of the browser: neither a process nor a directory.
pub fn run(world: &World, browser: &str, place: &str, more: &[&str]) -> Answer {
    let arguments = ["test", "m0", "--engine", browser, "--in", place];
    let answer = world.run(&[&arguments[..], more].concat());
    world.assert_clean();
    assert_eq!(processes_of(world), [] as [i32; 0], "{browser}, {place}");
    answer
}

/// The processes that work in the checkout, or whose command line names it, as that of a browser does with its profile.
pub fn processes_of(world: &World) -> Vec<i32> {
    let name = world.checkout.to_str().unwrap().as_bytes();
    let ids = fs::read_dir("/proc").into_iter().flatten().flatten();
    ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id: &i32| {
            let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let works_there =
                fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|cwd| cwd.starts_with(&world.checkout));
            let is_it = id.cast_unsigned() != std::process::id();
            is_it && (works_there || line.windows(name.len()).any(|part| part == name)) && lives(*id)
        })
        .collect()
}

#[test]
fn the_cases_come_out_as_in_shells() {
    in_each(|browser, place| {
        let world = World::new().with_this_machine();
        let world = world.set("CARGO_TARGET_DIR", repository().join("target"));
        let mut command = world.xtask(&["test", "m0", "m1", "weak-table", "--engine", browser, "--in", place]);
        let answer = Answer::of(command.current_dir(repository()).output().unwrap());
        answer.expect(0, &["3 cells: 3 ok"]);
        let title = format!("({place})");
        assert!(answer.stdout.contains(&title), "{}", answer.stdout);
    });
}

/// Each has a browser, a profile, a port and a display of its own.
#[test]
fn two_commands_at_once_do_not_meet() {
    in_each(|browser, place| {
        let world = World::new().with_this_machine().with_guests();
        let test = || world.run(&["test", "m0", "--engine", browser, "--in", place]);
        let answers =
            std::thread::scope(|scope| [scope.spawn(test), scope.spawn(test)].map(|command| command.join().unwrap()));
        for answer in answers {
            answer.expect(0, &["1 cell: 1 ok"]);
        }
        world.assert_clean();
        assert_eq!(processes_of(&world), [] as [i32; 0], "{browser}, {place}");
    });
}

#[test]
fn a_script_that_does_not_end_is_ended() {
    // A browser that starts on a busy machine takes some of them.
    const SECONDS: &str = "8";
    in_each(|browser, place| {
        let told = format!("it ran out of time after {SECONDS} s");
        let world = world_with("print('before');\nfor (;;);\n");
        run(&world, browser, place, &["--timeout", SECONDS]).expect(1, &[&told, "before"]);
        let world = world_with("print('before');\nmain(() => new Promise(() => {}));\n");
        run(&world, browser, place, &["--timeout", SECONDS]).expect(1, &["it "]);
    });
}

#[test]
fn what_a_script_throws_is_told_with_its_place() {
    in_each(|browser, place| {
        for (script, told) in [
            ("throw new Error('mine');\n", "Error: mine (js/cases/m0/test.js:1:"),
            ("\nlet a = ;\n", "SyntaxError: "),
            ("Promise.reject(new Error('mine'));\nmain(() => {});\n", "Error: mine"),
            (
                "queueMicrotask(() => { throw new Error('mine'); });\nmain(() => {});\n",
                "Error: mine",
            ),
        ] {
            run(&world_with(script), browser, place, &[]).expect(1, &[told]);
        }
    });
}

#[test]
fn a_script_asks_for_an_exit_status() {
    in_each(|browser, place| {
        let world = world_with("quit(3);\n");
        run(&world, browser, place, &[]).expect(1, &["it exited with 3 before its end"]);
    });
}

#[test]
fn what_is_printed_at_once_is_not_lost() {
    in_each(|browser, place| {
        let world = world_with("for (let i = 0; i < 100000; i++) print(`line ${i}`);\nprint('last');\nquit(0);\n");
        let json = world.file("results.json");
        run(&world, browser, place, &["--json", json.to_str().unwrap()]).expect(1, &[]);
        let text = fs::read_to_string(json).unwrap();
        let results: serde_json::Value = serde_json::from_str(&text).unwrap();
        let lines = results["cells"][0]["transcript"].as_array().unwrap();
        assert_eq!(lines.len(), 100_001);
        for (number, line) in lines.iter().take(100_000).enumerate() {
            assert_eq!(line.as_str(), Some(format!("line {number}").as_str()));
        }
        let world = world_with("for (;;) print('x'.repeat(1000));\n");
        run(&world, browser, place, &[]).expect(1, &["it printed more than"]);
    });
}

#[test]
fn a_page_that_is_lost_is_said_to_be() {
    in_each(|browser, place| {
        let is_page = place == "page";
        let scripts: &[(&str, &str)] = match is_page {
            true => &[
                ("location.href = 'about:blank';\n", "the page was left or closed"),
                (
                    "setTimeout(() => location.reload(), 0);\n",
                    "the page was left or closed",
                ),
            ],
            false => &[("close();\n", "the page closed its worker")],
        };
        for (script, told) in scripts {
            run(&world_with(script), browser, place, &[]).expect(1, &[told]);
        }
    });
}

/// Within a script a collection would scan the stack, which may lead to anything.
#[test]
fn a_collection_comes_when_no_script_runs() {
    in_each(|browser, place| {
        let script = "const all = [];
for (let i = 0; i < 100; i++) all.push(new WeakRef({}));
const left = () => all.filter(weak => weak.deref() !== undefined).length;
(async () => {
  await turn();
  gc();
  print(`at once: ${left()}`);
  for (let chance = 0; chance < 10 && left() > 10; chance++) {
    await turn();
    gc();
    await turn();
  }
  print(`later: ${left() > 10 ? 'too many' : 'few'}`);
  quit(3);
})();
";
        run(&world_with(script), browser, place, &[]).expect(1, &["at once: 100", "later: few"]);
    });
}

#[test]
fn a_dialog_stops_nothing() {
    in_each(|browser, place| {
        if place == "page" {
            let world = world_with("alert('a');\nconfirm('b');\nprompt('c');\nquit(4);\n");
            run(&world, browser, place, &[]).expect(1, &["it exited with 4 before its end"]);
        }
    });
}

#[test]
fn what_is_no_browser_is_refused() {
    let world = World::new();
    let program = world.bin.join("chromium");
    fs::write(&program, "#!/bin/sh\necho 'no display' >&2\nexit 1\n").unwrap();
    world.open(&program, 0o111);
    let answer = world.run(&["engines", "--engine", "chromium"]);
    answer.expect(2, &["`", "cannot be used: Chromium: ", "no display"]);
    let answer = world.run(&[
        OsStr::new("engines"),
        OsStr::new("--engine"),
        OsStr::new("jsc=chromium"),
    ]);
    answer.expect(2, &["it is Chromium, with the engine v8"]);
    world.assert_clean();
}

/// The program of a browser of this machine.
pub fn path_of(world: &World, browser: &str) -> PathBuf {
    let answer = world.run(&["engines", "--json", "--engine", browser]);
    let json: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    PathBuf::from(json["programs"][0]["program"].as_str().unwrap())
}
