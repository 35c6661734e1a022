//! Several versions of an engine: their order, and where a case flips between them.

use crate::report_page::{assert_page, page};
use crate::world::{JS, JSC, M0, World};
use std::path::PathBuf;

const LEAK: &[&str] = &["rounds leak", r#"say @ {"type":"quit","status":0}"#];

#[test]
fn all_versions_of_an_engine_are_found_the_oldest_first() {
    let world = World::new();
    for version in ["128.3", "91.1", "140.0"] {
        let name = format!("js{}", version.split('.').next().unwrap());
        world.engine(&name, &JS.replace("102.1", version), M0);
    }
    // Another name of one of them, and what is another engine.
    std::os::unix::fs::symlink(world.bin.join("js128"), world.bin.join("js")).unwrap();
    world.engine("js17", JSC, M0);
    let answer = world.run(&["test", "m0", "--engine", "spidermonkey=all"]);
    answer.expect(
        0,
        &[
            "`js17` (PATH) is not used for spidermonkey: it is jsc, not spidermonkey"
                .replace("`js17`", &format!("`{}`", world.bin.join("js17").display()))
                .as_str(),
            "3 cells: 3 ok",
        ],
    );
    let columns: Vec<_> = ["js 91.1", "js 128.3", "js 140.0"]
        .map(|title| {
            answer
                .stdout
                .find(title)
                .unwrap_or_else(|| panic!("{title}: {}", answer.stdout))
        })
        .into();
    assert!(columns.is_sorted(), "{}", answer.stdout);
    assert!(!answer.stdout.contains("flips"), "{}", answer.stdout);
    // One of them leaks in m0.
    let leak = &["rounds leak", r#"say @ {"type":"quit","status":0}"#];
    world.engine("js128", &JS.replace("102.1", "128.3"), leak);
    let answer = world.run(&["test", "m0", "--engine", "spidermonkey=all"]);
    answer.expect(1, &[]);
    for line in [
        "m0 flips between js 91.1 and js 128.3: verdict collected → leaks\n",
        "m0 flips between js 128.3 and js 140.0: verdict leaks → collected\n",
    ] {
        assert!(answer.stdout.contains(line), "{}", answer.stdout);
    }
    world
        .run(&["test", "m0", "--engine", "v8=all"])
        .expect(2, &["no engine was found for V8"]);
}

#[test]
fn within_a_verdict_a_peak_flips_between_versions() {
    let world = World::new();
    // Objects that live after a round, and pages of linear memory.
    for (versions, wanted) in [
        (["1000 3", "1000 3"], None),
        (["1000 3", "3000 3"], Some("peak 1,000 → 3,000 objects")),
        (["3000 3", "1000 3"], Some("peak 3,000 → 1,000 objects")),
        // The finalizers of a round ran before or after the reading.
        (["1000 3", "2000 4"], None),
        (["1000 3", "1000 9"], Some("peak 3 → 9 pages of linear memory")),
    ] {
        for (version, amounts) in ["91.1", "128.3"].into_iter().zip(versions) {
            let name = format!("js{}", version.split('.').next().unwrap());
            let rounds = format!("rounds collect {amounts}");
            let orders = [&rounds, r#"say @ {"type":"quit","status":0}"#];
            world.engine(&name, &JS.replace("102.1", version), &orders);
        }
        let answer = world.run(&["test", "m0", "--engine", "spidermonkey=all"]);
        answer.expect(0, &["2 cells: 2 ok"]);
        let lines: Vec<&str> = answer.stdout.lines().filter(|line| line.contains("flips")).collect();
        let wanted = wanted.map(|wanted| format!("m0 flips between js 91.1 and js 128.3: {wanted}"));
        assert_eq!(lines, wanted.as_slice(), "{versions:?}");
    }
}

/// The results of m0 on a js of this version that obeys these orders, in a file.
fn of_version(world: &World, version: &str, orders: &[&str]) -> PathBuf {
    let program = world.engine(&format!("js-{version}"), &JS.replace("102.1", version), orders);
    let engine = format!("spidermonkey={}", program.display());
    let path = world.file(version);
    let words = ["test", "m0", "--engine", &engine, "--json", path.to_str().unwrap()];
    world.run(&words);
    path
}

#[test]
fn versions_are_in_order_and_marked_where_they_flip_whichever_file_is_given_first() {
    let world = World::new();
    let pile = &["rounds collect 3000", r#"say @ {"type":"quit","status":0}"#];
    let old = of_version(&world, "91.1", M0);
    let middle = of_version(&world, "128.3", pile);
    let new = of_version(&world, "140.0", LEAK);
    let mut first = None;
    for files in [[&old, &middle, &new], [&new, &old, &middle], [&middle, &new, &old]] {
        let page = page(&world, &files.map(PathBuf::as_path));
        let columns = ["js 91.1", "js 128.3", "js 140.0"].map(|title| {
            page.find(&format!(">spidermonkey: {title}</th>"))
                .unwrap_or_else(|| panic!("{title}: {page}"))
        });
        assert!(columns.is_sorted(), "{columns:?}");
        assert_page(
            &page,
            &[
                "<li id=\"flip-0\" data-of=\"1\">m0 flips between js 91.1 and js 128.3: peak 1,000 → 3,000 objects</li>",
                "<li id=\"flip-1\" data-of=\"2\">m0 flips between js 128.3 and js 140.0: verdict collected → leaks</li>",
                "<span class=\"sign\">⇆</span> the verdict is another one than with the version before",
                "<span class=\"sign\">⇕</span> a growth or a peak is another one",
            ],
        );
        // Neither by colour nor by the sign alone.
        let cells: Vec<&str> = page.split("<td ").filter(|part| part.contains("data-cell=")).collect();
        for (cell, mark) in cells.iter().zip([
            None,
            Some(
                "href=\"#flip-0\" aria-label=\"a growth or a peak is another one than with the version before\">⇕</a>",
            ),
            Some("href=\"#flip-1\" aria-label=\"the verdict is another one than with the version before\">⇆</a>"),
        ]) {
            let cell = cell.split("</td>").next().unwrap();
            assert_eq!(cell.contains("class=\"flip\""), mark.is_some(), "{cell}");
            assert!(cell.contains(mark.unwrap_or("collected")), "{cell}");
        }
        // But for the order of the runs it is the same page.
        let matrix = page.split("id=\"matrix\"").nth(1).unwrap();
        let matrix = matrix.split("id=\"cases\"").next().unwrap().to_owned();
        assert_eq!(first.get_or_insert_with(|| matrix.clone()), &matrix);
    }
    let page = page(&world, &[&old]);
    assert!(!page.contains("Between versions") && !page.contains("class=\"flip\""));
}
