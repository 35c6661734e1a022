//! Allocators that have no known names, and that the user names: `#: allocator = …`.

use crate::blocks::grown;
use crate::own::Own;
use serde_json::Value;

/// Cells of 64 bytes with a list of free ones. Only `take` and `give` are exported, and no function has a name.
const GUEST: &str = r#"(module
  (memory (export "memory") 1 1000)
  (global $free (mut i32) (i32.const 0))
  (global $next (mut i32) (i32.const 1024))
  (func (export "take") (result i32)
    (local i32)
    (if (global.get $free)
      (then
        (local.set 0 (global.get $free))
        (global.set $free (i32.load (local.get 0)))
        (return (local.get 0))))
    (local.set 0 (global.get $next))
    (global.set $next (i32.add (local.get 0) (i32.const 64)))
    (if (i32.gt_u (global.get $next) (i32.shl (memory.size) (i32.const 16)))
      (then (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))))
    (local.get 0))
  (func (export "give") (param i32)
    (i32.store (local.get 0) (global.get $free))
    (global.set $free (local.get 0))))
"#;

/// Makes an instance of the guest.
const INSTANCE: &str =
    "const guest = new WebAssembly.Instance(new WebAssembly.Module(readbuffer('guest.wasm'))).exports;\n";

const BY_NAME: &str = "#: allocator = allocate=take:64 free=give\n";

fn program(allocator: &str, script: &str) -> Own {
    let expected = format!("#: verdict = leaks | collected | bounded\n#: guest = guest.wat\n{allocator}");
    let script = format!("{INSTANCE}{script}");
    Own::new(&[("expected.txt", &expected), ("test.js", &script), ("guest.wat", GUEST)])
}

/// The cell of a script that frees all of its cells but each so-many-th, with this directive.
fn judged(allocator: &str, forgotten: u32, engine: &str) -> Value {
    let script = format!(
        "let calls = 0;
class Cell {{
  constructor() {{ this.address = guest.take(); }}
  free() {{ guest.give(this.address); }}
}}
function test(n) {{
  for (let i = 0; i < n; i++) {{
    const cell = new Cell();
    if (++calls % {forgotten}) cell.free();
  }}
}}
"
    );
    program(allocator, &script).cell(engine)
}

pub fn one_that_is_named_is_counted_to_the_byte(engine: &str) {
    for allocator in [BY_NAME, "#: allocator = allocate=#0:64\n#: allocator = free=#1(p)\n"] {
        for (forgotten, bytes, blocks) in [(1, "64.00", "1.00"), (4, "16.00", "0.25")] {
            let cell = judged(allocator, forgotten, engine);
            assert_eq!(
                (&cell["outcome"], &cell["verdict"]),
                (&"ok".into(), &"leaks".into()),
                "{cell}"
            );
            let stack = "Cell (test.js:4) < test (test.js:9)";
            assert_eq!(grown(&cell, "block-bytes"), [format!("{bytes} {stack}")], "{cell}");
            assert_eq!(grown(&cell, "blocks"), [format!("{blocks} {stack}")], "{cell}");
            assert_eq!(cell["census"]["blocks"]["owner"], "gone", "{cell}");
        }
    }
}

pub fn one_without_a_function_that_frees_is_taken_at_its_word(engine: &str) {
    let cell = judged("#: allocator = allocate=take:64\n", 1, engine);
    assert_eq!(
        grown(&cell, "blocks"),
        ["1.00 Cell (test.js:4) < test (test.js:9)"],
        "{cell}"
    );
}

pub fn one_all_of_whose_blocks_are_freed_leaks_none(engine: &str) {
    let cell = judged(BY_NAME, 1_000_000_000, engine);
    assert_ne!(cell["verdict"], "leaks", "{cell}");
    assert_eq!(cell["outcome"], "ok", "{cell}");
}

pub fn one_that_is_not_named_is_not_guessed(engine: &str) {
    let cell = judged("", 1, engine);
    assert_eq!(grown(&cell, "blocks"), [] as [&str; 0], "{cell}");
    assert_eq!(cell["census"]["blocks"]["wants_names"], true, "{cell}");
}

pub fn one_that_is_in_no_module_is_an_error(engine: &str) {
    for (allocator, why) in [
        ("allocate=taken:64 free=give", "`taken`"),
        ("allocate=take free=give", "to allocate, it would need other parameters"),
        ("allocate=#7:64", "there are 2 functions"),
    ] {
        let cell = judged(&format!("#: allocator = {allocator}\n"), 1, engine);
        assert_eq!(cell["outcome"], "FAILED", "{cell}");
        let departures = cell["departures"].to_string();
        let said = "`#: allocator` names the allocator of no module that was compiled: ";
        assert!(departures.contains(said) && departures.contains(why), "{departures}");
    }
}

/// m1's question: the wrapper, the path through the table, and its bytes.
pub fn the_path_to_a_wrapper_is_that_to_its_blocks(engine: &str) {
    let own = program(
        BY_NAME,
        "const table = [];
class Cell {
  constructor() { this.address = guest.take(); }
}
function test(n) {
  for (let i = 0; i < n; i++) {
    const cell = new Cell();
    table.push(() => cell.address);
  }
}
",
    );
    let text = own.run(&["explain", "--engine", engine]).stdout;
    for expected in [
        "+64.0 B of linear memory (of guest.wasm), +1 block a call, asked for by ",
        "Cell that are new, and the blocks made with them, are kept alive by\n",
        "table ",
        "cell ",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

pub fn objects_that_die_are_not_said_to_keep_their_blocks(engine: &str) {
    let own = program(
        BY_NAME,
        "const kept = [];
class Cell {
  constructor() { this.address = guest.take(); }
}
class Session {}
function test(n) {
  for (let i = 0; i < n; i++) {
    kept.push(new Session());
    new Cell();
  }
}
",
    );
    let cell = own.cell(engine);
    assert_eq!(
        grown(&cell, "blocks"),
        ["1.00 Cell (test.js:4) < test (test.js:10)"],
        "{cell}"
    );
    assert_eq!(cell["census"]["blocks"]["owner"], "unknown", "{cell}");
}

pub fn the_stacks_of_some_blocks_tell_the_line(engine: &str) {
    let own = program(
        BY_NAME,
        "class Cell {
  constructor() { this.address = guest.take(); }
}
function test(n) {
  for (let i = 0; i < n; i++) new Cell();
}
",
    );
    let cell = own.cell_with(engine, &["--blocks", "every=20"]);
    let place = grown(&cell, "blocks");
    assert_eq!(place.len(), 1, "{cell}");
    let (estimate, place) = place[0].split_once(' ').unwrap();
    assert_eq!(place, "Cell (test.js:3) < test (test.js:6)", "{cell}");
    assert!((0.5..2.0).contains(&estimate.parse::<f64>().unwrap()), "{cell}");
    let all = &cell["census"]["blocks"]["sampled"];
    assert_eq!(
        [&all["every"], &all["blocks"], &all["bytes"]],
        [20.0, 1.0, 64.0],
        "{cell}"
    );
}
