//! Faults of the file system, of processes and of numbers, in tables: each ends with a
//! message that says whose fault it was, the right status, and no panic.

mod ending;
mod engines;
mod numbers;
mod writing;

use crate::world::{D8, JS, M0, World};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A fault, the exit status of `test --engine v8`, and what is printed.
type Fault = (&'static str, fn(&World), i32, &'static [&'static str]);

/// A world in which m0 on d8 is ok, with a program that could stand in for d8.
fn world() -> World {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.engine(
        "node",
        r#"say @ {"type":"probe","engine":"v8","shell":"node","version":"20.1.0","features":["gc","finalization-registry"]}"#,
        M0,
    );
    world
}

fn all_end_well(faults: &[Fault]) {
    for (name, fault, status, printed) in faults {
        let world = world();
        fault(&world);
        let answer = world.run(&["test", "--engine", "v8"]);
        let whole = format!("{name}: {}\n{}", answer.stdout, answer.stderr);
        assert_eq!(answer.status, Some(*status), "{whole}");
        for text in *printed {
            assert!(
                answer.stderr.contains(text) || answer.stdout.contains(text),
                "`{text}` is not printed: {whole}"
            );
        }
        assert!(!answer.stderr.contains("panicked"), "{whole}");
        // No other program is judged in its place.
        assert!(!answer.stdout.contains("node 20.1.0"), "{whole}");
    }
}

/// The program's own files.
fn own(world: &World, name: &str) -> PathBuf {
    world.checkout.join("target/wasm-leaks").join(name)
}

/// The files of a directory of its own with this extension.
fn files(world: &World, directory: &str, extension: &str) -> Vec<PathBuf> {
    let mut paths = crate::world::walk(&own(world, directory));
    paths.retain(|path| path.extension().unwrap_or_default() == extension);
    assert!(!paths.is_empty(), "{directory}/*.{extension}");
    paths.sort();
    paths
}

/// Runs once, so that all caches are there, then damages each file.
fn damage(world: &World, directory: &str, extension: &str, damage: fn(&Path)) {
    world.run(&["test", "--engine", "v8"]).expect(0, &["1 ok"]);
    files(world, directory, extension).iter().for_each(|path| damage(path));
}

fn truncate(path: &Path) {
    fs::write(path, "").unwrap();
}

fn halve(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

/// Changes one letter of text, or one byte.
fn garble(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn become_directory(path: &Path) {
    fs::remove_file(path).unwrap();
    fs::create_dir(path).unwrap();
}

fn become_pipe(path: &Path) {
    let _ = fs::remove_file(path);
    mkfifo(path, Mode::from_bits_truncate(0o600)).unwrap();
}

/// Replaces a directory by a file, or makes the file.
fn become_file(path: &Path) {
    let _ = fs::remove_dir_all(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "").unwrap();
}

fn become_dangling_link(path: &Path) {
    let _ = fs::remove_dir_all(path);
    let _ = fs::remove_file(path);
    symlink("/nowhere/at all", path).unwrap();
}

/// With m0 on a guest in text.
fn in_text(world: &World) {
    let expectation = fs::read_to_string(world.checkout.join("expected/m0.txt")).unwrap();
    world.write("expected/m0.txt", &format!("#: guest = m2\n{expectation}"));
}

const NO_DIRECTORY: &[&str] = &["error: ", "failed to make the directory `", "CARGO_TARGET_DIR"];

const REBUILDS: &[&str] = &["no Rust toolchain here can build the guest"];

#[test]
fn a_fault_of_the_checkout_is_not_the_engines() {
    all_end_well(&[
        (
            "target is a file",
            |w| become_file(&w.checkout.join("target")),
            2,
            NO_DIRECTORY,
        ),
        (
            "target leads nowhere",
            |w| become_dangling_link(&w.checkout.join("target")),
            2,
            NO_DIRECTORY,
        ),
        (
            "its own directory is a file",
            |w| become_file(&w.checkout.join("target/wasm-leaks")),
            2,
            NO_DIRECTORY,
        ),
        ("probes is a file", |w| become_file(&own(w, "probes")), 2, NO_DIRECTORY),
        (
            "canaries is a file",
            |w| become_file(&own(w, "canaries")),
            2,
            NO_DIRECTORY,
        ),
        ("stages is a file", |w| become_file(&own(w, "stages")), 2, NO_DIRECTORY),
        (
            "stages leads nowhere",
            |w| become_dangling_link(&own(w, "stages")),
            2,
            NO_DIRECTORY,
        ),
        ("runs is a file", |w| become_file(&own(w, "runs")), 2, NO_DIRECTORY),
        ("guests is a file", |w| become_file(&own(w, "guests")), 2, NO_DIRECTORY),
        (
            "the probe is a pipe",
            |w| become_pipe(&w.checkout.join("js/lib/probe.js")),
            2,
            &["error: failed to read `", "probe.js`: it is a pipe, not a file"],
        ),
        (
            "the canary is gone",
            |w| fs::remove_file(w.checkout.join("js/lib/canary.js")).unwrap(),
            2,
            &["error: failed to read `", "canary.js`: No such file"],
        ),
        (
            "the stage vanishes under the case",
            |w| {
                drop(w.engine(
                    "d8",
                    D8,
                    &[&format!("remove {}", own(w, "stages").display()), M0[0], M0[1]],
                ))
            },
            2,
            &["error: the directory `", "vanished while `"],
        ),
        (
            "the stage vanishes under the canary",
            |w| {
                let remove = format!("canary: remove {}", own(w, "stages").display());
                w.fake(&w.bin.join("d8"), &[format!("probe: {D8}"), remove]);
            },
            2,
            &["error: failed to run the canary on `", "vanished while `"],
        ),
        (
            "the stage vanishes under the probe",
            |w| {
                let remove = format!("probe: remove {}", own(w, "stages").display());
                w.fake(&w.bin.join("d8"), &[remove, format!("probe: {D8}")]);
            },
            2,
            &["error: failed to probe `", "vanished while `"],
        ),
    ]);
}

#[test]
fn what_is_damaged_is_noticed() {
    all_end_well(&[
        (
            "no probe is left",
            |w| damage(w, "probes", "json", truncate),
            0,
            &["1 ok"],
        ),
        (
            "half a probe is left",
            |w| damage(w, "probes", "json", halve),
            0,
            &["1 ok"],
        ),
        (
            "a probe is garbled",
            |w| damage(w, "probes", "json", garble),
            0,
            &["d8 10.0.1", "1 ok"],
        ),
        (
            "a probe is a directory",
            |w| damage(w, "probes", "json", become_directory),
            0,
            &[
                "warning: failed to write `",
                "d8` will be probed again",
                "d8 10.0.1",
                "1 ok",
            ],
        ),
        (
            "a probe is a pipe",
            |w| damage(w, "probes", "json", become_pipe),
            0,
            &["d8 10.0.1", "1 ok"],
        ),
        (
            "a probe is that of another program",
            |w| {
                w.engine("js", JS, M0);
                w.run(&["test"]).expect(0, &["2 ok"]);
                let probes = files(w, "probes", "json");
                let texts: Vec<_> = probes.iter().map(|path| fs::read(path).unwrap()).collect();
                fs::write(&probes[0], &texts[1]).unwrap();
                fs::write(&probes[1], &texts[0]).unwrap();
            },
            0,
            &["d8 10.0.1", "1 ok"],
        ),
        (
            "a canary is a directory",
            |w| damage(w, "canaries", "", become_directory),
            0,
            &["warning: failed to write `", "d8` will be tested again", "1 ok"],
        ),
        (
            "no guest is left",
            |w| damage(w, "guests", "wasm", truncate),
            2,
            REBUILDS,
        ),
        (
            "half a guest is left",
            |w| damage(w, "guests", "wasm", halve),
            2,
            REBUILDS,
        ),
        (
            "a guest is garbled",
            |w| damage(w, "guests", "wasm", garble),
            2,
            REBUILDS,
        ),
        (
            "a guest is a directory",
            |w| damage(w, "guests", "wasm", become_directory),
            2,
            REBUILDS,
        ),
        (
            "a guest is a pipe",
            |w| damage(w, "guests", "wasm", become_pipe),
            2,
            REBUILDS,
        ),
        (
            "a digest is gone",
            |w| damage(w, "guests", "digest", truncate),
            2,
            REBUILDS,
        ),
        (
            "a guest in text is garbled",
            |w| {
                in_text(w);
                damage(w, "guests", "wasm", garble);
                // The Rust guest is not used.
                assert_eq!(w.run(&["build"]).status, Some(0));
            },
            0,
            &["1 ok"],
        ),
        (
            "a guest in text is a directory",
            |w| {
                in_text(w);
                damage(w, "guests", "wasm", become_directory);
            },
            2,
            &["error: failed to write `", "/guests/m2-"],
        ),
    ]);
}

#[test]
fn a_fault_of_a_case_names_its_file() {
    all_end_well(&[
        (
            "an expectation is a directory",
            |w| become_directory(&w.checkout.join("expected/m0.txt")),
            2,
            &["expected/m0.txt`: it is a directory, not a file"],
        ),
        (
            "an expectation is a pipe",
            |w| become_pipe(&w.checkout.join("expected/m0.txt")),
            2,
            &["expected/m0.txt`: it is a pipe, not a file"],
        ),
        (
            "an expectation leads nowhere",
            |w| become_dangling_link(&w.checkout.join("expected/m0.txt")),
            2,
            &["failed to read `", "expected/m0.txt`: No such file"],
        ),
        (
            "an expectation is huge",
            |w| {
                let file = fs::File::create(w.checkout.join("expected/m0.txt")).unwrap();
                file.set_len(1 << 40).unwrap();
            },
            2,
            &["expected/m0.txt`: it is larger than 16 MiB"],
        ),
        (
            "an expectation is not text",
            |w| fs::write(w.checkout.join("expected/m0.txt"), b"\xff\0").unwrap(),
            2,
            &["expected/m0.txt` is not UTF-8"],
        ),
        (
            "a script is a directory",
            |w| become_directory(&w.checkout.join("js/cases/m0/test.js")),
            2,
            &["js/cases/m0/test.js` is not a file: a case is a directory with a script `test.js`"],
        ),
        (
            "a script is a pipe",
            |w| become_pipe(&w.checkout.join("js/cases/m0/test.js")),
            2,
            &["js/cases/m0/test.js` is not a file"],
        ),
        (
            "a case looks like a flag",
            |w| w.write("js/cases/-x/test.js", ""),
            2,
            &["js/cases/-x` cannot be a case: ", "no hyphen first"],
        ),
        (
            "a guest in text is a pipe",
            |w| {
                in_text(w);
                become_pipe(&w.checkout.join("guest/m2.wat"));
            },
            2,
            &["there is no guest `m2`"],
        ),
        (
            "a guest in text is not text",
            |w| {
                in_text(w);
                fs::write(w.checkout.join("guest/m2.wat"), b"(module \xff)").unwrap();
            },
            2,
            &["guest/m2.wat` is not UTF-8"],
        ),
    ]);
}
