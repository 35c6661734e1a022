//! Which functions are taken for the allocator, and what is said where none are.

use crate::{made, module};
use instrument::{AllocatorEvidence, BlockFrees, NoAllocatorReason, NotInstrumented, NotTakenReason, Role, instrument};

/// The functions that are wrapped, each as `name role`.
fn wrapped(text: &str) -> Vec<String> {
    let made = made(text);
    let wrapped = made.wrapped.iter();
    wrapped.map(|each| format!("{} {}", each.readable, each.role)).collect()
}

/// Why a module is left as it is.
fn refusal(text: &str) -> NotInstrumented {
    let bytes = wat::parse_str(text).unwrap();
    instrument(&bytes, &[]).expect_err("it has an allocator")
}

fn not_taken(why: &NotInstrumented) -> Vec<(String, NotTakenReason)> {
    let NotInstrumented::NoAllocator { seen, .. } = why else {
        panic!("{why}");
    };
    let not_taken = seen.not_taken.iter();
    not_taken.map(|each| (each.name.clone(), each.why)).collect()
}

#[test]
fn allocators_of_languages_are_found() {
    let ii = "(param i32 i32) (result i32) (i32.const 0)";
    let iii = "(param i32 i32 i32)";
    for (text, expected) in [
        (
            format!(
                r#"(func $"_RNvCsfgHYwM92fyn_7___rustc12___rust_alloc" {ii})
                (func $"_RNvCsfgHYwM92fyn_7___rustc14___rust_dealloc" {iii})"#
            ),
            vec!["__rustc::__rust_alloc allocate", "__rustc::__rust_dealloc free"],
        ),
        (
            r#"(func $"operator new(unsigned long)" (param i32) (result i32) (i32.const 0))
            (func $_ZdlPvm (param i32 i32))"#
                .to_owned(),
            vec![
                "operator new(unsigned long) allocate",
                "operator delete(void*, unsigned long) free",
            ],
        ),
        (
            format!(
                r#"(func $"dlmalloc::dlmalloc::Dlmalloc<A>::malloc::h2abbe1e4f19cf5f1" {ii})
                (func $"dlmalloc::dlmalloc::Dlmalloc<A>::free::h2abbe1e4f19cf5f1" (param i32))"#
            ),
            vec![
                "dlmalloc::dlmalloc::Dlmalloc<A>::malloc allocate",
                "dlmalloc::dlmalloc::Dlmalloc<A>::free free",
            ],
        ),
        (
            format!(
                r#"(func $"~lib/rt/itcms/__new" {ii}) (func $"~lib/rt/tlsf/allocateBlock" {ii})
                (func $"~lib/rt/tlsf/__free" (param i32))"#
            ),
            vec!["~lib/rt/tlsf/allocateBlock allocate", "~lib/rt/tlsf/__free free"],
        ),
    ] {
        let text = format!("(module {text})");
        assert_eq!(wrapped(&text), expected, "{text}");
    }
}

#[test]
fn what_becomes_of_blocks_is_said() {
    let malloc = r#"(func (export "malloc") (param i32) (result i32) (i32.const 0))"#;
    let free = r#"(func (export "free") (param i32))"#;
    let collected = r#"(func (export "__new") (param i32 i32) (result i32) (i32.const 0))"#;
    for (text, expected) in [
        (format!("(module {malloc} {free})"), BlockFrees::Reported),
        (format!("(module {malloc})"), BlockFrees::Unseen),
        (format!("(module {collected})"), BlockFrees::ByCollector),
        // A collector's are not mixed with the program's.
        (format!("(module {collected} {malloc} {free})"), BlockFrees::Reported),
    ] {
        assert_eq!(made(&text).frees, expected, "{text}");
    }
}

#[test]
fn a_function_needs_the_signature_that_its_name_promises() {
    let why = refusal(
        r#"(module (func (export "malloc") (param i32 f64) (result i32) (i32.const 0))
            (func (export "free") (param i32)) (func $posix_memalign (param i32 i32 i32) (result i32) (i32.const 0)))"#,
    );
    let expected = [
        ("malloc", NotTakenReason::Signature),
        // There is no memory to which it could write.
        ("posix_memalign", NotTakenReason::Signature),
        ("free", NotTakenReason::Alone),
    ];
    assert_eq!(not_taken(&why), expected.map(|(name, why)| (name.to_owned(), why)));
    assert_eq!(
        why.to_string(),
        "no allocator was found: no function has the name of an allocator's; 1 of 3 functions have names, 2 functions \
         are exported; `malloc` was not taken: it has other parameters or results than its name promises; \
         `posix_memalign` was not taken: it has other parameters or results than its name promises; `free` was not \
         taken: nothing was found that allocates what it frees"
    );
}

#[test]
fn names_that_promise_different_things_are_not_believed() {
    let why = refusal(
        r#"(module (func $malloc (export "aligned_alloc") (param i32 i32) (result i32) (i32.const 0))
            (func (export "free") (export "operator delete(void*)") (param i32)))"#,
    );
    assert_eq!(not_taken(&why)[0], ("aligned_alloc".to_owned(), NotTakenReason::Names));
}

#[test]
fn more_allocators_than_there_can_be_are_not_believed() {
    let functions: String = (0..300)
        .map(|index| format!(r#"(func $a{index} (@name "malloc") (param i32) (result i32) (i32.const 0))"#))
        .collect();
    let NotInstrumented::NoAllocator { why, .. } = refusal(&format!("(module {functions})")) else {
        panic!("another refusal");
    };
    assert_eq!(why, NoAllocatorReason::NamesLie);
}

#[test]
fn an_imported_allocator_is_said_to_be_imported() {
    let why = refusal(
        r#"(module (import "env" "malloc" (func (param i32) (result i32))) (import "env" "free" (func (param i32)))
            (func (drop (call 0 (i32.const 1)))))"#,
    );
    assert_eq!(
        why.to_string(),
        "the allocator is in another module: imported `env.malloc`, `env.free`"
    );
    // With one of its own beside it, that is wrapped.
    let own = wrapped(
        r#"(module (import "env" "malloc" (func (param i32) (result i32)))
            (func (export "dlmalloc") (param i32) (result i32) (i32.const 0)))"#,
    );
    assert_eq!(own, ["dlmalloc allocate"]);
}

#[test]
fn what_is_no_module_is_refused_in_words() {
    for (bytes, expected) in [
        (&b""[..], "it is no WebAssembly module: "),
        (
            b"MZ\x90\0\x03\0\0\0",
            "it is no WebAssembly module: magic header not detected",
        ),
        (b"\0asm\x0d\0\x01\0", "it is a component, not a module"),
        (b"\0asm\x02\0\0\0", "it is no WebAssembly module: "),
        (b"\0asm\x01\0\0\0\x01\x05", "the module cannot be decoded at offset 0x"),
    ] {
        let why = instrument(bytes, &[]).expect_err("it is no module").to_string();
        assert!(why.starts_with(expected), "{why}");
    }
}

#[test]
fn a_module_is_not_instrumented_twice() {
    let made = instrument(module!("pool-debug"), &[]).unwrap();
    assert_eq!(instrument(&made.module, &[]).unwrap_err(), NotInstrumented::Already);
}

/// What Rust and wasm-bindgen make, without names: `RESIZE` stands for what resizes.
fn nameless(resize: &str) -> String {
    format!(
        r#"(module (memory 1)
            (func $malloc (param i32) (result i32) (i32.const 16))
            (func $aligned (param i32 i32) (result i32)
              (call $malloc (i32.add (local.get 0) (local.get 1))))
            (func $free (param i32))
            (func $fail unreachable)
            (func $alloc (param i32 i32) (result i32)
              (if (result i32) (i32.gt_u (local.get 1) (i32.const 8))
                (then (call $aligned (local.get 1) (local.get 0)))
                (else (call $malloc (local.get 0)))))
            (func (export "__wbindgen_malloc") (param i32 i32) (result i32) (local i32)
              (if (local.get 0) (then (local.set 2 (call $alloc (local.get 0) (local.get 1)))))
              (if (i32.eqz (local.get 2)) (then (call $fail) (unreachable)))
              (local.get 2))
            (func (export "__wbindgen_export2") (param i32 i32 i32)
              (if (local.get 1) (then (call $free (local.get 0)))))
            (func (export "__wbindgen_add_to_stack_pointer") (param i32) (result i32) (i32.const 0))
            {resize})"#
    )
}

const RESIZE: &str = r#"(func $resize (param i32 i32 i32 i32) (result i32) (local i32)
    (if (i32.gt_u (local.get 2) (i32.const 8))
      (then (local.set 4 (call $aligned (local.get 2) (local.get 3))))
      (else (local.set 4 (call $malloc (local.get 3)))))
    (call $free (local.get 0))
    (local.get 4))"#;

#[test]
fn an_allocator_behind_what_scripts_call_is_found_if_nothing_speaks_against_it() {
    let text = nameless(RESIZE);
    let bytes = without_names(&text);
    let made = instrument(&bytes, &[]).unwrap_or_else(|why| panic!("{why}"));
    let found: Vec<(u32, Role)> = made.wrapped.iter().map(|each| (each.function, each.role)).collect();
    let expected = [
        (0, Role::Allocate),
        (1, Role::AllocateAligned),
        (2, Role::Free),
        (8, Role::Reallocate),
    ];
    assert_eq!(found, expected);
    assert!(
        made.wrapped
            .iter()
            .all(|each| each.found_by == AllocatorEvidence::Structure)
    );
    for doubtful in [
        // Nothing resizes; two functions do; what resizes frees something else.
        String::new(),
        format!("{RESIZE} {}", RESIZE.replace("$resize", "$other")),
        RESIZE.replace("(call $free (local.get 0))", "(call $free (local.get 1))"),
    ] {
        let bytes = without_names(&nameless(&doubtful));
        let why = instrument(&bytes, &[]).expect_err("there is a doubt");
        let NotInstrumented::NoAllocator { why, .. } = why else {
            panic!("{why}");
        };
        assert_eq!(why, NoAllocatorReason::OnlyForScripts);
    }
}

/// The section of names is the last one.
fn without_names(text: &str) -> Vec<u8> {
    let mut bytes = wat::parse_str(text).unwrap();
    let header = b"\x04name";
    let at = bytes
        .windows(header.len())
        .rposition(|window| window == header)
        .unwrap();
    // Its id and its size, of two bytes.
    let start = (1..4).find(|back| bytes[at - back] == 0).unwrap();
    bytes.truncate(at - start);
    bytes
}

#[test]
fn what_clang_makes_is_found_by_names_or_exports() {
    for (bytes, evidence) in [
        (module!("pool-debug"), AllocatorEvidence::Name),
        (module!("pool64-debug"), AllocatorEvidence::Name),
        (module!("pool-names"), AllocatorEvidence::Name),
        (module!("pool-exports"), AllocatorEvidence::Export),
    ] {
        let made = instrument(bytes, &[]).unwrap();
        assert_eq!(crate::checks::differences(bytes, &made), [] as [String; 0]);
        let names: Vec<&str> = made.wrapped.iter().map(|each| each.name.as_str()).collect();
        assert_eq!(names, ["malloc", "free", "calloc", "realloc", "posix_memalign"]);
        assert!(made.wrapped.iter().all(|each| each.found_by == evidence));
        // Five former bodies, and the helper of `realloc`.
        assert_eq!(made.copies, 6);
    }
    let why = instrument(module!("pool-stripped"), &[]).unwrap_err();
    assert_eq!(
        why.to_string(),
        "no allocator was found: no function has the name of an allocator's; there is no section of names, 6 functions \
         are exported"
    );
}
