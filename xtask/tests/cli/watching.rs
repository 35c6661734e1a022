//! `watch`: what makes it run again, and how it ends.

use crate::world::{D8, M0, World, lives, pids, wait, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// A running command, and the file that its standard error goes to.
struct Watching {
    child: Child,
    printed: PathBuf,
}

impl Watching {
    fn start(world: &World, arguments: &[&str]) -> Watching {
        let printed = world.file("printed");
        let mut command = world.xtask(&[&["watch"], arguments].concat());
        let command = command.current_dir(world.directory()).stdout(Stdio::null());
        let child = command.stderr(File::create(&printed).unwrap()).spawn().unwrap();
        Watching { child, printed }
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.printed).unwrap()
    }

    /// Waits until it has come to wait itself, so many times in all.
    #[track_caller]
    fn wait_for_runs(&self, runs: usize) {
        wait_until("it waits", || self.text().matches("Ctrl-C ends it").count() == runs);
    }

    #[track_caller]
    fn wait_for(&self, text: &str) {
        wait_until(text, || self.text().contains(text));
    }

    /// Interrupts it; returns what it has printed.
    #[track_caller]
    fn end(mut self) -> String {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        assert_eq!(wait(&mut self.child), Some(130), "{}", self.text());
        let text = self.text();
        assert!(!text.contains("panicked"), "{text}");
        text
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A world with a directory of a user's own, and the file in which its engine notes each run.
fn own() -> (World, PathBuf, PathBuf) {
    let world = World::new();
    let noted = world.file("noted");
    world.engine("d8", D8, &[&format!("note run {}", noted.display())]);
    world.write("../own/test.js", "function test(n) {}");
    let directory = world.file("own");
    (world, directory, noted)
}

fn runs(noted: &Path) -> usize {
    fs::read_to_string(noted).unwrap_or_default().lines().count()
}

#[test]
fn a_change_is_followed_by_a_run() {
    let (world, own, noted) = own();
    let watching = Watching::start(&world, &["own", "--engine", "v8", "--json", "own/results.json"]);
    watching.wait_for_runs(1);
    watching.wait_for("watching `own`; Ctrl-C ends it");
    fs::write(own.join("test.js"), "function test(n) { n; }").unwrap();
    watching.wait_for_runs(2);
    watching.wait_for("\nchanged: `own/test.js`\n");
    // As editors write.
    fs::write(own.join(".test.js.swp"), "function test(n) { n + 1; }").unwrap();
    fs::rename(own.join(".test.js.swp"), own.join("test.js")).unwrap();
    watching.wait_for_runs(3);
    // A new directory is watched as well.
    fs::create_dir(own.join("lib")).unwrap();
    fs::write(own.join("lib/a.js"), "1").unwrap();
    watching.wait_for("\nnew: `own/lib/a.js`\n");
    watching.wait_for_runs(4);
    fs::write(own.join("lib/a.js"), "12").unwrap();
    watching.wait_for("\nchanged: `own/lib/a.js`\n");
    watching.wait_for_runs(5);
    fs::remove_file(own.join("lib/a.js")).unwrap();
    watching.wait_for("\nremoved: `own/lib/a.js`\n");
    watching.wait_for_runs(6);
    assert_eq!(runs(&noted), 6);
    let text = watching.end();
    assert!(!text.contains("results.json"), "{text}");
    assert!(!text.contains('\u{1b}'), "nothing is cleared or coloured: {text}");
    world.assert_clean();
}

#[test]
fn what_is_no_source_is_no_change() {
    let (world, own, noted) = own();
    fs::write(own.join("package.json"), "{}").unwrap();
    for name in ["node_modules", "target", ".git"] {
        fs::create_dir_all(own.join(name)).unwrap();
    }
    let watching = Watching::start(&world, &["own", "--engine", "v8"]);
    watching.wait_for_runs(1);
    for name in ["node_modules/a.js", "target/b.js", ".git/c", "d.js~", ".e.js.swp"] {
        fs::write(own.join(name), "").unwrap();
    }
    // That it was read is no change, either; this is the next one.
    fs::read(own.join("test.js")).unwrap();
    fs::write(own.join("f.js"), "").unwrap();
    watching.wait_for("new: `own/f.js`");
    watching.wait_for_runs(2);
    let text = watching.end();
    assert_eq!(runs(&noted), 2, "{text}");
    for name in ["a.js", "b.js", "c`", "d.js", "e.js"] {
        assert!(!text.contains(&format!("{name}`")), "{text}");
    }
}

#[test]
fn a_change_during_a_run_is_followed_by_one_more() {
    let (world, own, noted) = own();
    let go_on = world.file("go-on");
    let note = format!("note run {}", noted.display());
    world.engine("d8", D8, &[&note, &format!("wait-for-lines 1 {}", go_on.display())]);
    let watching = Watching::start(&world, &["own", "--engine", "v8"]);
    wait_until("it runs", || runs(&noted) == 1);
    fs::write(own.join("test.js"), "function test(n) { 1; }").unwrap();
    fs::write(own.join("test.js"), "function test(n) { 12; }").unwrap();
    fs::write(own.join("other.js"), "").unwrap();
    fs::write(&go_on, "now\n").unwrap();
    watching.wait_for_runs(2);
    let text = watching.end();
    assert_eq!(runs(&noted), 2, "{text}");
    assert!(
        text.contains("\nnew: `own/other.js`\nchanged: `own/test.js`\n"),
        "{text}"
    );
}

#[test]
fn a_directory_may_vanish_and_come_back() {
    let (world, own, noted) = own();
    let watching = Watching::start(&world, &["own", "--engine", "v8"]);
    watching.wait_for_runs(1);
    fs::remove_dir_all(&own).unwrap();
    watching.wait_for("removed: `own/test.js`");
    watching.wait_for("error: failed to look at `own`");
    watching.wait_for_runs(2);
    world.write("../own/test.js", "function test(n) {}");
    watching.wait_for("new: `own/test.js`");
    watching.wait_for_runs(3);
    fs::write(own.join("test.js"), "function test(n) { 1; }").unwrap();
    watching.wait_for("changed: `own/test.js`");
    watching.wait_for_runs(4);
    watching.end();
    assert_eq!(runs(&noted), 3);
}

#[test]
fn an_error_is_shown_and_mended_by_the_next_change() {
    let (world, own, _) = own();
    let watching = Watching::start(&world, &["own", "--engine", "v8"]);
    watching.wait_for_runs(1);
    fs::write(own.join("expected.txt"), "#: verdikt = leaks\n").unwrap();
    watching.wait_for("error: own/expected.txt:1: unknown directive `verdikt`");
    watching.wait_for_runs(2);
    fs::remove_file(own.join("expected.txt")).unwrap();
    watching.wait_for_runs(3);
    watching.end();
}

#[test]
fn cases_of_the_checkout_are_watched_with_what_is_expected_of_them() {
    let world = World::new();
    world.engine("d8", D8, M0);
    let printed = world.file("printed");
    let mut command = world.xtask(&["watch", "m0", "--engine", "v8"]);
    let child = command
        .stdout(Stdio::null())
        .stderr(File::create(&printed).unwrap())
        .spawn()
        .unwrap();
    let watching = Watching { child, printed };
    watching.wait_for_runs(1);
    watching.wait_for("watching `expected`, `guest`, `js`; Ctrl-C ends it");
    let expected = fs::read_to_string(world.checkout.join("expected/m0.txt")).unwrap();
    world.write("expected/m0.txt", &expected.replace("collected", "leaks"));
    watching.wait_for("changed: `expected/m0.txt`");
    watching.wait_for("the verdict is `collected`; expected `leaks`");
    watching.wait_for_runs(2);
    world.write("js/cases/m0/test.js", "1");
    watching.wait_for("changed: `js/cases/m0/test.js`");
    watching.wait_for_runs(3);
    watching.end();
    world.assert_clean();
}

#[test]
fn nothing_outlives_it() {
    let world = World::new();
    let pid = world.file("pid");
    let hang = format!("hang-with-deaf-child {}", pid.display());
    world.engine("d8", D8, &[&format!("note-pid {}", pid.display()), &hang]);
    world.write("../own/test.js", "function test(n) {}");
    let watching = Watching::start(&world, &["own", "--engine", "v8"]);
    wait_until("the engine and its child run", || pids(&pid).len() == 2);
    let text = watching.end();
    assert!(!pids(&pid).into_iter().any(lives), "{text}");
    assert!(text.contains("interrupted: 0 of 1 runs of cells ended"), "{text}");
    world.assert_clean();
}

#[test]
fn what_can_never_run_is_not_watched() {
    let (world, _, _) = own();
    for (arguments, printed) in [
        (&["nowhere/at/all"][..], "failed to look at `nowhere/at/all`"),
        (
            &["nowhere-*"],
            "`nowhere-*` matches no case of the checkout and no path",
        ),
        (&["../own", "--engine", "jsc"], "no engine was found for JavaScriptCore"),
        (&["../own", "--accept"], "`watch` accepts nothing"),
        (&["../own", "--memory", "0"], "expected a whole number"),
    ] {
        world.run(&[&["watch"], arguments].concat()).expect(2, &[printed]);
    }
}
