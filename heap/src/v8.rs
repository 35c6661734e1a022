//! V8's `.heapsnapshot`: JSON, of which the nodes and edges are long rows of
//! numbers whose meaning is described in `snapshot.meta`
//! (v8/src/profiler/heap-snapshot-generator.cc).

mod embedder;
mod properties;
mod words;

use super::{Edge, EdgeKind, EdgeLabel, Heap, NodeId, NodeKind, SourcePosition, TargetHint, shortened};
use crate::births::EarlierHeap;
use crate::json::{Row, stream};
use anyhow::{Context, Result, bail, ensure};
use rustc_hash::FxHashMap as HashMap;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::io::BufRead;

#[derive(Debug, Deserialize)]
struct V8Header {
    meta: V8Meta,
}

/// Which number of a row means what. Other fields come and go with versions.
#[derive(Debug, Deserialize)]
struct V8Meta {
    node_fields: Vec<String>,
    node_types: Vec<Types>,
    edge_fields: Vec<String>,
    edge_types: Vec<Types>,
    #[serde(default)]
    location_fields: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Types {
    Names(Vec<String>),
    Other(IgnoredAny),
}

/// The rows as they are, but only what is needed of them.
#[derive(Debug, Default)]
struct V8Rows {
    nodes: Vec<V8NodeRow>,
    edges: Vec<V8EdgeRow>,
    locations: Vec<V8Location>,
    strings: Vec<Box<str>>,
}

#[derive(Debug, Clone, Copy)]
struct V8NodeRow {
    kind: u8,
    name: u32,
    edges: u32,
    /// The engine's number of it, which names of edges have in them.
    number: u32,
    /// Its own bytes.
    bytes: u32,
}

#[derive(Debug, Clone, Copy)]
struct V8EdgeRow {
    kind: u8,
    name: u32,
    to: u32,
}

#[derive(Debug, Clone, Copy)]
struct V8Location {
    node: u32,
    line: u32,
    column: u32,
}

/// Reads a snapshot.
pub fn parse(input: impl BufRead, wanted: TargetHint<'_>) -> Result<Heap> {
    let mut meta = None;
    let mut rows = V8Rows::default();
    stream(input, |key, value| {
        match key {
            "snapshot" => meta = Some(V8Layout::of(&value.small::<V8Header>()?.meta)?),
            "nodes" => rows.read_nodes(layout(&meta)?, value)?,
            "edges" => rows.read_edges(layout(&meta)?, value)?,
            "locations" => rows.read_locations(layout(&meta)?, value)?,
            "strings" => value.strings(|text| {
                rows.strings.push(shortened(text).into());
                Ok(())
            })?,
            _ => value.skip()?,
        }
        Ok(())
    })?;
    let layout = layout(&meta)?;
    ensure!(!rows.nodes.is_empty(), "it has no nodes");
    ensure!(!rows.strings.is_empty(), "it has no strings");
    rows.heap(layout, wanted)
}

/// The numbers of all nodes, and their bytes.
pub fn earlier(input: impl BufRead, found: &mut EarlierHeap) -> Result<()> {
    let mut meta = None;
    stream(input, |key, value| match key {
        "snapshot" => {
            meta = Some(V8Layout::of(&value.small::<V8Header>()?.meta)?);
            Ok(())
        }
        "nodes" => layout(&meta)?.node.read(value, |[_, _, _, number, bytes]| {
            found.add(number, bytes);
            Ok(())
        }),
        _ => value.skip(),
    })
}

fn layout(meta: &Option<V8Layout>) -> Result<&V8Layout> {
    meta.as_ref()
        .context("it does not begin as V8's snapshots do, with `snapshot.meta`")
}

/// Which column of a row holds what.
#[derive(Debug)]
struct V8Layout {
    node: Fields<5>,
    node_types: Vec<String>,
    edge: Fields<3>,
    edge_types: Vec<String>,
    location: Option<Fields<3>>,
}

/// The places of some fields in a row of so many numbers.
#[derive(Debug, Clone, Copy)]
struct Fields<const N: usize> {
    places: [usize; N],
    width: usize,
}

impl<const N: usize> Fields<N> {
    fn of(names: &[String], wanted: [&str; N]) -> Result<Fields<N>> {
        let mut places = [0; N];
        for (place, wanted) in places.iter_mut().zip(wanted) {
            let found = names.iter().position(|name| name == wanted);
            *place =
                found.with_context(|| format!("it has an unknown version: no field `{wanted}` among {names:?}"))?;
        }
        Ok(Fields {
            places,
            width: names.len(),
        })
    }

    fn read(&self, value: Row<'_, '_>, mut add: impl FnMut([u64; N]) -> Result<()>) -> Result<()> {
        let mut row = [0; N];
        let mut column = 0;
        value.numbers(|number| {
            for (place, wanted) in row.iter_mut().zip(self.places) {
                if wanted == column {
                    *place = number;
                }
            }
            column += 1;
            if column == self.width {
                column = 0;
                add(row)?;
            }
            Ok(())
        })?;
        ensure!(column == 0, "a row is cut off");
        Ok(())
    }
}

impl V8Layout {
    fn of(meta: &V8Meta) -> Result<V8Layout> {
        let types = |types: &[Types]| match types.first() {
            Some(Types::Names(names)) => Ok(names.clone()),
            _ => bail!("it has an unknown version: its types have no names"),
        };
        Ok(V8Layout {
            node: Fields::of(&meta.node_fields, ["type", "name", "edge_count", "id", "self_size"])?,
            node_types: types(&meta.node_types)?,
            edge: Fields::of(&meta.edge_fields, ["type", "name_or_index", "to_node"])?,
            edge_types: types(&meta.edge_types)?,
            // Only newer versions have them.
            location: Fields::of(&meta.location_fields, ["object_index", "line", "column"]).ok(),
        })
    }
}

impl V8Rows {
    fn read_nodes(&mut self, layout: &V8Layout, value: Row<'_, '_>) -> Result<()> {
        layout.node.read(value, |[kind, name, edges, number, bytes]| {
            self.nodes.push(V8NodeRow {
                kind: u8::try_from(kind).context("a node's type is not a type")?,
                name: u32::try_from(name).context("a node's name is not a name")?,
                edges: u32::try_from(edges).context("a node has too many edges")?,
                // Only compared: a number that is too large is that of no table.
                number: u32::try_from(number).unwrap_or(u32::MAX),
                bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            });
            Ok(())
        })
    }

    fn read_edges(&mut self, layout: &V8Layout, value: Row<'_, '_>) -> Result<()> {
        let width = layout.node.width as u64;
        layout.edge.read(value, |[kind, name, to]| {
            self.edges.push(V8EdgeRow {
                kind: u8::try_from(kind).context("an edge's type is not a type")?,
                name: u32::try_from(name).context("an edge's name is not a name")?,
                to: u32::try_from(to / width).context("an edge leads nowhere")?,
            });
            Ok(())
        })
    }

    fn read_locations(&mut self, layout: &V8Layout, value: Row<'_, '_>) -> Result<()> {
        let Some(fields) = layout.location else {
            return value.skip();
        };
        let width = layout.node.width as u64;
        fields.read(value, |[node, line, column]| {
            self.locations.push(V8Location {
                node: u32::try_from(node / width).context("a location is nowhere")?,
                line: u32::try_from(line).context("a location has no line")?,
                column: u32::try_from(column).context("a location has no column")?,
            });
            Ok(())
        })
    }

    fn string(&self, number: u32) -> &str {
        self.strings.get(number as usize).map_or("", |text| text)
    }

    fn heap(self, layout: &V8Layout, wanted: TargetHint<'_>) -> Result<Heap> {
        let mut heap = Heap::default();
        let types: Vec<&str> = layout.edge_types.iter().map(String::as_str).collect();
        let mut edges = self.edges.iter();
        let mut weak = HashMap::default();
        let mut entries = Vec::new();
        for node in &self.nodes {
            let kind = layout.node_types.get(usize::from(node.kind)).map_or("", String::as_str);
            let name = self.string(node.name);
            let number = heap.names.number(words::class(name));
            let id = heap.add_node(words::node_kind(kind, name), number)?;
            let is_native = kind == embedder::NATIVE;
            let is_weak = properties::KEPT_BY_THEIR_SHAPES.contains(&name);
            for _ in 0..node.edges {
                let raw = edges.next().context("it has fewer edges than its nodes count")?;
                if is_weak {
                    continue;
                }
                let kind = types.get(usize::from(raw.kind)).copied().unwrap_or_default();
                if kind == "weak" {
                    if name == "WeakRef" && self.string(raw.name) == "target" {
                        weak.insert(id, raw.to);
                    }
                    continue;
                }
                if let Some(entry) = words::ephemeron(self.string(raw.name)).filter(|_| kind == "internal") {
                    // Both the key and the table have this edge; it is the key that shows the way.
                    if entry.key == node.number {
                        heap.add_edge(Edge {
                            kind: EdgeKind::WeakMapValue,
                            label: EdgeLabel::None,
                            to: raw.to,
                        })?;
                        entries.push((entry.table, id, raw.to));
                    }
                    continue;
                }
                // References between objects in C++ are numbered, and are no elements of an array.
                let to_own = || {
                    self.kind_of(layout, raw.to)
                        .is_some_and(|(kind, name)| embedder::is_of_embedder(kind, name))
                };
                let kind = match kind {
                    "element" if is_native || to_own() => "hidden",
                    kind => kind,
                };
                let edge = self.edge(&mut heap, kind, *raw);
                heap.add_edge(edge)?;
            }
        }
        ensure!(edges.next().is_none(), "it has more edges than its nodes count");
        heap.check()?;
        let scopes = words::find_globals(&mut heap);
        words::find_modules(&mut heap);
        words::find_roots(&mut heap, &self.synthetic(layout));
        let is_text = |id: NodeId| {
            let kind = layout.node_types.get(usize::from(self.nodes[id as usize].kind));
            kind.is_some_and(|kind| kind.ends_with("string"))
        };
        for id in 0..NodeId::try_from(heap.node_count())? {
            words::name_variables(&mut heap, id);
            words::name_held_values(&mut heap, id);
            words::name_of_web_assembly(&mut heap, id);
            words::name_entries(&mut heap, id, &is_text);
            properties::name_names(&mut heap, id, &is_text);
            words::name_target(&mut heap, id);
        }
        heap.texts = (0..self.nodes.len() as NodeId).map(is_text).collect();
        heap.weak_maps = self.weak_maps(&heap, &entries);
        heap.positions = self.positions(&heap);
        heap.targets = match wanted {
            TargetHint::WeakRef(variable) => words::targets(&heap, &scopes, &weak, variable)?,
            TargetHint::Address(..) => bail!("V8's snapshots have no addresses"),
            TargetHint::Nothing(_) => Vec::new(),
        };
        heap.identities = self.nodes.iter().map(|node| node.number.into()).collect();
        heap.note_sizes(self.nodes.iter().map(|node| node.bytes.into()));
        Ok(heap)
    }

    /// The type and the name of a node, if there is such a one.
    fn kind_of<'a>(&'a self, layout: &'a V8Layout, node: NodeId) -> Option<(&'a str, &'a str)> {
        let row = self.nodes.get(node as usize)?;
        Some((layout.node_types.get(usize::from(row.kind))?, self.string(row.name)))
    }

    fn edge(&self, heap: &mut Heap, kind: &str, raw: V8EdgeRow) -> Edge {
        let kind = match kind {
            "context" => EdgeKind::CapturedVariable,
            "property" => EdgeKind::Property,
            "element" => EdgeKind::Element,
            // Its number is only one more than that of the hidden edge before.
            "hidden" => {
                return Edge {
                    kind: EdgeKind::Internal,
                    label: EdgeLabel::None,
                    to: raw.to,
                };
            }
            _ => EdgeKind::Internal,
        };
        let label = match kind {
            EdgeKind::Element => EdgeLabel::Index(raw.name),
            EdgeKind::Property => EdgeLabel::Name(heap.names.number(&properties::name(self.string(raw.name)))),
            _ => EdgeLabel::Name(heap.names.number(self.string(raw.name))),
        };
        Edge {
            kind,
            label,
            to: raw.to,
        }
    }

    /// The WeakMaps of entries, each with the number of its table.
    fn weak_maps(&self, heap: &Heap, entries: &[(u32, NodeId, NodeId)]) -> HashMap<(NodeId, NodeId), NodeId> {
        if entries.is_empty() {
            return HashMap::default();
        }
        let is_map = |id: &NodeId| heap.kind(*id) == NodeKind::Object && heap.name(*id) == "WeakMap";
        let table = |id: NodeId| Some((self.nodes[heap.by_engines_name(id, "table")? as usize].number, id));
        let maps: HashMap<u32, NodeId> = (0..self.nodes.len() as NodeId)
            .filter(is_map)
            .filter_map(table)
            .collect();
        let entry = |(table, key, value): &(u32, NodeId, NodeId)| Some(((*key, *value), *maps.get(table)?));
        entries.iter().filter_map(entry).collect()
    }

    /// The nodes that stand for kinds of roots, and not for anything in the heap.
    fn synthetic(&self, layout: &V8Layout) -> Vec<NodeId> {
        let synthetic = layout.node_types.iter().position(|name| name == "synthetic");
        let is = |node: &V8NodeRow| Some(usize::from(node.kind)) == synthetic;
        (0..)
            .zip(&self.nodes)
            .filter(|(_, node)| is(node))
            .map(|(id, _)| id)
            .collect()
    }

    /// Where functions are written: the snapshot has the line, and the function's code the file.
    fn positions(&self, heap: &Heap) -> BTreeMap<NodeId, SourcePosition> {
        let position = |location: &V8Location| {
            let id = location.node;
            if (id as usize) >= heap.node_count() || heap.kind(id) != NodeKind::Function {
                return None;
            }
            let code = heap.by_engines_name(id, "shared")?;
            let script = heap
                .by_engines_name(code, "script")
                .or_else(|| heap.by_engines_name(code, "script_or_debug_info"))?;
            let file = heap.name(script);
            let file = file.strip_prefix("system / Script / ").unwrap_or(file).to_owned();
            let [line, column] = [location.line, location.column].map(|number| number.saturating_add(1));
            Some((id, SourcePosition { file, line, column }))
        };
        self.locations.iter().filter_map(position).collect()
    }
}
