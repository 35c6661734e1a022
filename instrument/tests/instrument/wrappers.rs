//! What the wrappers do, by their instructions.

use crate::{checks, made};
use instrument::{
    AllocatorParameters, BlockReport, GivenAllocator, GivenFunction, Instrumented, REPORT_MODULE, Role, instrument,
};
use wasmparser::{Parser, Payload, WasmFeatures};

/// The instructions of a function of the new module, by its index.
fn instructions(made: &Instrumented, function: u32) -> String {
    let own = function as usize - made.reports.len();
    let mut parser = Parser::new(0);
    parser.set_features(WasmFeatures::all());
    let bodies = parser
        .parse_all(&made.module)
        .filter_map(|payload| match payload.unwrap() {
            Payload::CodeSectionEntry(body) => Some(body),
            _ => None,
        });
    let body = bodies.into_iter().nth(own).unwrap();
    let shown = body.get_operators_reader().unwrap().into_iter().map(|operator| {
        let text = format!("{:?}", operator.unwrap());
        let words: Vec<&str> = text
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !["", "local", "index", "function", "blockty", "Empty"].contains(word))
            .collect();
        words.join(" ")
    });
    shown.collect::<Vec<String>>().join("; ")
}

const ALLOCATOR: &str = r#"(module (memory 1)
    (func $m (export "malloc") (param i32) (result i32) (local.get 0))
    (func (export "calloc") (param i32 i32) (result i32) (call $m (local.get 0)))
    (func (export "posix_memalign") (param i32 i32 i32) (result i32) (call $helper (local.get 0)))
    (func (export "realloc") (param i32 i32) (result i32)
      (call $f (local.get 0)) (call $m (local.get 1)))
    (func $f (export "free") (param i32))
    (func $helper (param i32) (result i32) (call $m (local.get 0)))
    (func (export "user") (drop (call $helper (i32.const 8)))))"#;

#[test]
fn each_role_reports_what_it_does() {
    let made = made(ALLOCATOR);
    assert_eq!(made.reports, BlockReport::ALL);
    // 0 to 3 are the reports, 4 to 10 the module's own, 11 on the former bodies.
    let f64 = |local: u32| format!("LocalGet {local}; F64ConvertI32U");
    for (function, expected) in [
        (
            4,
            format!(
                "LocalGet 0; Call 11; LocalSet 1; LocalGet 1; If; {}; {}; Call 0; End; LocalGet 1; End",
                f64(1),
                f64(0)
            ),
        ),
        (
            5,
            format!(
                "LocalGet 0; LocalGet 1; Call 12; LocalSet 2; LocalGet 2; If; {}; {}; {}; F64Mul; Call 0; End; LocalGet 2; End",
                f64(2),
                f64(1),
                f64(0)
            ),
        ),
        (
            7,
            format!(
                "{}; Call 2; LocalGet 0; LocalGet 1; Call 14; LocalSet 2; {}; {}; {}; Call 3; LocalGet 2; End",
                f64(0),
                f64(0),
                f64(2),
                f64(1)
            ),
        ),
        (
            8,
            format!("LocalGet 0; If; {}; Call 1; End; LocalGet 0; Call 15; End", f64(0)),
        ),
    ] {
        assert_eq!(instructions(&made, function), expected);
    }
    let into = instructions(&made, 6);
    let start = "LocalGet 0; LocalGet 1; LocalGet 2; Call 13; LocalSet 3; LocalGet 3; I32Eqz; If; LocalGet 0; I32Load";
    assert!(into.starts_with(start), "{into}");
    assert!(
        into.ends_with(&format!("F64ConvertI32U; {}; Call 0; End; LocalGet 3; End", f64(2))),
        "{into}"
    );
}

/// What an allocator calls of itself is no block of the program's.
#[test]
fn calls_within_the_allocator_go_to_the_former_bodies() {
    let made = made(ALLOCATOR);
    assert_eq!(made.copies, 6);
    // calloc, posix_memalign by its helper, realloc.
    assert_eq!(instructions(&made, 12), "LocalGet 0; Call 11; End");
    assert_eq!(instructions(&made, 13), "LocalGet 0; Call 16; End");
    assert_eq!(instructions(&made, 14), "LocalGet 0; Call 15; LocalGet 1; Call 11; End");
    assert_eq!(instructions(&made, 16), "LocalGet 0; Call 11; End");
    // The same helper, called by the program.
    assert_eq!(instructions(&made, 9), "LocalGet 0; Call 4; End");
    assert_eq!(made.origins.function(16), Some(5));
}

#[test]
fn a_function_that_calls_itself_reports_once() {
    let made = made(
        r#"(module
            (func $m (export "malloc") (param i32) (result i32)
              (if (result i32) (local.get 0) (then (call $m (i32.const 0))) (else (i32.const 16)))))"#,
    );
    assert!(instructions(&made, 2).contains("Call 2"), "{}", instructions(&made, 2));
    assert!(
        instructions(&made, 1).contains("Call 2; LocalSet"),
        "{}",
        instructions(&made, 1)
    );
    assert_eq!(made.reports, [BlockReport::Allocated]);
}

#[test]
fn a_reference_to_a_function_of_the_allocator_stays_its_wrapper() {
    let made = made(
        r#"(module (table 1 funcref) (elem declare func $m)
            (func $m (export "malloc") (param i32) (result i32)
              (table.set 0 (i32.const 0) (ref.func $m)) (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0))))"#,
    );
    assert!(
        instructions(&made, 2).contains("RefFunc 1"),
        "{}",
        instructions(&made, 2)
    );
    assert!(made.wrapped[0].calls_indirectly);
}

#[test]
fn only_the_reports_that_are_needed_are_imported() {
    let imports = |text: &str| {
        let made = made(text);
        let names = Parser::new(0)
            .parse_all(&made.module)
            .filter_map(|payload| match payload.unwrap() {
                Payload::ImportSection(imports) => Some(imports),
                _ => None,
            });
        let names = names.flat_map(|imports| imports.into_imports().map(Result::unwrap));
        let reports = names.filter(|import| import.module == REPORT_MODULE);
        reports.map(|import| import.name.to_owned()).collect::<Vec<String>>()
    };
    let malloc = r#"(func (export "malloc") (param i32) (result i32) (local.get 0))"#;
    let free = r#"(func (export "free") (param i32))"#;
    assert_eq!(imports(&format!("(module {malloc})")), ["allocated"]);
    assert_eq!(imports(&format!("(module {malloc} {free})")), ["allocated", "freed"]);
    let other = r#"(import "a" "b" (func)) (import "a" "m" (memory 1))"#;
    assert_eq!(
        imports(&format!("(module {other} {malloc} {free})")),
        ["allocated", "freed"]
    );
}

#[test]
fn a_size_that_no_parameter_has_is_reported_as_it_is_given() {
    let bytes = wat::parse_str(r#"(module (func (export "take") (param i32) (result i32) (i32.const 16)))"#).unwrap();
    for (count, fixed_size) in [(None, 64), (None, 0), (Some(0), 24)] {
        let parameters = AllocatorParameters {
            count,
            fixed_size: Some(fixed_size),
            ..AllocatorParameters::default()
        };
        let given = GivenAllocator {
            function: GivenFunction::Index(0),
            role: Role::Allocate,
            parameters: Some(parameters),
        };
        let made = instrument(&bytes, &[given]).unwrap();
        checks::validate(&made.module).expect("what is made is valid");
        let found = instructions(&made, 1);
        let times = if count.is_some() {
            "; LocalGet 0; F64ConvertI32U; F64Mul"
        } else {
            ""
        };
        let bits = f64::from(fixed_size).to_bits();
        let expected = format!("LocalGet 1; F64ConvertI32U; F64Const value Ieee64 {bits}{times}; Call 0");
        assert!(found.contains(&expected), "{found}");
    }
}

/// A block of AssemblyScript begins after its header; null has none.
#[test]
fn a_header_is_not_added_to_null() {
    for (of, eqz, convert) in [("i32", "I32Eqz", "F64ConvertI32U"), ("i64", "I64Eqz", "F64ConvertI64U")] {
        let bytes = wat::parse_str(format!(
            r#"(module (memory {of} 1) (func (param {of} {of}) (result {of}) (local.get 0))
              (func (export "malloc") (param {of}) (result {of}) (local.get 0)))"#
        ));
        let parameters = AllocatorParameters {
            pointer: Some(0),
            size: Some(1),
            header: 4,
            ..AllocatorParameters::default()
        };
        let given = GivenAllocator {
            function: GivenFunction::Index(0),
            role: Role::Reallocate,
            parameters: Some(parameters),
        };
        let malloc = GivenAllocator {
            function: GivenFunction::Name("malloc".to_owned()),
            role: Role::Allocate,
            parameters: None,
        };
        let made = instrument(&bytes.unwrap(), &[malloc, given]).unwrap();
        checks::validate(&made.module).expect("what is made is valid");
        let [nothing, header] = [0.0, 4.0].map(|number: f64| format!("F64Const value Ieee64 {}", number.to_bits()));
        let block = |local: u32| {
            format!("LocalGet {local}; {convert}; {nothing}; {header}; LocalGet {local}; {eqz}; Select; F64Add")
        };
        assert_eq!(
            instructions(&made, 3),
            format!(
                "{}; Call 1; LocalGet 0; LocalGet 1; Call 5; LocalSet 2; {}; {}; LocalGet 1; {convert}; Call 2; LocalGet 2; End",
                block(0),
                block(0),
                block(2)
            )
        );
    }
}

#[test]
fn words_stand_for_roles() {
    for role in Role::ALL {
        assert_eq!(Role::from_word(role.word()), Some(role));
    }
    assert_eq!(Role::from_word("malloc"), None);
}
