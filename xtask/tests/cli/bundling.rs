//! Scripts that have to be bundled, with and without an esbuild, which is a fake one here.

use crate::world::{D8, M0, NODE, World};
use std::fs;

const PACKAGE: &str = "import pad from 'left-pad';\nexport function test(n) { pad(n); }\n";
const TYPESCRIPT: &str = "export function test(n: number) {}\n";

/// A machine with this engine, and cases in a directory beside the checkout.
fn world(name: &str, probe: &str) -> World {
    let world = World::new();
    world.engine(name, probe, M0);
    for (case, script, text) in [
        ("package", "test.mjs", PACKAGE),
        ("typescript", "test.ts", TYPESCRIPT),
        (
            "plain",
            "test.mjs",
            "// import 'left-pad'\nexport function test() { return import('node:fs'); }\n",
        ),
    ] {
        let directory = world.file("own").join(case);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("package.json"), "{}").unwrap();
        fs::write(directory.join(script), text).unwrap();
    }
    world
}

fn case(world: &World, name: &str) -> String {
    world.file("own").join(name).display().to_string()
}

#[test]
fn what_a_shell_cannot_run_needs_esbuild() {
    let world = world("d8", D8);
    for (name, reason) in [
        ("package", "`test.mjs:1` imports the package `left-pad`"),
        ("typescript", "`test.ts` is TypeScript"),
    ] {
        let case = case(&world, name);
        let wanted = [
            reason,
            "there is no esbuild",
            "npm install --save-dev esbuild",
            "test --install",
        ];
        world.run(&["test", &case]).expect(2, &wanted);
        world.run(&["explain", &case]).expect(2, &wanted);
    }
}

#[test]
fn what_runs_as_it_is_needs_none() {
    for (engine, probe, name) in [("d8", D8, "plain"), ("node", NODE, "plain"), ("node", NODE, "package")] {
        let world = world(engine, probe);
        let answer = world.run(&["test", &case(&world, name)]);
        assert_ne!(answer.status, Some(2), "{}", answer.stderr);
        assert!(!answer.stderr.contains("esbuild"), "{}", answer.stderr);
    }
}

#[test]
fn what_esbuild_says_is_shown() {
    let world = world("d8", D8);
    world.tool(
        "esbuild",
        &[
            "complain Could not resolve \"left-pad\"".to_owned(),
            "exit 1".to_owned(),
        ],
    );
    let answer = world.run(&["test", &case(&world, "package")]);
    answer.expect(2, &["failed to bundle the script of", "`npm install left-pad`"]);
}

#[test]
fn esbuild_is_installed_among_our_own_files() {
    let world = world("d8", D8);
    let log = world.file("log");
    world.tool("npm", &[format!("note-arguments {}", log.display())]);
    let answer = world.run(&["test", "--install", &case(&world, "typescript"), "--engine", "d8"]);
    // The fake one installs nothing.
    answer.expect(
        2,
        &[
            "esbuild is missing",
            "esbuild could not be installed",
            "there is no esbuild",
        ],
    );
    let noted = fs::read_to_string(log).unwrap();
    assert!(
        noted.contains("--prefix") && noted.contains("wasm-leaks/esbuild"),
        "{noted}"
    );
    let answer = world.run(&["test", "--install", &case(&world, "plain"), "--engine", "d8"]);
    assert!(!answer.stderr.contains("esbuild"), "{}", answer.stderr);
}
