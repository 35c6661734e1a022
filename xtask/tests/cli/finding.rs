//! Which programs are accepted as an engine.

use crate::world::{D8, JS, JSC, M0, NODE, World, copy_program, fake_engine, odd_name};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn without_any_engine_there_is_no_answer() {
    let world = World::new();
    world
        .run(&["test"])
        .expect(2, &["no engine was found for V8, JavaScriptCore, SpiderMonkey"]);
    let answer = world.run(&["engines"]);
    answer.expect(0, &[]);
    assert_eq!(answer.stdout.matches("missing").count(), 3, "{}", answer.stdout);
}

#[test]
fn an_engine_that_is_missing_is_said_unless_it_was_asked_for() {
    let world = World::new();
    world.engine("d8", D8, M0);
    let answer = world.run(&["test"]);
    answer.expect(0, &["engines are missing", "3 cells: 1 ok, 2 missing"]);
    assert!(answer.stdout.contains("missing"), "{}", answer.stdout);
    world.run(&["test", "--engine", "v8"]).expect(0, &["1 cell: 1 ok"]);
    world
        .run(&["test", "--engine", "jsc"])
        .expect(2, &["no engine was found for JavaScriptCore"]);
    world
        .run(&["test", "--engine", "v8", "--engine", "jsc"])
        .expect(2, &["no engine was found for JavaScriptCore"]);
    world.run(&["engines", "--engine", "jsc"]).expect(2, &[]);
    world.run(&["test", "--engine", "v9"]).expect(
        2,
        &["`v9` is neither an engine nor a program on PATH; did you mean `v8`?"],
    );
}

#[test]
fn what_is_no_engine_cannot_be_used_as_one() {
    let world = World::new();
    let text = world.file("text");
    fs::write(&text, "hello").unwrap();
    let script = world.file("script");
    fs::write(&script, "hello").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let none = world.engine("none", "say I am no engine", &[]);
    let silent = world.engine("silent", "exit 0", &[]);
    let floods = world.engine("floods", "flood 1000000000", &[]);
    let crashes = world.engine("crashes", "crash", &[]);
    let other = world.engine("other", &D8.replace("d8", "d9"), &[]);
    let absent = world.file("absent");
    for (path, printed) in [
        (world.directory().to_owned(), "it is a directory"),
        (text, "it is not executable"),
        (script, "it is not a JavaScript engine"),
        (none, "it is not a JavaScript engine"),
        (silent, "it is not a JavaScript engine"),
        (floods, "it printed more than 1024 KiB when probed"),
        (crashes, "it was ended by signal 6 when probed"),
        (other, "it is an unknown JavaScript shell"),
        (absent, "it does not exist"),
    ] {
        let shown = format!("`{}` cannot be used", path.display());
        world
            .run(&["test".into(), OsString::from("--engine"), path.into()])
            .expect(2, &[&shown, printed]);
        world.assert_clean();
    }
}

#[test]
fn what_hangs_when_asked_cannot_be_used() {
    let world = World::new();
    let path = world.engine("hangs", "hang", &[]);
    world
        .run(&["test".into(), OsString::from("--engine"), path.into()])
        .expect(2, &["it did not answer the probe within 10 s"]);
    world.assert_clean();
}

#[test]
fn a_program_has_to_be_the_engine_that_it_is_said_to_be() {
    let world = World::new();
    let path = world.engine("jsc", JSC, M0);
    let wrong = format!("v8={}", path.display());
    world
        .run(&["test", "--engine", &wrong])
        .expect(2, &["it is jsc, not v8"]);
    let right = format!("jsc={}", path.display());
    world.run(&["test", "--engine", &right]).expect(0, &["1 ok"]);
    world
        .run(&["test", "--engine", path.to_str().unwrap()])
        .expect(0, &["1 ok"]);
}

#[test]
fn a_program_has_a_name_of_its_own_everywhere() {
    let world = World::new();
    let path = world.engine("d8", D8, M0);
    let named = |name: &str| format!("{name}={}", path.display());
    let (one, two) = (named("plain"), named("stress"));
    let json = world.checkout.join("named.json");
    let answer = world.run(&[
        "test",
        "--engine",
        &one,
        "--engine",
        &two,
        "--json",
        json.to_str().unwrap(),
    ]);
    answer.expect(0, &["2 cells: 2 ok"]);
    for title in ["v8: plain (d8 ", "v8: stress (d8 "] {
        assert!(answer.stdout.contains(title), "{}", answer.stdout);
    }
    let results: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    for (index, option) in [&one, &two].into_iter().enumerate() {
        let program = &results["programs"][index];
        assert_eq!(program["engine"], "v8");
        assert_eq!(program["option"], option.as_str());
        assert_eq!(Some(program["name"].as_str().unwrap()), option.split('=').next());
    }
    world
        .run(&["test", "--engine", &one, "--engine", "plain=/bin/sh"])
        .expect(2, &["gives the name `plain` to two programs"]);
    world
        .run(&["test", "--engine", "sh=/bin/sh"])
        .expect(2, &["`/bin/sh` cannot be used", "not a JavaScript engine"]);
}

#[test]
fn a_js_that_is_node_is_not_spidermonkey() {
    let world = World::new();
    world.engine("js", NODE, M0);
    world.run(&["test", "--engine", "spidermonkey"]).expect(
        2,
        &["js` (PATH) is not used for spidermonkey: it is node, not spidermonkey"],
    );
    world.engine("js91", JS, M0);
    world.engine("js102", &JS.replace("102.1", "102.9"), M0);
    let answer = world.run(&["test", "--engine", "spidermonkey"]);
    answer.expect(0, &["is not used for spidermonkey: it is node", "1 ok"]);
    assert!(answer.stdout.contains("js 102.9"), "{}", answer.stdout);
}

#[test]
fn a_broken_candidate_is_passed_over_for_the_next() {
    let world = World::new();
    world.engine("d8", "crash", &[]);
    world.engine("v8", D8, M0);
    let answer = world.run(&["test", "--engine", "v8"]);
    answer.expect(0, &["d8` (PATH) is not used for v8: it was ended by signal 6", "1 ok"]);
}

#[test]
fn the_order_is_variables_path_jsvu_esvu_hosts() {
    let world = World::new();
    let found = |world: &World, by: &str| {
        let answer = world.run(&["engines", "--engine", "v8", "--json"]);
        answer.expect(0, &[]);
        let json: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
        assert_eq!(json["programs"][0]["found"], by, "{}", answer.stdout);
    };
    world.engine("node", NODE, M0);
    found(&world, "PATH, host");
    let orders = [format!("probe: {D8}")];
    world.fake(&world.directory().join(".esvu/bin/v8"), &orders);
    found(&world, "esvu");
    world.fake(&world.directory().join(".jsvu/bin/v8-9.1"), &orders);
    found(&world, "jsvu");
    world.engine("d8", D8, M0);
    found(&world, "PATH");
    let other = world.fake(&world.file("elsewhere/d8"), &orders);
    let world = world.set("D8", &other);
    found(&world, "$D8");
    let world = world.set("V8", &other);
    found(&world, "$V8");
}

#[test]
fn a_host_is_named_as_such() {
    let world = World::new();
    world.engine("node", NODE, M0);
    let answer = world.run(&["test", "--engine", "v8"]);
    answer.expect(0, &["1 ok"]);
    assert!(
        answer.stdout.contains("v8: node 20.1.0, host of V8 11.3.4"),
        "{}",
        answer.stdout
    );
}

#[test]
fn a_program_is_asked_again_only_when_it_has_changed() {
    let world = World::new();
    let asked = world.file("asked");
    let note = format!("note-arguments {}", asked.display());
    let probe = |answer: &str| [format!("probe: {note}"), format!("probe: {answer}")];
    let count = || fs::read_to_string(&asked).unwrap().lines().count();
    let path = world.fake(&world.bin.join("jsc"), &probe(JSC));
    world.run(&["engines", "--engine", "jsc"]).expect(0, &[]);
    let first = count();
    world.run(&["engines", "--engine", "jsc"]).expect(0, &[]);
    assert_eq!(count(), first);
    // A copy has its own modification time.
    fs::remove_file(&path).unwrap();
    copy_program(fake_engine(), &path);
    world.run(&["engines", "--engine", "jsc"]).expect(0, &[]);
    assert_eq!(count(), 2 * first);
}

#[test]
fn a_flag_is_passed_only_where_it_is_needed_and_works() {
    let without = D8.replace(r#""gc","#, "");
    let values = regex::Regex::new(r"\w+=\w+ ").unwrap();
    for (plain, with_flag, called) in [
        // Not needed; needed and working; needed, but useless or harmful.
        (D8, D8, "js/lib/shell.js -- guest.wasm"),
        (&without, D8, "--expose-gc js/lib/shell.js -- guest.wasm"),
        (&without, &without, "js/lib/shell.js -- guest.wasm"),
        (&without, "say what is that?", "js/lib/shell.js -- guest.wasm"),
        (
            &without,
            &D8.replace(r#","finalization-registry""#, ""),
            "js/lib/shell.js -- guest.wasm",
        ),
    ] {
        let world = World::new();
        let arguments = world.file("arguments");
        let orders = [
            format!("probe --expose-gc: {with_flag}"),
            format!("probe: {plain}"),
            format!("case: note-arguments {}", arguments.display()),
        ];
        world.fake(&world.bin.join("d8"), &orders);
        world.run(&["test", "--engine", "v8"]).expect(1, &["1 FAILED"]);
        let noted = fs::read_to_string(&arguments).unwrap();
        let noted = values.replace_all(&noted, "");
        assert!(noted.starts_with(called), "{with_flag}: {noted}");
    }
}

#[test]
fn an_engine_that_fails_its_canary_is_not_judged() {
    for (orders, printed) in [
        (
            &[r#"canary: say @ {"type":"canary","reason":"it has no gc()"}"#][..],
            "the canary: it has no gc()",
        ),
        (
            &["canary: say oh no"],
            "the canary: it stopped early; its last line is `oh no`",
        ),
        (&["canary: crash"], "the canary: it stopped early"),
    ] {
        let world = World::new();
        let probe = format!("probe: {D8}");
        let orders = [&[probe.as_str()], orders, &["case: crash"]]
            .concat()
            .iter()
            .map(|order| order.to_string())
            .collect::<Vec<_>>();
        world.fake(&world.bin.join("d8"), &orders);
        for _ in 0..2 {
            let answer = world.run(&["test", "--engine", "v8"]);
            answer.expect(1, &[printed, "1 cell: 1 inconclusive"]);
        }
        world.assert_clean();
    }
}

#[test]
fn a_path_may_hold_anything() {
    for name in ["with space", "quote ' and \" and $HOME `x`", "\u{e9}t\u{e9}"] {
        let world = World::at(name, format!("{name} bin"));
        world.engine("d8", D8, M0);
        world.run(&["test"]).expect(0, &["1 ok"]);
        world.assert_clean();
    }
    let world = World::at(odd_name(), odd_name().into_string().unwrap_err());
    let path = world.engine("d8", D8, M0);
    world.run(&["test"]).expect(0, &["1 ok"]);
    let mut word = OsString::from("v8=");
    word.push(path);
    world
        .run(&["test".into(), OsString::from("--engine"), word])
        .expect(0, &["1 ok"]);
    world.assert_clean();
}
