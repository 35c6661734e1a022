//! Explanations as text.

use crate::base::text::{clip, inert, inert_lines};
use crate::explain::answer::{Answer, ExplainedCell};
use crate::explain::explanation::{Explanation, OtherGrowth};
use crate::explain::growth::Growth;
use crate::show::leaks_text;
use crate::show::path_text::{growth_note, other, path};
use console::style;

/// One answer as text.
pub fn text(explained: &ExplainedCell) -> String {
    let head = format!("{} on {}: ", style(&explained.case).bold(), inert(&explained.program));
    match &explained.answer {
        Answer::Kept(explanation) => format!("{head}{}", kept(explanation)),
        Answer::Nothing {
            wrapper,
            made,
            slots,
            own_slots,
            other_growth,
            expected,
        } => {
            let text = format!(
                "{head}nothing keeps {wrapper} alive; {} collected\n",
                count_words(*made)
            );
            let caveats = [
                slots_caveat(*slots, *own_slots),
                other_growth.map(|growth| growth_caveats(&growth)),
            ];
            let caveats: String = caveats.into_iter().flatten().collect();
            match expected.filter(|_| caveats.is_empty()) {
                Some(expected) => {
                    text + &format!("  but the expected verdict is {expected}: {made} objects do not show what stays\n")
                }
                None => text + &caveats,
            }
        }
        Answer::Leaks(leaks) => format!("{head}{}", leaks_text::leaks(leaks)),
        Answer::NoLeak(census) => format!("{head}{}", leaks_text::no_leak(census)),
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

/// Slots that are still in use although all wrappers were collected.
fn slots_caveat(slots: u64, own: bool) -> Option<String> {
    let what = match slots {
        0 => return None,
        _ if own => {
            return Some(format!(
                "  but the case's own count of slots, which it has set itself, is still {slots}\n"
            ));
        }
        1 => "1 slot of the table is".to_owned(),
        _ => format!("{slots} slots of the table are"),
    };
    Some(format!(
        "  but {what} still in use: nothing frees what the guest's objects hold\n"
    ))
}

/// What grows although wrappers die.
fn growth_caveats(growth: &OtherGrowth) -> String {
    let OtherGrowth { objects, full, .. } = growth;
    let when = match objects {
        0 => String::new(),
        _ => format!(" with {objects} more objects"),
    };
    let how = |(from, to): (u64, u64), what: &str| format!("grew from {from} to {to} {what}{when}");
    let pages = growth.pages.map(|pages| {
        let how = match full {
            true => format!("ran out at {} pages{when}", pages.1),
            false => how(pages, "pages"),
        };
        format!("linear memory {how}: wrappers die, and the guest's objects in it stay")
    });
    let entries = growth
        .entries
        .map(|entries| format!("tables {}: their entries stay", how(entries, "entries")));
    // By how much is not the same in each run.
    let heap = growth
        .heap_per_object
        .map(|_| format!("the JavaScript heap grew{when}: something else stays"));
    let caveats = [pages, entries, heap].into_iter().flatten();
    caveats.map(|caveat| format!("  but {caveat}\n")).collect()
}

fn kept(explanation: &Explanation) -> String {
    let Explanation {
        dead,
        made,
        alive,
        asked,
        main,
        others,
        unexplained,
        hidden,
        other_growth,
        expected,
    } = explanation;
    let stay = match alive {
        _ if dead.is_some() => format!("{alive} of {made} linear memories stay"),
        _ if alive == made && *made == 1 => "the only object stays".to_owned(),
        _ if alive == made => format!("all {made} objects stay"),
        1 => format!("1 of {made} objects stays"),
        _ => format!("{alive} of {made} objects stay"),
    };
    let how_many = match main.count {
        count if count == *alive || count == *asked => String::new(),
        count if asked < alive => format!(", {count} of {asked} that were asked about in the same way"),
        count => format!(", {count} of them in the same way"),
    };
    let dead = dead.as_ref().map_or(String::new(), |dead| {
        format!("all {} {} objects were collected, but ", dead.made, clip(&dead.class))
    });
    let mut text = format!("{dead}{stay}{how_many}; {} is kept alive by\n", main.wrapper);
    text += &path(main);
    if let Some(note) = growth_note(main.growth, main.count) {
        text += &format!("  that is no leak: {note}\n");
    }
    for group in others.iter().take(MOST_OTHERS) {
        text += &other(group);
    }
    if let Some(rest) = others.get(MOST_OTHERS..).filter(|rest| !rest.is_empty()) {
        let count: u64 = rest.iter().map(|group| group.count).sum();
        text += &format!("  {count} more in {} other ways\n", rest.len());
    }
    if *unexplained > 0 {
        let why = hidden.map_or(String::new(), |hidden| format!(": {hidden}"));
        text += &format!("  {unexplained} more that no path from a root leads to{why}\n");
    }
    if let Some(growth) = other_growth {
        text += &growth_caveats(growth);
    }
    if let (Growth::Grows, Some(expected)) = (main.growth, expected) {
        text += &format!("  but the expected verdict is {expected}: {made} objects do not show that\n");
    }
    text
}

/// How many other ways are shown, a line each.
const MOST_OTHERS: usize = 5;
