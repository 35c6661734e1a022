//! The stacks that asked for the blocks of linear memory that stay, as a tree: the outermost function first, each with
//! the bytes a call of all that it led to.

use crate::measure::census::{Census, KindGrowth, What};
use crate::show::amounts::{bytes, count};
use crate::show::place_text;
use maud::{Markup, html};

/// Functions of a stack that are shown, from the outermost one on.
const DEEPEST: usize = 40;

/// A function, and those that it called on the way to blocks; of all stacks with the same functions around it.
#[derive(Debug, Default, PartialEq)]
struct StackNode {
    function: String,
    bytes: f64,
    blocks: f64,
    called: Vec<StackNode>,
}

/// The tree, if blocks stay whose stacks are known; else nothing.
pub fn stacks(census: &Census) -> Markup {
    let root = tree(census);
    html! {
        @if !root.called.is_empty() {
            details open {
                summary { "What asked for the blocks: " (bytes(root.bytes)) " a call" }
                (level(&root.called, root.bytes))
            }
        }
    }
}

fn tree(census: &Census) -> StackNode {
    let mut root = StackNode::default();
    for growth in census.grows.iter().filter(|growth| !growth.kind.stack.is_empty()) {
        match growth.kind.what {
            What::BlockBytes => add(&mut root, growth, |node| &mut node.bytes),
            What::Blocks => add(&mut root, growth, |node| &mut node.blocks),
            _ => {}
        }
    }
    order(&mut root);
    root
}

/// Adds what grows to each function of its stack.
fn add(root: &mut StackNode, growth: &KindGrowth, amount: fn(&mut StackNode) -> &mut f64) {
    *amount(root) += growth.per_call;
    let mut node = root;
    for frame in growth.kind.stack.iter().rev().take(DEEPEST) {
        let function = place_text::frame(frame);
        let index = node.called.iter().position(|called| called.function == function);
        let index = index.unwrap_or_else(|| {
            node.called.push(StackNode {
                function,
                ..StackNode::default()
            });
            node.called.len() - 1
        });
        node = &mut node.called[index];
        *amount(node) += growth.per_call;
    }
}

/// The largest first.
fn order(node: &mut StackNode) {
    node.called.sort_by(|one, other| other.bytes.total_cmp(&one.bytes));
    node.called.iter_mut().for_each(order);
}

/// Functions side by side; the bar of each is its share of all bytes.
fn level(nodes: &[StackNode], all: f64) -> Markup {
    html! {
        ul.stacks {
            @for node in nodes {
                li {
                    svg.share viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                        rect.of width="100" height="10" {}
                        rect width=(format!("{:.1}", share(node.bytes, all))) height="10" {}
                    }
                    " " (bytes(node.bytes)) " in " (count(node.blocks)) " blocks: " code { (node.function) }
                    @if !node.called.is_empty() { (level(&node.called, all)) }
                }
            }
        }
    }
}

/// In percent.
fn share(part: f64, all: f64) -> f64 {
    if all > 0.0 {
        (100.0 * part / all).clamp(0.0, 100.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::census::Kind;
    use crate::measure::census_events::PlaceFrame;

    fn growth(what: What, per_call: f64, functions: &[&str]) -> KindGrowth {
        let frame = |name: &&str| PlaceFrame {
            name: (*name).to_owned(),
            file: "a.js".to_owned(),
            line: 1,
            column: 0,
        };
        KindGrowth {
            kind: Kind {
                stack: functions.iter().map(frame).collect(),
                ..Kind::of(what)
            },
            per_call,
            fit: None,
        }
    }

    fn of(grows: Vec<KindGrowth>) -> Census {
        let text = r#"{"verdict": "leaks", "reader": "v8", "calls": 1, "round": 1, "readings": 1, "unsettled": 0,
            "grows": [], "stays": [], "doubt": null, "stopped": null}"#;
        let mut census: Census = serde_json::from_str(text).unwrap();
        census.grows = grows;
        census
    }

    /// As `BYTES BLOCKS FUNCTION`, two spaces before those that it called.
    fn lines(node: &StackNode, depth: usize, found: &mut Vec<String>) {
        for called in &node.called {
            let indent = "  ".repeat(depth);
            found.push(format!(
                "{indent}{} {} {}",
                called.bytes, called.blocks, called.function
            ));
            lines(called, depth + 1, found);
        }
    }

    #[test]
    fn stacks_with_the_same_functions_around_are_one_branch() {
        let root = tree(&of(vec![
            growth(What::BlockBytes, 8.0, &["node", "make", "test"]),
            growth(What::Blocks, 1.0, &["node", "make", "test"]),
            growth(What::BlockBytes, 24.0, &["name", "make", "test"]),
            growth(What::Blocks, 2.0, &["name", "make", "test"]),
            growth(What::BlockBytes, 1.0, &["load", "test"]),
            growth(What::Objects, 7.0, &["make", "test"]),
            growth(What::BlockBytes, 5.0, &[]),
        ]));
        assert_eq!(root.bytes, 33.0);
        let mut found = Vec::new();
        lines(&root, 0, &mut found);
        assert_eq!(
            found,
            [
                "33 3 test (a.js:1)",
                "  32 3 make (a.js:1)",
                "    24 2 name (a.js:1)",
                "    8 1 node (a.js:1)",
                "  1 0 load (a.js:1)",
            ]
        );
    }

    #[test]
    fn where_no_block_stays_there_is_no_tree() {
        let census = of(vec![growth(What::Objects, 7.0, &["make", "test"])]);
        assert_eq!(stacks(&census).into_string(), "");
    }

    #[test]
    fn names_are_text_and_the_deepest_functions_are_left_out() {
        let deep: Vec<String> = (0..100_000).map(|number| format!("<b>{number}")).collect();
        let deep: Vec<&str> = deep.iter().map(String::as_str).collect();
        let text = stacks(&of(vec![growth(What::BlockBytes, 8.0, &deep)])).into_string();
        assert_eq!(text.matches("&lt;b&gt;").count(), DEEPEST);
        assert!(!text.contains("<b>"));
    }
}
