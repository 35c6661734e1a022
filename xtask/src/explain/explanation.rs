//! What keeps wrappers alive, in the same words for every engine: the path from a root
//! for each way in which some are kept, and the edge through linear memory if it closes a
//! cycle.

use crate::base::text::{clip, clip_to, inert};
use crate::explain::growth::{Growth, growth};
use crate::explain::kept::{KeptGroup, LinearMemory, OtherClosure, Step};
use crate::explain::merging::{absorb, doubt_growth};
use crate::explain::question::WrappersInHeap;
use crate::explain::repeats::fold_repeats;
use crate::explain::sources::{Place, Sources};
use crate::measure::telemetry::{DeadWrappers, LinearObject, MemoryGrowth};
use crate::measure::verdict::Verdict;
use heap::group;
use heap::path::{self, PathStart, Paths, RetainingPath};
use heap::{self, Edge, EdgeKind, Heap, NodeId, NodeKind};
use serde::Serialize;

/// The longest part of a function's source that is shown, in characters.
const SOURCE: usize = 60;

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
    let words = Words {
        verbose,
        kept,
        heap,
        sources,
        paths: &Paths::find(heap, &sources.names(), &foreign_functions(kept)),
        alive: wrappers.objects.iter().map(|object| object.number).collect(),
    };
    let grouped = group::by_path(heap, words.paths, &nodes);
    let explained: usize = grouped.iter().map(Vec::len).sum();
    let mut groups: Vec<KeptGroup> = grouped
        .iter()
        .filter_map(|places| words.group(places, &nodes))
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
fn foreign_functions(kept: &WrappersInHeap) -> Vec<NodeId> {
    let WrappersInHeap {
        heap,
        sources,
        functions,
        ..
    } = kept;
    let place = |id: NodeId| match heap.position(id) {
        Some(position) => sources.place(&position.file, position.line as usize),
        None => sources.find(functions.get(&heap.address(id)?)?),
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

/// The context for describing an edge.
struct Words<'a> {
    /// Internal edges keep the engine's name.
    verbose: bool,
    kept: &'a WrappersInHeap,
    heap: &'a Heap,
    sources: &'a Sources,
    paths: &'a Paths,
    /// The numbers of the wrappers that stay.
    alive: Vec<u64>,
}

impl Words<'_> {
    /// Describes a group by the path of its first wrapper; if the content of others in
    /// linear memory is known, by that of the first of these.
    fn group(&self, places: &[usize], nodes: &[NodeId]) -> Option<KeptGroup> {
        let wrappers = &self.kept.wrappers;
        let number = |place: usize| wrappers.objects.get(place).map(|object| object.number);
        let linear = |place: usize| {
            let number = number(place)?;
            wrappers.linear.iter().find(|linear| linear.number == number)
        };
        let known = places.iter().copied().find(|place| linear(*place).is_some());
        let place = known.or(places.first().copied())?;
        let object = wrappers.objects.get(place)?;
        let path = self.paths.to(self.heap, nodes[place])?;
        let name = wrapper_name(Some(&object.class), object.number);
        let (steps, linear_memory) = self.steps(&path, &name, linear(place));
        let numbers: Vec<u64> = places.iter().filter_map(|place| number(*place)).collect();
        Some(KeptGroup {
            wrapper: name,
            count: places.len() as u64,
            growth: growth(&numbers, &self.alive, wrappers.made, &wrappers.rounds),
            numbers,
            root: match path.start {
                PathStart::Global(_) => "global".to_owned(),
                PathStart::Root(id, name) => clip(&format!("root: {name}, {}", self.heap.name(id))),
            },
            steps,
            linear_memory,
        })
    }

    /// The steps of a path, and the edge through linear memory.
    fn steps(
        &self,
        path: &RetainingPath,
        wrapper: &str,
        linear: Option<&LinearObject>,
    ) -> (Vec<Step>, Option<LinearMemory>) {
        let folded = match self.verbose {
            true => path.edges.clone(),
            false => path::fold(self.heap, path),
        };
        let is_global = matches!(path.start, PathStart::Global(_));
        let mut from = match path.start {
            PathStart::Global(id) | PathStart::Root(id, _) => id,
        };
        let mut steps = Vec::new();
        for edge in &folded {
            steps.push(self.step(from, edge));
            from = edge.to;
        }
        if let Some(first) = steps
            .first_mut()
            .filter(|step| is_global && step.kind == EdgeKind::Property)
        {
            // A property of the global object is a global variable.
            first.label = first.label.strip_prefix('.').unwrap_or(&first.label).to_owned();
        }
        if let Some(last) = steps.last_mut() {
            last.node = wrapper.to_owned();
        }
        let mut linear_memory = linear.map(|linear| self.linear_memory(linear, &folded, &mut steps));
        let (steps, places) = fold_repeats(steps);
        if let Some(memory) = &mut linear_memory {
            memory.closes = memory.closes.map(|index| places[index]);
        }
        (steps, linear_memory)
    }

    fn step(&self, from: NodeId, edge: &Edge) -> Step {
        let (source, place) = match self.heap.kind(edge.to) {
            NodeKind::Function => self.function(edge.to),
            NodeKind::Object => (None, self.sources.class(self.heap.name(edge.to)).cloned()),
            NodeKind::Engine => (None, None),
        };
        Step {
            kind: edge.kind,
            label: match edge.kind {
                EdgeKind::WeakMapValue => self.weak_map_label(from, edge.to),
                EdgeKind::Internal if !self.verbose => label(edge.kind, None),
                _ => label(edge.kind, self.heap.label(edge.label).as_deref()),
            },
            node: match self.heap.kind(edge.to) {
                NodeKind::Function => "function".to_owned(),
                _ => clip(self.heap.name(edge.to)),
            },
            captured_for: self.captured_for(from, edge),
            source,
            place: place.map(|place| place.to_string()),
            repeat: None,
        }
    }

    /// `value in the WeakMap states`, by the name of the map that a program would use.
    fn weak_map_label(&self, key: NodeId, value: NodeId) -> String {
        let map = self.heap.weak_map(key, value);
        let path = map.and_then(|map| self.paths.to(self.heap, map));
        let path = path.filter(|path| matches!(path.start, PathStart::Global(_)));
        let named = path.map(|path| {
            let label = |edge: &Edge| label(edge.kind, self.heap.label(edge.label).as_deref());
            path::fold(self.heap, &path).iter().map(label).collect::<String>()
        });
        match named {
            Some(name) => format!("value in the WeakMap {}", clip(name.trim_start_matches('.'))),
            None => "value in a WeakMap".to_owned(),
        }
    }

    /// A function that does not mention a variable keeps it alive if another one of the
    /// same scope does.
    fn captured_for(&self, from: NodeId, edge: &Edge) -> Option<OtherClosure> {
        if edge.kind != EdgeKind::CapturedVariable || self.heap.kind(from) != NodeKind::Function {
            return None;
        }
        let variable = self.heap.label(edge.label)?;
        let (_, place) = self.function(from);
        let (source, place) = self.sources.other_closure(&place?, &variable)?;
        Some(OtherClosure {
            source: clip_to(&source, SOURCE),
            place: place.to_string(),
        })
    }

    /// The source of a function, and its place: by its position, or by the source that the scripts reported.
    fn function(&self, id: NodeId) -> (Option<String>, Option<Place>) {
        let reported = || {
            let address = self.heap.address(id)?;
            self.kept.functions.get(&address)
        };
        let place = match self.heap.position(id) {
            Some(position) => self.sources.place(&position.file, position.line as usize),
            None => reported().and_then(|source| self.sources.find(source)),
        };
        let written = || place.as_ref().and_then(|place| self.sources.function(place));
        let own = reported().and_then(|source| source.lines().next());
        let source = own.or_else(written);
        (source.map(|source| clip_to(source, SOURCE)), place)
    }

    /// The guest's report, and the step of the path that it leads back to. A slot
    /// without an index from the engine gets the guest's handle as its index.
    fn linear_memory(&self, linear: &LinearObject, edges: &[Edge], steps: &mut [Step]) -> LinearMemory {
        let handle = u32::try_from(linear.handle).ok();
        let is_slot = |index: usize| {
            let (edge, handle) = (&edges[index], handle?);
            let it = edge.index().is_none_or(|index| index == handle);
            (it && is_table(&steps[..index], edge.kind, &linear.table)).then_some(index)
        };
        let closes = (0..edges.len().saturating_sub(1)).find_map(is_slot);
        if let (Some(index), Some(handle)) = (closes, handle) {
            steps[index].label = label(steps[index].kind, Some(&handle.to_string()));
        }
        LinearMemory {
            field: clip(&linear.field),
            address: linear.address,
            what: clip(&linear.what.replace('_', " ")),
            handle,
            closes,
        }
    }
}

/// Whether these steps lead to the table that the guest's handles index, and an
/// edge of this kind is an entry of it: runtime.js's table, an exported one, or a
/// private one of the guest, which an engine may show between instance and slots.
fn is_table(steps: &[Step], kind: EdgeKind, names: &[String]) -> bool {
    let is = |step: &Step, name: &str| step.label.strip_prefix('.') == Some(name);
    match (kind, names, steps) {
        (EdgeKind::Element, [table, objects], [first, second]) => {
            first.label == *table && first.node == "ObjectTable" && is(second, objects)
        }
        (EdgeKind::TableSlot, [name], [.., table]) => is(table, name) && table.node == "WebAssembly.Table",
        (EdgeKind::TableSlot, [], [.., instance, own]) if own.kind == EdgeKind::Internal => {
            own.node == "WebAssembly.Table" && instance.node == "WebAssembly.Instance"
        }
        (EdgeKind::TableSlot, [], [.., instance]) => instance.node == "WebAssembly.Instance",
        _ => false,
    }
}

fn label(kind: EdgeKind, name: Option<&str>) -> String {
    let known = name.unwrap_or("?");
    inert(&match kind {
        EdgeKind::Property | EdgeKind::WasmGcField => format!(".{known}"),
        EdgeKind::Element => format!("[{known}]"),
        EdgeKind::TableSlot => format!("slot [{known}]"),
        EdgeKind::CapturedVariable => known.to_owned(),
        EdgeKind::HeldValue => "held value".to_owned(),
        EdgeKind::MapValue => format!(".get({})", name.unwrap_or("…")),
        EdgeKind::MapKey => "key".to_owned(),
        EdgeKind::SetElement => "element".to_owned(),
        EdgeKind::WeakMapValue => "value in a WeakMap".to_owned(),
        EdgeKind::ProxyTarget => "target".to_owned(),
        EdgeKind::Internal => format!("({})", name.unwrap_or("internal")),
    })
    .into_owned()
}
