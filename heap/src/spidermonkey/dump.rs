//! A dump of SpiderMonkey's heap, line by line.

use super::cycles::{self, CycleLog};
use super::words::node_kind;
use crate::{Names, NodeId, NodeKind, parse_address, shortened};
use anyhow::{Context, Result, ensure};
use rustc_hash::FxHashMap as HashMap;
use std::io::BufRead;

/// How long a line may be, in bytes.
pub const LINE: usize = 1 << 20;

/// What a dump says, in its order.
#[derive(Debug, Default)]
pub struct Dump {
    pub nodes: Vec<DumpNode>,
    pub edges: Vec<DumpEdge>,
    pub roots: Vec<(u64, Box<str>)>,
    /// The keys and values of weak maps.
    pub weak_entries: Vec<WeakEntry>,
    /// Nodes by address.
    pub ids: HashMap<u64, NodeId>,
    pub names: Names,
    /// What comes after the dump of a page in Firefox.
    pub cycles: CycleLog,
    /// The first node of C++, which come last.
    pub first_of_cplusplus: Option<NodeId>,
}

/// The key and the value in a weak map, by address.
#[derive(Debug)]
pub struct WeakEntry {
    pub map: u64,
    pub key: u64,
    pub value: u64,
}

/// A node, and how many of the edges are its own.
#[derive(Debug)]
pub struct DumpNode {
    /// The engine's text, which begins with its kind.
    pub text: u32,
    pub edges: u32,
}

/// An edge, to an address.
#[derive(Debug)]
pub struct DumpEdge {
    pub to: u64,
    pub name: u32,
}

impl Dump {
    /// Reads it; an error if it is cut off, or no dump.
    pub fn read(mut input: impl BufRead) -> Result<Dump> {
        let mut dump = Dump::default();
        let mut line = Vec::new();
        let mut number = 0;
        let mut in_roots = true;
        let mut in_cycles = false;
        loop {
            line.clear();
            let read = std::io::Read::take(&mut input, LINE as u64).read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            ensure!(line.pop() == Some(b'\n'), "it is cut off in line {}", number + 1);
            let text = String::from_utf8_lossy(&line);
            ensure!(
                number > 0 || text == "# Roots.",
                "it has an unknown version: it does not begin with `# Roots.`"
            );
            number += 1;
            if in_cycles {
                dump.cycles.read(&text);
            } else if text == cycles::HEADING {
                in_cycles = true;
            } else if text.starts_with("==========") {
                in_roots = false;
            } else if in_roots {
                dump.read_root(&text);
            } else {
                dump.read_node_or_edge(&text)?;
            }
        }
        ensure!(number > 0, "it is empty");
        ensure!(!in_roots && !dump.nodes.is_empty(), "it is cut off before its nodes");
        dump.add_cycles()?;
        Ok(dump)
    }

    /// Adds the objects of C++, with their edges, behind those of scripts.
    fn add_cycles(&mut self) -> Result<()> {
        self.cycles.finish();
        let cycles = std::mem::take(&mut self.cycles);
        let edges = cycles.edges_by_object();
        self.first_of_cplusplus = Some(NodeId::try_from(self.nodes.len()).context("it has too many nodes")?);
        for (number, (address, name)) in cycles.objects.iter().enumerate() {
            let id = NodeId::try_from(self.nodes.len()).context("it has too many nodes")?;
            self.ids.entry(*address).or_insert(id);
            let text = self.names.number(&cycles::text(name));
            let own = edges.get(&number).map_or(&[][..], Vec::as_slice);
            self.nodes.push(DumpNode {
                text,
                edges: u32::try_from(own.len()).context("it has too many edges")?,
            });
            for edge in own {
                let name = self.names.number(&edge.name);
                self.edges.push(DumpEdge { to: edge.to, name });
            }
        }
        drop(edges);
        self.cycles = cycles;
        Ok(())
    }

    /// Whether a node is an object of C++.
    pub fn is_of_cplusplus(&self, id: NodeId) -> bool {
        self.first_of_cplusplus.is_some_and(|first| id >= first)
    }

    /// What is no root and no entry of a weak map in this part is a heading.
    fn read_root(&mut self, text: &str) {
        if let Some((address, name)) = cell(text) {
            self.roots.push((address, shortened(name).into()));
        } else if let Some(entry) = text.strip_prefix("WeakMapEntry ") {
            let field = |name| {
                entry
                    .split(' ')
                    .find_map(|word| parse_address(word.strip_prefix(name)?))
            };
            if let (Some(map), Some(key), Some(value)) = (field("map="), field("key="), field("value=")) {
                self.weak_entries.push(WeakEntry { map, key, value });
            }
        }
    }

    /// What is neither in this part is a heading.
    fn read_node_or_edge(&mut self, text: &str) -> Result<()> {
        if let Some((to, name)) = text.strip_prefix("> ").and_then(cell) {
            let node = self.nodes.last_mut().context("an edge comes before any node")?;
            node.edges += 1;
            let name = self.names.number(name);
            self.edges.push(DumpEdge { to, name });
        } else if let Some((address, text)) = cell(text) {
            let id = NodeId::try_from(self.nodes.len()).context("it has too many nodes")?;
            self.ids.insert(address, id);
            let text = self.names.number(text);
            self.nodes.push(DumpNode { text, edges: 0 });
        }
        Ok(())
    }
    /// Whether a node is a string.
    pub fn is_text(&self, id: NodeId) -> bool {
        self.names.get(self.nodes[id as usize].text).starts_with("string <")
    }

    /// What a node is, and its class.
    pub fn node(&self, id: NodeId) -> (NodeKind, &str) {
        node_kind(self.names.get(self.nodes[id as usize].text))
    }

    /// A key as a program would write it, if it is a string; else its class.
    pub fn key_words(&self, id: NodeId) -> String {
        let text = self.names.get(self.nodes[id as usize].text);
        match text.strip_prefix("string <").and_then(|text| text.split_once("> ")) {
            Some((_, text)) => format!("{text:?}"),
            None => self.node(id).1.to_owned(),
        }
    }

    /// The records of registries, each with its registry: both refer to the same
    /// queue. The global object has all records in a set, but drops those of a
    /// registry that has died, so that it is the registry that holds them, unless
    /// what they hold keeps the registry alive.
    pub fn records(&self) -> HashMap<NodeId, NodeId> {
        let mut queues: HashMap<NodeId, NodeId> = HashMap::default();
        let mut waiting: Vec<(NodeId, NodeId)> = Vec::new();
        let mut rest = &self.edges[..];
        for (id, node) in (0..).zip(&self.nodes) {
            let own;
            (own, rest) = rest.split_at(node.edges as usize);
            let (_, class) = self.node(id);
            let targets = own.iter().filter_map(|edge| self.ids.get(&edge.to).copied());
            let mut to_queue = targets.filter(|to| self.node(*to).1 == "FinalizationQueue");
            match class {
                "FinalizationRegistry" => queues.extend(to_queue.map(|queue| (queue, id))),
                "FinalizationRecord" => waiting.extend(to_queue.next().map(|queue| (queue, id))),
                _ => {}
            }
        }
        let registry = |(queue, record)| Some((record, *queues.get(&queue)?));
        waiting.into_iter().filter_map(registry).collect()
    }
}

/// `0x1d5a69f3e038 B text`: an address, a colour, and a text.
fn cell(line: &str) -> Option<(u64, &str)> {
    let (address, rest) = line.split_once(' ')?;
    let (_colour, text) = rest.split_once(' ')?;
    Some((parse_address(address)?, text))
}
