//! What keeps wrappers alive, in the same words for every engine: the path from a root
//! for each way in which some are kept, and the edge through linear memory if it closes a
//! cycle.

use crate::base::text::clip;
use crate::explain::growth::{Growth, growth};
use crate::explain::kept::KeptGroup;
use crate::explain::merging::{absorb, doubt_growth};
use crate::explain::question::WrappersInHeap;
use crate::explain::sources::Sources;
use crate::explain::words::Words;
use crate::measure::telemetry::{DeadWrappers, MemoryGrowth, Wrappers};
use crate::measure::verdict::Verdict;
use heap::group;
use heap::path::Paths;
use heap::{Heap, NodeId, NodeKind};
use serde::Serialize;
use std::collections::HashMap;

/// What keeps the wrappers alive that should have died.
#[derive(Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The wrappers, if all died and linear memories stay: then those are explained.
    pub dead: Option<DeadWrappers>,
    /// The number of objects made, and of those not collected.
    pub made: u64,
    pub alive: u64,
    /// The number of those that were asked about.
    pub asked: u64,
    /// The most important way in which they are kept alive: what grows, before what does
    /// not; and of those the one with the most wrappers.
    #[serde(flatten)]
    pub main: KeptGroup,
    /// The other ways, in the same order.
    pub others: Vec<KeptGroup>,
    /// How many no path leads to, and why that may be.
    pub unexplained: u64,
    pub hidden: Option<&'static str>,
    /// What grows although most wrappers die.
    pub other_growth: Option<OtherGrowth>,
    /// The verdict that the case is expected to have, if that is no leak.
    pub expected: Option<Verdict>,
}

/// What grows although wrappers die, while more objects were made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OtherGrowth {
    pub objects: u64,
    /// Pages of linear memory, at first and in the end; and whether it ran out.
    pub pages: Option<(u64, u64)>,
    pub full: bool,
    /// Entries of WebAssembly tables.
    pub entries: Option<(u64, u64)>,
    /// Bytes of the JavaScript heap for each object, of what no wrapper is.
    pub heap_per_object: Option<f64>,
}

impl OtherGrowth {
    /// What the script reported, if anything grows.
    pub fn of(memory: MemoryGrowth) -> Option<OtherGrowth> {
        let growth = OtherGrowth {
            objects: memory.objects,
            pages: memory.pages_grow.then_some(memory.pages),
            full: memory.full,
            entries: memory.entries_grow.then_some(memory.entries),
            heap_per_object: memory.heap_per_object,
        };
        let any = growth.pages.is_some() || growth.entries.is_some() || growth.heap_per_object.is_some();
        any.then_some(growth)
    }
}

/// The name of a wrapper, by its class and number.
pub fn wrapper_name(class: Option<&str>, number: u64) -> String {
    format!("{} #{number}", clip(class.unwrap_or("object")))
}

/// Finds the paths, groups them and describes them; with `verbose` the engine's own nodes
/// stay. `hidden` is what the engine keeps to itself. `None` if there is no path from a root.
pub fn explain(kept: &WrappersInHeap, verbose: bool, hidden: Option<&'static str>) -> Option<Explanation> {
    let WrappersInHeap {
        wrappers,
        heap,
        sources,
        memory,
        ..
    } = kept;
    let nodes: Vec<NodeId> = heap.targets.iter().flatten().copied().collect();
    let foreign = foreign_functions(heap, sources, &kept.functions);
    let words = Words {
        verbose,
        heap,
        sources,
        functions: &kept.functions,
        paths: &Paths::find(heap, &sources.names(), &foreign),
    };
    let alive: Vec<u64> = wrappers.objects.iter().map(|object| object.number).collect();
    let grouped = group::by_path(heap, words.paths, &nodes);
    let explained: usize = grouped.iter().map(Vec::len).sum();
    let mut groups: Vec<KeptGroup> = grouped
        .iter()
        .filter_map(|places| group_of(&words, wrappers, &alive, places, &nodes))
        .collect();
    absorb(&mut groups);
    doubt_growth(&mut groups, wrappers);
    // The sort is stable: the largest of each kind stays the first of it.
    groups.sort_by_key(|group| group.growth != Growth::Grows);
    let mut groups = groups.into_iter();
    let main = groups.next()?;
    let unexplained = (nodes.len() - explained) as u64;
    Some(Explanation {
        dead: wrappers.dead.clone(),
        made: wrappers.made,
        alive: wrappers.alive,
        asked: nodes.len() as u64,
        main,
        others: groups.collect(),
        unexplained,
        hidden: hidden.filter(|_| unexplained > 0),
        other_growth: memory.and_then(OtherGrowth::of),
        expected: None,
    })
}

/// Functions that are not the case's: our own ones, and those of the host. Through what
/// they share, each leads to all others, and to nothing that a user could change.
pub fn foreign_functions(heap: &Heap, sources: &Sources, functions: &HashMap<u64, String>) -> Vec<NodeId> {
    let place = |id: NodeId| match heap.position(id) {
        Some(position) => sources.place(position),
        None => sources.find(functions.get(&heap.identity(id)?)?),
    };
    let is_own = |id: NodeId| place(id).is_some_and(|place| !place.is_in_library());
    let all = (0..).take(heap.node_count());
    let all: Vec<NodeId> = all.filter(|id| heap.kind(*id) == NodeKind::Function).collect();
    let own: Vec<bool> = all.iter().map(|id| is_own(*id)).collect();
    // Some engines tell no places.
    if !own.contains(&true) {
        return Vec::new();
    }
    let foreign = all.into_iter().zip(own).filter(|(_, own)| !own);
    foreign.map(|(id, _)| id).collect()
}

/// Describes a group by the path of its first wrapper; if the content of others in
/// linear memory is known, by that of the first of these. `alive` has the numbers of the
/// wrappers that stay.
fn group_of(
    words: &Words<'_>,
    wrappers: &Wrappers,
    alive: &[u64],
    places: &[usize],
    nodes: &[NodeId],
) -> Option<KeptGroup> {
    let number = |place: usize| wrappers.objects.get(place).map(|object| object.number);
    let linear = |place: usize| {
        let number = number(place)?;
        wrappers.linear.iter().find(|linear| linear.number == number)
    };
    let known = places.iter().copied().find(|place| linear(*place).is_some());
    let place = known.or(places.first().copied())?;
    let object = wrappers.objects.get(place)?;
    let path = words.paths.to(words.heap, nodes[place])?;
    let name = wrapper_name(Some(&object.class), object.number);
    let (steps, linear_memory) = words.steps(&path, &name, linear(place));
    let numbers: Vec<u64> = places.iter().filter_map(|place| number(*place)).collect();
    Some(KeptGroup {
        wrapper: name,
        count: places.len() as u64,
        growth: growth(&numbers, alive, wrappers.made, &wrappers.rounds),
        numbers,
        root: words.root(&path),
        steps,
        linear_memory,
    })
}
