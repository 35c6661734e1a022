//! Explanations as text.

use crate::base::text::{inert, inert_lines};
use crate::explain::answer::{Answer, ExplainedCell};
use crate::explain::explanation::{Explanation, LinearMemory, Step};
use console::{measure_text_width, pad_str, style};
use heap::EdgeKind;

/// The note under a path that linear memory closes.
const INVISIBLE: &str = "the dashed edge is invisible to the collector: nothing in linear memory can be traced, \
                         so the slot stays a root for ever.";

/// One answer as text.
pub fn text(explained: &ExplainedCell) -> String {
    let head = format!("{} on {}: ", style(&explained.case).bold(), inert(&explained.program));
    match &explained.answer {
        Answer::Kept(explanation) => format!("{head}{}", kept(explanation)),
        Answer::Nothing {
            wrapper,
            made,
            slots,
            leaks,
        } => {
            let text = format!(
                "{head}nothing keeps {wrapper} alive; {} collected\n",
                count_words(*made)
            );
            text + &caveat(*slots, *leaks)
        }
        Answer::CannotTell { reason } => format!("{head}it cannot tell: {}\n", inert_lines(reason)),
        Answer::Failed { reason } => format!("{head}there is no answer: {}\n", inert_lines(reason)),
    }
}

fn count_words(made: u64) -> String {
    match made {
        1 => "the one that was made was".to_owned(),
        _ => format!("all {made} were"),
    }
}

/// The caveat although all wrappers were collected: slots that are still in use,
/// or a case that is expected to leak.
fn caveat(slots: u64, leaks: bool) -> String {
    let what = match slots {
        0 if leaks => return "  but the case is expected to leak: one round does not show what\n".to_owned(),
        0 => return String::new(),
        1 => "1 slot of the table is".to_owned(),
        _ => format!("{slots} slots of the table are"),
    };
    format!("  but {what} still in use: nothing frees what the guest's objects hold\n")
}

fn kept(explanation: &Explanation) -> String {
    let Explanation {
        wrapper,
        made,
        alive,
        root,
        steps,
        linear_memory,
    } = explanation;
    let which = match alive {
        _ if alive == made => wrapper.clone(),
        1 => format!("{wrapper}, the only one of {made} that is left,"),
        _ => format!("{wrapper}, the first of the {alive} of {made} that are left,"),
    };
    let mut rows: Vec<[String; 3]> = Vec::new();
    for part in parts(steps) {
        let indent = rows.len();
        match part {
            ShownStep::Step(index, step) => rows.push(row(indent, index, step)),
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
    let width = |column: usize| {
        rows.iter()
            .map(|row| measure_text_width(&row[column]))
            .max()
            .unwrap_or(0)
    };
    let widths = [width(0), width(1)];
    let mut text = format!("{which} is kept alive by\n  {}\n", style(root).bold());
    for [label, node, more] in &rows {
        let label = pad_str(label, widths[0] + 2, console::Alignment::Left, None);
        let node = pad_str(node, widths[1] + 2, console::Alignment::Left, None);
        let line = format!("  {label}{node}{more}");
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
        format!("{}└ {}", "  ".repeat(indent), style(&step.label).cyan()),
        step.node.clone(),
        more(index, step).join("  "),
    ]
}

/// More about a step: its source, its place, and the kind of its edge if the label does not show it.
fn more(index: usize, step: &Step) -> Vec<String> {
    let kind = match step.kind {
        EdgeKind::CapturedVariable if index > 0 => Some(step.kind.words()),
        EdgeKind::TableSlot | EdgeKind::WasmGcField => Some(step.kind.words()),
        _ => None,
    };
    [step.source.clone(), step.place.clone(), kind.map(str::to_owned)]
        .into_iter()
        .flatten()
        .collect()
}

fn dashed_row(indent: usize, linear: &LinearMemory, steps: &[Step]) -> [String; 3] {
    let indent = "  ".repeat(indent);
    let label = format!(".{} = {:#x}", linear.field, linear.address);
    [
        format!("{indent}┆ {}", style(label).yellow()),
        "linear memory".to_owned(),
        in_linear_memory(linear, steps),
    ]
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
