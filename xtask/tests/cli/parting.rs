//! `test --partition`: parts of the cells, run apart and put together.

use crate::world::{Answer, D8, JS, JSC, M0, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// A checkout with so many cases, on three engines.
fn world(cases: usize) -> World {
    let world = World::new();
    let read = |name: &str| fs::read_to_string(world.checkout.join(name)).unwrap();
    let (script, expectation) = (read("js/cases/m0/test.js"), read("expected/m0.txt"));
    for number in 1..cases {
        world.write(&format!("js/cases/c{number}/test.js"), &script);
        world.write(&format!("expected/c{number}.txt"), &expectation);
    }
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, M0);
    // One that is not as expected.
    world.engine("js", JS, &["rounds leak", r#"say @ {"type":"quit","status":0}"#]);
    world
}

/// Runs `test` with these flags; its results.
fn run(world: &World, name: &str, flags: &[&str]) -> (Answer, Value) {
    let path = world.file(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut words = vec!["test", "--json", path.to_str().unwrap()];
    words.extend(flags);
    let answer = world.run(&words);
    assert!(matches!(answer.status, Some(0 | 1)), "{}", answer.stderr);
    (answer, serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

/// The results of all parts.
fn parts(world: &World, of: usize, flags: &[&str]) -> Vec<Value> {
    let part = |number| {
        let partition = format!("{number}/{of}");
        let name = format!("parts/{number}.json");
        run(world, &name, &[&["--partition", &partition], flags].concat()).1
    };
    (1..=of).map(part).collect()
}

fn cells(document: &Value) -> &[Value] {
    document["cells"].as_array().unwrap()
}

/// The names of cells, by part.
fn names(parts: &[Value]) -> Vec<Vec<(String, u64)>> {
    let name = |cell: &Value| {
        (
            cell["case"].as_str().unwrap().to_owned(),
            cell["program"].as_u64().unwrap(),
        )
    };
    parts
        .iter()
        .map(|part| cells(part).iter().map(name).collect())
        .collect()
}

/// A cell without times, and without the key of its run.
fn timeless(cell: &Value) -> Value {
    let mut cell = cell.clone();
    for name in ["began", "seconds", "cpu_seconds", "peak_bytes"] {
        cell[name] = 0.into();
    }
    let words = cell["arguments"].as_array().unwrap().iter();
    let words = words.map(|word| match word.as_str().unwrap() {
        key if key.starts_with("key=") => "key=".to_owned(),
        word => word.to_owned(),
    });
    cell["arguments"] = words.collect();
    cell
}

fn compared(world: &World, old: impl AsRef<Path>, new: impl AsRef<Path>) -> Answer {
    world.run(&["compare".as_ref(), old.as_ref().as_os_str(), new.as_ref().as_os_str()])
}

#[test]
fn four_parts_of_three_engines_are_the_whole_run() {
    let world = world(5);
    let (_, whole) = run(&world, "whole.json", &[]);
    let parts = parts(&world, 4, &[]);
    assert_eq!(cells(&whole).len(), 15);
    let mut merged: Vec<&Value> = parts.iter().flat_map(cells).collect();
    merged.sort_by_key(|cell| cell["number"].as_u64());
    let merged: Vec<Value> = merged.into_iter().map(timeless).collect();
    assert_eq!(merged, cells(&whole).iter().map(timeless).collect::<Vec<_>>());
    for (number, part) in (1..).zip(&parts) {
        for name in [
            "programs", "missing", "os", "arch", "tool", "commit", "schema", "version",
        ] {
            assert_eq!(part[name], whole[name], "{name}");
        }
        let partition = &part["partition"];
        assert_eq!(
            (&partition["number"], &partition["of"], &partition["whole"]),
            (&json!(number), &json!(4), &json!(15))
        );
        assert_eq!(partition["plan"], parts[0]["partition"]["plan"]);
        assert_eq!(part["planned"], cells(part).len());
        assert!((3..=4).contains(&cells(part).len()), "{}", cells(part).len());
    }
    assert_eq!(whole["partition"], Value::Null);
    // `compare` and `report` put them together.
    let answer = compared(&world, world.file("whole.json"), world.file("parts"));
    answer.expect(0, &[]);
    assert!(
        answer.stdout.contains("15 cells in both: 15 as before"),
        "{}",
        answer.stdout
    );
    assert_eq!(answer.stderr, "");
    let out = world.file("page.html");
    let words = [
        OsString::from("report"),
        world.file("parts").into_os_string(),
        "--out".into(),
        out.clone().into_os_string(),
    ];
    let answer = world.run(&words);
    answer.expect(0, &[]);
    assert_eq!(answer.stderr, "");
    let page = fs::read_to_string(out).unwrap();
    assert!(page.contains("15 cells") && page.contains("<td>3/4</td>"), "{page}");
}

#[test]
fn a_part_that_is_missing_or_of_another_commit_is_named() {
    let world = world(3);
    run(&world, "whole.json", &[]);
    let commit = |digit: &str| {
        world.tool("git", &[format!("say {}", digit.repeat(40))]);
    };
    commit("a");
    parts(&world, 3, &[]);
    let part = world.file("parts/2.json");
    let text = fs::read_to_string(&part).unwrap();
    fs::remove_file(&part).unwrap();
    let both = |wanted: &str, status: i32| {
        let answer = compared(&world, world.file("whole.json"), world.file("parts"));
        answer.expect(status, &[wanted, "parts: "]);
        let out = world.file("page.html");
        let words = [
            OsString::from("report"),
            world.file("parts").into_os_string(),
            "--out".into(),
            out.clone().into_os_string(),
        ];
        world.run(&words).expect(0, &[wanted]);
        assert!(fs::read_to_string(out).unwrap().contains(wanted), "{wanted}");
        answer.stdout
    };
    let stdout = both("v8: d8 10.0.1 1 part is missing: 2/3", 0);
    assert!(stdout.contains("only in OLD\n"), "{stdout}");
    fs::write(&part, text.replace(&"a".repeat(40), &"b".repeat(40))).unwrap();
    both(
        &format!(
            "are of different commits: 1/3, 3/3 of {}; 2/3 of {}",
            "a".repeat(40),
            "b".repeat(40)
        ),
        0,
    );
    // A part of another plan: other cases.
    let (_, other) = run(&world, "other.json", &["m0", "c1", "--partition", "2/3"]);
    fs::write(&part, other.to_string()).unwrap();
    both("are of different plans", 0);
}

#[test]
fn the_parts_are_the_same_on_every_machine() {
    let (one, other) = (world(4), world(4));
    let flags = ["--repeat", "2"];
    let names_here = names(&parts(&one, 3, &flags));
    assert_eq!(names_here, names(&parts(&other, 3, &flags)));
    // In whatever order cases are named; all runs of a cell are in one part.
    let named = parts(&other, 3, &["c3", "m0", "c2", "c1", "--repeat", "2", "--jobs", "1"]);
    let sets = |parts: Vec<Vec<(String, u64)>>| -> Vec<BTreeSet<(String, u64)>> {
        parts.into_iter().map(|part| part.into_iter().collect()).collect()
    };
    assert_eq!(sets(names(&named)), sets(names_here.clone()));
    for part in &names_here {
        let mut counts: BTreeMap<&(String, u64), usize> = BTreeMap::new();
        part.iter().for_each(|name| *counts.entry(name).or_default() += 1);
        assert!(counts.values().all(|count| *count == 2), "{counts:?}");
    }
}

#[test]
fn parts_are_balanced_by_times_that_the_checkout_has_or_that_are_given() {
    let world = world(4);
    let (_, mut known) = run(&world, "known.json", &["--engine", "v8"]);
    for cell in known["cells"].as_array_mut().unwrap() {
        let is_long = cell["case"] == "c2";
        cell["seconds"] = if is_long { 100.0 } else { 1.0 }.into();
    }
    world.write("docs/findings.jsonl", &known.to_string());
    let flags = ["--engine", "v8"];
    let kept = names(&parts(&world, 2, &flags));
    let alone = vec![("c2".to_owned(), 0)];
    assert!(kept.contains(&alone), "{kept:?}");
    let (answer, _) = run(&world, "x.json", &["--engine", "v8", "--partition", "1/2"]);
    assert!(
        answer.stderr.contains("part 1/2: 1 of 4 cells, about 100.0 of 103.0 s"),
        "{}",
        answer.stderr
    );
    // Those of the command line come first.
    let text = known
        .to_string()
        .replace("\"c2\"", "\"x\"")
        .replace("\"c1\"", "\"c2\"")
        .replace("\"x\"", "\"c1\"");
    let times = world.file("times.json");
    fs::write(&times, text).unwrap();
    let given = names(&parts(
        &world,
        2,
        &["--engine", "v8", "--times", times.to_str().unwrap()],
    ));
    assert!(given.contains(&vec![("c1".to_owned(), 0)]), "{given:?}");
    // Times that cannot be read would split the cells in another way than elsewhere.
    world.write("docs/findings.jsonl", "nonsense");
    world
        .run(&["test", "--partition", "1/2"])
        .expect(2, &["docs/findings.jsonl`: it is not JSON"]);
    world
        .run(&["test", "--partition", "1/2", "--times", "gone.json"])
        .expect(2, &["failed to read results from `gone.json`"]);
    fs::remove_file(world.checkout.join("docs/findings.jsonl")).unwrap();
    let (answer, _) = run(&world, "x.json", &["--engine", "v8", "--partition", "1/2"]);
    assert!(
        answer.stderr.contains("part 1/2: 2 of 4 cells; no times are known"),
        "{}",
        answer.stderr
    );
}

#[test]
fn more_parts_than_cells_leave_some_empty() {
    let world = world(2);
    let all = parts(&world, 9, &["--engine", "v8"]);
    let counts: Vec<usize> = all.iter().map(|part| cells(part).len()).collect();
    assert_eq!(counts, [1, 1, 0, 0, 0, 0, 0, 0, 0]);
    let answer = world.run(&["test", "--engine", "v8", "--partition", "9/9"]);
    answer.expect(0, &["part 9/9: 0 of 2 cells"]);
    // Cells of other parts are not missing.
    let answer = world.run(&["test", "--engine", "v8", "--engine", "jsc", "--partition", "1/4"]);
    assert!(answer.stdout.contains("in another part"), "{}", answer.stdout);
}

#[test]
fn what_is_no_part_is_wrong_usage() {
    let world = world(1);
    for (partition, wanted) in [
        ("5/4", "there is no part 5 of 4; expected K/N, such as 2/4"),
        ("0/4", "there is no part 0 of 4"),
        ("1/0", "there is no part 1 of 0"),
        ("a/b", "expected K/N, such as 2/4: part K of N"),
        ("2", "expected K/N"),
        ("1/2/3", "expected K/N"),
        ("-1/4", "expected K/N"),
    ] {
        let flag = format!("--partition={partition}");
        let answer = world.run(&["test", &flag]);
        answer.expect(2, &[wanted]);
        assert_eq!(answer.stdout, "");
    }
    world
        .run(&["test", "--partition", "1/2", "--accept"])
        .expect(2, &["cannot be used with"]);
    world.run(&["test", "--times", "x"]).expect(2, &["--partition"]);
}
