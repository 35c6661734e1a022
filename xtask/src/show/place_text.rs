//! Where something was made, as text: the functions of a stack, of the user's own files and of packages.

use crate::base::text::clip;
use crate::measure::census::{Kind, What};
use crate::measure::census_events::PlaceFrame;

/// Callers that are shown of a stack.
const CALLERS: usize = 3;

/// The directory of packages.
const PACKAGES: &str = "node_modules/";

/// Functions of a guest that are shown before those of scripts.
const FIRST: usize = 2;

/// The extensions of scripts.
const SCRIPTS: [&str; 8] = ["js", "mjs", "cjs", "ts", "mts", "cts", "tsx", "jsx"];

/// `, made by makeWidget (app.ts:12) < test (test.mjs:4)`
pub fn place(kind: &Kind) -> String {
    if kind.stack.is_empty() {
        return String::new();
    }
    let frames = match kind.what {
        What::BlockBytes | What::Blocks => words(&kind.stack, functions_of_block(&kind.stack)),
        _ => words(&kind.stack, functions(&kind.stack)),
    };
    let by = match kind.what {
        What::LinearMemory => "grown",
        What::BlockBytes | What::Blocks => "asked for",
        _ => "made",
    };
    format!(", {by} by {}", frames.join(" < "))
}

/// These functions of a stack, with `…` where others are between.
fn words(stack: &[PlaceFrame], places: Vec<usize>) -> Vec<String> {
    let mut words = Vec::new();
    let mut next = 0;
    for place in places {
        if place > next {
            words.push("…".to_owned());
        }
        next = place + 1;
        words.push(frame(&stack[place]));
    }
    words
}

/// The innermost functions; and, where all of these are a package's, the innermost one that is the user's own.
fn functions(stack: &[PlaceFrame]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..stack.len().min(CALLERS)).collect();
    places.extend(distance(stack).filter(|own| *own >= CALLERS));
    places
}

/// How many functions of packages are within the innermost one of the user's own; none if all are of packages.
pub fn distance(stack: &[PlaceFrame]) -> Option<usize> {
    stack.iter().position(is_own)
}

fn is_own(frame: &PlaceFrame) -> bool {
    !frame.file.contains(PACKAGES)
}

/// The innermost function of the user's own; else the innermost one.
pub fn own_function(stack: &[PlaceFrame]) -> Option<&PlaceFrame> {
    stack.iter().find(|frame| is_own(frame)).or(stack.first())
}

/// The first functions, mostly of a guest, and then those of scripts, in which a call is missing; if these are a package's, the
/// innermost one of the user's own.
fn functions_of_block(stack: &[PlaceFrame]) -> Vec<usize> {
    let of_script = |frame: &PlaceFrame| {
        let extension = frame.file.rsplit_once('.').map_or("", |(_, extension)| extension);
        SCRIPTS.contains(&extension)
    };
    let first = FIRST.min(stack.len());
    let scripts = stack[first..].iter().position(of_script).unwrap_or(0);
    let end = stack.len().min(first + scripts + CALLERS - 1);
    let mut places: Vec<usize> = (0..first).chain(first + scripts..end).collect();
    let is_own = |frame: &PlaceFrame| of_script(frame) && is_own(frame);
    let is_shown = places.iter().any(|place| is_own(&stack[*place]));
    places.extend((end..stack.len()).find(|place| !is_shown && is_own(&stack[*place])));
    places
}

/// The outermost functions that two stacks have in common.
pub fn callers_of_both<'s>(one: &'s [PlaceFrame], other: &[PlaceFrame]) -> &'s [PlaceFrame] {
    let pairs = one.iter().rev().zip(other.iter().rev());
    let same = pairs
        .take_while(|(one, other)| function(one) == function(other))
        .count();
    &one[one.len() - same..]
}

/// A function, wherever in it something was made.
pub fn function(frame: &PlaceFrame) -> String {
    format!("{}@{}", frame.name, frame.file)
}

/// `new Widget (test.js:6)`
pub fn frame(frame: &PlaceFrame) -> String {
    let place = match frame.line {
        0 => clip(&frame.file),
        line => format!("{}:{line}", clip(&frame.file)),
    };
    match frame.name.as_str() {
        "" => format!("the script ({place})"),
        name if place.is_empty() => clip(name),
        name => format!("{} ({place})", clip(name)),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// `f a.js`: a function and its file.
    pub fn stack_of(texts: &[&str]) -> Vec<PlaceFrame> {
        let frame = |text: &&str| {
            let (name, file) = text.split_once(' ').unwrap();
            PlaceFrame {
                name: name.to_owned(),
                file: file.to_owned(),
                line: 1,
                column: 0,
            }
        };
        texts.iter().map(frame).collect()
    }

    /// The names of these functions, as they are shown.
    fn names(stack: &[PlaceFrame], places: Vec<usize>) -> String {
        let words = words(stack, places);
        let names: Vec<&str> = words.iter().map(|word| word.split(' ').next().unwrap()).collect();
        names.join(" ")
    }

    const ON: &str = "on ../node_modules/map/on.js";

    #[test]
    fn of_what_a_package_made_the_user_s_own_function_is_told() {
        for (stack, told, own) in [
            (&["f a.js", "g a.js", "h a.js", "test t.js"][..], "f g h", Some(0)),
            (&[ON, "f a.js", "g a.js", "h a.js"], "on f g", Some(1)),
            (&[ON, ON, ON, "f a.js", "test t.js"], "on on on f", Some(3)),
            (&[ON, ON, ON, ON, "f a.js", "test t.js"], "on on on … f", Some(4)),
            (&[ON, ON, ON, ON], "on on on", None),
            (&[], "", None),
        ] {
            let stack = stack_of(stack);
            assert_eq!(names(&stack, functions(&stack)), told);
            assert_eq!(distance(&stack), own);
            let innermost = own_function(&stack).map(|frame| &frame.file);
            assert_eq!(innermost, stack.get(own.unwrap_or(0)).map(|frame| &frame.file));
        }
    }

    #[test]
    fn of_a_block_the_first_functions_and_those_of_scripts_are_told() {
        for (stack, told) in [
            (
                &["f a.c", "g a.c", "h a.c", "Widget w.js", "test t.mjs", "main m.js"][..],
                "f g … Widget test",
            ),
            (&["f a.c", "g a.c", "Widget w.js", "test t.mjs"], "f g Widget test"),
            (&["f a.c", "test t.ts"], "f test"),
            (&["f a.c", "g a.c", "h a.c", "i a.rs", "j a.rs"], "f g h i"),
            (&["Widget w.js", "test t.js"], "Widget test"),
            (
                &["f a.c", "g a.c", ON, ON, ON, "test t.js", "main m.js"],
                "f g on on … test",
            ),
            (&["f a.c", ON, ON, "test t.js"], "f on on test"),
            (&["f a.c", ON, ON, ON, ON], "f on on on"),
            (&[], ""),
        ] {
            let stack = stack_of(stack);
            assert_eq!(names(&stack, functions_of_block(&stack)), told);
        }
    }
}
