//! What keeps alive what grows in a user's own program, as text.

use crate::base::text::{clip, inert};
use crate::explain::kept::KeptGroup;
use crate::explain::leak::{Cut, GrowingStorage, Leak, LeakedKind, Leaks, Left};
use crate::measure::block_findings::BlockOwners;
use crate::measure::census::{Census, What};
use crate::show::amounts;
use crate::show::block_text::block_notes;
use crate::show::census_text;
use crate::show::path_text::{growth_note, label_in_line, other, path_with_mark, path_words};

/// What stands beside the reference to cut.
const MARK: &str = "⟵ to cut";

/// Where linear memory grows, and no object does.
const NOT_FREED: &str = "no object of JavaScript grows with it, so none keeps it: what a call takes of linear memory \
                         is given back by nobody";

/// Where one object grows, and the snapshot does not tell which.
const NO_SIZES: &str = "it may be one object, such as an array, that takes more and more: this engine's snapshot does \
                        not tell which one, and that of another engine may";

/// Where nothing grows.
pub fn no_leak(census: &Census) -> String {
    let mut text = format!("nothing grows: {}\n", census_text::summary(census));
    for line in census_text::lines(census) {
        text += &format!("  {line}\n");
    }
    text
}

/// What grows, and what keeps it alive.
pub fn leaks(found: &Leaks) -> String {
    let mut text = match &found.census {
        Some(census) => census_text::summary(census),
        None if found.snapshots == 1 => "all objects, the most frequent classes first".to_owned(),
        None => "what is new since the first snapshot, and stays".to_owned(),
    };
    text += "\n";
    for LeakedKind { class, count, .. } in &found.classes {
        text += &format!("  {:>10}  {}\n", amounts::thousands(*count), clip(class));
    }
    if let Some(stopped) = &found.stopped {
        text += &format!("  the calls that were to be looked at ended early: {}\n", clip(stopped));
    }
    let blocks = found.census.as_ref().map(census_text::block_lines).unwrap_or_default();
    let with_blocks = found
        .leaks
        .iter()
        .position(|leak| has_blocks(leak, found.census.as_ref()));
    for (index, leak) in found.leaks.iter().enumerate() {
        let own = if with_blocks == Some(index) { &blocks[..] } else { &[] };
        text += &one(leak, own, found.census.as_ref(), found.classes.is_empty());
    }
    match &found.storage {
        Some(storage) => text += &in_one_object(storage, found.census.as_ref()),
        None if found.leaks.is_empty() => text += &nothing_found(found),
        None if with_blocks.is_none() => text += &of_no_object(&blocks, found.census.as_ref()),
        None => {}
    }
    for group in &found.others {
        text += &other(group);
    }
    if found.unexplained > 0 {
        let why = found.hidden.map_or(String::new(), |hidden| format!(": {hidden}"));
        text += &format!("  {} more that no path from a root leads to{why}\n", found.unexplained);
    }
    text
}

/// Where no object that a program sees grows, though something was counted.
fn nothing_found(found: &Leaks) -> String {
    let asked = found.asked.as_deref();
    let what = match asked {
        Some(kind) => format!("no {} grows", clip(kind)),
        None => "no object grows".to_owned(),
    };
    let Some(calls) = found.calls else {
        return format!("  {what} between the snapshots\n");
    };
    let mut text = format!("  {what} in the heap that it wrote after {calls} more calls");
    let counted = found.census.as_ref().map(census_text::lines).unwrap_or_default();
    let only_linear = |census: &Census| {
        let linear = census
            .grows
            .iter()
            .filter(|growth| growth.kind.what == What::LinearMemory)
            .count();
        linear > 0 && linear == census.grows.len()
    };
    if found.census.as_ref().is_some_and(only_linear) && asked.is_none() {
        return format!("  {}\n  {NOT_FREED}\n", counted.join("\n  "));
    }
    if counted.is_empty() {
        return text + "\n";
    }
    text += "; what was counted is\n";
    for line in counted {
        text += &format!("    {line}\n");
    }
    let in_one = |what: What| matches!(what, What::Bytes | What::Heap);
    let grows = found.census.iter().flat_map(|census| &census.grows);
    if grows.clone().any(|growth| in_one(growth.kind.what)) {
        text += &format!("  {NO_SIZES}\n");
    }
    text
}

/// Where the number of objects stays the same, and one takes more and more.
fn in_one_object(storage: &GrowingStorage, census: Option<&Census>) -> String {
    let counted = census.map(census_text::lines).unwrap_or_default();
    let counted: String = counted.iter().map(|line| format!("  {line}\n")).collect();
    let class = clip(&storage.group.wrapper);
    format!(
        "{counted}  no objects get more, but one {class} takes {} B by now, and is kept alive by\n{}",
        amounts::thousands(storage.bytes),
        path_with_mark(&storage.group, None)
    )
}

/// Whether it is for the objects of a leak that the blocks of linear memory stay.
fn has_blocks(leak: &Leak, census: Option<&Census>) -> bool {
    let Some(BlockOwners::Stays(class)) = census.and_then(|census| census.blocks.owner.as_ref()) else {
        return false;
    };
    leak.group.wrapper == *class || leak.kinds.iter().any(|kind| kind.class == *class)
}

/// Blocks of linear memory that stay beside objects, and for another reason.
fn of_no_object(blocks: &[String], census: Option<&Census>) -> String {
    if blocks.is_empty() {
        return String::new();
    }
    let notes = census.map(|census| block_notes(&census.blocks)).unwrap_or_default();
    let lines = blocks.iter().chain(&notes).map(|line| format!("  {line}\n"));
    lines.collect()
}

fn one(leak: &Leak, blocks: &[String], census: Option<&Census>, is_new: bool) -> String {
    let Leak { kinds, group, of, cut } = leak;
    let amounts: Vec<String> = kinds.iter().map(amount).collect();
    let place = census.and_then(|census| census_text::made_by(census, &group.wrapper));
    let unit = if kinds.iter().any(|kind| kind.per_call.is_some()) {
        " a call"
    } else {
        ""
    };
    let mut text = format!("  {}{unit}{}\n", amounts.join(", "), place.unwrap_or_default());
    text.extend(blocks.iter().map(|line| format!("  {line}\n")));
    let class = clip(&group.wrapper);
    let new = new_words(is_new);
    let and = if blocks.is_empty() {
        ""
    } else {
        ", and the blocks made with them,"
    };
    text += &match (group.count, *of) {
        (1, 1) => format!("  the only {class} is kept alive by\n"),
        (count, of) if count == of => format!("  all {of} {class}{new}{and} are kept alive by\n"),
        (count, of) => format!("  {count} of {of} {class}{new}{and} are kept alive by\n"),
    };
    let mark = cut.as_ref().map(|cut| (cut.step, MARK));
    text += &path_with_mark(group, mark);
    if let Some(note) = growth_note(group.growth, group.count) {
        text += &format!("  that is no leak: {note}\n");
    }
    if let Some(cut) = cut {
        text += &after_the_cut(cut, group);
    }
    text
}

fn new_words(is_new: bool) -> &'static str {
    if is_new { " that are new" } else { "" }
}

/// `+1.00 Widget`
fn amount(kind: &LeakedKind) -> String {
    match kind.per_call {
        Some(per_call) => format!("+{} {}", amounts::count(per_call), clip(&kind.class)),
        None => format!("{} {}", amounts::thousands(kind.count), clip(&kind.class)),
    }
}

/// What is left without the reference, and then without those that keep what is left.
fn after_the_cut(cut: &Cut, group: &KeptGroup) -> String {
    let what = reference(group, cut);
    let mut said = what_is_left(&cut.left, group.count);
    let mut text = format!("  without {what} {said}\n");
    for left in &cut.further {
        let next = what_is_left(left, group.count);
        // What cannot be cut, such as a root, is told once.
        if next != said {
            text += &format!("  without that, too, {next}\n");
        }
        said = next;
    }
    text
}

/// `nothing keeps them alive`, `12 of them are still kept alive, by index .get(0)`.
fn what_is_left(left: &Left, all: u64) -> String {
    let Some(kept) = &left.remains else {
        return "nothing keeps them alive".to_owned();
    };
    let how_many = match left.remaining == all {
        true => "they are".to_owned(),
        false => format!("{} of them are", left.remaining),
    };
    format!("{how_many} still kept alive, by {}", path_words(kept))
}

/// `sessions[…].all[…]`: the labels up to a step, without indices.
fn reference(group: &KeptGroup, cut: &Cut) -> String {
    let KeptGroup { root, steps, .. } = group;
    // A program names its variables; other roots only the engine does.
    let mut text = match root.strip_prefix("root: ") {
        Some(_) => format!("{} ", inert(root)),
        None => String::new(),
    };
    for (index, step) in steps.iter().take(cut.step + 1).enumerate() {
        let label = match step.label.split_once(['[', '(']) {
            _ if index == cut.step && cut.has_many_names => "[…]".to_owned(),
            Some((before, _)) if step.label.ends_with(']') => format!("{before}[…]"),
            Some((".get", _)) => ".get(…)".to_owned(),
            _ => label_in_line(step),
        };
        let joins = label.starts_with(['.', '[']) || text.is_empty() || text.ends_with(' ');
        text += if joins { "" } else { " → " };
        text += &label;
    }
    text
}
