//! A module whose allocator reports each block: what is made, and how.

use crate::find;
use crate::found::{BlockFrees, FoundAllocator, WrappedFunction};
use crate::given::{GivenAllocator, given};
use crate::graph::CallGraph;
use crate::module::Module;
use crate::not_instrumented::NotInstrumented;
use crate::origins::Origins;
use crate::references::FunctionReferences;
use crate::renumbering::Renumbering;
use crate::report::{BlockReport, REPORT_MODULE};
use crate::seen::SeenFunctions;
use crate::splice::Splice;
use crate::wrapper::{Wrapper, reports};

/// A module whose allocator reports each block.
#[derive(Debug, Clone)]
pub struct Instrumented {
    /// The new module.
    pub module: Vec<u8>,
    /// The functions that report, by index.
    pub wrapped: Vec<WrappedFunction>,
    /// The imports that were added, in their order, after all others. Indices of the module's own
    /// functions are larger by as many.
    pub reports: Vec<BlockReport>,
    /// How many functions were added at the end: the former bodies, and copies of functions that call them.
    pub copies: u32,
    /// What becomes of blocks.
    pub frees: BlockFrees,
    /// What there was to find the allocator by.
    pub seen: SeenFunctions,
    /// From functions and positions in the new module to those before.
    pub origins: Origins,
}

/// Makes a module whose allocator reports each block, and that does the same as before otherwise.
/// The allocator is the functions that are `given`; if none is, it is searched for.
///
/// # Errors
///
/// If there is none to be found, or the module cannot be read: see [`NotInstrumented`].
pub fn instrument(module: &[u8], given_functions: &[GivenAllocator]) -> Result<Instrumented, NotInstrumented> {
    let module = Module::read(module)?;
    if module.imports.iter().any(|import| import.module == REPORT_MODULE) {
        return Err(NotInstrumented::Already);
    }
    let found = match given_functions {
        [] => find::find(&module)?,
        some => given(&module, some)?,
    };
    let references = FunctionReferences::find(&module)?;
    wrap(&module, &references, found)
}

fn wrap(
    module: &Module<'_>,
    references: &FunctionReferences,
    found: FoundAllocator,
) -> Result<Instrumented, NotInstrumented> {
    let mut wrapped = found.functions;
    let indices: Vec<u32> = wrapped.iter().map(|each| each.function).collect();
    let between = CallGraph::new(module, references).between(&indices);
    for each in &mut wrapped {
        each.calls_indirectly = between.call_indirectly.contains(&each.function);
    }
    let is_needed = |report: &BlockReport| wrapped.iter().any(|each| reports(each.role).contains(report));
    let needed: Vec<BlockReport> = BlockReport::ALL.into_iter().filter(is_needed).collect();
    let numbers = Renumbering::new(
        module.imported(),
        module.function_count(),
        needed.len() as u32,
        &indices,
        &between.functions,
    );
    let wrappers = wrapped.iter().map(|each| wrapper(module, &numbers, &needed, each));
    let splice = Splice {
        module,
        references,
        numbers: &numbers,
        reports: &needed,
        wrappers: wrappers.collect::<Result<_, _>>()?,
    };
    let (bytes, origins) = splice.make()?;
    Ok(Instrumented {
        module: bytes,
        wrapped,
        copies: numbers.copied.len() as u32,
        reports: needed,
        frees: found.frees,
        seen: found.seen,
        origins,
    })
}

/// The body of a function's wrapper.
fn wrapper(
    module: &Module<'_>,
    numbers: &Renumbering,
    needed: &[BlockReport],
    each: &WrappedFunction,
) -> Result<Vec<u8>, NotInstrumented> {
    let missing = || NotInstrumented::undecodable("a function of the allocator has no type", 0);
    let wrapper = Wrapper {
        role: each.role,
        parameters: each.parameters,
        signature: module.signature(each.function).ok_or_else(missing)?,
        former: numbers.inside(each.function),
        memory_64: module.memory.is_some_and(|memory| memory.is_64),
    };
    let import = |report| needed.iter().position(|each| *each == report).unwrap_or_default() as u32;
    Ok(wrapper.body(|report| module.imported() + import(report)))
}
