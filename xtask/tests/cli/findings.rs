//! `findings`: the page of the checkout's own cases, made from the newest results of each cell.

use crate::world::{D8, M0, World};
use serde_json::{Value, json};
use std::fs;

/// A checkout with three cases.
fn world() -> World {
    let world = World::new();
    for case in ["m1", "m2"] {
        world.copy(&format!("js/cases/{case}"));
        world.copy(&format!("expected/{case}.txt"));
    }
    fs::create_dir_all(world.checkout.join("docs")).unwrap();
    world
}

/// Results of these cases, each with its verdict, of a run that began on such a day.
fn results(world: &World, day: &str, cells: &[(&str, &str)]) -> Value {
    world.engine("d8", D8, M0);
    let path = world.file("template");
    let words = ["test", "m0", "--engine", "v8", "--json", path.to_str().unwrap()];
    world.run(&words).expect(0, &[]);
    let mut document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let template = document["cells"][0].clone();
    let rows = cells.iter().enumerate().map(|(number, (case, verdict))| {
        let mut row = template.clone();
        row["number"] = number.into();
        row["case"] = (*case).into();
        row["verdict"] = (*verdict).into();
        row
    });
    document["cells"] = rows.collect();
    document["planned"] = cells.len().into();
    document["started"] = format!("{day}T12:00:00Z").into();
    document
}

/// Gives these results to `findings`, and returns the page.
fn given(world: &World, documents: &[&Value]) -> String {
    let names: Vec<String> = (0..documents.len())
        .map(|index| format!("given-{index}.json"))
        .collect();
    for (name, document) in names.iter().zip(documents) {
        world.write(name, &document.to_string());
    }
    let mut words = vec!["findings"];
    words.extend(names.iter().map(String::as_str));
    world.run(&words).expect(0, &[]);
    page(world)
}

fn page(world: &World) -> String {
    fs::read_to_string(world.checkout.join("docs/findings.md")).unwrap()
}

#[track_caller]
fn assert_has(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "`{part}` is not in:\n{page}");
    }
}

const ALL: &[(&str, &str)] = &[("m0", "collected"), ("m1", "leaks"), ("m2", "collected")];

#[test]
fn results_of_some_cases_replace_their_rows_and_no_other() {
    let world = world();
    given(&world, &[&results(&world, "2026-01-01", ALL)]);
    let page = given(&world, &[&results(&world, "2026-02-02", &[("m1", "bounded")])]);
    assert_has(
        &page,
        &[
            "| `m0` | collected |\n| `m1` | bounded |\n| `m2` | collected |\n",
            "Now: bounded; 1 run on 1 program, 2026-02-02.\n",
            "Now: collected; 1 run on 1 program, 2026-01-01.\n",
            "| v8: d8 10.0.1 | none | 3 | 3 | 2026-01-01 to 2026-02-02 |\n",
            "**Contradicted by** d8 10.0.1.",
        ],
    );
    // The page is made again from what is kept.
    fs::remove_file(world.checkout.join("docs/findings.md")).unwrap();
    world.run(&["findings"]).expect(0, &[]);
    assert_eq!(self::page(&world), page);
    world.run(&["findings", "--check"]).expect(0, &[]);
    // Older results, and the same ones again, replace nothing.
    let older = results(&world, "2025-12-31", ALL);
    let same = results(&world, "2026-02-02", &[("m1", "bounded")]);
    assert_eq!(given(&world, &[&older, &same]), page);
}

#[test]
fn results_of_any_number_of_runs_are_merged_in_any_order() {
    let world = world();
    let runs = [
        results(&world, "2026-01-01", ALL),
        results(&world, "2026-02-02", &[("m0", "late"), ("m1", "late")]),
        results(&world, "2026-03-03", &[("m0", "bounded")]),
    ];
    let [a, b, c] = &runs;
    let wanted = given(&world, &[a, b, c]);
    assert_has(
        &wanted,
        &["| `m0` | bounded |\n| `m1` | late, 1000 |\n| `m2` | collected |\n"],
    );
    for order in [[c, b, a], [b, c, a]] {
        fs::remove_file(world.checkout.join("docs/findings.jsonl")).unwrap();
        assert_eq!(given(&world, &order), wanted);
    }
    // Of a directory all are read.
    fs::remove_file(world.checkout.join("docs/findings.jsonl")).unwrap();
    for (name, run) in ["x/a.json", "x/b/b.json", "x/b/c.json"].iter().zip(&runs) {
        world.write(name, &run.to_string());
    }
    world.run(&["findings", "x"]).expect(0, &[]);
    assert_eq!(page(&world), wanted);
}

#[test]
fn the_page_names_flags_runs_and_sources() {
    let world = world();
    let mut run = results(
        &world,
        "2026-01-01",
        &[
            ("m0", "collected"),
            ("m0", "collected"),
            ("m1", "leaks"),
            ("m2", "collected"),
        ],
    );
    run["cells"][1]["run"] = 2.into();
    run["programs"][0]["flags"] = json!(["--a|b", "--c d"]);
    let page = given(&world, &[&run]);
    assert_has(
        &page,
        &[
            "| `m0` | collected 2/2 |\n",
            "| v8: d8 10.0.1 | `'--a\\|b' '--c d'` | 3 | 4 | 2026-01-01 |\n",
            "Now: collected; 2 runs on 1 program, 2026-01-01.\n",
            "Claimed in 2020 (<https://",
        ],
    );
    // A source without a claim of 2020, and one that is no address.
    let text = fs::read_to_string(world.checkout.join("expected/m2.txt")).unwrap();
    world.write(
        "expected/m2.txt",
        &format!("#: source = https://example.org/1\n#: source = https://example.org/2\n{text}"),
    );
    world.run(&["findings"]).expect(0, &[]);
    assert_has(
        &self::page(&world),
        &["\nSource: <https://example.org/1>, <https://example.org/2>\n"],
    );
    for odd in ["x", "https://a b", "https://<script>"] {
        world.write("expected/m2.txt", &format!("#: source = {odd}\n{text}"));
        world
            .run(&["findings"])
            .expect(2, &["expected/m2.txt:1", "is not an address"]);
    }
}

#[test]
fn no_row_is_lost_silently() {
    let world = world();
    let run = results(&world, "2026-01-01", ALL);
    let before = given(&world, &[&run]);
    let kept = world.checkout.join("docs/findings.jsonl");
    fs::remove_file(&kept).unwrap();
    world.write(
        "some.json",
        &results(&world, "2026-02-02", &[("m1", "late")]).to_string(),
    );
    let wanted = "which is missing, and the results given lack 2 of 3 cases";
    world.run(&["findings", "some.json"]).expect(2, &[wanted, "restore it"]);
    assert_eq!(page(&world), before);
    assert!(!kept.exists());
    // Results of all cases may begin it anew.
    assert_eq!(given(&world, &[&run]), before);
    // Cells of other cases are left out, and named.
    world.write("own.json", &run.to_string().replace("\"m1\"", "\"../leak\""));
    world
        .run(&["findings", "own.json"])
        .expect(0, &["which are left out: ../leak"]);
    assert_eq!(page(&world), before);
    assert!(!fs::read_to_string(&kept).unwrap().contains("../leak"));
    for (name, text, wanted) in [
        (
            "none.json",
            ["m0", "m1", "m2"].iter().fold(run.to_string(), |text, case| {
                text.replace(&format!("\"{case}\""), "\"../leak\"")
            }),
            "has no cell of a case of this checkout",
        ),
        (
            "cut.json",
            run.to_string()[..900].to_owned(),
            "failed to read results from `cut.json`: it is not JSON",
        ),
    ] {
        world.write(name, &text);
        world.run(&["findings", name]).expect(2, &[wanted]);
        assert_eq!(page(&world), before);
    }
    // What is kept and cannot be read is no reason to lose it.
    fs::write(&kept, "half of a li").unwrap();
    world
        .run(&["findings", "some.json"])
        .expect(2, &["docs/findings.jsonl`: it is not JSON"]);
    assert_eq!(fs::read_to_string(&kept).unwrap(), "half of a li");
}
