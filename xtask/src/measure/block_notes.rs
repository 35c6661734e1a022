//! What is known of the blocks of linear memory beside how they grow: whether somebody can still free them, whether
//! memory grows without them, and which were freed that were none.

use crate::measure::block_findings::{BlockNotes, BlockOwners, SampledBlocks};
use crate::measure::block_growth::{is_sure, plain};
use crate::measure::census::{Kind, KindGrowth, What};
use crate::measure::census_events::{BlockSeries, LedgerTrouble, PlaceFrame};
use crate::measure::kind_growth::{later, per_call};

/// An object stays for a block if there are so many of its class for each block that stays.
const SHARE: f64 = 0.5;

/// Classes of which every program has objects.
const OF_THE_LANGUAGE: [&str; 6] = [
    "Object",
    "Array",
    "Function",
    "Call",
    "LexicalEnvironment",
    "JSLexicalEnvironment",
];

/// Of a module with blocks that ended without a report.
const UNSEEN: &str = "some ended in a way that its allocator does not report: others have their place in memory";

/// By all that grows.
pub fn notes_of(
    grows: &[KindGrowth],
    series: &[&BlockSeries],
    troubles: &[&LedgerTrouble],
    calls: &[f64],
) -> BlockNotes {
    let blocks: Vec<&KindGrowth> = grows.iter().filter(|growth| growth.kind.what == What::Blocks).collect();
    // Whether the memory of a module with blocks grows: of one whose blocks are sure, or not.
    let memory_grows = |sure: bool| {
        let memories = grows.iter().filter(|growth| growth.kind.what == What::LinearMemory);
        let mut modules = memories.filter_map(|growth| growth.kind.module.as_ref());
        modules.any(|module| {
            let mut of_module = series.iter().filter(|series| series.module == *module);
            of_module.any(|series| is_sure(series, troubles) == sure)
        })
    };
    BlockNotes {
        owner: blocks.first().map(|block| owner(block, grows)),
        sampled: blocks.first().and_then(|_| sampled(series, calls)),
        fragments: blocks.is_empty() && memory_grows(true),
        untold: (blocks.is_empty() && memory_grows(false)).then(|| UNSEEN.to_owned()),
        ..BlockNotes::default()
    }
}

/// How many blocks stay of all modules, if not each stack was taken; `calls` at all readings.
fn sampled(series: &[&BlockSeries], calls: &[f64]) -> Option<SampledBlocks> {
    let every = series
        .iter()
        .map(|series| series.every)
        .max()
        .filter(|every| *every > 1)?;
    let totals: Vec<&&BlockSeries> = series.iter().filter(|series| series.stack.is_none()).collect();
    let sum = |of: fn(&BlockSeries) -> &[f64]| {
        totals
            .iter()
            .map(|total| per_call(later(calls), later(of(total))))
            .sum()
    };
    Some(SampledBlocks {
        every,
        blocks: sum(|total| &total.counts),
        bytes: sum(|total| &total.bytes),
    })
}

/// What became of the objects for one place of blocks.
fn owner(block: &KindGrowth, grows: &[KindGrowth]) -> BlockOwners {
    let is_object = |growth: &&KindGrowth| matches!(growth.kind.what, What::Objects | What::Instances);
    let objects: Vec<&KindGrowth> = grows.iter().filter(is_object).collect();
    let stays = objects.iter().find_map(|growth| {
        let class = class_for(&growth.kind, block)?;
        (growth.per_call >= SHARE * block.per_call).then_some(class)
    });
    match stays {
        Some(class) => BlockOwners::Stays(class),
        None if objects.is_empty() => BlockOwners::Gone,
        None => BlockOwners::Unknown,
    }
}

/// The class of objects that were made where the block was asked for: by the constructor of that name, or for a function
/// that led to both, but for the outermost one, which led to all.
fn class_for(kind: &Kind, block: &KindGrowth) -> Option<String> {
    let stack = &block.kind.stack;
    let names: Vec<&str> = stack.iter().map(plain).collect();
    // Some of those that one line makes may stay, and others not.
    let many = kind.classes.iter().filter(|(_, rate)| *rate >= SHARE * block.per_call);
    let classes = many.map(|(class, _)| class).chain(&kind.class);
    let of_constructor = classes.clone().find(|class| names.contains(&class.as_str()));
    let inner = stack.split_last().map_or(&[][..], |(_, inner)| inner);
    let is_common = |frame: &PlaceFrame| {
        inner
            .iter()
            .any(|other| !frame.file.is_empty() && (plain(frame), &frame.file) == (plain(other), &other.file))
    };
    // A name that the program gave says more than one that the language has.
    let is_plain = |class: &&String| {
        let is_name = class.chars().all(|c| c.is_alphanumeric() || "_$.".contains(c));
        is_name && class.starts_with(char::is_uppercase) && !OF_THE_LANGUAGE.contains(&class.as_str())
    };
    let is_here = kind.stack.iter().any(is_common);
    match of_constructor {
        Some(class) => Some(class.clone()),
        None => is_here.then(|| classes.clone().find(is_plain).cloned().unwrap_or_default()),
    }
}
