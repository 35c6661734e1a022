//! Where cases flip between versions of an engine, as lines.

use crate::base::text::inert;
use crate::results::document::Results;
use crate::results::flips::{Flip, flips};
use crate::show::change_text::changed;

/// A line for each flip, after a line that is empty; nothing if there is none.
pub fn flips_text(results: &Results) -> String {
    let title = |index: usize| results.programs[index].title.as_str();
    let line = |flip: &Flip<'_>| flip_line(flip, title(flip.before), title(flip.after)) + "\n";
    let lines: String = flips(results).iter().map(line).collect();
    match lines.is_empty() {
        true => lines,
        false => format!("\n{lines}"),
    }
}

/// A flip in a line, by the titles of both programs; inert.
pub fn flip_line(flip: &Flip<'_>, before: &str, after: &str) -> String {
    format!(
        "{} flips between {} and {}: {}",
        inert(flip.title),
        inert(before),
        inert(after),
        changed(&flip.what)
    )
}
