//! What keeps wrappers alive, in the same words for every engine: the path from a root
//! for each way in which some are kept, and the edge through linear memory if it closes a
//! cycle.

use crate::base::text::{clip, clip_to, inert};
use crate::explain::growth::{Growth, growth};
use crate::explain::question::WrappersInHeap;
use crate::explain::sources::{Place, Sources};
use crate::measure::telemetry::{LinearObject, MemoryGrowth, Wrappers};
use heap::group;
use heap::path::{self, PathStart, Paths, RetainingPath};
use heap::{self, Edge, EdgeKind, Heap, NodeId, NodeKind};
use serde::Serialize;

/// The longest part of a function's source that is shown, in characters.
const SOURCE: usize = 60;

/// What keeps the wrappers alive that should have died.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The number of wrappers made, and of those not collected.
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
    /// Linear memory grows although most wrappers die.
    pub linear_growth: Option<LinearGrowth>,
}

/// Wrappers that are kept alive in the same way: the path of one of them stands for all.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct KeptGroup {
    /// `WasmObject #1`: the one with this path.
    pub wrapper: String,
    /// How many there are.
    pub count: u64,
    /// Their numbers, in the order of birth.
    #[serde(skip)]
    pub numbers: Vec<u64>,
    #[serde(flatten)]
    pub growth: Growth,
    /// The start of the path: `global`, or `root: ` with the engine's name for it and its target.
    pub root: String,
    pub steps: Vec<Step>,
    pub linear_memory: Option<LinearMemory>,
}

/// Pages of linear memory, while more objects were made and died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LinearGrowth {
    pub from: u64,
    pub to: u64,
    pub objects: u64,
    /// It ran out.
    pub full: bool,
}

impl LinearGrowth {
    /// What the script reported.
    pub fn of(memory: MemoryGrowth) -> LinearGrowth {
        let MemoryGrowth {
            from,
            to,
            objects,
            full,
            ..
        } = memory;
        LinearGrowth {
            from,
            to,
            objects,
            full,
        }
    }
}

/// A step: an edge, and its target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub kind: EdgeKind,
    /// `table`, `.objects`, `[0]`, `slot [0]`, `held value`.
    pub label: String,
    /// The class of the object, `function`, or the engine's name for it.
    pub node: String,
    /// The source of a function.
    pub source: Option<String>,
    /// The place of the source of the function, or of the object's class.
    pub place: Option<String>,
    /// The closure for which a captured variable is kept, if it is another one.
    pub captured_for: Option<OtherClosure>,
    /// The steps up to this one are there several times, one after the other.
    pub repeat: Option<Repeat>,
}

/// A closure of the same scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherClosure {
    pub source: String,
    pub place: String,
}

/// A run of steps that is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Repeat {
    /// How many steps it has.
    pub steps: usize,
    /// How many times it is there.
    pub times: usize,
}

/// The reference of the wrapper's object in linear memory: no collector sees it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct LinearMemory {
    /// The field of the wrapper that holds the address.
    pub field: String,
    pub address: u64,
    /// The thing that the guest holds by a handle: `callback`, `element in closure`.
    pub what: String,
    /// The handle: its index in the table.
    pub handle: Option<u32>,
    /// The step that is the table's slot of this handle, which closes the cycle.
    pub closes: Option<usize>,
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
        paths: &Paths::find(heap, &sources.names()),
        alive: wrappers.objects.iter().map(|object| object.number).collect(),
    };
    let grouped = group::by_path(heap, words.paths, &nodes);
    let explained: usize = grouped.iter().map(Vec::len).sum();
    let mut groups: Vec<KeptGroup> = grouped
        .iter()
        .filter_map(|places| words.group(places, &nodes))
        .collect();
    absorb_starts(&mut groups);
    doubt_growth(&mut groups, wrappers);
    // The sort is stable: the largest of each kind stays the first of it.
    groups.sort_by_key(|group| group.growth != Growth::Grows);
    let mut groups = groups.into_iter();
    let main = groups.next()?;
    let unexplained = (nodes.len() - explained) as u64;
    Some(Explanation {
        made: wrappers.made,
        alive: wrappers.alive,
        asked: nodes.len() as u64,
        main,
        others: groups.collect(),
        unexplained,
        hidden: hidden.filter(|_| unexplained > 0),
        linear_growth: memory.map(LinearGrowth::of),
    })
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

/// The first objects of a list are on the path of all others: a group whose path is the
/// start of that of a larger one, up to an object of the same class, belongs to it.
fn absorb_starts(groups: &mut Vec<KeptGroup>) {
    let class = |node: &str| node.split(" #").next().unwrap_or_default().to_owned();
    let starts = |small: &KeptGroup, large: &KeptGroup| {
        let (Some(last), true) = (small.steps.last(), small.steps.len() < large.steps.len()) else {
            return false;
        };
        let same = |(one, other): (&Step, &Step)| one.kind == other.kind && one.label == other.label;
        let at = &large.steps[small.steps.len() - 1];
        let own = large
            .steps
            .last()
            .is_some_and(|end| class(&end.node) == class(&last.node));
        small.root == large.root
            && own
            && class(&at.node) == class(&last.node)
            && small.steps.iter().zip(&large.steps).all(same)
    };
    for group in std::mem::take(groups) {
        match groups
            .iter_mut()
            .find(|large| large.count > group.count && starts(&group, large))
        {
            Some(large) => {
                large.count += group.count;
                large.numbers.extend(&group.numbers);
                large.numbers.sort_unstable();
            }
            None => groups.push(group),
        }
    }
}

/// Of a list that goes both ways one end leads to the older half and the other end to the
/// newer one: groups that do not grow by themselves, but together.
fn doubt_growth(groups: &mut [KeptGroup], wrappers: &Wrappers) {
    let fixed = |group: &&KeptGroup| group.growth != Growth::Grows;
    let mut all: Vec<u64> = groups
        .iter()
        .filter(fixed)
        .flat_map(|group| &group.numbers)
        .copied()
        .collect();
    all.sort_unstable();
    let is_most = 2 * all.len() as u64 >= wrappers.made;
    if is_most && growth(&all, &all, wrappers.made, &wrappers.rounds) == Growth::Grows {
        groups.iter_mut().for_each(|group| group.growth = Growth::Grows);
    }
}

/// Folds runs of steps that are the same except for their indices: of each, the last
/// one stays. Returns also where each step has gone.
fn fold_repeats(steps: Vec<Step>) -> (Vec<Step>, Vec<usize>) {
    let same = |one: &Step, other: &Step| {
        let numbered = matches!(one.kind, EdgeKind::Element | EdgeKind::MapValue | EdgeKind::TableSlot);
        let alike = numbered || one.label == other.label;
        // The wrapper in question has its number in its name.
        let class = |step: &Step| step.node.split(" #").next().unwrap_or_default().to_owned();
        one.kind == other.kind && alike && class(one) == class(other) && one.place == other.place
    };
    let mut folded: Vec<Step> = Vec::new();
    let mut places = Vec::new();
    let mut rest = 0;
    while rest < steps.len() {
        let run = (1..=group::LONGEST_RUN).find_map(|run| {
            let alike = |index: usize| {
                let other = steps.get(index + run);
                other.is_some_and(|other| same(&steps[index], other))
            };
            let length = (rest..steps.len()).take_while(|index| alike(*index)).count();
            let times = length / run + 1;
            (times > 2).then_some(Repeat { steps: run, times })
        });
        let Some(repeat) = run else {
            places.push(folded.len());
            folded.push(steps[rest].clone());
            rest += 1;
            continue;
        };
        let all = repeat.steps * repeat.times;
        let last = rest + all - repeat.steps;
        places.extend((0..all).map(|index| folded.len() + index % repeat.steps));
        folded.extend(steps[last..last + repeat.steps].iter().cloned());
        if let Some(step) = folded.last_mut() {
            step.repeat = Some(repeat);
        }
        rest += all;
    }
    (folded, places)
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
