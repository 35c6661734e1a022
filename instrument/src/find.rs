//! Finds the functions of a module's allocator, by their names.

use crate::allocator_table::{BlockOwner, KnownAllocator};
use crate::allocators::KnownAllocators;
use crate::demangle::readable_name;
use crate::found::{AllocatorEvidence, BlockFrees, FoundAllocator, WrappedFunction};
use crate::module::Module;
use crate::names::FunctionNames;
use crate::not_instrumented::{ImportedAllocator, NoAllocatorReason, NotInstrumented};
use crate::role::{AllocatorParameters, Role};
use crate::seen::{LISTED_EXPORTS, NotTaken, NotTakenReason, SeenFunctions};
use crate::signature;
use crate::structure;
use std::collections::BTreeMap;

/// The most functions that an allocator has.
const MOST: usize = 256;
/// The most that are listed of those that are not taken.
const LISTED: usize = 100;

/// A function whose names are those of an allocator's.
struct Candidate<'a> {
    name: &'a str,
    evidence: AllocatorEvidence,
    /// What its names promise.
    known: Vec<KnownAllocator>,
}

/// A candidate that has the signature.
struct FittingCandidate {
    found: WrappedFunction,
    owner: BlockOwner,
}

/// The allocator of a module.
///
/// # Errors
///
/// If there is none, or if it is imported.
pub(crate) fn find(module: &Module<'_>) -> Result<FoundAllocator, NotInstrumented> {
    let section = FunctionNames::of_section(module);
    let mut seen = look(module, &section);
    let known = KnownAllocators::new();
    let mut candidates = candidates(module, &section, &known);
    let own = candidates.split_off(&module.imported());
    let imported = imported(module, &known);
    let mut fitting = Vec::new();
    for (function, candidate) in own {
        match fit(module, function, &candidate) {
            Ok(found) => fitting.push(found),
            Err(why) => note(&mut seen, function, candidate.name, why),
        }
    }
    if fitting.len() > MOST {
        let why = NoAllocatorReason::NamesLie;
        return Err(NotInstrumented::NoAllocator { why, seen });
    }
    let owner = owner(&fitting);
    let mut taken = Vec::new();
    for candidate in fitting {
        match reason_against(candidate.owner, owner) {
            None => taken.push(candidate.found),
            Some(why) => note(&mut seen, candidate.found.function, &candidate.found.name, why),
        }
    }
    if owner.is_none()
        && let Some(functions) = structure::follow(module)
    {
        let frees = BlockFrees::Reported;
        return Ok(FoundAllocator { functions, frees, seen });
    }
    if owner.is_none() {
        let only_scripts = seen
            .not_taken
            .iter()
            .any(|other| other.why == NotTakenReason::ForScripts);
        let why = match only_scripts {
            true => NoAllocatorReason::OnlyForScripts,
            false => NoAllocatorReason::NoName,
        };
        return Err(match imported.is_empty() {
            true => NotInstrumented::NoAllocator { why, seen },
            false => NotInstrumented::Imported {
                functions: imported,
                seen,
            },
        });
    }
    let frees = match owner {
        Some(BlockOwner::Collected) => BlockFrees::ByCollector,
        _ if taken.iter().any(|each| each.role == Role::Free) => BlockFrees::Reported,
        _ => BlockFrees::Unseen,
    };
    Ok(FoundAllocator {
        functions: taken,
        frees,
        seen,
    })
}

/// What there is to find an allocator by.
pub(crate) fn look(module: &Module<'_>, section: &FunctionNames<'_>) -> SeenFunctions {
    let exports = module.exports.iter().take(LISTED_EXPORTS);
    SeenFunctions {
        functions: module.function_count(),
        named: section.count(),
        has_names: module.names.is_some(),
        exports: exports.map(|(name, _)| (*name).to_owned()).collect(),
        exported: module.exports.len() as u32,
        not_taken: Vec::new(),
    }
}

fn note(seen: &mut SeenFunctions, function: u32, name: &str, why: NotTakenReason) {
    if seen.not_taken.len() < LISTED {
        let name = readable_name(name).into_owned();
        seen.not_taken.push(NotTaken { function, name, why });
    }
}

/// The functions with names of an allocator's: those under which they are exported first.
fn candidates<'a>(
    module: &Module<'a>,
    section: &FunctionNames<'a>,
    known: &KnownAllocators,
) -> BTreeMap<u32, Candidate<'a>> {
    let exports = module.exports.iter().map(|(name, function)| (*function, *name));
    let exports = exports.map(|named| (named, AllocatorEvidence::Export));
    let names = section.all().map(|named| (named, AllocatorEvidence::Name));
    let mut found: BTreeMap<u32, Candidate<'a>> = BTreeMap::new();
    for ((function, name), evidence) in exports.chain(names) {
        let promised = known.named(name);
        if promised.is_empty() || function >= module.function_count() {
            continue;
        }
        let candidate = found.entry(function).or_insert(Candidate {
            name,
            evidence,
            known: Vec::new(),
        });
        let fresh = promised.iter().filter(|one| !candidate.known.contains(one)).copied();
        let fresh: Vec<KnownAllocator> = fresh.collect();
        candidate.known.extend(fresh);
    }
    found
}

/// The functions of an allocator that are imported.
fn imported(module: &Module<'_>, known: &KnownAllocators) -> Vec<ImportedAllocator> {
    let mut found = Vec::new();
    for (function, import) in (0..).zip(&module.imports) {
        let fitting = known
            .named(import.name)
            .iter()
            .find(|one| parameters(module, function, one).is_some());
        if let Some(one) = fitting.filter(|_| found.len() < LISTED) {
            found.push(ImportedAllocator {
                function,
                module: import.module.to_owned(),
                name: import.name.to_owned(),
                role: one.role,
            });
        }
    }
    found
}

/// What the parameters of a function mean, if it has those that its name promises.
pub(crate) fn parameters(module: &Module<'_>, function: u32, known: &KnownAllocator) -> Option<AllocatorParameters> {
    let signature = module.signature(function)?;
    let parameters = signature::fitting(signature, known.role, known.parameters, module.memory)?;
    Some(AllocatorParameters {
        header: known.header,
        ..parameters
    })
}

fn fit(module: &Module<'_>, function: u32, candidate: &Candidate<'_>) -> Result<FittingCandidate, NotTakenReason> {
    let mut rows = candidate.known.clone();
    if rows.iter().any(|row| row.role != rows[0].role) {
        return Err(NotTakenReason::Names);
    }
    rows.sort_by_key(|row| row.owner);
    let fitting = rows
        .iter()
        .find_map(|row| parameters(module, function, row).map(|parameters| (row, parameters)));
    let (row, parameters) = fitting.ok_or(NotTakenReason::Signature)?;
    Ok(FittingCandidate {
        found: WrappedFunction {
            function,
            name: candidate.name.to_owned(),
            readable: readable_name(candidate.name).into_owned(),
            role: row.role,
            parameters,
            found_by: candidate.evidence,
            calls_indirectly: false,
        },
        owner: row.owner,
    })
}

/// Whose blocks are reported: the program's, else a collector's.
fn owner(fitting: &[FittingCandidate]) -> Option<BlockOwner> {
    let allocating = fitting.iter().filter(|each| each.found.role.is_allocating());
    let owners = allocating
        .map(|each| each.owner)
        .filter(|owner| *owner != BlockOwner::Scripts);
    owners.min()
}

/// Why a function is not taken where the blocks of some owner are reported.
fn reason_against(owner: BlockOwner, taken: Option<BlockOwner>) -> Option<NotTakenReason> {
    match (owner, taken) {
        (owner, Some(taken)) if owner == taken => None,
        // For a size of 0 they return what is no block.
        (BlockOwner::Scripts, Some(_)) => Some(NotTakenReason::Outer),
        (BlockOwner::Scripts, None) => Some(NotTakenReason::ForScripts),
        (BlockOwner::Collected, Some(_)) => Some(NotTakenReason::Collected),
        (_, _) => Some(NotTakenReason::Alone),
    }
}
