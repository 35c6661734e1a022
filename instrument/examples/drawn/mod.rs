//! Modules that are drawn at random, with all proposals, each from a number.

use crate::checks::random::Random;
use crate::checks::stand_in::given;
use arbitrary::Unstructured;
use instrument::GivenAllocator;
use wasm_smith::{Config, Module};

/// The exports of an allocator, with addresses of 32 and of 64 bits.
const ALLOCATORS: &[&str] = &[
    r#"(module
        (func (export "malloc") (param i32) (result i32) unreachable)
        (func (export "calloc") (param i32 i32) (result i32) unreachable)
        (func (export "realloc") (param i32 i32) (result i32) unreachable)
        (func (export "aligned_alloc") (param i32 i32) (result i32) unreachable)
        (func (export "free") (param i32) unreachable))"#,
    r#"(module
        (memory (export "memory") 1)
        (func (export "malloc") (param i32) (result i32) unreachable)
        (func (export "posix_memalign") (param i32 i32 i32) (result i32) unreachable)
        (func (export "free") (param i32) unreachable))"#,
    r#"(module
        (memory (export "memory") i64 1)
        (func (export "malloc") (param i64) (result i64) unreachable)
        (func (export "calloc") (param i64 i64) (result i64) unreachable)
        (func (export "realloc") (param i64 i64) (result i64) unreachable)
        (func (export "posix_memalign") (param i64 i64 i64) (result i32) unreachable)
        (func (export "free") (param i64) unreachable))"#,
];

/// Functions that could be an allocator's, under other names.
const OTHERS: &[&str] = &[
    r#"(module
        (func (export "a") (param f64 i32 externref) (result i32) unreachable)
        (func (export "b") (param i64 v128 i64) (result i64) unreachable)
        (func (export "c") (param funcref i64) unreachable)
        (func (export "d") (param i32 i32 i32) (result i32) unreachable))"#,
    r#"(module
        (memory (export "memory") 1)
        (func (export "a") (param i32) (result i32) unreachable)
        (func (export "b") (param i32) unreachable)
        (func (export "c") (param i32 i32 i32 i32 i32) (result i32) unreachable)
        (func (export "d") (param i64 i64) (result i64) unreachable))"#,
];

/// A module, and its allocator, if it has to be given.
pub fn draw(random: &mut Random) -> Option<(Vec<u8>, Vec<GivenAllocator>)> {
    let is_exported = !random.one_in(3);
    let config = config(random, is_exported);
    let size = 256 + random.below(3 << 10);
    let data = bytes(random, size);
    let module = Module::new(config, &mut Unstructured::new(&data)).ok()?;
    let mut bytes = module.to_bytes();
    if random.one_in(2) {
        add_custom_sections(&mut bytes, random);
    }
    let given = if is_exported { Vec::new() } else { given(&bytes, random) };
    Some((bytes, given))
}

fn config(random: &mut Random, is_exported: bool) -> Config {
    let shapes = if is_exported { ALLOCATORS } else { OTHERS };
    Config {
        exports: wat::parse_str(shapes[random.below(shapes.len())]).ok(),
        custom_descriptors_enabled: random.one_in(4),
        custom_page_sizes_enabled: random.one_in(2),
        shared_everything_threads_enabled: random.one_in(4),
        wide_arithmetic_enabled: true,
        generate_custom_sections: random.one_in(2),
        export_everything: !is_exported && random.one_in(4),
        max_memories: 4,
        max_tables: 4,
        max_funcs: if random.one_in(4) { 200 } else { 20 },
        max_instructions: 60,
        max_imports: 20,
        max_types: 30,
        min_funcs: 3,
        min_imports: random.below(3),
        min_uleb_size: 1 + random.below(5) as u8,
        ..Config::default()
    }
}

/// Sections that hold indices, true ones and lies, in front of the code and behind it.
fn add_custom_sections(module: &mut Vec<u8>, random: &mut Random) {
    let hints = section("metadata.code.branch_hint", &hints(random));
    let targets = section("metadata.code.call_targets", &hints_or_noise(random));
    let names = section("name", &names(random));
    let after_header = 8;
    module.splice(after_header..after_header, hints);
    module.splice(after_header..after_header, targets);
    module.extend(names);
}

fn section(name: &str, data: &[u8]) -> Vec<u8> {
    let mut contents = vec![name.len() as u8];
    contents.extend(name.as_bytes());
    contents.extend(data);
    let mut out = vec![0];
    put(&mut out, contents.len() as u64);
    out.extend(contents);
    out
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn hints(random: &mut Random) -> Vec<u8> {
    let functions = random.below(6) as u8;
    let mut out = vec![functions];
    for _ in 0..functions {
        out.extend([
            random.below(24) as u8,
            1,
            random.below(60) as u8,
            1,
            random.below(2) as u8,
        ]);
    }
    out
}

fn hints_or_noise(random: &mut Random) -> Vec<u8> {
    match random.one_in(2) {
        true => hints(random),
        false => {
            let size = random.below(40);
            bytes(random, size)
        }
    }
}

fn names(random: &mut Random) -> Vec<u8> {
    const NAMES: &[&[u8]] = &[
        b"malloc",
        b"free",
        b"_Znwm",
        b"__rust_alloc",
        b"\xff\xfe",
        b"",
        b"widget",
    ];
    let mut out = Vec::new();
    for id in [1, 2, 3] {
        let mut part = Vec::new();
        let entries = random.below(8) as u64;
        put(&mut part, entries + random.below(2) as u64);
        for _ in 0..entries {
            put(&mut part, random.below(30) as u64);
            if id > 1 {
                part.extend([1, 0]);
            }
            let name = NAMES[random.below(NAMES.len())];
            put(&mut part, name.len() as u64);
            part.extend(name);
        }
        out.push(id);
        put(&mut out, part.len() as u64);
        out.extend(part);
    }
    if random.one_in(4) {
        let size = random.below(20);
        out.extend(bytes(random, size));
    }
    out
}

fn bytes(random: &mut Random, count: usize) -> Vec<u8> {
    (0..count).map(|_| random.next() as u8).collect()
}
