//! The rows of JavaScriptCore's snapshots.

use crate::json::{Item, Row};
use crate::{parse_address, shortened};
use anyhow::{Context, Result, ensure};

/// A type of snapshot.
#[derive(Debug, Clone, Copy)]
pub struct JscType {
    pub name: &'static str,
    pub versions: &'static [u64],
    /// A node's numbers: its own, size, class, flags, and maybe its label and two addresses.
    pub columns: usize,
    /// The node from which edges lead to the roots.
    pub root: Option<u64>,
}

/// In version 2 a node's flags were one: that it is the engine's own.
const TYPES: &[JscType] = &[
    JscType {
        name: "GCDebugging",
        versions: &[3],
        columns: 7,
        root: None,
    },
    JscType {
        name: "Inspector",
        versions: &[2, 3],
        columns: 4,
        root: Some(0),
    },
];

/// The flag of a node whose class is the name of its constructor.
const OF_PROGRAM: u64 = 1 << 1;

/// A snapshot, as it is written.
#[derive(Debug, Default)]
pub struct JscRows {
    pub nodes: Vec<JscNodeRow>,
    pub edges: Vec<JscEdgeRow>,
    pub classes: Vec<Box<str>>,
    pub edge_types: Vec<Box<str>>,
    pub edge_names: Vec<Box<str>>,
    pub labels: Vec<Box<str>>,
    pub roots: Vec<[u64; 3]>,
    pub version: Option<u64>,
    /// It comes before the nodes.
    pub snapshot_type: Option<JscType>,
}

/// A node.
#[derive(Debug)]
pub struct JscNodeRow {
    /// The engine's number of it, in no order.
    pub number: u64,
    /// Its class is one of the program's, by the name of its constructor.
    pub of_program: bool,
    pub class: u32,
    pub bytes: u32,
    /// Its address; or its number, which is as good: an inspector counts on.
    pub address: u64,
}

/// An edge, by the numbers of its nodes.
#[derive(Debug, Clone, Copy)]
pub struct JscEdgeRow {
    pub from: u64,
    pub to: u64,
    pub what: JscEdge,
}

/// What an edge is.
#[derive(Debug, Clone, Copy)]
pub enum JscEdge {
    /// The numbers of its type and its name.
    Row(u8, u32),
    /// It is not in the snapshot, but among the references that a script reported.
    Reported(usize),
}

impl JscRows {
    /// Takes in what a key of the snapshot has.
    pub fn read(&mut self, key: &str, value: Row<'_, '_>) -> Result<()> {
        match key {
            "version" => self.version = Some(value.small()?),
            "type" => {
                let name: String = value.small()?;
                self.snapshot_type = TYPES.iter().copied().find(|kind| kind.name == name);
            }
            "nodes" => self.read_nodes(value)?,
            "edges" => rows(value, |[from, to, kind, name]: [u64; 4]| {
                let kind = u8::try_from(kind).context("an edge's type is not a type")?;
                let name = u32::try_from(name).context("an edge's name is not a name")?;
                self.edges.push(JscEdgeRow {
                    from,
                    to,
                    what: JscEdge::Row(kind, name),
                });
                Ok(())
            })?,
            "roots" => rows(value, |root| {
                self.roots.push(root);
                Ok(())
            })?,
            "nodeClassNames" => texts(value, &mut self.classes)?,
            "edgeTypes" => texts(value, &mut self.edge_types)?,
            "edgeNames" => texts(value, &mut self.edge_names)?,
            "labels" => texts(value, &mut self.labels)?,
            _ => value.skip()?,
        }
        Ok(())
    }

    /// Its type.
    pub fn snapshot_type(&self) -> Result<JscType> {
        self.snapshot_type.with_context(|| {
            let names: Vec<String> = TYPES.iter().map(|kind| format!("`{}`", kind.name)).collect();
            format!("it is no {} snapshot of JavaScriptCore", names.join(" or "))
        })
    }

    fn read_nodes(&mut self, value: Row<'_, '_>) -> Result<()> {
        let columns = self.snapshot_type()?.columns;
        let mut numbers = [0; 7];
        let mut column = 0;
        value.items(|item| {
            numbers[column] = match item {
                Item::Number(number) => number,
                Item::Text(text) => parse_address(text).with_context(|| format!("`{text}` is no address"))?,
            };
            column += 1;
            if column == columns {
                column = 0;
                let [number, bytes, class, flags, _, address, _] = numbers;
                self.nodes.push(JscNodeRow {
                    number,
                    of_program: flags & OF_PROGRAM != 0,
                    class: u32::try_from(class).context("a node's class is not a class")?,
                    bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
                    address: if columns == numbers.len() { address } else { number },
                });
            }
            Ok(())
        })?;
        ensure!(column == 0, "a row is cut off");
        Ok(())
    }
}

/// A row of rows of numbers.
fn rows<const N: usize>(value: Row<'_, '_>, mut take: impl FnMut([u64; N]) -> Result<()>) -> Result<()> {
    let mut row = [0; N];
    let mut column = 0;
    value.numbers(|number| {
        row[column] = number;
        column += 1;
        if column == N {
            column = 0;
            take(row)?;
        }
        Ok(())
    })?;
    ensure!(column == 0, "a row is cut off");
    Ok(())
}

fn texts(value: Row<'_, '_>, into: &mut Vec<Box<str>>) -> Result<()> {
    value.strings(|text| {
        into.push(shortened(text).into());
        Ok(())
    })
}
