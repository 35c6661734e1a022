//! Where cases flip between versions of an engine: the marks in the matrix, what they mean, and a line for each.

use crate::results::cell_changes::Changed;
use crate::results::flips::Flip;
use crate::results::gathered::{Gathered, GatheredCell};
use crate::show::flips_text::flip_line;
use maud::{Markup, html};

/// A sign, and what it means.
type Sign = (&'static str, &'static str);

const VERDICT: Sign = ("⇆", "the verdict is another one than with the version before");
const AMOUNT: Sign = ("⇕", "a growth or a peak is another one than with the version before");

fn sign(flip: &Flip<'_>) -> Sign {
    match flip.what {
        Changed::Verdict { .. } => VERDICT,
        _ => AMOUNT,
    }
}

/// The mark of a cell in which the version flips from the one before, if it does; it leads to its line.
pub fn mark(flips: &[Flip<'_>], case: &str, program: usize) -> Option<Markup> {
    let is_it = |flip: &Flip<'_>| (flip.case, flip.after) == (case, program);
    let number = flips.iter().position(is_it)?;
    let (sign, meaning) = sign(&flips[number]);
    Some(html! { a.sign href={ "#flip-" (number) } aria-label=(meaning) { (sign) } })
}

/// What the marks mean, and a line for each flip; nothing if there is none.
pub fn list(all: &Gathered, flips: &[Flip<'_>]) -> Markup {
    let signs = [VERDICT, AMOUNT].into_iter();
    let used = signs.filter(|known| flips.iter().any(|flip| sign(flip) == *known));
    let numbers: Vec<String> = flips.iter().map(|flip| number(all, flip)).collect();
    html! {
        @if !flips.is_empty() {
            div.flips data-any=(numbers.join(" ")) {
                h3 { "Between versions" }
                @for (sign, meaning) in used { p.quiet { span.sign { (sign) } " " (meaning) } }
                ul {
                    @for (index, (flip, number)) in flips.iter().zip(&numbers).enumerate() {
                        li id={ "flip-" (index) } data-of=(number) {
                            (flip_line(flip, &all.title(flip.before), &all.title(flip.after)))
                        }
                    }
                }
            }
        }
    }
}

/// The number on the page of the newer one of both cells.
fn number(all: &Gathered, flip: &Flip<'_>) -> String {
    let is_it = |cell: &GatheredCell| (cell.case().0, cell.program) == (flip.case, flip.after);
    all.cells
        .iter()
        .position(is_it)
        .map_or(String::new(), |number| number.to_string())
}
