//! The steps of a retaining path in words, the same for every engine.

use crate::base::text::{clip, clip_to, inert};
use crate::explain::kept::{LinearMemory, OtherClosure, Step};
use crate::explain::place::Place;
use crate::explain::repeats::fold_repeats;
use crate::explain::sources::Sources;
use crate::measure::telemetry::LinearObject;
use heap::path::{self, PathStart, Paths, RetainingPath};
use heap::{Edge, EdgeKind, Heap, NodeId, NodeKind};
use std::collections::HashMap;

/// The longest part of a function's source that is shown, in characters.
const SOURCE: usize = 60;

/// Variables that engines add to the scopes of modules.
const ENGINES: [&str; 4] = ["starNamespace", "moduleLoader", "this", ""];

/// The context for describing an edge.
pub struct Words<'a> {
    /// Internal edges keep the engine's name.
    pub verbose: bool,
    pub heap: &'a Heap,
    pub sources: &'a Sources,
    /// The sources of functions by address, where the engine reports no places.
    pub functions: &'a HashMap<u64, String>,
    pub paths: &'a Paths,
}

impl Words<'_> {
    /// The start of a path: `global`, or the engine's name for the root, and its target.
    pub fn root(&self, path: &RetainingPath) -> String {
        match &path.start {
            PathStart::Global(_) => "global".to_owned(),
            PathStart::Module(id) => {
                let file = self.heap.module_file(*id);
                let variables = self.variables(*id);
                let name = file
                    .and_then(|file| self.sources.module(file, &variables))
                    .or_else(|| self.sources.declaring(&variables).map(str::to_owned));
                name.map_or("module".to_owned(), |name| clip(&format!("module {name}")))
            }
            PathStart::Root(id, name) => match self.heap.name(*id) {
                "" => clip(&format!("root: {name}")),
                node => clip(&format!("root: {name}, {node}")),
            },
        }
    }

    fn name_of(&self, edge: &Edge) -> String {
        self.heap.label(edge.label).unwrap_or_default()
    }

    /// The variables of a scope, of those that the engine tells.
    fn variables(&self, scope: NodeId) -> Vec<String> {
        let named =
            |edge: &&Edge| edge.kind == EdgeKind::CapturedVariable && !ENGINES.contains(&self.name_of(edge).as_str());
        let edges = self.heap.edges(scope).iter().filter(named);
        edges.map(|edge| self.name_of(edge)).collect()
    }

    /// The steps of a path, and the edge through linear memory.
    pub fn steps(
        &self,
        path: &RetainingPath,
        wrapper: &str,
        linear: Option<&LinearObject>,
    ) -> (Vec<Step>, Option<LinearMemory>) {
        let (folded, mut steps) = self.unfolded_steps(path, wrapper);
        let mut linear_memory = linear.map(|linear| self.linear_memory(linear, &folded, &mut steps));
        let (steps, places) = fold_repeats(steps);
        if let Some(memory) = &mut linear_memory {
            memory.closes = memory.closes.map(|index| places[index]);
        }
        (steps, linear_memory)
    }

    /// The steps of a path, and where each edge that is shown has come to, as repeats are folded.
    pub fn path_steps(&self, path: &RetainingPath, name: &str) -> (Vec<Step>, Vec<usize>) {
        fold_repeats(self.unfolded_steps(path, name).1)
    }

    /// The edges that are shown, and a step for each. The last node is called by this name.
    fn unfolded_steps(&self, path: &RetainingPath, name: &str) -> (Vec<Edge>, Vec<Step>) {
        let folded = match self.verbose {
            true => path.edges.clone(),
            false => path::fold(self.heap, path),
        };
        let is_global = matches!(path.start, PathStart::Global(_));
        let mut from = match path.start {
            PathStart::Global(id) | PathStart::Module(id) | PathStart::Root(id, _) => id,
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
            last.node = name.to_owned();
        }
        (folded, steps)
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
        let path = path.filter(|path| !matches!(path.start, PathStart::Root(..)));
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
    pub fn function(&self, id: NodeId) -> (Option<String>, Option<Place>) {
        let reported = || {
            let address = self.heap.identity(id)?;
            self.functions.get(&address)
        };
        let place = match self.heap.position(id) {
            Some(position) => self.sources.place(position),
            None => reported().and_then(|source| self.sources.find(source)),
        };
        let written = || place.as_ref().and_then(|place| self.sources.function(place));
        let own = reported().and_then(|source| source.lines().next());
        // As it was written, rather than what a bundler made of it.
        let source = match self.sources.are_made() {
            true => written().or(own),
            false => own.or_else(written),
        };
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
            bytes: linear.bytes,
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
        EdgeKind::PropertyName => kind.words().to_owned(),
        EdgeKind::Internal => format!("({})", name.unwrap_or("internal")),
    })
    .into_owned()
}
