//! Functions that stand in for an allocator in modules that have none.

use crate::checks::random::Random;
use instrument::{AllocatorParameters, GivenAllocator, GivenFunction, Role};
use wasmparser::{CompositeInnerType, FuncType, Parser, Payload, TypeRef, ValType, WasmFeatures};

/// Some of the functions that could be those of an allocator.
pub fn given(module: &[u8], random: &mut Random) -> Vec<GivenAllocator> {
    let mut found = Vec::new();
    for (function, signature) in own_functions(module) {
        let roles = fitting(&signature);
        if !roles.is_empty() && found.len() < 6 && !random.one_in(3) {
            let (role, parameters) = roles[random.below(roles.len())];
            found.push(GivenAllocator {
                function: GivenFunction::Index(function),
                role,
                parameters: Some(parameters),
            });
        }
    }
    found
}

/// What a function of this signature could do.
fn fitting(signature: &FuncType) -> Vec<(Role, AllocatorParameters)> {
    let like = |kind: ValType| {
        let places = (0..).zip(signature.params()).filter(move |(_, other)| **other == kind);
        places.map(|(place, _)| place).collect::<Vec<u32>>()
    };
    let all = |pointer, size, count| AllocatorParameters {
        pointer,
        size,
        count,
        ..AllocatorParameters::default()
    };
    match *signature.results() {
        [] => [ValType::I32, ValType::I64]
            .into_iter()
            .filter_map(|kind| Some((Role::Free, all(Some(*like(kind).first()?), None, None))))
            .collect(),
        [kind @ (ValType::I32 | ValType::I64)] => match like(kind)[..] {
            [] => Vec::new(),
            [size] => vec![(Role::Allocate, all(None, Some(size), None))],
            [first, second, ..] => vec![
                (Role::AllocateAligned, all(None, Some(second), None)),
                (Role::AllocateZeroed, all(None, Some(second), Some(first))),
                (Role::Reallocate, all(Some(first), Some(second), None)),
            ],
        },
        _ => Vec::new(),
    }
}

/// The functions of a module's own that may call others which are not shared, with their signatures.
fn own_functions(module: &[u8]) -> Vec<(u32, FuncType)> {
    let (mut types, mut functions, mut imported) = (Vec::new(), Vec::new(), 0);
    let mut parser = Parser::new(0);
    parser.set_features(WasmFeatures::all());
    for payload in parser.parse_all(module).map_while(Result::ok) {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups.into_iter().flatten() {
                    types.extend(group.into_types().map(|each| match each.composite_type.inner {
                        CompositeInnerType::Func(kind) if !each.composite_type.shared => Some(kind),
                        _ => None,
                    }));
                }
            }
            Payload::ImportSection(imports) => {
                let is_function = |kind| matches!(kind, TypeRef::Func(_) | TypeRef::FuncExact(_));
                let imports = imports.into_imports().flatten();
                imported = imports.filter(|import| is_function(import.ty)).count() as u32;
            }
            Payload::FunctionSection(indices) => functions = indices.into_iter().flatten().collect(),
            _ => {}
        }
    }
    let own = (imported..).zip(functions);
    own.filter_map(|(function, kind)| Some((function, types.get(kind as usize)?.clone()?)))
        .collect()
}
