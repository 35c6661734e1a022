//! What keeps a wrapper alive, in the same words for every engine: the path from
//! a root, and the edge through linear memory if it closes a cycle.

use crate::base::text::{clip, clip_to, inert};
use crate::explain::question::WrapperInHeap;
use crate::explain::sources::{Place, Sources};
use crate::measure::telemetry::Wrapper;
use heap::path::{self, PathStart};
use heap::{self, Edge, EdgeKind, Heap, NodeId, NodeKind};
use serde::Serialize;

/// The longest part of a function's source that is shown, in characters.
const SOURCE: usize = 60;

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// `WasmObject #1`.
    pub wrapper: String,
    /// The number of wrappers made, and of those not collected.
    pub made: u64,
    pub alive: u64,
    /// The start of the path: `global`, or `root: ` with the engine's name for it and its target.
    pub root: String,
    pub steps: Vec<Step>,
    pub linear_memory: Option<LinearMemory>,
}

/// A step: an edge, and its target.
#[derive(Debug, PartialEq, Eq, Serialize)]
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

/// The name of a wrapper.
pub fn wrapper_name(wrapper: &Wrapper) -> String {
    let class = wrapper.class.as_deref().unwrap_or("object");
    format!("{} #{}", clip(class), wrapper.number)
}

/// Finds the path and describes it; with `verbose` the engine's own nodes stay.
/// `None` if there is no path from a root.
pub fn explain(kept: &WrapperInHeap, verbose: bool) -> Option<Explanation> {
    let WrapperInHeap { wrapper, heap, sources } = kept;
    let path = path::shortest(heap, heap.target?)?;
    let folded = match verbose {
        true => path.edges.clone(),
        false => path::fold(heap, &path),
    };
    let words = Words {
        verbose,
        wrapper,
        heap,
        sources,
    };
    let mut steps: Vec<Step> = folded.iter().map(|edge| words.step(edge)).collect();
    let is_global = matches!(path.start, PathStart::Global(_));
    if let Some(first) = steps
        .first_mut()
        .filter(|step| is_global && step.kind == EdgeKind::Property)
    {
        // A property of the global object is a global variable.
        first.label = first.label.strip_prefix('.').unwrap_or(&first.label).to_owned();
    }
    if let Some(last) = steps.last_mut() {
        last.node = wrapper_name(wrapper);
    }
    let linear_memory = words.linear_memory(&folded, &mut steps);
    Some(Explanation {
        wrapper: wrapper_name(wrapper),
        made: wrapper.made,
        alive: wrapper.alive,
        root: match path.start {
            PathStart::Global(_) => "global".to_owned(),
            PathStart::Root(id, name) => clip(&format!("root: {name}, {}", heap.name(id))),
        },
        steps,
        linear_memory,
    })
}

/// The context for describing an edge.
struct Words<'a> {
    /// Internal edges keep the engine's name.
    verbose: bool,
    wrapper: &'a Wrapper,
    heap: &'a Heap,
    sources: &'a Sources,
}

impl Words<'_> {
    fn step(&self, edge: &Edge) -> Step {
        let (source, place) = match self.heap.kind(edge.to) {
            NodeKind::Function => self.function(edge.to),
            NodeKind::Object => (None, self.sources.class(self.heap.name(edge.to)).cloned()),
            NodeKind::Engine => (None, None),
        };
        Step {
            kind: edge.kind,
            label: match edge.kind {
                EdgeKind::Internal if !self.verbose => label(edge.kind, None),
                _ => label(edge.kind, self.heap.label(edge.label).as_deref()),
            },
            node: match self.heap.kind(edge.to) {
                NodeKind::Function => "function".to_owned(),
                _ => clip(self.heap.name(edge.to)),
            },
            source,
            place: place.map(|place| place.to_string()),
        }
    }

    /// The source of a function, and its place: by its position, or by the source that the scripts reported.
    fn function(&self, id: NodeId) -> (Option<String>, Option<Place>) {
        let reported = || {
            let address = self.heap.address(id)?;
            let functions = &self.wrapper.functions;
            let function = functions
                .iter()
                .find(|function| heap::parse_address(&function.address) == Some(address))?;
            self.sources.find(&function.source)
        };
        let place = match self.heap.position(id) {
            Some(position) => self.sources.place(&position.file, position.line as usize),
            None => reported(),
        };
        let source = place
            .as_ref()
            .and_then(|place| self.sources.function(place))
            .map(|source| clip_to(source, SOURCE));
        (source, place)
    }

    /// The guest's report, and the step of the path that it leads back to. A slot
    /// without an index from the engine gets the guest's handle as its index.
    fn linear_memory(&self, edges: &[Edge], steps: &mut [Step]) -> Option<LinearMemory> {
        let linear = self.wrapper.linear.as_ref()?;
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
        Some(LinearMemory {
            field: clip(&linear.field),
            address: linear.address,
            what: clip(&linear.what),
            handle,
            closes,
        })
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
        EdgeKind::Internal => format!("({})", name.unwrap_or("internal")),
    })
    .into_owned()
}
