//! Modules that are cut short, damaged, or very large: none makes it panic, or takes long.

use crate::checks::random::Random;
use crate::{checks, module};
use instrument::{NotInstrumented, Places, instrument};
use wasmparser::{Parser, Payload};

#[test]
fn a_module_that_is_cut_short_anywhere_does_no_harm() {
    for whole in [module!("pool-debug"), module!("pool-exports")] {
        for end in 0..whole.len() {
            let cut = &whole[..end];
            let _ = Places::new(cut);
            if let Ok(made) = instrument(cut, &[]) {
                assert_eq!(checks::differences(cut, &made), [] as [String; 0], "{end}");
            }
        }
    }
}

#[test]
fn a_damaged_module_does_no_harm() {
    let mut survived = 0;
    for number in 0..4000 {
        let mut random = Random(number);
        let mut bytes = module!("pool-names").to_vec();
        for _ in 0..1 + random.below(3) {
            let at = random.below(bytes.len());
            bytes[at] = random.next() as u8;
        }
        if let Ok(made) = instrument(&bytes, &[])
            && checks::validate(&bytes).is_ok()
        {
            survived += 1;
            assert_eq!(checks::differences(&bytes, &made), [] as [String; 0], "number {number}");
        }
    }
    assert!(survived > 100, "{survived}");
}

#[test]
fn code_that_cannot_be_decoded_is_refused_with_its_offset() {
    let mut bytes = module!("pool-exports").to_vec();
    let made = instrument(&bytes, &[]).unwrap();
    assert_eq!(made.wrapped.len(), 5);
    // The last `end` of the last body: the module ends with it, or with data.
    let at = bytes.len() - 1;
    bytes[at] = 0xff;
    let why = instrument(&bytes, &[]).unwrap_err();
    assert_eq!(
        why.to_string(),
        format!("the module cannot be decoded at offset 0x{at:x}: illegal opcode: 0xff")
    );
    assert!(matches!(why, NotInstrumented::Undecodable { offset, .. } if offset == at as u64));
}

/// 100,000 functions, each with a name, each calling two others.
#[test]
fn many_functions_take_no_longer_than_they_have_to() {
    let count: u32 = 100_000;
    let bytes = many_functions(count);
    let made = instrument(&bytes, &[]).unwrap();
    assert_eq!(made.wrapped.len(), 2);
    assert!(made.copies < 10, "{}", made.copies);
    assert_eq!(checks::differences(&bytes, &made), [] as [String; 0]);
    assert_eq!(made.origins.function(2 + count - 1), Some(count - 1));
}

#[test]
fn a_module_of_100_mb_is_made() {
    let size = 100_000_000;
    let mut bytes = module!("pool-exports").to_vec();
    assert!(
        !Parser::new(0)
            .parse_all(&bytes)
            .flatten()
            .any(|part| matches!(part, Payload::DataSection(_)))
    );
    let mut contents = vec![1, 1];
    contents.extend(number(size));
    contents.resize(contents.len() + size as usize, 0x5a);
    section(&mut bytes, 11, &contents);
    let made = instrument(&bytes, &[]).unwrap();
    assert_eq!(made.wrapped.len(), 5);
    assert!(made.module.len() - bytes.len() < 1000);
    assert!(made.module.ends_with(&contents));
}

/// What engines would refuse is not made.
#[test]
fn a_module_that_would_grow_too_large_is_refused() {
    let most = 1_000_000;
    for types in [most - 1, most] {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        let mut contents = number(types);
        contents.extend([0x60, 1, 0x7f, 1, 0x7f]);
        contents.extend((1..types).flat_map(|_| [0x60, 0, 0]));
        section(&mut bytes, 1, &contents);
        section(&mut bytes, 3, &[1, 0]);
        section(&mut bytes, 7, b"\x01\x06malloc\0\0");
        section(&mut bytes, 10, &[1, 4, 0, 0x41, 0, 0x0b]);
        match instrument(&bytes, &[]) {
            Ok(made) => assert_eq!((types, checks::validate(&made.module).is_ok()), (most - 1, true)),
            Err(why) => assert_eq!(
                (types, why.to_string()),
                (most, "it has 1000001 types, and engines take 1000000".to_owned())
            ),
        }
    }
}

/// `malloc`, `free`, and functions that call both.
fn many_functions(count: u32) -> Vec<u8> {
    let mut out = b"\0asm\x01\0\0\0".to_vec();
    // (i32) -> i32, (i32) -> ()
    section(&mut out, 1, &[2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 1, 0x7f, 0]);
    let mut functions = number(count);
    functions.extend((0..count).map(|function| u8::from(function != 0)));
    section(&mut out, 3, &functions);
    let mut code = number(count);
    code.extend([4, 0, 0x41, 0, 0x0b]);
    code.extend([2, 0, 0x0b]);
    for _ in 2..count {
        // local.get 0, call 0, call 1
        code.extend([8, 0, 0x20, 0, 0x10, 0, 0x10, 1, 0x0b]);
    }
    section(&mut out, 10, &code);
    let mut names = number(count);
    for function in 0..count {
        let name = match function {
            0 => "malloc".to_owned(),
            1 => "free".to_owned(),
            _ => format!("_ZN6widget5alloc17h{function:016x}E"),
        };
        names.extend(number(function));
        names.push(name.len() as u8);
        names.extend(name.as_bytes());
    }
    let mut contents = b"\x04name\x01".to_vec();
    contents.extend(number(names.len() as u32));
    contents.extend(names);
    section(&mut out, 0, &contents);
    out
}

fn section(out: &mut Vec<u8>, id: u8, contents: &[u8]) {
    out.push(id);
    out.extend(number(contents.len() as u32));
    out.extend(contents);
}

fn number(mut value: u32) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}
