//! Where verdicts flip between versions, as lines.

use crate::base::text::inert;
use crate::measure::verdict::Verdict;
use crate::results::document::Results;
use crate::results::flips::flips;

/// A line for each flip, after a line that is empty; nothing if there is none.
pub fn flips_text(results: &Results) -> String {
    let names = |verdicts: &[Verdict]| {
        let names: Vec<String> = verdicts.iter().map(Verdict::to_string).collect();
        names.join(", ")
    };
    let lines: Vec<String> = flips(results)
        .iter()
        .map(|flip| {
            let (before, after) = (inert(&flip.before.title), inert(&flip.after.title));
            let (was, is) = (names(&flip.was), names(&flip.is));
            format!(
                "{} flips between {before} and {after}: {was} → {is}\n",
                inert(flip.case)
            )
        })
        .collect();
    match lines.is_empty() {
        true => String::new(),
        false => format!("\n{}", lines.concat()),
    }
}
