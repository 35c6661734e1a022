//! `new`: what it writes, and where it writes nothing.

use crate::world::{Answer, D8, M0, World, odd_name};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_new_case_is_a_script_and_what_is_expected_of_it() {
    let world = World::new();
    // In a checkout, and installed; its parents are made.
    let here = world.file("an empty directory");
    for (mut command, directory) in [
        (world.xtask(&["new", "my/leak"]), world.checkout.join("my/leak")),
        (world.installed(&["new", "my/leak"]), here.join("my/leak")),
        (world.installed(&["new", "--", "-x"]), here.join("-x")),
    ] {
        let answer = Answer::of(command.output().unwrap());
        answer.expect(0, &[]);
        assert_eq!(names(&directory), ["expected.txt", "test.mjs"]);
        let script = fs::read_to_string(directory.join("test.mjs")).unwrap();
        assert!(script.contains("export function test(n)"), "{script}");
        // As if made by hand: a temporary directory would be private.
        let mode = fs::metadata(&directory).unwrap().permissions().mode();
        assert_ne!(mode & 0o055, 0, "{mode:o}");
        // A name that begins with a hyphen would be taken for a flag.
        let last = directory.file_name().unwrap().to_str().unwrap();
        let shown = if last == "-x" { "./-x" } else { "my/leak" };
        assert!(
            answer
                .stdout
                .contains(&format!("made {shown} with test.mjs, expected.txt")),
            "{answer:?}"
        );
        assert!(answer.stdout.contains(&format!(" test {shown}\n")), "{answer:?}");
    }
    assert_eq!(names(&here), ["-x", "my"]);
}

#[test]
fn nothing_is_written_where_something_is() {
    let world = World::new();
    world.write("full/notes.txt", "mine");
    world.write("file", "mine");
    symlink("nowhere", world.checkout.join("link")).unwrap();
    for (name, printed) in [
        (
            "full",
            "`full` is not empty, and nothing was written: name a new directory",
        ),
        (
            "file",
            "failed to look at `file`: name a new directory: Not a directory",
        ),
        ("link", "failed to look at `link`: name a new directory: No such file"),
        ("file/below", "failed to look at `file/below`"),
        (
            "js/cases/mine",
            "`js/cases/mine` would be among the checkout's own cases",
        ),
        ("js/cases/../cases/mine/x", "would be among the checkout's own cases"),
    ] {
        world.run(&["new", name]).expect(2, &[printed]);
    }
    assert_eq!(names(&world.checkout.join("full")), ["notes.txt"]);
    assert_eq!(fs::read_to_string(world.checkout.join("file")).unwrap(), "mine");
    assert_eq!(names(&world.checkout.join("js/cases")), ["m0"]);
    world.assert_clean();
}

#[test]
fn an_empty_directory_is_filled() {
    let world = World::new();
    let directory = world.file("an empty directory");
    let answer = Answer::of(world.installed(&["new", "."]).output().unwrap());
    answer.expect(0, &[]);
    assert_eq!(names(&directory), ["expected.txt", "test.mjs"]);
    // A second time it is not empty.
    let answer = Answer::of(world.installed(&["new", "."]).output().unwrap());
    answer.expect(2, &["`.` is not empty"]);
}

#[test]
fn a_directory_may_have_any_name() {
    let world = World::new();
    let directory = world.directory().join(odd_name());
    let output = world.xtask(&["new".as_ref(), directory.as_os_str()]).output().unwrap();
    Answer::of(output).expect(0, &[]);
    assert_eq!(names(&directory), ["expected.txt", "test.mjs"]);
}

#[test]
fn what_cannot_be_written_leaves_nothing() {
    let world = World::new();
    let locked = world.file("locked");
    fs::create_dir_all(&locked).unwrap();
    let word = locked.join("leak");
    let answer = Answer::of(
        world
            .xtask_without_root(&["new", word.to_str().unwrap()])
            .output()
            .unwrap(),
    );
    answer.expect(2, &["failed to make the directory", "Permission denied"]);
    assert_eq!(names(&locked), [] as [String; 0]);
    world
        .run(&["new", "/proc/leak"])
        .expect(2, &["failed to make the directory `/proc/leak`"]);
}

#[test]
fn a_case_of_the_checkout_is_copied_with_its_guest() {
    let world = World::new();
    world.engine("d8", D8, M0);
    let answer = world.run(&["new", "../copy", "--from", "m0"]);
    answer.expect(0, &[]);
    let directory = world.file("copy");
    assert_eq!(
        names(&directory),
        ["expected.txt", "guest.wasm", "runtime.js", "test.js"]
    );
    let expected = fs::read_to_string(directory.join("expected.txt")).unwrap();
    assert!(expected.contains("#: verdict = collected | bounded\n"), "{expected}");
    let script = fs::read_to_string(directory.join("test.js")).unwrap();
    assert!(script.contains("\nload('runtime.js');\n"), "{script}");
    let own = fs::read_to_string(world.checkout.join("js/cases/m0/test.js")).unwrap();
    assert!(script.ends_with(&own), "{script}");
}

#[test]
fn what_cannot_be_copied_is_refused() {
    let world = World::new();
    for name in ["no-gc", "m1"] {
        world.copy(&format!("js/cases/{name}"));
        world.copy(&format!("expected/{name}.txt"));
    }
    for (from, printed) in [
        ("m9", "there is no case `m9`"),
        ("m*", "`m*` names 2 cases: name the one to copy"),
        ("no-gc", "`no-gc` is about what is done between rounds"),
    ] {
        world.run(&["new", "leak", "--from", from]).expect(2, &[printed]);
    }
    let output = world.installed(&["new", "leak", "--from", "m0"]).output().unwrap();
    Answer::of(output).expect(2, &["`--from m0` needs a checkout of wasm-leaks"]);
    world.write("own/test.js", "function test(n) {}");
    world
        .run(&["new", "leak", "--from", "own"])
        .expect(2, &["`own` is a case of your own already"]);
    assert!(!world.checkout.join("leak").exists());
    world.assert_clean();
}
