//! A page of the user's, as it is served: with our script before all else in it. Pure.

/// What a page may say against scripts that it does not name: it would keep ours from running.
const POLICY: &[u8] = b"content-security-policy";

/// As long as that.
const LEFT_OUT: &[u8; POLICY.len()] = b"x-left-out-by-wasm-leak";

/// The text of the page with a script of this address at its beginning, and without the policies in its `meta` elements.
pub fn with_script(page: &[u8], script: &str) -> Vec<u8> {
    let page = without_policies(page);
    let at = beginning(&page);
    let script = format!("<script src=\"{script}\" data-page></script>");
    [&page[..at], script.as_bytes(), &page[at..]].concat()
}

/// Where a script can be put: after the document type, without which the page would look otherwise.
fn beginning(page: &[u8]) -> usize {
    let mut at = if page.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    loop {
        at += page[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = &page[at..];
        let end = if rest.starts_with(b"<!--") {
            memchr::memmem::find(rest, b"-->").map(|end| end + 3)
        } else if is_prefix(rest, b"<!doctype") {
            return memchr::memchr(b'>', rest).map_or(at, |end| at + end + 1);
        } else {
            None
        };
        match end {
            Some(end) => at += end,
            None => return at,
        }
    }
}

/// Whether the text begins with this one, in small letters or large ones.
fn is_prefix(text: &[u8], small: &[u8]) -> bool {
    text.len() >= small.len() && text[..small.len()].eq_ignore_ascii_case(small)
}

/// Renames the policies in `meta` elements: they are ignored then.
fn without_policies(page: &[u8]) -> Vec<u8> {
    let mut left = page.to_vec();
    for start in memchr::memchr_iter(b'<', page) {
        if !is_prefix(&page[start..], b"<meta") {
            continue;
        }
        let end = memchr::memchr(b'>', &page[start..]).map_or(page.len(), |end| start + end);
        let tag = &page[start..end];
        let found = tag
            .windows(POLICY.len())
            .position(|part| part.eq_ignore_ascii_case(POLICY));
        if let Some(at) = found {
            left[start + at..start + at + POLICY.len()].copy_from_slice(LEFT_OUT);
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_script_comes_first_and_no_policy_stops_it() {
        const SCRIPT: &str = "<script src=\"/s.js\" data-page></script>";
        for (page, before, after) in [
            ("", "", ""),
            ("<p>a", "", "<p>a"),
            ("<!DOCTYPE html><html>", "<!DOCTYPE html>", "<html>"),
            (
                "\u{feff}\n<!-- <!doctype html> --> <!doctype\nhtml>\n<p>",
                "\u{feff}\n<!-- <!doctype html> --> <!doctype\nhtml>",
                "\n<p>",
            ),
            ("<!-- a", "", "<!-- a"),
            ("<!doctype", "", "<!doctype"),
            (
                "<meta charset=utf-8><META http-equiv='Content-Security-Policy' content=\"default-src 'none'\"><p>",
                "",
                "<meta charset=utf-8><META http-equiv='x-left-out-by-wasm-leak' content=\"default-src 'none'\"><p>",
            ),
            (
                "<p>Content-Security-Policy</p><meta",
                "",
                "<p>Content-Security-Policy</p><meta",
            ),
        ] {
            let found = String::from_utf8(with_script(page.as_bytes(), "/s.js")).unwrap();
            assert_eq!(found, format!("{before}{SCRIPT}{after}"), "{page}");
        }
    }
}
