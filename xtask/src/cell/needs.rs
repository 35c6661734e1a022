//! Which features of WebAssembly a module uses, so that a module which an engine cannot
//! compile is no fault of the engine's. Pure.

use crate::engine::feature::Feature;
use wasmparser::{Validator, WasmFeatures};

/// The features that engines are asked for (`js/lib/probe.js`), in the words of the validator.
const FEATURES: &[(Feature, WasmFeatures)] = &[
    (Feature::WasmGc, WasmFeatures::GC),
    // The validator takes the one to bring the other.
    (
        Feature::FunctionReferences,
        WasmFeatures::FUNCTION_REFERENCES.union(WasmFeatures::GC),
    ),
    (Feature::ExternrefTables, WasmFeatures::REFERENCE_TYPES),
    (Feature::RelaxedSimd, WasmFeatures::RELAXED_SIMD),
    (Feature::Simd, WasmFeatures::SIMD),
    (Feature::TailCalls, WasmFeatures::TAIL_CALL),
    (Feature::Exceptions, WasmFeatures::EXCEPTIONS),
    (Feature::LegacyExceptions, WasmFeatures::LEGACY_EXCEPTIONS),
    (Feature::Memory64, WasmFeatures::MEMORY64),
    (Feature::MultiMemory, WasmFeatures::MULTI_MEMORY),
    (Feature::ExtendedConst, WasmFeatures::EXTENDED_CONST),
    (Feature::Atomics, WasmFeatures::THREADS),
];

/// The first feature that the module uses, of those that `is_lacking` is true of.
pub fn lacking(module: &[u8], is_lacking: impl Fn(Feature) -> bool) -> Option<Feature> {
    let all = WasmFeatures::all();
    let is_valid = |features| Validator::new_with_features(features).validate_all(module).is_ok();
    if !is_valid(all) {
        return None;
    }
    let mut lacking = FEATURES.iter().filter(|(feature, _)| is_lacking(*feature));
    lacking
        .find(|(_, without)| !is_valid(all - *without))
        .map(|(feature, _)| *feature)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module for each feature that uses it.
    const MODULES: &[(Feature, &str)] = &[
        (Feature::WasmGc, "(module (type (struct (field i32))))"),
        (
            Feature::FunctionReferences,
            "(module (type (func)) (func (param (ref null 0))))",
        ),
        (Feature::ExternrefTables, "(module (table 1 externref))"),
        (
            Feature::RelaxedSimd,
            "(module (func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
        ),
        (Feature::Simd, "(module (func (param v128)))"),
        (Feature::TailCalls, "(module (func (return_call 0)))"),
        (Feature::Exceptions, "(module (func (try_table)))"),
        (Feature::LegacyExceptions, "(module (func try end))"),
        (Feature::Memory64, "(module (memory i64 1))"),
        (Feature::MultiMemory, "(module (memory 1) (memory 1))"),
        (
            Feature::ExtendedConst,
            "(module (global i32 (i32.add (i32.const 1) (i32.const 1))))",
        ),
        (Feature::Atomics, "(module (memory 1 1 shared))"),
    ];

    /// Engines are asked for these features with the same modules, except for those that have to be run.
    const PROBE: &str = include_str!("../../lib/probe.js");
    const OTHERWISE: &[Feature] = &[Feature::WasmGc, Feature::ExternrefTables];

    #[test]
    fn a_module_needs_the_features_that_it_uses() {
        assert_eq!(MODULES.len(), FEATURES.len());
        let mut asked = 0;
        for (feature, text) in MODULES {
            let module = wat::parse_str(text).unwrap();
            assert_eq!(
                lacking(&module, |lacking| lacking == *feature),
                Some(*feature),
                "{text}"
            );
            assert_eq!(lacking(&module, |_| false), None);
            // After the eight bytes with which each begins.
            let bytes: Vec<String> = module[8..].iter().map(u8::to_string).collect();
            let line = format!("'{feature}': () => module([{}])", bytes.join(", "));
            asked += usize::from(PROBE.contains(&line));
        }
        assert_eq!(asked, MODULES.len() - OTHERWISE.len());
        for module in [
            wat::parse_str("(module (func))").unwrap(),
            b"\0asm".to_vec(),
            Vec::new(),
        ] {
            assert_eq!(lacking(&module, |_| true), None);
        }
    }
}
