//! What the census of a user's own case found, as text: what grows a call, and where it was made.

use crate::base::text::{clip, inert};
use crate::measure::census::{Census, Kind, KindGrowth, What};
use crate::measure::verdict::Verdict;
use crate::results::document::Results;
use crate::results::repeated::group;
use crate::show::amounts::thousands;
use crate::show::block_text::{block_notes, untold};
use crate::show::kind_text::{KINDS, amounts, quantity};
use crate::show::place_text::{callers_of_both, distance, function, place};

/// Entries that are shown; the others are counted.
const ENTRIES: usize = 8;

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
    lines.extend(most_important(entries, ENTRIES));
    if more > 0 {
        lines.push(format!("and {more} more, which the results have (`--json FILE`)"));
    }
    if census.verdict == Verdict::Leaks {
        lines.extend(blind_spot(census).map(str::to_owned));
        lines.extend(untold(census));
    }
    lines
}

/// As many entries: of those of places the first ones, and all others, of which there are few.
fn most_important(entries: Vec<(What, String)>, most: usize) -> impl Iterator<Item = String> {
    let others = entries.iter().filter(|(what, _)| !has_places(*what)).count();
    let mut room = most.saturating_sub(others);
    entries.into_iter().filter_map(move |(what, line)| {
        let is_shown = room > 0 || !has_places(what);
        room -= usize::from(is_shown && has_places(what));
        is_shown.then_some(line)
    })
}

/// Whether entries are told apart by the places where they were made. Linear memory, tables and instances stand for themselves.
fn has_places(what: What) -> bool {
    matches!(what, What::Objects | What::Bytes | What::BlockBytes | What::Blocks)
}

/// The entries of the blocks of linear memory that stay.
pub fn block_lines(census: &Census) -> Vec<String> {
    let is_block = |growth: &&KindGrowth| matches!(growth.kind.what, What::BlockBytes | What::Blocks);
    let blocks: Vec<KindGrowth> = census.grows.iter().filter(is_block).cloned().collect();
    let entries = entries(&blocks, |growth| (&growth.kind, growth.per_call), "+", " a call");
    entries.into_iter().map(|(_, line)| line).collect()
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

fn entries<T>(all: &[T], parts: fn(&T) -> (&Kind, f64), sign: &str, unit: &str) -> Vec<(What, String)> {
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
    // What the user's own functions made comes first, and what packages made behind them later.
    entries.sort_by_key(|entry| {
        (
            entry.kind.what,
            distance(&entry.kind.stack).unwrap_or(entry.kind.stack.len()),
        )
    });
    let lines = entries.into_iter().map(|entry| {
        let more = match entry.amounts.len().saturating_sub(KINDS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let amounts = entry.amounts.iter().take(KINDS);
        let amounts: Vec<String> = amounts
            .map(|(what, name, number)| format!("{sign}{}", quantity(*what, name, *number)))
            .collect();
        let line = format!("{}{more}{unit}{}", amounts.join(", "), place(entry.kind));
        (entry.kind.what, line)
    });
    lines.collect()
}

/// What an entry has in common.
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

/// Where the objects of a class were made that grow: `, made by makeWidget (app.ts:12)`; if that was in several places, the
/// functions that all of these were called by.
pub fn made_by(census: &Census, class: &str) -> Option<String> {
    let is_it = |kind: &Kind| {
        let mut classes = kind.classes.iter().map(|(class, _)| class.as_str());
        // V8 names a function with its place.
        kind.class.as_deref() == Some(class)
            || classes.any(|known| known == class || known.split(' ').next() == Some(class))
    };
    let objects = || {
        let kinds = census.grows.iter().map(|growth| &growth.kind);
        kinds.filter(|kind| matches!(kind.what, What::Objects | What::Bytes))
    };
    // Where no class is known it is one of these.
    let is_unknown = objects().all(|kind| kind.class.is_none() && kind.classes.is_empty());
    let mut found = objects().filter(|kind| is_unknown || is_it(kind));
    let mut kind = found.next()?.clone();
    for other in found {
        kind.stack = callers_of_both(&kind.stack, &other.stack).to_vec();
    }
    Some(place(&kind)).filter(|place| !place.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::block_findings::BlockNotes;
    use crate::measure::census_events::{ModuleSeen, PlaceFrame};
    use crate::show::place_text::tests::stack_of;

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

    const ON: &str = "on ../node_modules/map/on.js";

    #[test]
    fn what_the_user_s_own_functions_made_comes_first() {
        let kind = |stack: &[&str]| Kind {
            stack: stack_of(stack),
            ..Kind::of(What::Objects)
        };
        let all = [
            kind(&[ON, ON, "test t.js"]),
            kind(&[ON]),
            kind(&["f t.js", "test t.js"]),
            Kind::of(What::LinearMemory),
        ];
        let lines = entries(&all, |kind| (kind, 8.0), "+", " a call");
        let makers: Vec<&str> = lines
            .iter()
            .map(|line| {
                line.1
                    .split_once(" by ")
                    .map_or("", |(_, by)| by.split(' ').next().unwrap())
            })
            .collect();
        assert_eq!(makers, ["f", "on", "on", ""]);
        assert!(lines[1].1.ends_with("on (../node_modules/map/on.js:1)"), "{lines:?}");
    }

    #[test]
    fn a_class_of_several_places_has_the_callers_of_all() {
        let growth = |stack: &[&str]| KindGrowth {
            kind: Kind {
                class: Some("Map".to_owned()),
                stack: stack_of(stack),
                ..Kind::of(What::Objects)
            },
            per_call: 1.0,
            fit: None,
        };
        let one = growth(&["f a.js", "show t.js", "test t.js"]);
        for (other, told) in [
            (
                &["f a.js", "show t.js", "test t.js"][..],
                Some(", made by f (a.js:1) < show (t.js:1) < test (t.js:1)"),
            ),
            (
                &["g a.js", "show t.js", "test t.js"],
                Some(", made by show (t.js:1) < test (t.js:1)"),
            ),
            (&["test t.js"], Some(", made by test (t.js:1)")),
            (&["other t.js"], None),
        ] {
            let census = Census {
                grows: vec![one.clone(), growth(other)],
                ..census_of_nothing()
            };
            assert_eq!(made_by(&census, "Map").as_deref(), told);
            assert_eq!(made_by(&census, "Marker"), None);
            let mut unknown = census;
            unknown.grows.iter_mut().for_each(|growth| growth.kind.class = None);
            assert_eq!(made_by(&unknown, "Map").as_deref(), told);
        }
    }

    fn census_of_nothing() -> Census {
        Census {
            verdict: Verdict::Leaks,
            reader: "v8".to_owned(),
            calls: 0,
            round: 1,
            readings: 0,
            unsettled: 0,
            grows: Vec::new(),
            stays: Vec::new(),
            doubt: None,
            stopped: None,
            blocks: BlockNotes::default(),
        }
    }
}
