//! The order of an engine's versions.

use crate::engine::places::version_key;

/// The place of a version among others, the oldest first; one that is not known comes last. A commit, which bun reports,
/// is no version.
pub fn version_order(version: Option<&str>) -> (bool, Vec<u64>) {
    let is_known = |text: &&str| {
        let is_number = text.chars().all(|c| c.is_ascii_digit());
        text.starts_with(|c: char| c.is_ascii_digit()) && (is_number || text.contains('.'))
    };
    let key = version.filter(is_known).map(version_key);
    (key.is_none(), key.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::version_order;

    #[test]
    fn versions_are_in_order_and_what_is_none_comes_last() {
        let ordered = ["91.2", "128", "128.3.1", "128.14.0", "140.0a1"];
        assert!(ordered.is_sorted_by_key(|version| version_order(Some(version))));
        let commit = "6375c72affe0f70222cdcb45012b10f0bf3a9d5d";
        for unknown in [Some(commit), Some("unknown"), Some(""), None] {
            let last = version_order(Some("140.0a1"));
            assert!(last < version_order(unknown), "{unknown:?}");
        }
    }
}
