//! `bisect`: between which versions a verdict flips.

use crate::world::{D8, JS, M0, World};

#[test]
fn bisect_finds_where_a_verdict_flips_and_runs_few() {
    let world = World::new();
    let versions: Vec<u32> = (91..=106).collect();
    let leak = &["rounds leak", r#"say @ {"type":"quit","status":0}"#];
    for version in &versions {
        let behaviour = if *version < 97 { M0 } else { leak };
        let description = JS.replace("102.1", &format!("{version}.1"));
        world.engine(&format!("js{version}"), &description, behaviour);
    }
    let answer = world.run(&["bisect", "m0", "--engine", "spidermonkey", "--json", "out.json"]);
    answer.expect(
        0,
        &[
            "js 91.1: ok collected",
            "js 106.1: FAILED leaks",
            "6 of 16 versions ran",
        ],
    );
    assert_eq!(
        answer.stdout,
        "m0 flips between js 96.1 and js 97.1: collected → leaks\n"
    );
    let json = std::fs::read_to_string(world.checkout.join("out.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (json["planned"].as_u64(), json["cells"].as_array().unwrap().len()),
        (Some(6), 6)
    );
    // One without a verdict in the middle is passed by.
    world.engine("js96", &JS.replace("102.1", "96.1"), &["crash"]);
    let answer = world.run(&["bisect", "m0", "--engine", "spidermonkey"]);
    answer.expect(0, &["js 96.1: broke"]);
    assert!(
        answer.stdout.starts_with(
            "m0 flips between js 95.1 and js 97.1: collected → leaks\n  js 96.1 between them has no verdict: "
        ),
        "{}",
        answer.stdout
    );
    // The ends are the same.
    world.engine("js106", &JS.replace("102.1", "106.1"), M0);
    let answer = world.run(&["bisect", "m0", "--engine", "spidermonkey"]);
    answer.expect(1, &["2 of 16 versions ran"]);
    assert_eq!(
        answer.stdout,
        "m0 does not flip between js 91.1 and js 106.1: collected on both\n"
    );
}

#[test]
fn bisect_needs_one_case_and_two_versions() {
    let world = World::new();
    world.engine("js", JS, M0);
    world.engine("d8", D8, M0);
    world.write("js/cases/m1/test.js", "");
    world.write("expected/m1.txt", "#: verdict = leaks\n");
    for (words, wanted) in [
        (&["m0"][..], "required arguments were not provided"),
        (
            &["m0", "--engine", "spidermonkey"],
            "needs two versions of an engine or more; found: js 102.1",
        ),
        (
            &["m0", "--engine", "jsc"],
            "needs two versions of an engine or more; found: none",
        ),
        (
            &["m*", "--engine", "spidermonkey"],
            "`bisect` takes one case; these are ",
        ),
        (
            &["m0", "--engine", "spidermonkey", "--engine", "v8"],
            "about versions of one engine; these are programs of V8 and SpiderMonkey",
        ),
    ] {
        let answer = world.run(&[&["bisect"], words].concat());
        answer.expect(2, &[wanted]);
    }
    // What has no verdict is no answer.
    world.engine("js91", &JS.replace("102.1", "91.1"), &["crash"]);
    let answer = world.run(&["bisect", "m0", "--engine", "spidermonkey"]);
    answer.expect(2, &["js 91.1: broke"]);
    assert_eq!(answer.stdout, "m0 has a verdict on js 102.1 alone: collected\n");
}
