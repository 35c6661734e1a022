//! Documents in which every string is odd.

use serde_json::Value;

/// Members that have few values: another one makes it no document at all.
const ENUMERATED: [&str; 9] = [
    "schema",
    "outcome",
    "verdict",
    "expected_verdicts",
    "type",
    "kind",
    "what",
    "answer",
    "growth",
];

/// Replaces every string, except those of members that have few values, and of those named here.
pub fn spoil(value: &mut Value, odd: &str, kept: &[&str]) {
    match value {
        Value::String(text) => *text = odd.to_owned(),
        Value::Array(all) => all.iter_mut().for_each(|value| spoil(value, odd, kept)),
        Value::Object(all) => {
            let is_kept = |name: &str| ENUMERATED.contains(&name) || kept.contains(&name);
            let others = all
                .iter_mut()
                .filter(|(name, value)| !is_kept(name) || value.is_object());
            others.for_each(|(_, value)| spoil(value, odd, kept));
        }
        _ => {}
    }
}
