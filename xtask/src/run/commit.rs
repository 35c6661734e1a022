//! The commit that is checked out in a directory, as git reports it.

use crate::run::session::Session;
use crate::run::tools::query;
use std::ffi::OsStr;
use std::path::Path;

/// The commit; `None` if the directory is in no git tree, has no commit yet, or git is not there.
pub fn checked_out(directory: &Path, session: &Session) -> Option<String> {
    let words = [
        "-C".as_ref(),
        directory.as_os_str(),
        "rev-parse".as_ref(),
        "HEAD".as_ref(),
    ];
    let words: &[&OsStr] = &words;
    let printed = query("git", words, session).ok()??;
    is_commit(&printed).then_some(printed)
}

/// Whether it is the whole name of a commit: SHA-1 or SHA-256.
fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_name_of_a_commit_is_one() {
        for (text, wanted) in [
            ("0123456789abcdef0123456789abcdef01234567", true),
            ("0123456789abcdef", false),
            ("HEAD", false),
            ("0123456789abcdef0123456789abcdef0123456\n", false),
            ("", false),
        ] {
            assert_eq!(is_commit(text), wanted, "{text}");
        }
    }
}
