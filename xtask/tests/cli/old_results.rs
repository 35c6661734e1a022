//! Results of every version that there has been are read, each from a file that its program wrote.

use crate::world::{World, repository};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn written(version: u64) -> PathBuf {
    repository().join(format!("xtask/tests/results/version-{version}.json"))
}

/// The version that the published schema is of.
fn newest() -> u64 {
    let schema = fs::read(repository().join("docs/results.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    schema["properties"]["version"]["const"].as_u64().unwrap()
}

#[test]
fn results_of_each_version_are_read() {
    let world = World::new();
    for version in 1..=newest() {
        let path = written(version);
        let document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(document["version"], version, "{}", path.display());
        let file = path.to_str().unwrap();
        let page = world.file("page.html");
        world
            .run(&["report", file, "--out", page.to_str().unwrap()])
            .expect(0, &[]);
        let page = fs::read_to_string(page).unwrap();
        assert!(page.contains("m1") && page.contains("leaks"), "version {version}");
        let compared = world.run(&["compare", file, file]);
        compared.expect(0, &[]);
        assert!(
            compared.stdout.contains(" as before"),
            "version {version}: {}",
            compared.stdout
        );
    }
}

#[test]
fn what_is_written_is_of_the_published_version_and_a_newer_one_is_refused() {
    let world = World::new();
    let mut document: Value = serde_json::from_slice(&fs::read(written(newest())).unwrap()).unwrap();
    document["version"] = (newest() + 1).into();
    let newer = world.file("newer.json");
    fs::write(&newer, document.to_string()).unwrap();
    let newer = newer.to_str().unwrap();
    let refused = format!(
        "it has version {} of the schema; this program reads up to {}",
        newest() + 1,
        newest()
    );
    world.run(&["report", newer]).expect(2, &[&refused]);
    world.run(&["compare", newer, newer]).expect(2, &[&refused]);
}
