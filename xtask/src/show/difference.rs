//! The difference between two texts, as lines with `-`, `+` and some that stay.

use crate::base::text::inert;
use console::style;
use similar::{ChangeTag, TextDiff};

/// Lines that stay are shown so many before and after a change.
const AROUND: usize = 3;

/// The most lines that are shown.
const MOST: usize = 120;

/// The changes from the old text to the new one; empty if there are none.
pub fn difference(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for (number, hunk) in diff.unified_diff().context_radius(AROUND).iter_hunks().enumerate() {
        if number > 0 {
            lines.push("  ⋮".to_owned());
        }
        for change in hunk.iter_changes() {
            let text = inert(change.value().trim_end_matches(['\r', '\n'])).into_owned();
            lines.push(match change.tag() {
                ChangeTag::Equal => format!("    {text}"),
                ChangeTag::Delete => style(format!("  - {text}")).for_stderr().red().to_string(),
                ChangeTag::Insert => style(format!("  + {text}")).for_stderr().green().to_string(),
            });
        }
    }
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if more > 0 {
        lines.push(format!("  and {more} more lines"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_shown_with_what_is_around_them() {
        console::set_colors_enabled_stderr(false);
        for (old, new, expected) in [
            ("", "a\nb\n", "  + a\n  + b"),
            ("a\nb\n", "a\nc\n", "    a\n  - b\n  + c"),
            ("a\n", "a\n", ""),
            (
                "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
                "  - 1\n  + x\n    2\n    3\n    4\n  ⋮\n    6\n    7\n    8\n  - 9\n  + y",
            ),
            ("\u{1b}[2J\n", "", "  - \\x1b[2J"),
        ] {
            assert_eq!(difference(old, new), expected);
        }
        let many = "x\n".repeat(1000);
        assert!(difference("", &many).ends_with("and 880 more lines"));
    }
}
