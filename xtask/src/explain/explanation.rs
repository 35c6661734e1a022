//! What keeps a wrapper alive, in words that are the same for every engine: the
//! path from a root, closed through linear memory where that closes it.

use crate::explain::question::Kept;
use crate::explain::sources::{Place, Sources};
use crate::measure::telemetry::Wrapper;
use heap::path::{self, PathStart};
use heap::{self, Edge, EdgeKind, Heap, NodeId, NodeKind};
use serde::Serialize;

/// How many characters of a function's source are shown.
const SOURCE: usize = 60;

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// `WasmObject #1`.
    pub wrapper: String,
    /// Wrappers that were made, and of these not collected.
    pub made: u64,
    pub alive: u64,
    /// What the path begins at: `global`, or `root: `, what the engine calls it, and what it leads to.
    pub root: String,
    pub steps: Vec<Step>,
    pub linear_memory: Option<LinearMemory>,
}

/// A step: an edge, and what it leads to.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub kind: EdgeKind,
    /// `table`, `.objects`, `[0]`, `slot [0]`, `held value`.
    pub label: String,
    /// The class of the object, `function`, or what the engine calls it.
    pub node: String,
    /// What is written of a function.
    pub source: Option<String>,
    /// Where the function, or the object's class, is written.
    pub place: Option<String>,
}

/// What the wrapper's object in linear memory refers to: no collector sees it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct LinearMemory {
    /// The field of the wrapper that has the address.
    pub field: String,
    pub address: u64,
    /// What the guest holds by a handle: `callback`, `element in closure`.
    pub what: String,
    /// The handle, by which the guest finds it in the table.
    pub handle: Option<u32>,
    /// The step that is the table's slot of this handle: the cycle is closed.
    pub closes: Option<usize>,
}

/// The name of a wrapper.
pub fn name(wrapper: &Wrapper) -> String {
    printable(&format!(
        "{} #{}",
        wrapper.class.as_deref().unwrap_or("object"),
        wrapper.number
    ))
}

/// Finds the path and puts it into words; with `verbose` the engine's own nodes
/// stay. None if there is no path from a root.
pub fn explain(kept: &Kept, verbose: bool) -> Option<Explanation> {
    let Kept { wrapper, heap, sources } = kept;
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
        last.node = name(wrapper);
    }
    let linear_memory = words.linear_memory(&folded, &mut steps);
    Some(Explanation {
        wrapper: name(wrapper),
        made: wrapper.made,
        alive: wrapper.alive,
        root: match path.start {
            PathStart::Global(_) => "global".to_owned(),
            PathStart::Root(id, name) => printable(&format!("root: {name}, {}", heap.name(id))),
        },
        steps,
        linear_memory,
    })
}

/// What is needed to put an edge into words.
struct Words<'a> {
    /// What is internal keeps the engine's name.
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
                _ => printable(self.heap.name(edge.to)),
            },
            source,
            place: place.map(|place| place.to_string()),
        }
    }

    /// What is written of a function, and where: by its position, or by its source, which scripts were asked for.
    fn function(&self, id: NodeId) -> (Option<String>, Option<Place>) {
        let told = || {
            let address = self.heap.address(id)?;
            let functions = &self.wrapper.functions;
            let told = functions
                .iter()
                .find(|told| heap::parse_address(&told.address) == Some(address))?;
            self.sources.find(&told.source)
        };
        let place = match self.heap.position(id) {
            Some(position) => self.sources.place(&position.file, position.line as usize),
            None => told(),
        };
        let source = place.as_ref().and_then(|place| self.sources.function(place)).map(clip);
        (source, place)
    }

    /// What the guest tells, and whether it leads back to a step of the path. A
    /// slot of which the engine tells no index has the one that the guest tells.
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
            field: linear.field.clone(),
            address: linear.address,
            what: linear.what.clone(),
            handle,
            closes,
        })
    }
}

/// Whether these steps lead to the table that the guest's handles index, and an
/// edge of this kind is an entry of it: runtime.js's, an exported one, or one of
/// the guest's own. Of its own an engine may tell between the instance and the slots.
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
    printable(&match kind {
        EdgeKind::Property | EdgeKind::WasmGcField => format!(".{known}"),
        EdgeKind::Element => format!("[{known}]"),
        EdgeKind::TableSlot => format!("slot [{known}]"),
        EdgeKind::CapturedVariable => known.to_owned(),
        EdgeKind::HeldValue => "held value".to_owned(),
        EdgeKind::Internal => format!("({})", name.unwrap_or("internal")),
    })
}

/// Without what could upset a terminal, or the shape of a drawing.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

fn clip(source: &str) -> String {
    match source.char_indices().nth(SOURCE) {
        Some((end, _)) => printable(&format!("{}…", &source[..end])),
        None => printable(source),
    }
}
