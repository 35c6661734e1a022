//! Custom sections: those with indices of functions in them follow the functions, all others stay.

use crate::checks;
use instrument::{Instrumented, instrument};
use wasmparser::{BinaryReader, Name, Parser, Payload};

/// `malloc`, which grows by a byte because of a call, `user`, and `free`.
const TEXT: &str = r#"(module
    (func $malloc (export "malloc") (param $size i32) (result i32)
      (block $done (br_if $done (local.get $size))) (i32.const 16))
    (func $user (param $count i32) (drop (call $malloc (local.get $count))) (call $free (i32.const 1)))
    (func $free (export "free") (param $block i32)))"#;

/// The module, with more custom sections: in front of all others, and behind.
fn with_sections(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = wat::parse_str(TEXT).unwrap();
    for (index, (name, data)) in sections.iter().enumerate() {
        let mut section = vec![0, (name.len() + data.len() + 1) as u8, name.len() as u8];
        section.extend(name.as_bytes());
        section.extend(*data);
        let at = if index % 2 == 0 { 8 } else { bytes.len() };
        bytes.splice(at..at, section);
    }
    bytes
}

fn made(bytes: &[u8]) -> Instrumented {
    let made = instrument(bytes, &[]).unwrap();
    assert_eq!(checks::differences(bytes, &made), [] as [String; 0]);
    made
}

/// The data of the custom sections of this name.
fn data<'a>(module: &'a [u8], name: &str) -> Vec<&'a [u8]> {
    let payloads = Parser::new(0).parse_all(module);
    let found = payloads.filter_map(|payload| match payload.unwrap() {
        Payload::CustomSection(custom) if custom.name() == name => Some(custom.data()),
        _ => None,
    });
    found.collect()
}

#[test]
fn sections_without_functions_stay_as_they_are() {
    let sections: &[(&str, &[u8])] = &[
        ("producers", b"\x01\x08language\x01\x01C\x00"),
        (".debug_info", b"\x00\x01\x02\xff"),
        ("sourceMappingURL", b"\x05a.map"),
        ("dylink.0", b"\x01\x04\x00\x00\x00\x00"),
        ("unknown", b""),
        ("nam", b"\x01\x02"),
    ];
    let made = made(&with_sections(sections));
    for (name, expected) in sections {
        assert_eq!(data(&made.module, name), [*expected], "{name}");
    }
}

#[test]
fn names_follow_their_functions() {
    let made = made(&wat::parse_str(TEXT).unwrap());
    let section = data(&made.module, "name")[0];
    let mut found = Vec::new();
    for part in wasmparser::NameSectionReader::new(BinaryReader::new(section, 0)) {
        match part.unwrap() {
            Name::Function(names) => {
                let names = names.into_iter().map(Result::unwrap);
                found.extend(names.map(|naming| format!("{} {}", naming.index, naming.name)));
            }
            Name::Local(functions) | Name::Label(functions) => {
                for function in functions.into_iter().map(Result::unwrap) {
                    let names = function.names.into_iter().map(Result::unwrap);
                    found.extend(names.map(|naming| format!("{} {} {}", function.index, naming.index, naming.name)));
                }
            }
            _ => {}
        }
    }
    let expected = [
        "2 malloc",
        "3 user",
        "4 free",
        "5 malloc",
        "6 free",
        // Of locals.
        "3 0 count",
        "5 0 size",
        "6 0 block",
        // Of labels.
        "5 0 done",
    ];
    assert_eq!(found, expected);
}

#[test]
fn branch_hints_follow_their_branches() {
    // Of `malloc`, at its `br_if`; of a function that does not exist; of `user`, behind its first call.
    let hints = [3, 0, 1, 5, 1, 1, 2, 1, 3, 1, 0, 1, 1, 5, 1, 0];
    let bytes = with_sections(&[("metadata.code.branch_hint", &hints)]);
    let made = made(&bytes);
    let section = data(&made.module, "metadata.code.branch_hint")[0];
    let mut found = Vec::new();
    for function in wasmparser::BranchHintSectionReader::new(BinaryReader::new(section, 0)).unwrap() {
        let function = function.unwrap();
        for hint in function.hints {
            let hint = hint.unwrap();
            found.push((function.func, hint.func_offset, hint.taken));
        }
    }
    assert_eq!(found, [(3, 5, false), (5, 5, true), (6, 3, false)]);
}

#[test]
fn targets_of_calls_follow_their_functions() {
    // In `user`: `malloc` is called 90 times of 100, `free` 10.
    let hints = [1, 1, 1, 3, 4, 0, 90, 2, 10];
    let made = made(&with_sections(&[("metadata.code.call_targets", &hints)]));
    let section = data(&made.module, "metadata.code.call_targets")[0];
    assert_eq!(section, [1, 3, 1, 3, 4, 2, 90, 4, 10]);
}

#[test]
fn hints_that_cannot_be_read_stay_as_they_are() {
    let hints = [3, 0, 1, 5];
    let made = made(&with_sections(&[("metadata.code.branch_hint", &hints)]));
    assert_eq!(data(&made.module, "metadata.code.branch_hint"), [&hints[..]]);
}

#[test]
fn a_section_of_names_that_lies_is_read_as_far_as_it_can_be() {
    for names in [
        &[1, 9, 3, 0, 1, b'a', 99, 1, b'b', 0, 1, b'c'][..],
        // Bad UTF-8, an index that is too large for anything, one that is cut short.
        &[1, 9, 2, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0],
        &[1, 100, 2, 1, 1, b'a'],
        &[1, 3, 200, 1, 0],
        &[4, 1, 0, 2, 2, 1, 0],
        &[],
    ] {
        let made = made(&with_sections(&[("name", names)]));
        let section = data(&made.module, "name")[0].to_vec();
        let mut parts = wasmparser::NameSectionReader::new(BinaryReader::new(&section, 0));
        let is_read = parts.by_ref().all(|part| part.is_ok());
        assert!(is_read, "{names:?}");
    }
    let lies = [1, 10, 3, 0, 1, b'a', 99, 1, b'b', 0, 1, b'c'];
    let made = made(&with_sections(&[("name", &lies)]));
    // The one that does not exist still does not: there are 7 functions now, and 4 more than before.
    assert_eq!(
        data(&made.module, "name")[0],
        [1, 16, 5, 2, 1, b'a', 103, 1, b'b', 2, 1, b'c', 5, 1, b'a', 5, 1, b'c'][..]
            .to_vec()
            .as_slice()
    );
}
