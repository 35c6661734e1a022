//! Functions of an allocator that the caller names.

use crate::checks;
use instrument::{AllocatorEvidence, AllocatorParameters, GivenAllocator, GivenFunction, Role, instrument, known_role};

const OWN: &str = r#"(module (import "a" "b" (func))
    (func (export "get") (param f64 i32) (result i32) (i32.const 0))
    (func (export "put") (param i32))
    (func (export "other") (result i32) (i32.const 0)))"#;

fn given(function: GivenFunction, role: Role) -> GivenAllocator {
    GivenAllocator {
        function,
        role,
        parameters: None,
    }
}

#[test]
fn a_given_allocator_is_taken_instead() {
    let bytes = wat::parse_str(OWN).unwrap();
    let parameters = AllocatorParameters {
        size: Some(1),
        ..AllocatorParameters::default()
    };
    let get = GivenAllocator {
        parameters: Some(parameters),
        ..given(GivenFunction::Name("get".to_owned()), Role::Allocate)
    };
    let put = given(GivenFunction::Index(2), Role::Free);
    let made = instrument(&bytes, &[put, get]).unwrap();
    let found: Vec<(&str, u32)> = made
        .wrapped
        .iter()
        .map(|each| (each.name.as_str(), each.function))
        .collect();
    assert_eq!(found, [("get", 1), ("function 2", 2)]);
    assert!(
        made.wrapped
            .iter()
            .all(|each| each.found_by == AllocatorEvidence::Given)
    );
}

#[test]
fn a_given_function_is_found_by_the_section_of_names_too() {
    let bytes = wat::parse_str(
        r#"(module
            (func $_ZN4pool4takeEj (param i32) (result i32) (i32.const 0))
            (func $twice (param i32) (result i32) (i32.const 0))
            (func $other (@name "twice") (param i32) (result i32) (i32.const 0))
            (func $hidden (export "put") (param i32)))"#,
    )
    .unwrap();
    let named = |name: &str, role| given(GivenFunction::Name(name.to_owned()), role);
    for name in ["_ZN4pool4takeEj", "pool::take(unsigned int)"] {
        let made = instrument(&bytes, &[named(name, Role::Allocate), named("put", Role::Free)]).unwrap();
        let found: Vec<u32> = made.wrapped.iter().map(|each| each.function).collect();
        assert_eq!(found, [0, 3], "{name}");
    }
    let why = instrument(&bytes, &[named("twice", Role::Allocate)]).unwrap_err();
    assert_eq!(
        why.to_string(),
        "`twice` cannot be wrapped: 2 functions have this name, such as 1 and 2: give the index of one"
    );
}

#[test]
fn the_parameters_of_a_given_function_are_those_of_its_name() {
    let bytes = wat::parse_str(
        r#"(module
            (func (export "__wbindgen_malloc") (param i32 i32) (result i32) (i32.const 0))
            (func (export "__wbindgen_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))"#,
    )
    .unwrap();
    let names = ["__wbindgen_malloc", "__wbindgen_realloc"];
    let all = names.map(|name| given(GivenFunction::Name(name.to_owned()), known_role(name).unwrap()));
    let made = instrument(&bytes, &all).unwrap();
    // The second parameter of the latter is the former size.
    let sizes: Vec<Option<u32>> = made.wrapped.iter().map(|each| each.parameters.size).collect();
    assert_eq!(sizes, [Some(0), Some(2)]);
    assert_eq!(known_role("_Znwm"), Some(Role::Allocate));
    assert_eq!(known_role("take"), None);
}

#[test]
fn an_allocator_of_cells_is_given_their_size() {
    let bytes =
        wat::parse_str(r#"(module (memory 1) (func (export "make") (param $handle i32) (result i32) (i32.const 16)))"#)
            .unwrap();
    let cell = AllocatorParameters {
        fixed_size: Some(64),
        ..AllocatorParameters::default()
    };
    let make = GivenAllocator {
        parameters: Some(cell),
        ..given(GivenFunction::Name("make".to_owned()), Role::Allocate)
    };
    let made = instrument(&bytes, &[make]).unwrap();
    assert_eq!(checks::differences(&bytes, &made), [] as [String; 0]);
    let constant = [&[0x44][..], &64_f64.to_le_bytes()].concat();
    assert!(made.module.windows(constant.len()).any(|window| window == constant));
}

#[test]
fn a_given_allocator_that_cannot_be_wrapped_is_refused_by_name() {
    let bytes = wat::parse_str(OWN).unwrap();
    let export = |name: &str, role| given(GivenFunction::Name(name.to_owned()), role);
    for (list, expected) in [
        (
            vec![export("gone", Role::Free)],
            "`gone` cannot be wrapped: no function is exported by this name, or has it in the section of names",
        ),
        (
            vec![given(GivenFunction::Index(9), Role::Free)],
            "`function 9` cannot be wrapped: there are 4 functions, counted from 0",
        ),
        (
            vec![given(GivenFunction::Index(0), Role::Free)],
            "`function 0` cannot be wrapped: it is imported, and can be wrapped in its own module",
        ),
        (
            vec![export("get", Role::Allocate)],
            "`get` cannot be wrapped: to allocate, it would need other parameters or results than ",
        ),
        (
            vec![export("other", Role::Free)],
            "`other` cannot be wrapped: to free, it would need other parameters or results than ",
        ),
        (
            vec![export("put", Role::Free), export("put", Role::Free)],
            "`put` cannot be wrapped: it is given twice",
        ),
        (
            vec![export("put", Role::Free)],
            "`put` cannot be wrapped: none of the functions that are given allocates",
        ),
    ] {
        let why = instrument(&bytes, &list).unwrap_err().to_string();
        assert!(why.starts_with(expected), "{why}");
    }
}
