//! The functions of an allocator that the caller names.

use crate::allocators::KnownAllocators;
use crate::demangle::readable_name;
use crate::find::{self, look};
use crate::found::{AllocatorEvidence, BlockFrees, FoundAllocator, WrappedFunction};
use crate::module::Module;
use crate::names::FunctionNames;
use crate::not_instrumented::NotInstrumented;
use crate::role::{AllocatorParameters, Role};
use crate::signature;
use std::fmt;

/// A function of the allocator, as the caller names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenAllocator {
    /// Which function.
    pub function: GivenFunction,
    /// What it does.
    pub role: Role,
    /// What its parameters mean. If none is given, those that are known of a function with its name; else it begins
    /// with those of C's function: `malloc(size)`, `calloc(count, size)`, `aligned_alloc(alignment, size)`, `posix_memalign(out, alignment, size)`,
    /// `realloc(pointer, size)`, `free(pointer)`.
    pub parameters: Option<AllocatorParameters>,
}

/// Which function is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GivenFunction {
    /// The one that is exported by this name; else the one that has it in the section of names, as it stands there
    /// or as people read it.
    Name(String),
    /// The one with this index.
    Index(u32),
}

/// What a function of this name does, if it is known as one of an allocator; mangled or not.
pub fn known_role(name: &str) -> Option<Role> {
    KnownAllocators::new().named(name).first().map(|known| known.role)
}

impl fmt::Display for GivenFunction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GivenFunction::Name(name) => out.write_str(name),
            GivenFunction::Index(function) => write!(out, "function {function}"),
        }
    }
}

/// The functions that are given, by index.
///
/// # Errors
///
/// If one is not there, is imported, is given twice, or has not the parameters and results of its role; or if
/// none of them allocates.
pub(crate) fn given(module: &Module<'_>, given: &[GivenAllocator]) -> Result<FoundAllocator, NotInstrumented> {
    let section = FunctionNames::of_section(module);
    let known = KnownAllocators::new();
    let mut functions: Vec<WrappedFunction> = Vec::new();
    for one in given {
        let refused = |why: String| NotInstrumented::Given {
            name: one.function.to_string(),
            why,
        };
        let function = index(module, &section, &one.function).map_err(refused)?;
        let found = wrapped(module, &section, &known, function, one).map_err(refused)?;
        if functions.iter().any(|other| other.function == function) {
            return Err(refused("it is given twice".to_owned()));
        }
        functions.push(found);
    }
    functions.sort_by_key(|each| each.function);
    let allocates = functions.iter().any(|each| each.role.is_allocating());
    if let Some(first) = given.first().filter(|_| !allocates) {
        return Err(NotInstrumented::Given {
            name: first.function.to_string(),
            why: "none of the functions that are given allocates".to_owned(),
        });
    }
    let frees = match functions.iter().any(|each| each.role == Role::Free) {
        true => BlockFrees::Reported,
        false => BlockFrees::Unseen,
    };
    let seen = look(module, &section);
    Ok(FoundAllocator { functions, frees, seen })
}

fn index(module: &Module<'_>, section: &FunctionNames<'_>, function: &GivenFunction) -> Result<u32, String> {
    let index = match function {
        GivenFunction::Name(name) => {
            let export = module.exports.iter().find(|(each, _)| each == name);
            export.map_or_else(|| named(section, name), |export| Ok(export.1))?
        }
        GivenFunction::Index(index) => *index,
    };
    match module.body(index) {
        Some(_) => Ok(index),
        None if index < module.imported() => Err("it is imported, and can be wrapped in its own module".to_owned()),
        None => Err(format!(
            "there are {} functions, counted from 0",
            module.function_count()
        )),
    }
}

/// The only function that has a name in the section of names.
fn named(section: &FunctionNames<'_>, wanted: &str) -> Result<u32, String> {
    let all = section.all();
    let found = all.filter(|(_, name)| *name == wanted || readable_name(name) == wanted);
    let found: Vec<u32> = found.map(|(function, _)| function).collect();
    match found[..] {
        [function] => Ok(function),
        [] => Err("no function is exported by this name, or has it in the section of names".to_owned()),
        [first, second, ..] => Err(format!(
            "{} functions have this name, such as {first} and {second}: give the index of one",
            found.len()
        )),
    }
}

fn wrapped(
    module: &Module<'_>,
    section: &FunctionNames<'_>,
    known: &KnownAllocators,
    function: u32,
    one: &GivenAllocator,
) -> Result<WrappedFunction, String> {
    let signature = module
        .signature(function)
        .ok_or("its type is not one of functions that may call a script")?;
    let rows = match (&one.function, one.parameters) {
        (GivenFunction::Name(name), None) => known.named(name),
        _ => &[],
    };
    let mut rows = rows.iter().filter(|row| row.role == one.role);
    let by_name = rows.find_map(|row| find::parameters(module, function, row));
    let parameters = by_name.or_else(|| signature::fitting_given(signature, one.role, one.parameters, module.memory));
    let parameters = parameters.ok_or_else(|| {
        format!(
            "to {}, it would need other parameters or results than {signature}, or a size that is given",
            one.role
        )
    })?;
    let name = match &one.function {
        GivenFunction::Name(name) => name.clone(),
        GivenFunction::Index(index) => section
            .name(*index)
            .map_or_else(|| one.function.to_string(), |name| name.into_owned()),
    };
    Ok(WrappedFunction {
        function,
        readable: readable_name(&name).into_owned(),
        name,
        role: one.role,
        parameters,
        found_by: AllocatorEvidence::Given,
        calls_indirectly: false,
    })
}
