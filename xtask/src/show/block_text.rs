//! What is said of the blocks of linear memory beside how they grow.

use crate::base::text::clip;
use crate::measure::block_findings::{BlockNotes, BlockOwners};
use crate::measure::census::{Census, KindGrowth, What};
use crate::show::amounts::{bytes, count};

/// How to get a module of which blocks can be told.
const ADVICE: &str = "(a build with names tells more: `-g2` or `--profiling-funcs` of Emscripten, `debug = 1` and `wasm-bindgen \
                      --keep-debug`, clang's `-g` and `-Wl,--export=malloc`; `wasm-opt` with `-g`; or name the allocator's functions: \
                      `#: allocator = allocate=take free=give` in expected.txt)";

/// Why nothing is known of the blocks, where memory is all that grows.
pub fn untold(census: &Census) -> Vec<String> {
    let is_object = |growth: &KindGrowth| matches!(growth.kind.what, What::Objects | What::Instances);
    match &census.blocks.untold {
        Some(why) if !census.grows.iter().any(is_object) => {
            let why = clip(&format!("(which blocks stay is not known: {why})"));
            let advice = census.blocks.wants_names.then(|| ADVICE.to_owned());
            [why].into_iter().chain(advice).collect()
        }
        _ => Vec::new(),
    }
}

/// What became of the blocks, and of those who would free them. It stands first: it is the answer.
pub fn block_notes(notes: &BlockNotes) -> Vec<String> {
    let owner = notes.owner.as_ref().map(|owner| match owner {
        BlockOwners::Stays(class) => {
            let of = match class.is_empty() {
                true => String::new(),
                false => format!(" of {}", clip(class)),
            };
            format!("objects{of} that were made with the blocks stay as well: what keeps these alive keeps the blocks")
        }
        BlockOwners::Gone => "no object is left that could free the blocks: nobody will; a call of `free()`, `delete()` or `dispose()` is \
                             forgotten, or no finalizer is registered"
            .to_owned(),
        BlockOwners::Collector => "a collector of the module's own keeps the blocks: something in the module refers to them, or they were \
                                   pinned by `__pin()` and never unpinned; or nobody calls `__collect()`, where the runtime is `minimal`"
            .to_owned(),
        BlockOwners::Unknown => "whether an object is left that could free the blocks is not known".to_owned(),
    });
    let fragments = notes.fragments.then(|| {
        "no more blocks are alive than before: linear memory grows by fragmentation, or by what its allocator does not report"
            .to_owned()
    });
    let sampled = notes.sampled.as_ref().map(|all| {
        format!(
            "the stack of one block in {} was taken, so what each line asked for is an estimate; in all {} and {} blocks a call stay",
            all.every,
            bytes(all.bytes),
            count(all.blocks)
        )
    });
    [owner, sampled, fragments].into_iter().flatten().collect()
}
