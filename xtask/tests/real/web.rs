//! What `js/lib` gives scripts where the engine lacks it: `xtask/tests/web.js` checks it in
//! the engine itself, without a case.

use crate::world::{World, repository, wait};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

const CHECKS: &str = "xtask/tests/web.js";

/// The engine's row of `engines --json`.
fn row(engine: &str) -> Value {
    let answer = World::new().with_this_machine().run(&["engines", "--json"]);
    let json: Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
    let rows = json["programs"].as_array().expect("it lists programs");
    let row = rows.iter().find(|row| row["engine"] == engine);
    row.expect("the engine is found").clone()
}

/// What the checks print in a directory that has them and the scripts.
fn checked(engine: &str, directory: &Path) -> String {
    let row = row(engine);
    let program = row["program"].as_str().expect("it has a path");
    let mut command = Command::new(program);
    if row["shell"] == "deno" {
        command.args(["run", "--allow-all"]);
    }
    let flags = row["flags"].as_array().expect("it has flags");
    command
        .args(flags.iter().filter_map(Value::as_str))
        .arg(CHECKS)
        .current_dir(directory)
        .stdin(Stdio::null())
        // jsc reports there that a file is missing.
        .stderr(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("failed to run `{program}`: {error}"));
    // What is printed fits into the pipe.
    wait(&mut child);
    let mut printed = String::new();
    child.stdout.unwrap().read_to_string(&mut printed).unwrap();
    printed
}

pub fn scripts_find_what_they_expect(engine: &str) {
    let printed = checked(engine, repository());
    assert!(
        printed.lines().count() == 1 && printed.starts_with("ok "),
        "{engine}:\n{printed}"
    );
}

pub fn what_scripts_do_not_find_is_noticed(engine: &str) {
    let world = World::new();
    for name in ["js/lib", CHECKS] {
        world.copy(name);
    }
    let path = world.checkout.join("js/lib/fetch.js");
    let text = fs::read_to_string(&path).unwrap();
    let broken = text.replace("js: 'text/javascript'", "js: 'text/plain'");
    assert_ne!(text, broken);
    fs::write(path, broken).unwrap();
    let printed = checked(engine, &world.checkout);
    assert_eq!(printed.trim(), "its type: false, not true");
}
