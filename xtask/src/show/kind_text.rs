//! What is counted together, as text: how much of it there is, and what it is called.

use crate::base::text::clip;
use crate::measure::census::{Kind, What};
use crate::show::amounts::{bytes, count, thousands};

/// Kinds of one entry that are shown.
pub const KINDS: usize = 6;

/// Of the classes of a kind, those are shown of which there are at least so many for each of the most frequent one.
const SHARE: f64 = 0.1;

/// The kind by its classes, if the engine was asked for them; else as a whole.
pub fn amounts(kind: &Kind, number: f64) -> Vec<(String, f64)> {
    let most = kind.classes.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    let mut classes: Vec<(String, f64)> = match kind.what {
        What::Objects => kind
            .classes
            .iter()
            .filter(|(_, rate)| *rate >= SHARE * most)
            .cloned()
            .collect(),
        _ => Vec::new(),
    };
    if classes.is_empty() {
        return vec![(name(kind), number)];
    }
    classes.sort_by(|a, b| b.1.total_cmp(&a.1));
    classes.into_iter().map(|(class, rate)| (clip(&class), rate)).collect()
}

/// `1.00 Widget`, `3.10 Node, string`, `79.9 B of linear memory (of shapes.wasm)`: the number of all its classes together.
pub fn quantity_of(kind: &Kind, number: f64) -> String {
    quantity(kind.what, &name_of(kind), number)
}

/// `Widget`, `Node, string`, `linear memory (of shapes.wasm)`: all its classes.
pub fn name_of(kind: &Kind) -> String {
    let names: Vec<String> = amounts(kind, 0.0).into_iter().map(|(name, _)| name).collect();
    let more = match names.len().saturating_sub(KINDS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names[..names.len().min(KINDS)].join(", "))
}

pub fn quantity(what: What, name: &str, number: f64) -> String {
    match what {
        What::Blocks => match &*count(number) {
            "1.00" => "1 block".to_owned(),
            number => format!("{number} {name}"),
        },
        what if what.is_number() => format!("{} {name}", count(number)),
        _ => format!("{} of {name}", bytes(number)),
    }
}

/// Names of engines for the same thing.
const SCOPES: [&str; 5] = [
    "Call",
    "LexicalEnvironment",
    "BlockLexicalEnvironment",
    "ClassBodyLexicalEnvironment",
    "JSLexicalEnvironment",
];

fn name(kind: &Kind) -> String {
    match kind.what {
        What::Instances => return "WebAssembly.Instance".to_owned(),
        What::TableSlots => return format!("slots of a table{}", module(kind)),
        What::DomNodes => return "DOM nodes".to_owned(),
        What::NodesInDocument => return "nodes in the document".to_owned(),
        What::Listeners => return "event listeners".to_owned(),
        What::Documents => return "documents".to_owned(),
        What::BlockBytes | What::LinearMemory => return format!("linear memory{}", module(kind)),
        What::Blocks => return "blocks".to_owned(),
        What::Heap => return "the JavaScript heap".to_owned(),
        What::Objects | What::Bytes => {}
    }
    match (kind.class.as_deref(), kind.builtin.as_deref()) {
        (Some(class), _) if SCOPES.contains(&class) => "scope".to_owned(),
        (Some(class), _) => clip(class),
        (None, Some(builtin)) => format!("objects by {}()", clip(builtin)),
        (None, None) => "objects".to_owned(),
    }
}

fn module(kind: &Kind) -> String {
    let Some(module) = &kind.module else {
        return String::new();
    };
    match &module.file {
        Some(file) => format!(" (of {})", clip(file)),
        None => format!(" (of a module of {} bytes)", thousands(module.size)),
    }
}
