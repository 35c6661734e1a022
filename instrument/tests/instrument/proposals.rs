//! Modules that use each proposal: all of it passes through.

use crate::checks::random::Random;
use crate::drawn::draw;
use crate::{checks, made};
use instrument::instrument;

/// An allocator, and around it what each proposal has, functions among it.
const MODULES: &[(&str, &str)] = &[
    (
        "plain",
        r#"(import "a" "b" (func $b)) (memory 1) (start $s) (func $s (call $b) (drop (call $m (i32.const 1))))"#,
    ),
    ("no memory", ""),
    (
        "threads",
        "(memory 1 2 shared) (func (drop (i32.atomic.rmw.add (call $m (i32.const 8)) (i32.const 1))) (atomic.fence))",
    ),
    (
        "SIMD",
        "(memory 1) (func (result v128) (i8x16.swizzle (v128.load (call $m (i32.const 16))) (v128.const i64x2 1 2)))",
    ),
    (
        "relaxed SIMD",
        "(func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))",
    ),
    (
        "tail calls",
        "(func (param i32) (result i32) (return_call $m (local.get 0)))",
    ),
    (
        "exceptions",
        "(tag $t (param i32)) (func (result i32) (block $h (result i32) (try_table (catch $t $h) (throw $t (call $m (i32.const 1)))) (unreachable)))",
    ),
    (
        "former exceptions",
        "(tag $t (param i32)) (func try (throw $t (call $m (i32.const 1))) catch $t call $f end)",
    ),
    (
        "references",
        "(table $t 2 funcref) (elem declare func $m) (func (table.set $t (i32.const 0) (ref.func $m)))",
    ),
    (
        "typed references",
        "(type $a (func (param i32) (result i32))) (elem declare func $m) (func (result i32) (call_ref $a (i32.const 1) (ref.func $m)))",
    ),
    ("a table's initial value", "(table 2 (ref func) (ref.func $m))"),
    (
        "tables by number",
        "(table $t 8 funcref) (elem (table $t) (i32.const 0) func $m $f) (elem funcref (ref.func $m) (ref.null func))",
    ),
    (
        "table64",
        "(table $t i64 8 funcref) (elem (table $t) (i64.const 0) func $m $f) (func (call_indirect $t (param i32) (i32.const 1) (i64.const 1)))",
    ),
    (
        "several memories",
        "(memory 1) (memory $b i64 1) (func (i32.store $b (i64.const 0) (call $m (i32.const 1))))",
    ),
    ("custom page sizes", "(memory 100 (pagesize 1))"),
    (
        "extended constants",
        "(import \"a\" \"g\" (global $g i32)) (memory 1) (data (offset (i32.add (global.get $g) (i32.const 1))) \"x\")",
    ),
    (
        "GC",
        "(rec (type $s (sub (struct (field (mut (ref null $f2)))))) (type $f2 (func (param (ref null $s))))) (global (ref $s) (struct.new $s (ref.func $g))) (func $g (type $f2) (call $f (i32.const 0)))",
    ),
    (
        "wide arithmetic",
        "(func (param i64 i64 i64 i64) (result i64 i64) (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))",
    ),
    (
        "stack switching",
        "(type $a (func)) (type $c (cont $a)) (elem declare func $x) (func $x) (func (resume $c (cont.new $c (ref.func $x))))",
    ),
    (
        "several results",
        "(func (param i32) (result i32 i32) (call $m (local.get 0)) (call $m (local.get 0)))",
    ),
    (
        "bulk memory",
        "(memory 1) (data $d \"abc\") (func (memory.init $d (call $m (i32.const 3)) (i32.const 0) (i32.const 3)) (data.drop $d))",
    ),
    (
        "branches",
        "(func (param i32) (block (block (br_table 0 1 0 (call $m (local.get 0))))))",
    ),
];

#[test]
fn each_proposal_passes_through() {
    for (what, rest) in MODULES {
        let text = format!(
            r#"(module {rest}
                (func $m (export "malloc") (param i32) (result i32) (i32.const 16))
                (func $f (export "free") (param i32)))"#
        );
        let made = made(&text);
        assert_eq!(made.wrapped.len(), 2, "{what}");
    }
}

#[test]
fn addresses_of_64_bits_pass_through() {
    let made = made(
        r#"(module (memory i64 1)
            (func (export "malloc") (param i64) (result i64) (local.get 0))
            (func (export "calloc") (param i64 i64) (result i64) (local.get 0))
            (func (export "posix_memalign") (param i64 i64 i64) (result i32) (i32.const 0))
            (func (export "realloc") (param i64 i64) (result i64) (local.get 0))
            (func (export "free") (param i64)))"#,
    );
    assert_eq!(made.wrapped.len(), 5);
}

/// Indices that need a byte more than before.
#[test]
fn indices_grow() {
    for count in [120, 124, 125, 126, 127, 128, 129, 16380, 16383, 16384] {
        let more: String = (0..count).map(|_| "(func (call $f (call $m (i32.const 1))))").collect();
        let text = format!(
            r#"(module (table 1 funcref) (elem (i32.const 0) $m) {more}
                (func $m (export "malloc") (param i32) (result i32) (call $f (local.get 0)) (local.get 0))
                (func $f (export "free") (param i32) (drop (call $m (local.get 0)))))"#
        );
        made(&text);
    }
}

#[test]
fn drawn_modules_stay_valid() {
    let mut wrapped = 0;
    for number in 0..400 {
        let (bytes, given) = draw(&mut Random(number)).expect("it can be drawn");
        if let Ok(made) = instrument(&bytes, &given) {
            wrapped += made.wrapped.len();
            assert_eq!(checks::differences(&bytes, &made), [] as [String; 0], "number {number}");
        }
    }
    assert!(wrapped > 400, "{wrapped}");
}
