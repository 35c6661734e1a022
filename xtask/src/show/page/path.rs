//! A retaining path drawn: a box for each object, one below the other, with the reference that leads to it.

use crate::base::text::{clip, clip_to};
use crate::results::explanations::{ExplanationRow, LinearMemoryRow, PathRow};
use crate::show::amounts::thousands;
use crate::show::path_text::block_words;
use maud::{Markup, html};

/// Paths of one answer that are drawn; the others are counted.
const PATHS: usize = 4;

/// Steps of a path that are drawn, from its beginning and from its end.
const STEPS: usize = 12;

/// The deepest indentation, in steps.
const DEPTH: usize = 10;

/// What keeps alive what leaks.
pub fn paths(answer: &ExplanationRow) -> Markup {
    let more = answer.paths.len().saturating_sub(PATHS);
    html! {
        @for path in answer.paths.iter().take(PATHS) { (drawn(path)) }
        @if more > 0 { p.quiet { (more) " more paths, which the explanation has" } }
        @if answer.paths.is_empty() {
            @match answer.reason.as_deref() {
                Some(reason) => p.quiet { "What keeps it alive is not known: " (clip(reason)) },
                None => p.quiet { "No retaining path was found." },
            }
        }
    }
}

fn drawn(path: &PathRow) -> Markup {
    let steps = path.steps.len();
    let grows = path.leaks;
    html! {
        p {
            "What keeps " (clip(&path.wrapper)) " alive"
            @if path.count > 1 { ", and " (thousands(path.count - 1)) " more" }
            @if !grows { @if let Some(growth) = &path.growth { " (no leak: " (clip(&growth.replace('-', " "))) ")" } }
        }
        ol.path {
            li style="--depth:0" { span.node { (clip(&path.root)) } }
            @for (index, step) in path.steps.iter().enumerate() {
                @if index < STEPS || index + STEPS >= steps {
                    @let is_cut = path.cut == Some(index);
                    li.cut[is_cut] style={ "--depth:" ((index + 1).min(DEPTH)) } {
                        code { (clip(&step.label)) } " → " span.node { (clip(&step.node)) }
                        @if let Some(source) = &step.source { " " code.quiet { (clip_to(source, 80)) } }
                        @if let Some(place) = &step.place { " " span.quiet { "(" (clip(place)) ")" } }
                        @if is_cut { " " strong.bad { "◀ without this reference they would die" } }
                    }
                } @else if index == STEPS {
                    li style={ "--depth:" (DEPTH) } { span.quiet { "… " (steps - 2 * STEPS) " more steps …" } }
                }
            }
            @if let Some(memory) = &path.linear_memory { (through_memory(memory, steps)) }
        }
    }
}

/// The reference that no collector sees.
fn through_memory(memory: &LinearMemoryRow, steps: usize) -> Markup {
    html! {
        li.unseen style={ "--depth:" ((steps + 1).min(DEPTH)) } {
            code { (clip(&memory.field)) } " → " span.node { (block_words(memory.bytes)) } ", which holds " (clip(&memory.what))
            @if let Some(handle) = memory.handle { " by handle " (handle) }
            @if let Some(step) = memory.closes { ": that is step " (step + 1) ", and closes the cycle" }
            " " span.quiet { "(invisible to the collector)" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::explanations::StepRow;

    #[test]
    fn a_long_path_is_cut_in_the_middle_and_nothing_in_it_is_active() {
        let odd = "<script>\u{202e}\u{1b}";
        let step = StepRow {
            kind: odd.to_owned(),
            label: odd.to_owned(),
            node: odd.to_owned(),
            source: Some(odd.to_owned()),
            place: Some(odd.to_owned()),
        };
        let path = PathRow {
            wrapper: odd.to_owned(),
            root: odd.to_owned(),
            growth: Some(odd.to_owned()),
            steps: vec![step; 1000],
            cut: Some(999),
            ..PathRow::default()
        };
        let html = drawn(&path).into_string();
        assert!(
            html.contains("… 976 more steps …") && html.contains("without this reference"),
            "{html}"
        );
        assert!(
            !html.contains(odd) && !html.contains("<script") && !html.contains('\u{202e}'),
            "{html}"
        );
        assert_eq!(html.matches("<li").count(), 2 * STEPS + 2);
    }
}
