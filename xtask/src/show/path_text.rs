//! A retaining path as text, a line a step, and in one line.

use crate::explain::growth::Growth;
use crate::explain::kept::{KeptGroup, LinearMemory, Step};
use console::{measure_text_width, pad_str, style};
use heap::EdgeKind;

/// The label of a reference that only the engine has a name for.
const UNNAMED: &str = "(internal)";

/// What a function is called on a path.
const FUNCTION: &str = "function";

/// What is wider, such as an element with its attributes, does not make room for itself in all lines of a path.
const WIDEST: usize = 60;

/// The note under a path that linear memory closes.
const INVISIBLE: &str = "the dashed edge is invisible to the collector: nothing in linear memory can be traced, \
                         so the slot stays a root for ever.";

/// `50 more by recent [0] (Session #2951): only the newest are kept so`.
pub fn other(group: &KeptGroup) -> String {
    let note = growth_note(group.growth, group.count).map_or(String::new(), |note| format!(": no leak, {note}"));
    format!(
        "  {} more by {} ({}){note}\n",
        group.count,
        path_words(group),
        group.wrapper
    )
}

/// A path in one line: `recent [0]`.
pub fn path_words(group: &KeptGroup) -> String {
    let labels: Vec<String> = parts(&group.steps)
        .iter()
        .map(|part| match part {
            ShownStep::Step(_, step) => label_in_line(step),
            ShownStep::LeftOut(count) => format!("… {count} more steps …"),
        })
        .collect();
    match labels.is_empty() {
        true => group.root.clone(),
        false if group.root == "global" => labels.join(" "),
        false => format!("{} {}", group.root, labels.join(" ")),
    }
}

/// Why a group does not grow.
pub fn growth_note(growth: Growth, count: u64) -> Option<String> {
    Some(match growth {
        Growth::Grows => return None,
        Growth::Newest if count == 1 => "only the newest one is kept so".to_owned(),
        Growth::Newest => format!("only the newest {count} are kept so"),
        Growth::First if count == 1 => "only the first one is kept so, and no later one".to_owned(),
        Growth::First => format!("only the first {count} are kept so, and no later ones"),
        Growth::One => "only one is kept so".to_owned(),
        Growth::TooFew => "of all that were made only so few stay".to_owned(),
        Growth::Replaced => "older ones go while newer ones come".to_owned(),
        Growth::Slows => "fewer and fewer are kept so".to_owned(),
        Growth::NoMoreMade => "no more are made in later rounds".to_owned(),
    })
}

/// The path of a group, a line a step.
pub fn path(group: &KeptGroup) -> String {
    path_with_mark(group, None)
}

/// The path of a group, with a text beside one of its steps, by number.
pub fn path_with_mark(group: &KeptGroup, mark: Option<(usize, &str)>) -> String {
    let KeptGroup {
        root,
        steps,
        linear_memory,
        ..
    } = group;
    let mut rows: Vec<[String; 3]> = Vec::new();
    for part in parts(steps) {
        let indent = rows.len();
        match part {
            ShownStep::Step(index, step) => {
                let mut row = row(indent, index, step);
                if let Some((_, mark)) = mark.filter(|(at, _)| *at == index) {
                    let before = if row[2].is_empty() { "" } else { "  " };
                    row[2] += &format!("{before}{}", style(mark).bold());
                }
                rows.push(row);
            }
            ShownStep::LeftOut(count) => rows.push([
                format!("{}…", "  ".repeat(indent)),
                format!("{count} more steps"),
                String::new(),
            ]),
        }
    }
    if let Some(linear) = linear_memory {
        rows.push(dashed_row(rows.len(), linear, steps));
    }
    let width = |column: usize, most: usize| {
        let widths = rows.iter().map(|row| measure_text_width(&row[column]));
        widths.filter(|width| *width <= most).max().unwrap_or(0)
    };
    let widths = [width(0, usize::MAX), width(1, WIDEST)];
    let mut text = format!("  {}\n", style(root).bold());
    for [label, node, more] in &rows {
        let label = pad_str(label, widths[0] + 2, console::Alignment::Left, None);
        let node = pad_str(node, widths[1], console::Alignment::Left, None);
        let line = format!("  {label}{node}  {more}");
        text += line.trim_end();
        text += "\n";
    }
    if linear_memory.as_ref().is_some_and(|linear| linear.closes.is_some()) {
        text += INVISIBLE;
        text += "\n";
    }
    text
}

/// The longest path that is shown whole; of a longer one only the ends are.
const LONGEST: usize = 40;

/// A shown part of a path.
pub enum ShownStep<'a> {
    /// A step, and its number.
    Step(usize, &'a Step),
    /// The number of steps left out.
    LeftOut(usize),
}

/// The steps that are shown.
pub fn parts(steps: &[Step]) -> Vec<ShownStep<'_>> {
    let all = steps
        .iter()
        .enumerate()
        .map(|(index, step)| ShownStep::Step(index, step));
    if steps.len() <= LONGEST {
        return all.collect();
    }
    let left_out = steps.len() - LONGEST;
    let mut parts: Vec<ShownStep<'_>> = all.collect();
    parts.splice(LONGEST / 2..LONGEST / 2 + left_out, [ShownStep::LeftOut(left_out)]);
    parts
}

fn row(indent: usize, index: usize, step: &Step) -> [String; 3] {
    [
        format!("{}└ {}", "  ".repeat(indent), style(step_label(step)).cyan()),
        step.node.clone(),
        more(index, step).join("  "),
    ]
}

/// `.previous`, or `.previous, 9 times`.
pub fn step_label(step: &Step) -> String {
    match step.repeat {
        Some(repeat) if repeat.steps == 1 => format!("{}, {} times", step.label, repeat.times),
        Some(repeat) => format!("{}, these {} steps {} times", step.label, repeat.steps, repeat.times),
        None => step.label.clone(),
    }
}

/// The same in a line that has nothing else of the step: where the label says nothing, what the step leads to does, and of a
/// function the place: `(EventListener)`, `(function app.js:7)`.
pub fn label_in_line(step: &Step) -> String {
    if step.label != UNNAMED {
        return step_label(step);
    }
    match step
        .place
        .as_deref()
        .filter(|_| step.source.is_some() || step.node == FUNCTION)
    {
        Some(place) => format!("({} {place})", step.node),
        None => format!("({})", step.node),
    }
}

/// More about a step: its source, its place, and the kind of its edge if the label does not show it.
fn more(index: usize, step: &Step) -> Vec<String> {
    let kind = match step.kind {
        EdgeKind::CapturedVariable if index > 0 => Some(step.kind.words()),
        EdgeKind::TableSlot | EdgeKind::WasmGcField => Some(step.kind.words()),
        _ => None,
    };
    let captured_for = step.captured_for.as_ref().map(|other| {
        format!(
            "not mentioned there, but the scope is shared with {}  {}",
            other.source, other.place
        )
    });
    [
        step.source.clone(),
        step.place.clone(),
        kind.map(str::to_owned),
        captured_for,
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn dashed_row(indent: usize, linear: &LinearMemory, steps: &[Step]) -> [String; 3] {
    let indent = "  ".repeat(indent);
    let label = format!(".{} = {:#x}", linear.field, linear.address);
    [
        format!("{indent}┆ {}", style(label).yellow()),
        block_words(linear.bytes),
        in_linear_memory(linear, steps),
    ]
}

/// The wrapper's object in linear memory: `8 B of linear memory`.
pub fn block_words(bytes: Option<u64>) -> String {
    match bytes {
        Some(bytes) => format!("{bytes} B of linear memory"),
        None => "linear memory".to_owned(),
    }
}

/// `callback handle 0  ⟶  table slot [0] above`.
fn in_linear_memory(linear: &LinearMemory, steps: &[Step]) -> String {
    match linear.closes {
        Some(index) => format!("{}  ⟶  table {} above", handle_words(linear), slot(&steps[index])),
        None => handle_words(linear),
    }
}

fn slot(step: &Step) -> String {
    match step.label.starts_with("slot") {
        true => step.label.clone(),
        false => format!("slot {}", step.label),
    }
}

/// The thing that the guest holds by a handle.
pub fn handle_words(linear: &LinearMemory) -> String {
    match linear.handle {
        Some(handle) => format!("{} handle {handle}", linear.what),
        None => format!("no {}", linear.what),
    }
}
