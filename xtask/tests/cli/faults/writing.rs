//! Where nothing can be written.

use super::{become_pipe, own, world};
use crate::world::{Answer, World};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

#[test]
fn results_are_written_wherever_they_can_be() {
    let world = world();
    let arguments = |path: &Path| {
        [
            "test".into(),
            "--engine".into(),
            "v8".into(),
            "--json".into(),
            path.to_owned(),
        ]
    };
    let link = world.file("link.json");
    symlink("target.json", &link).unwrap();
    world.run(&arguments(&link)).expect(0, &["1 ok"]);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let target = world.file("target.json");
    assert!(fs::read_to_string(&target).unwrap().contains("wasm-leaks/results"));
    // Permissions are kept.
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    world.run(&arguments(&link)).expect(0, &["1 ok"]);
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o640);

    let pipe = world.file("pipe");
    become_pipe(&pipe);
    world.run(&arguments(&pipe)).expect(
        2,
        &["error: failed to write `", "pipe`: no process reads this pipe", "1 ok"],
    );
    world
        .run(&arguments(Path::new("/dev/full")))
        .expect(2, &["error: failed to write `/dev/full`: No space left on device"]);
    // The table cannot be printed, but the results are written.
    fs::remove_file(&target).unwrap();
    let mut command = world.xtask(&arguments(&target));
    command.stdout(fs::File::options().write(true).open("/dev/full").unwrap());
    let answer = Answer::of(command.output().unwrap());
    answer.expect(2, &["error: failed to write to standard output", "1 ok"]);
    assert!(fs::read_to_string(&target).unwrap().contains("wasm-leaks/results"));
    // Results that are read.
    world
        .run(&["findings", pipe.to_str().unwrap()])
        .expect(2, &["pipe`: it is a pipe, not a file"]);
}

/// Permissions do not stop root: as another user, with the checkout open to all but for this.
#[test]
fn what_is_not_permitted_is_said_of_its_file() {
    type Forbidden = (fn(&World) -> PathBuf, u32, &'static [&'static str]);
    let cases: &[Forbidden] = &[
        (
            |w| w.checkout.join("js/cases/m0"),
            0o000,
            &["failed to look at `", "m0/test.js`: Permission denied"],
        ),
        (
            |w| w.checkout.join("js/cases"),
            0o000,
            &["failed to list `", "js/cases`: Permission denied"],
        ),
        (
            |w| w.checkout.join("js/cases/m0/test.js"),
            0o000,
            &["failed to read `", "test.js`: Permission denied"],
        ),
        (
            |w| w.checkout.join("expected/m0.txt"),
            0o000,
            &["failed to read `", "m0.txt`: Permission denied"],
        ),
        (
            |w| w.checkout.join("js/lib/canary.js"),
            0o000,
            &["failed to read `", "canary.js`: Permission denied"],
        ),
        (
            |w| w.checkout.join("results.json"),
            0o444,
            &["results.json` cannot be written: Permission denied"],
        ),
        (
            |w| own(w, "stages"),
            0o555,
            &["failed to make a directory in `", "set CARGO_TARGET_DIR"],
        ),
        (
            |w| own(w, "runs"),
            0o555,
            &["failed to write the record `", "set CARGO_TARGET_DIR"],
        ),
    ];
    for (path, mode, printed) in cases {
        let world = world();
        world
            .run(&["test", "--engine", "v8", "--json", "results.json"])
            .expect(0, &["1 ok"]);
        open_to_all(&world, world.directory());
        let path = path(&world);
        let before = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
        let arguments = ["test", "--engine", "v8", "--json", "results.json"];
        let answer = Answer::of(world.xtask_without_root(&arguments).output().unwrap());
        fs::set_permissions(&path, before).unwrap();
        answer.expect(2, printed);
    }
    // Nothing that is made can be used.
    let world = world();
    open_to_all(&world, world.directory());
    let own = world.checkout.join("target/wasm-leaks");
    fs::remove_dir_all(&own).unwrap();
    fs::create_dir_all(&own).unwrap();
    open_to_all(&world, &own);
    let command = world.xtask_without_root(&["test", "--engine", "v8"]);
    let mut umask = world.command("/bin/sh", &["-c", "umask 777; exec \"$0\" \"$@\""]);
    umask.arg(command.get_program()).args(command.get_args());
    if nix::unistd::geteuid().is_root() {
        std::os::unix::process::CommandExt::uid(&mut umask, 65534);
    }
    let answer = Answer::of(umask.output().unwrap());
    answer.expect(2, &["error: ", "Permission denied"]);
    assert!(!answer.stderr.contains("no engine was found"), "{}", answer.stderr);
}

fn open_to_all(world: &World, path: &Path) {
    if fs::symlink_metadata(path).unwrap().is_symlink() {
        return;
    }
    world.open(path, if path.is_dir() { 0o777 } else { 0o666 });
    for entry in fs::read_dir(path).into_iter().flatten() {
        open_to_all(world, &entry.unwrap().path());
    }
}

#[test]
fn a_machine_without_room_is_no_missing_engine() {
    let bash = which::which("bash").unwrap();
    for (limit, printed) in [
        // No file can grow, as on a full disk.
        (
            "trap '' XFSZ; ulimit -f 0",
            &["error: failed to probe `", "failed to write `"][..],
        ),
        ("ulimit -n 9", &["error: failed to", "Too many open files"]),
        ("ulimit -n 16", &["error: failed to", "Too many open files"]),
    ] {
        let world = world();
        let script = format!("{limit}; exec \"$0\" test --engine v8");
        let arguments = ["-c", &script, env!("CARGO_BIN_EXE_wasm-leaks")];
        let answer = Answer::of(world.command(&bash, &arguments).output().unwrap());
        answer.expect(2, printed);
        assert!(!answer.stderr.contains("no engine was found"), "{}", answer.stderr);
        assert!(!answer.stdout.contains("node"), "{}", answer.stdout);
    }
}
