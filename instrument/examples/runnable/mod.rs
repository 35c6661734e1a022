//! Modules that are drawn at random, of what all engines know, and that end: each loop and call takes of a fixed supply.

use crate::checks::random::Random;
use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

/// The loops and calls that a module may make in all.
const SUPPLY: u32 = 2000;

/// An allocator's functions among those that a module exports.
const ALLOCATOR: &str = r#"(module
    (memory (export "memory") 1)
    (global (export "global") (mut i32) (i32.const 0))
    (func (export "malloc") (param i32) (result i32) unreachable)
    (func (export "calloc") (param i32 i32) (result i32) unreachable)
    (func (export "realloc") (param i32 i32) (result i32) unreachable)
    (func (export "posix_memalign") (param i32 i32 i32) (result i32) unreachable)
    (func (export "free") (param i32) unreachable)
    (func (export "work") (param i32 f64) (result i32) unreachable)
    (func (export "more") (param i64) (result f64) unreachable))"#;

/// A module.
pub fn draw(random: &mut Random) -> Option<Vec<u8>> {
    let is_named = random.one_in(2);
    let config = Config {
        exports: is_named.then(|| wat::parse_str(ALLOCATOR).ok()).flatten(),
        export_everything: !is_named,
        min_funcs: 6,
        max_funcs: 30,
        // That of the exports is one more.
        min_memories: u32::from(!is_named),
        max_memories: usize::from(!is_named),
        max_memory32_bytes: 1 << 20,
        max_instructions: 80,
        max_imports: 6,
        max_data_segments: 4,
        canonicalize_nans: true,
        disallow_traps: random.one_in(2),
        allow_start_export: false,
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        ..Config::default()
    };
    let size = 1024 + random.below(6 << 10);
    let data: Vec<u8> = (0..size).map(|_| random.next() as u8).collect();
    let mut module = Module::new(config, &mut Unstructured::new(&data)).ok()?;
    module.ensure_termination(SUPPLY).ok()?;
    Some(module.to_bytes())
}
