//! The look of each program's lines: colour, dashes and the shape of the mark, so that none rests on colour alone.

use maud::{Markup, html};

const COLOURS: usize = 8;

/// Lengths of dashes and gaps.
const DASHES: [&str; 5] = ["none", "7 3", "2 3", "9 3 2 3", "13 5"];

/// Marks around the origin: a circle, a square, a triangle, a diamond, an upside-down triangle, a plus sign, a cross.
const MARKS: [&str; 7] = [
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
    "M-3.5-3.5h7v7h-7z",
    "M0-5 4.5 3.5h-9z",
    "M0-5 5 0 0 5-5 0z",
    "M0 5 4.5-3.5h-9z",
    "M-5 0H5M0-5V5",
    "M-4-4 4 4M-4 4 4-4",
];

/// The class of a program's colour.
pub fn colour(program: usize) -> String {
    format!("c{}", program % COLOURS)
}

/// The dashes of its lines.
pub fn dashes(program: usize) -> &'static str {
    DASHES[program % DASHES.len()]
}

/// The outline of its mark.
pub fn mark(program: usize) -> &'static str {
    MARKS[program % MARKS.len()]
}

/// A sample of a program's line, beside its name.
pub fn sample(program: usize) -> Markup {
    html! {
        svg class={ "key " (colour(program)) } viewBox="0 0 48 16" aria-hidden="true" {
            path class="curve" stroke-dasharray=(dashes(program)) d="M1 8H47" {}
            path class="mark" transform="translate(24 8)" d=(mark(program)) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn many_programs_look_different_even_without_colour() {
        let looks: HashSet<_> = (0..DASHES.len() * MARKS.len())
            .map(|program| (dashes(program), mark(program)))
            .collect();
        assert_eq!(looks.len(), 35);
    }
}
