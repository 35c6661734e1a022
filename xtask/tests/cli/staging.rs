//! What a program does to its stage is nothing to the next one.

use crate::world::{D8, M0, World, repository};
use std::fs;

const CASES: [&str; 3] = ["first", "second", "third"];

/// Cases on one d8, one after the other, of which the first is given these orders more. The last has no part in it: no
/// stage is kept for what may have begun.
/// Returns the scripts that the second found: one of ours, its own, and that of the first.
fn after(orders: &[&str]) -> [Option<String>; 3] {
    let world = World::new();
    for case in CASES {
        world.write(&format!("js/cases/{case}/test.js"), &format!("// {case}"));
        world.write(&format!("expected/{case}.txt"), "#: verdict = collected\n...\n");
    }
    let found = ["ours", "own", "first"].map(|name| world.file(name));
    let [ours, own, first] = found.each_ref().map(|path| path.display().to_string());
    let of = |case: &str, order: &str| format!("case js/cases/{case}/test.js: {order}");
    let looks = [
        format!("copy js/lib/watch.js to {ours}"),
        format!("copy js/cases/second/test.js to {own}"),
        format!("link js/cases/first/test.js to {first}"),
    ];
    let orders = [format!("probe: {D8}")]
        .into_iter()
        .chain(orders.iter().chain(M0).map(|order| of("first", order)))
        .chain(looks.iter().map(|order| of("second", order)))
        .chain(
            ["second", "third"]
                .iter()
                .flat_map(|case| M0.iter().map(|order| of(case, order))),
        );
    world.fake(&world.bin.join("d8"), &orders.collect::<Vec<_>>());
    let arguments = [&["test"], &CASES[..], &["--engine", "v8", "--jobs", "1"]].concat();
    world.run(&arguments).expect(0, &["3 cells: 3 ok"]);
    world.assert_clean();
    found.map(|path| fs::read_to_string(path).ok())
}

#[test]
fn the_next_program_finds_its_own_files_alone() {
    let watch = fs::read_to_string(repository().join("js/lib/watch.js")).unwrap();
    let expected = [Some(watch), Some("// second".to_owned()), None];
    for orders in [
        &[][..],
        &["write js/lib/watch.js broken"],
        &["grow js/lib/watch.js 10000000"],
        &["remove js/lib"],
        &["write js/cases/first/second more"],
        &["write js/lib/more.js more"],
        &["grow guest.wasm 0", "write js/cases/first/test.js more"],
    ] {
        assert_eq!(after(orders), expected, "{orders:?}");
    }
}
