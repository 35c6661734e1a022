//! `--install`, with tools that only record their arguments.

use crate::world::{Answer, D8, JS, JSC, M0, NODE, World};
use std::fs;
use std::path::PathBuf;

/// A tool that only records its arguments.
fn note(world: &World, name: &str, more: &[String]) {
    let order = format!("note-arguments {}", log(world).display());
    world.tool(name, &[&[format!("say {name} speaks"), order], more].concat());
}

fn log(world: &World) -> PathBuf {
    world.file("log")
}

fn noted(world: &World) -> String {
    fs::read_to_string(log(world)).unwrap_or_default()
}

/// The order that makes a fake engine appear on PATH.
fn bring(world: &World, name: &str, answer: &str) -> String {
    let hidden = world.fake(
        &world.file("hidden").join(name),
        &[
            format!("probe: {answer}"),
            format!("case: {}", M0[0]),
            format!("case: {}", M0[1]),
        ],
    );
    fs::write(
        world.bin.join(format!("{name}.orders")),
        fs::read(hidden.with_file_name(format!("{name}.orders"))).unwrap(),
    )
    .unwrap();
    format!("link {} to {}", hidden.display(), world.bin.join(name).display())
}

/// A machine with apt, whose packages install what they promise.
fn debian(world: &World) {
    note(world, "apt-get", &[]);
    world.tool(
        "apt-cache",
        &["say libjavascriptcoregtk-4.0-bin - the engine".to_owned()],
    );
}

#[test]
fn nothing_is_installed_unless_asked() {
    let world = World::new();
    world.engine("d8", D8, M0);
    debian(&world);
    note(&world, "npx", &[]);
    let printed = "engines are missing; `cargo xtask engines` shows how to install them";
    world.run(&["test"]).expect(0, &[printed]);
    let answer = world.run(&["engines"]);
    let command = "npx --yes jsvu --os=default --engines=spidermonkey";
    assert!(answer.stdout.contains(command), "{}", answer.stdout);
    assert_eq!(noted(&world), "");
}

#[test]
fn nothing_is_installed_where_nothing_is_missing() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, M0);
    world.engine("js", JS, M0);
    debian(&world);
    note(&world, "npx", &[]);
    world.run(&["test", "--install"]).expect(0, &["3 ok"]);
    assert_eq!(noted(&world), "");
}

#[test]
fn a_shell_comes_from_the_systems_packages_first() {
    let world = World::new();
    debian(&world);
    let bring = bring(&world, "jsc", JSC);
    note(&world, "apt-get", &[bring]);
    note(&world, "npx", &[]);
    // Linking a second time fails, but then the program exists.
    let answer = world.run(&["test", "--engine", "jsc", "--install"]);
    if is_root() {
        answer.expect(0, &["a shell of JavaScriptCore is missing", "$ apt-get update", "1 ok"]);
        assert!(noted(&world).starts_with("update\n"), "{}", noted(&world));
        assert!(!noted(&world).contains("jsvu"), "{}", noted(&world));
    }
    // The output of the tools does not mix with the table.
    assert!(!answer.stdout.contains("speaks"), "{}", answer.stdout);
}

#[test]
fn a_shell_comes_by_jsvu_where_no_package_has_it() {
    let world = World::new();
    world.tool("apt-cache", &[]);
    let bring = bring(&world, "js", JS);
    note(&world, "npx", &[bring]);
    world.run(&["test", "--engine", "spidermonkey", "--install"]).expect(
        0,
        &[
            "$ npx --yes jsvu --os=default --engines=spidermonkey",
            "npx speaks",
            "1 ok",
        ],
    );
    assert_eq!(noted(&world), "--yes jsvu --os=default --engines=spidermonkey\n");
}

#[test]
fn a_host_goes_on_where_its_shell_cannot_be_had() {
    let world = World::new();
    world.engine("node", NODE, M0);
    note(&world, "npx", &["exit 1".to_owned()]);
    let answer = world.run(&["test", "--engine", "v8", "--install"]);
    answer.expect(
        0,
        &[
            "a shell of V8 is missing",
            "$ npx --yes jsvu --os=default --engines=v8",
            "`npx --yes jsvu --os=default --engines=v8` failed",
            "a shell of V8 could not be installed",
            "1 ok",
        ],
    );
    assert!(answer.stdout.contains("node 20.1.0, host"), "{}", answer.stdout);
}

#[test]
fn the_target_comes_by_rustup_and_else_from_the_distribution() {
    let world = World::new();
    world.write("guest/linear/src/lib.rs", "// Not what was built.");
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, M0);
    world.engine("js", JS, M0);
    note(&world, "rustup", &["exit 1".to_owned()]);
    note(&world, "apt-get", &[]);
    let packages = "say rustc-web - a\\nrust-web-src - b";
    world.tool("apt-cache", &[packages.to_owned()]);
    world.run(&["test", "--install"]).expect(
        2,
        &[
            "a Rust toolchain for wasm32-unknown-unknown is missing",
            "$ rustup target add wasm32-unknown-unknown",
            "`rustup target add wasm32-unknown-unknown` failed",
            "a Rust toolchain for wasm32-unknown-unknown could not be installed",
            "no Rust toolchain here can build the guest",
        ],
    );
    assert!(
        noted(&world).starts_with("target add wasm32-unknown-unknown\n"),
        "{}",
        noted(&world)
    );
}

#[test]
fn without_root_or_sudo_it_says_so_and_goes_on() {
    let world = World::new();
    world.engine("d8", D8, M0);
    debian(&world);
    let checkout = &world.checkout;
    let directories = ["target", "target/wasm-leaks", "target/wasm-leaks/guests"].map(|name| checkout.join(name));
    for path in directories.iter().chain([checkout]) {
        world.open(path, 0o777);
    }
    let answer = Answer::of(world.xtask_without_root(&["test", "--install"]).output().unwrap());
    answer.expect(
        0,
        &[
            "this needs root, and there is no sudo; as root, run: apt-get update",
            "as root, run: apt-get install --yes --no-install-recommends libjavascriptcoregtk-4.0-bin",
            "a shell of JavaScriptCore could not be installed",
            "1 ok, 2 missing",
        ],
    );
    assert_eq!(noted(&world), "");
}

#[test]
fn with_sudo_it_is_sudo_that_runs_the_package_manager() {
    let world = World::new();
    world.engine("d8", D8, M0);
    debian(&world);
    note(&world, "sudo", &[]);
    if is_root() {
        // Root needs no sudo.
        world.run(&["test", "--install"]).expect(0, &["$ apt-get update"]);
        assert!(!noted(&world).contains("apt-get"), "{}", noted(&world));
    } else {
        world.run(&["test", "--install"]).expect(0, &["$ sudo apt-get update"]);
        assert!(noted(&world).contains("apt-get install"), "{}", noted(&world));
    }
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[test]
fn a_browser_is_installed_where_it_is_named() {
    let world = World::new();
    world.engine("js", JS, M0);
    let answer = world.run(&["engines", "--engine", "firefox"]);
    answer.expect(2, &[]);
    assert!(answer.stdout.contains("firefox  missing"), "{}", answer.stdout);
    world
        .run(&["test", "m0", "--engine", "firefox"])
        .expect(2, &["no engine was found for Firefox"]);
    world
        .run(&["test", "m0", "--engine", "spidermonkey", "--in", "worker"])
        .expect(2, &["`--in` is for browsers, and none is asked for"]);
}

#[test]
fn a_version_is_installed_by_jsvu_and_chosen() {
    let world = World::new();
    world.engine("js91", &JS.replace("102.1", "91.1"), M0);
    world.engine("js", &JS.replace("102.1", "140.2"), M0);
    let answer = world.run(&["engines", "--engine", "spidermonkey@128"]);
    answer.expect(2, &[]);
    assert!(answer.stdout.contains("spidermonkey@128  missing"), "{}", answer.stdout);
    let bring = bring(&world, "js128", &JS.replace("102.1", "128.3.0"));
    note(&world, "npx", &[bring]);
    let answer = world.run(&["engines", "--engine", "spidermonkey@128"]);
    let command = "npx --yes jsvu --os=default spidermonkey@128";
    let wanted = format!(
        "to get a shell of SpiderMonkey 128, `cargo xtask engines --install --engine spidermonkey@128` tries:\n  {command}\n"
    );
    assert!(answer.stdout.contains(&wanted), "{}", answer.stdout);
    world.run(&["test", "--engine", "spidermonkey@128"]).expect(
        2,
        &["no engine was found for SpiderMonkey 128; to install what is missing, run `cargo xtask engines --install --engine spidermonkey@128`, which tries", command],
    );
    assert_eq!(noted(&world), "");
    let answer = world.run(&["test", "--install", "--engine", "spidermonkey@128"]);
    answer.expect(
        0,
        &[
            "a shell of SpiderMonkey 128 is missing",
            &format!("$ {command}"),
            "1 cell: 1 ok",
        ],
    );
    assert!(answer.stdout.contains("js 128.3.0"), "{}", answer.stdout);
    assert_eq!(noted(&world), "--yes jsvu --os=default spidermonkey@128\n");
    // What is here is not installed again, and of several the newest runs.
    world.engine("js1281", &JS.replace("102.1", "128.14"), M0);
    let answer = world.run(&["test", "--install", "--engine", "spidermonkey@128"]);
    answer.expect(0, &["1 cell: 1 ok"]);
    assert!(answer.stdout.contains("js 128.14"), "{}", answer.stdout);
    assert_eq!(noted(&world).lines().count(), 1);
    world
        .run(&["test", "--engine", "v8@new"])
        .expect(2, &["bad version in `--engine v8@new`: a version begins with a digit"]);
}

#[test]
fn no_tool_is_installed_for_cases_that_do_not_run() {
    let world = World::new();
    world.write("guest/linear/src/lib.rs", "// Not what was built.");
    world.engine("d8", D8, M0);
    world.write("js/cases/text/test.js", "");
    world.write(
        "expected/text.txt",
        "#: verdict = collected\n#: needs = gc\n#: guest = text\n...\n",
    );
    world.write("guest/text.wat", "(module)");
    note(&world, "rustup", &["exit 1".to_owned()]);
    let words = ["test", "--install", "--engine", "v8"];
    let filtered = [&words[..], &["--needs", "gc"]].concat();
    world.run(&filtered).expect(0, &["1 cell: 1 ok"]);
    assert_eq!(noted(&world), "");
    world
        .run(&words)
        .expect(2, &["a Rust toolchain for wasm32-unknown-unknown is missing"]);
}
