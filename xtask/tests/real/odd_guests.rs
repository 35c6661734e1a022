//! Guests whose allocators are odd: nothing is counted wrong, and what is not sure is not said.

use crate::blocks::grown;
use crate::own::Own;
use serde_json::Value;
use std::fs;

/// Cells of 48 bytes, which begin at 1024, a list of those that are free at 16, and their end at 20, in the first page.
/// Memory grows in the middle of an allocation. `more` goes on where no cell is free.
fn pool(memory: &str, more: &str, others: &str) -> String {
    format!(
        r#"(module
  {memory}
  (type $allocating (func (param i32) (result i32)))
  (func $malloc (export "malloc") (type $allocating) (local $found i32)
    (local.set $found (i32.load (i32.const 16)))
    (if (i32.eqz (local.get $found)) (then {more}))
    (i32.store (i32.const 16) (i32.load (local.get $found)))
    (local.get $found))
  (func $more (result i32) (local $found i32)
    (local.set $found (select (i32.load (i32.const 20)) (i32.const 1024) (i32.load (i32.const 20))))
    (i32.store (i32.const 20) (i32.add (local.get $found) (i32.const 48)))
    (if (i32.gt_u (i32.load (i32.const 20)) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.const 1)))))
    (i32.store (local.get $found) (i32.const 0))
    (local.get $found))
  (func $free (export "free") (param i32)
    (i32.store (local.get 0) (i32.load (i32.const 16)))
    (i32.store (i32.const 16) (local.get 0)))
  (func $make (export "make") (result i32) (call $malloc (i32.const 40)))
  (func $drop (export "drop") (param i32) (call $free (local.get 0)))
  {others})"#
    )
}

const OWN: &str = r#"(memory (export "memory") 1)"#;
const IMPORTED: &str = r#"(import "env" "memory" (memory 1))"#;
const SHARED: &str = r#"(import "env" "memory" (memory 1 100 shared))"#;
const TAKES: &str = "(local.set $found (call $more))";
const CALLS_ITSELF: &str = "(i32.store (i32.const 16) (call $more)) (return (call $malloc (local.get 0)))";
const BY_TABLE: &str =
    "(i32.store (i32.const 16) (call $more)) (return (call_indirect (type $allocating) (local.get 0) (i32.const 0)))";

/// An allocator that gives memory back in a way that nobody sees: all at once.
const FORGETS: &str = r#"(func (export "reset") (i32.store (i32.const 20) (i32.const 0)))"#;

/// Its memory and its `malloc` are those of another module.
const USER: &str = r#"(module
  (import "pool" "malloc" (func $malloc (param i32) (result i32)))
  (import "pool" "free" (func $free (param i32)))
  (func $ask (export "ask") (result i32) (call $malloc (i32.const 24))))"#;

/// Functions with names and signatures of an allocator, that are none.
const LIAR: &str = r#"(module
  (memory (export "memory") 1)
  (global $ticket (mut i32) (i32.const 100))
  (func $malloc (param $price i32) (result i32)
    (global.set $ticket (i32.add (global.get $ticket) (i32.const 1)))
    (global.get $ticket))
  (func $free (param i32))
  (func (export "draw") (result i32) (call $malloc (i32.const 16)))
  (func (export "grow") (drop (memory.grow (i32.const 1))))
  (func (export "lose") (param i32) (call $free (local.get 0))))"#;

/// Shaped like AssemblyScript's: what nobody has pinned is freed when the collector runs. The last word of a cell is 1 while it
/// is alive, and 2 while it is pinned.
const COLLECTOR: &str = r#"
  (func $new (export "__new") (param i32 i32) (result i32) (local $made i32)
    (local.set $made (call $malloc (local.get 0)))
    (i32.store offset=44 (local.get $made) (i32.const 1))
    (local.get $made))
  (func (export "__pin") (param i32) (result i32)
    (i32.store offset=44 (local.get 0) (i32.const 2)) (local.get 0))
  (func (export "__unpin") (param i32) (i32.store offset=44 (local.get 0) (i32.const 1)))
  (func $collect (@name "~lib/rt/itcms/__collect") (export "__collect") (local $at i32)
    (local.set $at (i32.const 1024))
    (loop $next
      (if (i32.lt_u (local.get $at) (i32.load (i32.const 20))) (then
        (if (i32.eq (i32.load offset=44 (local.get $at)) (i32.const 1)) (then
          (i32.store offset=44 (local.get $at) (i32.const 0))
          (call $free (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 48)))
        (br $next)))))"#;

/// The cell of a script with these guests, files that it fetches by itself.
fn judged(guests: &[(&str, &[u8])], script: &str, engine: &str) -> Value {
    let before = "const bytesOf = async name => (await fetch(`${name}.wasm`)).arrayBuffer();
const load = async (name, imports) => (await WebAssembly.instantiate(await bytesOf(name), imports)).instance.exports;
";
    let own = Own::new(&[
        ("expected.txt", "#: verdict = leaks | collected | bounded\n"),
        ("test.mjs", &(before.to_owned() + script)),
    ]);
    for (name, bytes) in guests {
        fs::write(own.directory.join(format!("{name}.wasm")), bytes).unwrap();
    }
    let cell = own.cell(engine);
    assert_eq!(cell["outcome"], "ok", "{cell}");
    cell
}

/// For each function of the script, or the guest, that is in a stack: what grows, in blocks and bytes a call.
fn by_function(cell: &Value, names: &[&str]) -> Vec<(String, Vec<String>)> {
    let [blocks, bytes] = ["blocks", "block-bytes"].map(|what| grown(cell, what));
    let per_call = |all: &[String], name: &str| -> Vec<String> {
        let of_name = all.iter().filter(|line| line.contains(&format!("{name} (")));
        of_name.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    let rows = names.iter().map(|name| {
        let both = [per_call(&blocks, name), per_call(&bytes, name)].concat();
        ((*name).to_owned(), both)
    });
    rows.collect()
}

fn assembled(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub fn odd_allocators_are_counted_right(engine: &str) {
    let guests = [
        ("growing", assembled(&pool(OWN, TAKES, ""))),
        ("calling", assembled(&pool(OWN, CALLS_ITSELF, ""))),
        ("sharing", assembled(&pool(IMPORTED, TAKES, ""))),
        ("asking", assembled(USER)),
    ];
    let script = "const env = { memory: new WebAssembly.Memory({ initial: 1 }) };
const [growing, calling] = [await load('growing'), await load('calling')];
const [one, other] = [await load('sharing', { env }), await load('sharing', { env })];
const pool = await load('growing');
const asking = await load('asking', { pool });
function inGrowing() { growing.drop(growing.make()); growing.make(); }
function inCalling() { calling.drop(calling.make()); calling.make(); }
function inBoth() { other.drop(one.make()); one.drop(other.make()); other.make(); }
function inAsking() { pool.free(asking.ask()); asking.ask(); }
export function test(n) {
  for (let i = 0; i < n; i++) {
    inGrowing();
    inCalling();
    inBoth();
    inAsking();
  }
}
";
    let guests: Vec<(&str, &[u8])> = guests.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
    let cell = judged(&guests, script, engine);
    let names = ["inGrowing", "inCalling", "inBoth", "inAsking"];
    let expected = names.map(|name| {
        let bytes = if name == "inAsking" { "24.00" } else { "40.00" };
        (name.to_owned(), vec!["1.00".to_owned(), bytes.to_owned()])
    });
    assert_eq!(by_function(&cell, &names), expected, "{cell}");
    // Pages grow for these blocks, those of a memory that the script made as well.
    assert_eq!(grown(&cell, "linear-memory"), [] as [&str; 0], "{cell}");
}

pub fn of_what_is_not_sure_no_block_is_told(engine: &str) {
    let script = "const guest = await load('guest');
let calls = 0;
export function test(n) {
  for (let i = 0; i < n; i++) CALL;
}
";
    let table = "(table 1 funcref) (elem (i32.const 0) $malloc)";
    let [forgets, by_table] = [pool(OWN, TAKES, FORGETS), pool(OWN, BY_TABLE, table)].map(|text| assembled(&text));
    let liar = assembled(LIAR);
    for (guest, call, grows) in [
        // Nothing stays.
        (&forgets, "{ guest.make(); guest.make(); guest.reset(); }", false),
        // These are no blocks: they lie in one another.
        (&liar, "{ guest.draw(); guest.lose(guest.draw()); }", false),
        (
            &liar,
            "{ guest.draw(); if (calls++ < 60000 && calls % 100 === 0) guest.grow(); }",
            true,
        ),
        // Each block is reported twice, which could as well be two blocks.
        (&by_table, "guest.make()", true),
    ] {
        let cell = judged(&[("guest", guest)], &script.replace("CALL", call), engine);
        let [blocks, bytes] = ["blocks", "block-bytes"].map(|what| grown(&cell, what));
        assert_eq!([blocks, bytes].concat(), [] as [&str; 0], "{call}: {cell}");
        assert_eq!(cell["verdict"] == "leaks", grows, "{call}: {cell}");
        let untold = cell["census"]["blocks"]["untold"].as_str().unwrap_or_default();
        let expected = "some ended in a way that its allocator does not report";
        assert_eq!(untold.starts_with(expected), grows, "{call}: {cell}");
    }
}

/// What waits for a collector in the guest does not stay, unless only the program runs it.
pub fn a_collector_of_a_guest_runs_at_readings(engine: &str) {
    let script = "const guest = await load('guest');
function pinned() { guest.__pin(guest.__new(40, 1)); }
function dropped() { guest.__new(40, 1); guest.__unpin(guest.__pin(guest.__new(24, 1))); }
export function test(n) {
  for (let i = 0; i < n; i++) {
    pinned();
    dropped();
  }
}
";
    // Exports with the names of C's functions would be taken first.
    let hidden = |name: &str| format!("(func ${name} (export \"{name}\")");
    let shown = |name: &str, other: &str| format!("(func ${name} (@name \"~lib/rt/tlsf/{other}\")");
    for (runtime, runs) in [("itcms", true), ("tcms", false)] {
        let text = pool(OWN, TAKES, COLLECTOR)
            .replace(&hidden("malloc"), &shown("malloc", "__alloc"))
            .replace(&hidden("free"), &shown("free", "__free"))
            .replace("~lib/rt/itcms/", &format!("~lib/rt/{runtime}/"));
        let cell = judged(&[("guest", &assembled(&text))], script, engine);
        let found = by_function(&cell, &["pinned", "dropped"]);
        assert_eq!(found[0].1, ["1.00", "40.00"], "{cell}");
        assert_eq!(found[1].1.is_empty(), runs, "{runtime}: {cell}");
        assert_eq!(cell["census"]["blocks"]["owner"], "collector", "{runtime}: {cell}");
    }
}

/// TinyGo's names: when its collector runs, and what it frees, nobody reports.
pub fn of_a_collector_that_is_not_seen_no_block_is_told(engine: &str) {
    let alloc = r#"(func $new (@name "runtime.alloc") (export "new") (param i32 i32) (result i32) (call $malloc (local.get 0)))"#;
    let text = pool(OWN, TAKES, alloc)
        .replace(r#"$malloc (export "malloc")"#, r#"$malloc (@name "runtime.take")"#)
        .replace(r#"$free (export "free")"#, r#"$free (@name "runtime.sweep")"#);
    let script = "const guest = await load('guest');
export function test(n) {
  for (let i = 0; i < n; i++) guest.new(40, 0);
}
";
    let cell = judged(&[("guest", &assembled(&text))], script, engine);
    assert_eq!(grown(&cell, "blocks"), [] as [&str; 0], "{cell}");
    let untold = cell["census"]["blocks"]["untold"].as_str().unwrap_or_default();
    assert!(untold.starts_with("a collector of its own takes them back"), "{cell}");
}

/// Workers get the module with imports of their own: what they do is not seen.
pub fn a_shared_memory_is_left_alone_and_that_is_said(engine: &str) {
    let script = "const env = { memory: new WebAssembly.Memory({ initial: 1, maximum: 100, shared: true }) };
const guest = await load('guest', { env });
export function test(n) {
  for (let i = 0; i < n; i++) guest.make();
}
";
    let guest = assembled(&pool(SHARED, TAKES, ""));
    let cell = judged(&[("guest", &guest)], script, engine);
    assert_eq!(grown(&cell, "blocks"), [] as [&str; 0], "{cell}");
    assert_eq!(
        cell["census"]["blocks"]["untold"], "its memory is shared, and what other threads do with it is not seen",
        "{cell}"
    );
}

/// Its bytes, what it imports and exports are those that the program fetched.
pub fn a_program_may_check_its_module(engine: &str) {
    let guest = assembled(&pool(OWN, TAKES, ""));
    let sum = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)))
    };
    let script = format!(
        "const bytes = await bytesOf('guest');
const sumOf = all => new Uint8Array(all).reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 0);
const check = (is, what) => {{ if (!is) throw new Error(`${{what}} is another one`); }};
check(sumOf(bytes) === {}, 'the digest');
const module = await WebAssembly.compile(bytes);
const {{ exports }} = await WebAssembly.instantiate(module);
check(sumOf(bytes) === {}, 'the digest afterwards');
check(WebAssembly.Module.imports(module).length === 0, 'what it imports');
check(Object.keys(exports).join() === WebAssembly.Module.exports(module).map(({{ name }}) => name).join(), 'what it exports');
check(WebAssembly.validate(bytes), 'its validity');
export function test(n) {{
  for (let i = 0; i < n; i++) exports.make();
}}
",
        sum(&guest),
        sum(&guest)
    );
    let cell = judged(&[("guest", &guest)], &script, engine);
    assert_eq!(by_function(&cell, &["make"])[0].1, ["1.00", "40.00"], "{cell}");
}

/// Of one that is cut short, or none at all, the engine says what it would say without us.
pub fn a_module_that_is_none_is_refused_by_the_engine(engine: &str) {
    let guest = assembled(&pool(OWN, TAKES, ""));
    let script = "const bytes = new Uint8Array(await bytesOf('guest'));
const refused = error => {
  if (!(error instanceof WebAssembly.CompileError)) throw error;
};
const mayNot = () => { throw new Error('it was compiled'); };
for (let size = 0; size < bytes.length; size += 7) {
  const cut = bytes.slice(0, size);
  if (WebAssembly.validate(cut)) continue;
  for (const make of [() => new WebAssembly.Module(cut), () => WebAssembly.compile(cut), () => WebAssembly.instantiate(cut)])
    await (async () => make())().then(mayNot, refused);
}
for (const none of [undefined, null, 7, 'text', {}, []])
  await (async () => new WebAssembly.Module(none))().then(mayNot, error => {
    if (!(error instanceof TypeError)) throw error;
  });
const { exports } = await (await WebAssembly.instantiate(bytes)).instance;
export function test(n) {
  for (let i = 0; i < n; i++) exports.make();
}
";
    let cell = judged(&[("guest", &guest)], script, engine);
    assert_eq!(by_function(&cell, &["make"])[0].1, ["1.00", "40.00"], "{cell}");
}

/// The script makes it: an allocator, and 100 MB of data.
pub fn a_module_of_100_mb_is_counted(engine: &str) {
    let guest = assembled(&pool(OWN, TAKES, ""));
    let script = "const before = new Uint8Array(await bytesOf('guest'));
const size = 100e6;
const leb = value => (value > 127 ? [value % 128 + 128, ...leb(Math.floor(value / 128))] : [value]);
const segment = [1, 1, ...leb(size)];
const section = [11, ...leb(segment.length + size), ...segment];
const bytes = new Uint8Array(before.length + section.length + size);
bytes.set(before);
bytes.set(section, before.length);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
export function test(n) {
  for (let i = 0; i < n; i++) exports.make();
}
";
    let cell = judged(&[("guest", &guest)], script, engine);
    assert_eq!(by_function(&cell, &["make"])[0].1, ["1.00", "40.00"], "{cell}");
}
