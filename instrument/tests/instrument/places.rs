//! From a frame of an instrumented module to a line of its source.

use crate::checks::random::Random;
use crate::module;
use instrument::{Frame, Instrumented, Places, instrument};
use wasmparser::{Operator, Parser, Payload, WasmFeatures};

const SOURCE: &str = include_str!("../modules/pool.c");

/// The line of the source that has this text, from 1 on.
fn line(text: &str) -> u32 {
    let index = SOURCE.lines().position(|line| line.contains(text));
    index.expect("the source has it") as u32 + 1
}

/// The calls in a module: caller, callee, and position.
fn calls(module: &[u8], imported: u32) -> Vec<(u32, u32, u32)> {
    let mut parser = Parser::new(0);
    parser.set_features(WasmFeatures::all());
    let bodies = parser.parse_all(module).filter_map(|payload| match payload.unwrap() {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    let mut found = Vec::new();
    for (caller, body) in (imported..).zip(bodies) {
        let mut operators = body.get_operators_reader().unwrap();
        while !operators.eof() {
            if let (Operator::Call { function_index }, at) = operators.read_with_offset().unwrap() {
                found.push((caller, function_index, at as u32));
            }
        }
    }
    found
}

/// The frame of each call of one function of the source by another, in the new module.
fn frames(before: &[u8], made: &Instrumented, caller: &str, callee: &str) -> Vec<Frame> {
    let places = Places::new(before).unwrap();
    let name = |function: u32| places.place(function, None).unwrap().function.unwrap();
    let calls = calls(&made.module, made.reports.len() as u32);
    let named = calls.into_iter().filter(|(from, to, _)| {
        let (from, to) = (made.origins.function(*from), made.origins.function(*to));
        from.is_some_and(|from| name(from) == caller) && to.is_some_and(|to| name(to) == callee)
    });
    let frames = named.filter_map(|(from, _, at)| {
        let offset = made.origins.offset(at)?;
        places.place(made.origins.function(from)?, Some(offset))
    });
    frames.collect()
}

#[test]
fn a_call_leads_to_its_line() {
    for before in [module!("pool-debug"), module!("pool64-debug")] {
        let made = instrument(before, &[]).unwrap();
        let [frame] = &frames(before, &made, "widget_new", "malloc")[..] else {
            panic!("not one call");
        };
        let place = frame.place.as_ref().unwrap();
        assert_eq!(
            (place.file.as_str(), place.line),
            ("/src/pool.c", line("= malloc(sizeof(Widget))"))
        );
        assert!(frame.is_exact && frame.inlined.is_empty());
        // In a copy.
        let frames = frames(before, &made, "moved", "malloc");
        let lines: Vec<u32> = frames.iter().map(|frame| frame.place.as_ref().unwrap().line).collect();
        assert_eq!(lines, [line("void *new = malloc(size)"); 2]);
    }
}

#[test]
fn what_was_inlined_has_frames_of_its_own() {
    let before = module!("pool-debug");
    let made = instrument(before, &[]).unwrap();
    let [frame] = &frames(before, &made, "widget_new", "calloc")[..] else {
        panic!("not one call");
    };
    let place = frame.place.as_ref().unwrap();
    assert_eq!(place.line, line("widget->name = label(bytes)"));
    let [inlined] = &frame.inlined[..] else {
        panic!("{frame:?}");
    };
    assert_eq!(inlined.function.as_deref(), Some("label"));
    let place = inlined.place.as_ref().unwrap();
    assert_eq!(
        place.to_string(),
        format!("/src/pool.c:{}:10", line("return calloc(bytes, 1)"))
    );
}

#[test]
fn a_function_alone_leads_to_where_it_begins() {
    let places = Places::new(module!("pool-debug")).unwrap();
    assert!(places.has_lines());
    let frame = places.place(0, None).unwrap();
    assert_eq!(frame.function.as_deref(), Some("malloc"));
    assert_eq!(frame.place.unwrap().line, line("void *malloc(size_t size)"));
    assert!(!frame.is_exact);
    // A position in another function is none of this one's.
    assert!(!places.place(0, Some(u32::MAX)).unwrap().is_exact);
    assert_eq!(places.place(99, None), None);
}

#[test]
fn without_dwarf_there_are_names() {
    let places = Places::new(module!("pool-names")).unwrap();
    assert!(!places.has_lines());
    let frame = places.place(0, Some(300)).unwrap();
    assert_eq!((frame.function.as_deref(), frame.place), (Some("malloc"), None));
    let places = Places::new(module!("pool-stripped")).unwrap();
    let names: Vec<Option<String>> = (0..9)
        .map(|function| places.place(function, None).unwrap().function)
        .collect();
    assert_eq!(
        names.iter().flatten().collect::<Vec<_>>(),
        ["widget_new", "widget_rename"]
    );
    let imports = wat::parse_str(r#"(module (import "env" "f" (func)))"#).unwrap();
    let frame = Places::new(&imports).unwrap().place(0, None).unwrap();
    assert_eq!(frame.function.as_deref(), Some("env.f"));
}

#[test]
fn damaged_dwarf_does_no_harm() {
    let whole = module!("pool-debug");
    let start = whole.windows(6).position(|window| window == b".debug").unwrap();
    for number in 0..3000 {
        let mut random = Random(number);
        let mut bytes = whole.to_vec();
        for _ in 0..1 + random.below(6) {
            let at = start + random.below(bytes.len() - start);
            bytes[at] = random.next() as u8;
        }
        let Ok(places) = Places::new(&bytes) else { continue };
        for function in 0..14 {
            places.place(function, Some(random.below(whole.len()) as u32));
            places.place(function, None);
        }
    }
}
