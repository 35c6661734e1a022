//! Finds an allocator without names: follows the functions that wasm-bindgen exports for scripts to
//! those that the module itself uses, and takes them only if their structure leaves no doubt.

use crate::forwarding::{CallSite, PassedArgument, passing_body};
use crate::found::{AllocatorEvidence, WrappedFunction};
use crate::module::Module;
use crate::role::{AllocatorParameters, Role};
use crate::signature;
use std::collections::BTreeSet;
use wasmparser::{FuncType, ValType};

/// What wasm-bindgen exports for scripts begins so: `__wbindgen_malloc`, in newer versions `__wbindgen_export3`.
const EXPORT: &str = "__wbindgen_";
/// The most instructions of a function that only passes on what it gets. Rust's have up to 60, and the
/// functions of an allocator hundreds.
const THIN: usize = 120;
/// No such function has more bytes: what is larger need not be read.
const THIN_BYTES: usize = 4096;
/// The most functions that pass on to each other.
const DEEPEST: usize = 6;
/// The most exports of a signature that are followed.
const MOST: usize = 6;

/// What a parameter of a function means that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    Size,
    Alignment,
    Pointer,
    /// Nothing that is followed.
    Nothing,
}

/// A function, and which of its parameters counts: the size, or the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SizedFunction {
    function: u32,
    parameter: u32,
}

/// What blocks are allocated by: for most alignments, and for greater ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Allocating {
    plain: SizedFunction,
    aligned: Option<SizedFunction>,
}

/// The functions by which blocks come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Core {
    malloc: SizedFunction,
    /// It calls `malloc` for more.
    aligned: Option<SizedFunction>,
    free: SizedFunction,
}

/// The allocator behind what scripts allocate by; none if there is a doubt.
///
/// The function that frees, and the one or two that allocate, are reached by functions that pass on
/// their parameters. They are those of the whole program if exactly one function resizes blocks by
/// them, as Rust's does: it gets block, former size, alignment and size, and calls the first with the
/// block, the second with the size, and the third with alignment and size. What allocates zeros calls
/// these, too.
pub(crate) fn follow(module: &Module<'_>) -> Option<Vec<WrappedFunction>> {
    let exports = module.exports.iter().filter(|(name, _)| name.starts_with(EXPORT));
    let exports: BTreeSet<u32> = exports.map(|(_, function)| *function).collect();
    let with = |fits: fn(&FuncType) -> bool| {
        let found = exports.iter().copied();
        found.filter(move |function| module.signature(*function).is_some_and(fits))
    };
    let mut cores = BTreeSet::new();
    for malloc in with(is_malloc).take(MOST) {
        for free in with(is_free).take(MOST) {
            cores.extend(core(module, malloc, free));
        }
    }
    let [core] = Vec::from_iter(cores)[..] else {
        return None;
    };
    let resizing: Vec<u32> = resizing(module, core).take(2).collect();
    let [resizing] = resizing[..] else {
        return None;
    };
    let places = |pointer, size| AllocatorParameters {
        pointer,
        size,
        ..AllocatorParameters::default()
    };
    let sized = |role, each: SizedFunction| (each.function, role, places(None, Some(each.parameter)));
    let mut found = vec![
        sized(Role::Allocate, core.malloc),
        (core.free.function, Role::Free, places(Some(core.free.parameter), None)),
        (resizing, Role::Reallocate, places(Some(0), Some(3))),
    ];
    found.extend(core.aligned.map(|each| sized(Role::AllocateAligned, each)));
    found.sort_by_key(|(function, ..)| *function);
    let found = found.into_iter().map(|(function, role, parameters)| {
        let signature = module.signature(function)?;
        signature::fitting_given(signature, role, Some(parameters), module.memory)?;
        Some(wrapped(function, role, parameters))
    });
    found.collect()
}

fn wrapped(function: u32, role: Role, parameters: AllocatorParameters) -> WrappedFunction {
    let name = format!("function {function}");
    WrappedFunction {
        function,
        readable: name.clone(),
        name,
        role,
        parameters,
        found_by: AllocatorEvidence::Structure,
        calls_indirectly: false,
    }
}

fn is_address(kind: &ValType) -> bool {
    matches!(kind, ValType::I32 | ValType::I64)
}

/// `(size, alignment)`; older ones have no alignment.
fn is_malloc(signature: &FuncType) -> bool {
    let (parameters, results) = (signature.params(), signature.results());
    matches!(parameters.len(), 1 | 2)
        && matches!(results, [result] if is_address(result) && parameters.iter().all(|each| each == result))
}

/// `(block, size, alignment)`; older ones have no alignment.
fn is_free(signature: &FuncType) -> bool {
    let parameters = signature.params();
    matches!(parameters.len(), 2 | 3) && signature.results().is_empty() && parameters.iter().all(is_address)
}

/// What is behind these two exports.
fn core(module: &Module<'_>, malloc: u32, free: u32) -> Option<Core> {
    let Allocating { plain, aligned } = allocating(module, malloc, &[Meaning::Size, Meaning::Alignment], 0)?;
    let free = freeing(module, free, &[Meaning::Pointer], 0)?;
    let is_on_top = |aligned: SizedFunction| {
        let body = passing_body(module, aligned.function);
        body.is_some_and(|body| body.calls.iter().any(|call| call.callee == plain.function))
    };
    let is_sure = aligned.is_none_or(is_on_top) && plain.function != free.function;
    is_sure.then_some(Core {
        malloc: plain,
        aligned,
        free,
    })
}

/// What this function allocates by.
fn allocating(module: &Module<'_>, function: u32, meanings: &[Meaning], depth: usize) -> Option<Allocating> {
    let mut plain = BTreeSet::new();
    let mut aligned = BTreeSet::new();
    for call in &thin_calls(module, function)? {
        let given = passed(call, meanings);
        let parameter = place(&given, Meaning::Size)?;
        let target = SizedFunction {
            function: call.callee,
            parameter,
        };
        // With the alignment in front it is the one for greater ones.
        match place(&given, Meaning::Alignment).is_some_and(|alignment| alignment < parameter) {
            true => drop(aligned.insert(target)),
            false => drop(plain.insert((target, given))),
        }
    }
    let ([(plain, given)], [] | [_]) = (&Vec::from_iter(plain)[..], &Vec::from_iter(&aligned)[..]) else {
        return None;
    };
    let here = Allocating {
        plain: *plain,
        aligned: aligned.pop_first(),
    };
    match here.aligned {
        None if depth < DEEPEST => allocating(module, plain.function, given, depth + 1).or(Some(here)),
        _ => Some(here),
    }
}

/// What this function frees by.
fn freeing(module: &Module<'_>, function: u32, meanings: &[Meaning], depth: usize) -> Option<SizedFunction> {
    let mut callees = BTreeSet::new();
    for call in &thin_calls(module, function)? {
        let given = passed(call, meanings);
        let is_freeing = module.signature(call.callee)?.results().is_empty();
        let target = SizedFunction {
            function: call.callee,
            parameter: place(&given, Meaning::Pointer).filter(|_| is_freeing)?,
        };
        callees.insert((target, given));
    }
    let [(here, given)] = &Vec::from_iter(callees)[..] else {
        return None;
    };
    match depth < DEEPEST {
        true => freeing(module, here.function, given, depth + 1).or(Some(*here)),
        false => Some(*here),
    }
}

/// The calls of a function that does little else; those that never return aside.
fn thin_calls(module: &Module<'_>, function: u32) -> Option<Vec<CallSite>> {
    module.body(function).filter(|body| body.len() <= THIN_BYTES)?;
    let body = passing_body(module, function).filter(|body| body.instructions <= THIN)?;
    Some(body.calls.into_iter().filter(|call| call.returns).collect())
}

/// What the arguments of a call mean.
fn passed(call: &CallSite, meanings: &[Meaning]) -> Vec<Meaning> {
    let meaning = |argument: &PassedArgument| match argument {
        PassedArgument::Parameter(local) => meanings.get(*local as usize).copied().unwrap_or(Meaning::Nothing),
        _ => Meaning::Nothing,
    };
    call.arguments.iter().map(meaning).collect()
}

fn place(meanings: &[Meaning], wanted: Meaning) -> Option<u32> {
    let place = meanings.iter().position(|meaning| *meaning == wanted)?;
    Some(place as u32)
}

/// The functions that resize blocks by these: of block, former size, alignment and size.
fn resizing<'a>(module: &'a Module<'_>, core: Core) -> impl Iterator<Item = u32> + 'a {
    let own = module.imported()..module.function_count();
    own.filter(move |function| {
        let Some(signature) = module.signature(*function) else {
            return false;
        };
        let (parameters, results) = (signature.params(), signature.results());
        let has_form =
            matches!(results, [result] if is_address(result) && parameters.iter().all(|each| each == result));
        has_form && parameters.len() == 4 && resizes(module, *function, core).unwrap_or_default()
    })
}

/// On other ways through the body block and size are used up: they may have changed where the code is read
/// in order.
fn resizes(module: &Module<'_>, function: u32, core: Core) -> Option<bool> {
    let calls = passing_body(module, function)?.calls;
    let has = |target: SizedFunction, parameter: u32| {
        let is_passed = |call: &CallSite| {
            let argument = call.arguments.get(target.parameter as usize);
            let expected = [PassedArgument::Parameter(parameter), PassedArgument::Changed(parameter)];
            call.callee == target.function && argument.is_some_and(|argument| expected.contains(argument))
        };
        calls.iter().any(is_passed)
    };
    let frees = has(core.free, 0);
    let allocates = has(core.malloc, 3);
    let aligns = core.aligned.is_none_or(|aligned| has(aligned, 3));
    Some(frees && allocates && aligns)
}
