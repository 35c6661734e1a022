//! What the census of a user's own case found, as text: what grows a call, and where it was made.

use crate::base::text::{clip, inert};
use crate::measure::census::{Census, Kind, KindGrowth, What};
use crate::measure::census_events::PlaceFrame;
use crate::measure::verdict::Verdict;
use crate::results::document::Results;
use crate::results::repeated::group;
use crate::show::amounts::{bytes, count, thousands};
use crate::show::block_text::{block_notes, untold};

/// Entries that are shown; the others are counted.
const ENTRIES: usize = 8;

/// Kinds of one entry that are shown.
const KINDS: usize = 6;

/// Of the classes of a kind, those are shown of which there are at least so many for each of the most frequent one.
const SHARE: f64 = 0.1;

/// Callers that are shown of a stack.
const CALLERS: usize = 3;

/// Functions of a guest that are shown before those of scripts.
const FIRST: usize = 2;

/// The extensions of scripts.
const SCRIPTS: [&str; 8] = ["js", "mjs", "cjs", "ts", "mts", "cts", "tsx", "jsx"];

/// The findings of all cells that were judged by a census, case by case; empty if none was.
pub fn findings(results: &Results) -> String {
    let mut text = String::new();
    let mut case = None;
    for cell in group(&results.cells) {
        let row = cell.shown();
        let Some(census) = &row.census else {
            continue;
        };
        if case != Some(&row.case) {
            text += &format!("\n{}\n", inert(row.title()));
            case = Some(&row.case);
        }
        let program = results.program(row);
        text += &format!("  {}: {}: {}\n", program.engine, inert(&program.title), summary(census));
        if let Some(bug) = &row.bug {
            text += &format!("    known, as {}\n", clip(bug));
        }
        for line in lines(census) {
            text += &format!("    {line}\n");
        }
    }
    text
}

/// `leaks, over 37,910 calls`
pub fn summary(census: &Census) -> String {
    let mut text = match &census.doubt {
        Some(doubt) => format!("{}: {}", census.verdict, clip(doubt)),
        None => census.verdict.to_string(),
    };
    text += &format!(", over {} calls in rounds of {}", thousands(census.calls), census.round);
    if let Some(stopped) = &census.stopped {
        text += &format!(", until {}", clip(stopped));
    }
    if census.unsettled > 0 {
        text += &format!(
            "; at {} of {} readings the collector came to no end",
            census.unsettled, census.readings
        );
    }
    text
}

/// The summary, and the lines below it, indented.
pub fn paragraph(census: &Census) -> String {
    let lines = lines(census).into_iter().map(|line| format!("    {line}\n"));
    format!("  {}\n{}", summary(census), lines.collect::<String>())
}

/// A line for each entry.
pub fn lines(census: &Census) -> Vec<String> {
    let mut lines: Vec<String> = match census.verdict {
        Verdict::Leaks => block_notes(&census.blocks),
        _ => Vec::new(),
    };
    let entries = match census.verdict {
        Verdict::Collected => Vec::new(),
        Verdict::Leaks => entries(&census.grows, |growth| (&growth.kind, growth.per_call), "+", " a call"),
        _ => entries(&census.stays, |stay| (&stay.kind, stay.most), "", " at most"),
    };
    let more = entries.len().saturating_sub(ENTRIES);
    lines.extend(entries.into_iter().take(ENTRIES));
    if more > 0 {
        lines.push(format!("and {more} more, which the results have (`--json FILE`)"));
    }
    if census.verdict == Verdict::Leaks {
        lines.extend(blind_spot(census).map(str::to_owned));
        lines.extend(untold(census));
    }
    lines
}

/// The entries of the blocks of linear memory that stay.
pub fn block_lines(census: &Census) -> Vec<String> {
    let is_block = |growth: &&KindGrowth| matches!(growth.kind.what, What::BlockBytes | What::Blocks);
    let blocks: Vec<KindGrowth> = census.grows.iter().filter(is_block).cloned().collect();
    entries(&blocks, |growth| (&growth.kind, growth.per_call), "+", " a call")
}

/// What this engine does not report of the kinds that grow.
fn blind_spot(census: &Census) -> Option<&'static str> {
    let is_heap = |growth: &KindGrowth| growth.kind.what == What::Heap;
    if census.grows.iter().any(is_heap) {
        return Some(
            "(the heap as a whole: what grows in it is nothing that this engine counts, such as the storage of an array)",
        );
    }
    let of_objects = |growth: &&KindGrowth| matches!(growth.kind.what, What::Objects | What::Bytes);
    census.grows.iter().find(of_objects)?;
    match census.reader.as_str() {
        "jsc" => Some("(JavaScriptCore reports the class of an object, and not the place where it was made)"),
        _ => None,
    }
}

/// What was made by the same function for the same callers is one entry.
struct AmountLine<'a> {
    key: Vec<String>,
    kind: &'a Kind,
    amounts: Vec<(What, String, f64)>,
}

fn entries<T>(all: &[T], parts: fn(&T) -> (&Kind, f64), sign: &str, unit: &str) -> Vec<String> {
    let mut entries: Vec<AmountLine<'_>> = Vec::new();
    for item in all {
        let (kind, number) = parts(item);
        let key = key(kind);
        let index = match entries.iter().position(|entry| entry.key == key) {
            Some(index) => index,
            None => {
                let amounts = Vec::new();
                entries.push(AmountLine { key, kind, amounts });
                entries.len() - 1
            }
        };
        let entry = &mut entries[index];
        for (name, number) in amounts(kind, number) {
            let amounts = &mut entry.amounts;
            match amounts
                .iter_mut()
                .find(|(what, known, _)| (*what, known) == (kind.what, &name))
            {
                Some((_, _, sum)) => *sum += number,
                None => amounts.push((kind.what, name, number)),
            }
        }
    }
    let lines = entries.into_iter().map(|entry| {
        let more = match entry.amounts.len().saturating_sub(KINDS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let amounts = entry.amounts.iter().take(KINDS);
        let amounts: Vec<String> = amounts
            .map(|(what, name, number)| format!("{sign}{}", quantity(*what, name, *number)))
            .collect();
        format!("{}{more}{unit}{}", amounts.join(", "), place(entry.kind))
    });
    lines.collect()
}

/// The kind by its classes, if the engine was asked for them; else as a whole.
fn amounts(kind: &Kind, number: f64) -> Vec<(String, f64)> {
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

/// What an entry has in common. Linear memory, tables and instances stand for themselves.
fn key(kind: &Kind) -> Vec<String> {
    match kind.what {
        What::Objects | What::Bytes => kind.stack.iter().map(function).collect(),
        // Of blocks the line is known on each engine.
        What::BlockBytes | What::Blocks => [format!("blocks of {:?}", kind.module)]
            .into_iter()
            .chain(
                kind.stack
                    .iter()
                    .map(|frame| format!("{}:{}", function(frame), frame.line)),
            )
            .collect(),
        what => vec![format!("{what:?}")],
    }
}

/// A function, wherever in it something was made.
fn function(frame: &PlaceFrame) -> String {
    format!("{}@{}", frame.name, frame.file)
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

fn quantity(what: What, name: &str, number: f64) -> String {
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

/// `, made by makeWidget (app.ts:12) < test (test.mjs:4)`
pub fn place(kind: &Kind) -> String {
    if kind.stack.is_empty() {
        return String::new();
    }
    let frames = match kind.what {
        What::BlockBytes | What::Blocks => functions_of_block(&kind.stack),
        _ => kind.stack.iter().take(CALLERS).map(frame).collect(),
    };
    let by = match kind.what {
        What::LinearMemory => "grown",
        What::BlockBytes | What::Blocks => "asked for",
        _ => "made",
    };
    format!(", {by} by {}", frames.join(" < "))
}

/// The first functions, mostly of a guest, and then those of scripts, in which a call is missing.
fn functions_of_block(stack: &[PlaceFrame]) -> Vec<String> {
    let of_script = |frame: &&PlaceFrame| {
        let extension = frame.file.rsplit_once('.').map_or("", |(_, extension)| extension);
        SCRIPTS.contains(&extension)
    };
    let first = stack.iter().take(FIRST);
    let later: Vec<&PlaceFrame> = stack.iter().skip(FIRST).collect();
    let scripts = later.iter().copied().position(|frame| of_script(&frame));
    let mut words: Vec<String> = first.map(frame).collect();
    if scripts.is_some_and(|place| place > 0) {
        words.push("…".to_owned());
    }
    let from = scripts.unwrap_or(0);
    words.extend(later.iter().skip(from).take(CALLERS - 1).map(|each| frame(each)));
    words
}

/// Where the objects of a class were made that grow: `, made by makeWidget (app.ts:12)`.
pub fn made_by(census: &Census, class: &str) -> Option<String> {
    let is_it = |kind: &Kind| {
        let mut classes = kind.classes.iter().map(|(class, _)| class.as_str());
        // V8 names a function with its place.
        kind.class.as_deref() == Some(class)
            || classes.any(|known| known == class || known.split(' ').next() == Some(class))
    };
    let found = census.grows.iter().find(|growth| is_it(&growth.kind))?;
    Some(place(&found.kind)).filter(|place| !place.is_empty())
}

/// `new Widget (test.js:6)`
pub fn frame(frame: &PlaceFrame) -> String {
    let place = match frame.line {
        0 => clip(&frame.file),
        line => format!("{}:{line}", clip(&frame.file)),
    };
    match frame.name.as_str() {
        "" => format!("the script ({place})"),
        name if place.is_empty() => clip(name),
        name => format!("{} ({place})", clip(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::census_events::ModuleSeen;

    #[test]
    fn blocks_of_two_lines_or_two_modules_are_two_entries() {
        let kind = |what, line, digest| Kind {
            stack: vec![PlaceFrame {
                name: "test".to_owned(),
                file: "test.js".to_owned(),
                line,
                column: 0,
            }],
            module: Some(ModuleSeen {
                size: 9,
                digest,
                file: None,
            }),
            ..Kind::of(what)
        };
        let all = [
            kind(What::BlockBytes, 3, 1),
            kind(What::Blocks, 3, 1),
            kind(What::BlockBytes, 4, 1),
            kind(What::BlockBytes, 3, 2),
        ];
        assert_eq!(entries(&all, |kind| (kind, 8.0), "+", " a call").len(), 3);
    }

    #[test]
    fn of_a_block_the_first_functions_and_those_of_scripts_are_told() {
        for (stack, told) in [
            (
                &["f a.c", "g a.c", "h a.c", "Widget w.js", "test t.mjs", "main m.js"][..],
                "f g … Widget test",
            ),
            (&["f a.c", "g a.c", "Widget w.js", "test t.mjs"], "f g Widget test"),
            (&["f a.c", "test t.ts"], "f test"),
            (&["f a.c", "g a.c", "h a.c", "i a.rs", "j a.rs"], "f g h i"),
            (&["Widget w.js", "test t.js"], "Widget test"),
            (&[], ""),
        ] {
            let frame = |text: &&str| {
                let (name, file) = text.split_once(' ').unwrap();
                PlaceFrame {
                    name: name.to_owned(),
                    file: file.to_owned(),
                    line: 1,
                    column: 0,
                }
            };
            let stack: Vec<PlaceFrame> = stack.iter().map(frame).collect();
            let words = functions_of_block(&stack);
            let names: Vec<&str> = words.iter().map(|word| word.split(' ').next().unwrap()).collect();
            assert_eq!(names.join(" "), told);
        }
    }
}
