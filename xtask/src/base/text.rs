//! Makes text from other programs safe to show: inert, short, quoted.
//!
//! A script, a file name or a compiler may contain or print anything. It must not
//! control the terminal, forge a line, or reverse the reading order of text.

use regex::Regex;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::LazyLock;

/// The longest part of a line that is shown, in characters.
pub const SHOWN: usize = 200;

/// Control characters (C0, C1), format characters (bidirectional ones among
/// them), line and paragraph separators: Unicode's categories Cc, Cf, Zl, Zp.
static ACTIVE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]").expect("the pattern is a constant"));

/// A word that needs no quotes as an argument.
static PLAIN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_/.:@%+,-][A-Za-z0-9_/.:@%+,=-]*$").expect("the pattern is a constant"));

/// What a CI service takes for a command to itself, wherever it stands in a log: in GitHub Actions a line that begins
/// with `::`, after white space too, and `##[` anywhere; `##vso[` and `##teamcity[` elsewhere.
static COMMAND: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)(^\s*):(:)|#(#\w*\[)").expect("the pattern is a constant"));

/// Lines in which no CI service finds a command: the first character of one is written as an escape.
pub fn without_commands(lines: &str) -> Cow<'_, str> {
    COMMAND.replace_all(lines, |found: &regex::Captures<'_>| {
        match (found.get(1), found.get(3)) {
            (Some(space), _) => format!("{}\\x3a:", space.as_str()),
            (None, rest) => format!("\\x23{}", rest.map_or("", |rest| rest.as_str())),
        }
    })
}

/// The same for JSON, which stays equal JSON: `#` is found only in its strings, and lines begin with none of these.
pub fn json_without_commands(json: &str) -> String {
    json.replace("##", "#\\u0023")
}

/// The text as one inert line: active characters are written as escapes
/// (`\x1b`, `\n`, `\u{202e}`). Tabs stay.
pub fn inert(text: &str) -> Cow<'_, str> {
    escape(text, &['\t'])
}

/// The same for several lines: line feeds stay, too.
pub fn inert_lines(text: &str) -> Cow<'_, str> {
    escape(text, &['\t', '\n'])
}

fn escape<'a>(text: &'a str, keep: &[char]) -> Cow<'a, str> {
    ACTIVE.replace_all(text, |found: &regex::Captures<'_>| {
        let character = found[0].chars().next().unwrap_or_default();
        match character {
            kept if keep.contains(&kept) => kept.to_string(),
            '\t' | '\n' | '\r' => character.escape_default().to_string(),
            ascii if ascii.is_ascii() => format!("\\x{:02x}", u32::from(ascii)),
            other => other.escape_unicode().to_string(),
        }
    })
}

/// A line, inert, cut to [`SHOWN`] characters.
pub fn clip(line: &str) -> String {
    clip_to(line, SHOWN)
}

/// A line, inert, cut to `most` of its characters, with `…` if there are more.
pub fn clip_to(line: &str, most: usize) -> String {
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", inert(&line[..end])),
        None => inert(line).into_owned(),
    }
}

/// A word quoted for a shell, which reads back the same bytes, as inert text.
///
/// Printable words are quoted by shlex, only where needed. Words with active
/// characters or bytes that are not UTF-8 are written as `$'…'`, which bash,
/// zsh, ksh and POSIX.1-2024 read.
pub fn shell_word(word: impl AsRef<OsStr>) -> String {
    let word = word.as_ref();
    // `--os=x` and `v8=/x` are plain to every shell; a leading `=` is not (zsh).
    if word.to_str().is_some_and(|text| PLAIN.is_match(text)) {
        return word.to_string_lossy().into_owned();
    }
    let printable = word.to_str().filter(|text| !ACTIVE.is_match(text));
    if let Some(quoted) = printable.and_then(|text| shlex::try_quote(text).ok()) {
        return quoted.into_owned();
    }
    let mut quoted = String::from("$'");
    for byte in word.as_bytes() {
        match byte {
            b'\'' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => quoted.push(char::from(*byte)),
            // Three octal digits: some shells read more than two hexadecimal ones.
            _ => {
                let _ = write!(quoted, "\\{byte:03o}");
            }
        }
    }
    quoted + "'"
}

/// A command quoted for a shell.
pub fn command_line(words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
    let words: Vec<String> = words.into_iter().map(shell_word).collect();
    words.join(" ")
}

/// A URL's path, of which `%20` stands for a space and so on.
pub fn without_percent_signs(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The URL of a file, by its full path.
pub fn file_url(path: &Path) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~+@,".contains(&byte);
    let bytes = path.as_os_str().as_bytes().iter();
    let parts = bytes.map(|byte| match is_plain(*byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    format!("file://{}", parts.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn active_characters_are_escaped() {
        for (text, expected) in [
            ("plain ünïcode ✓\ttab", "plain ünïcode ✓\ttab"),
            ("a\u{1b}[31mb", "a\\x1b[31mb"),
            ("\u{1b}]0;title\u{7}", "\\x1b]0;title\\x07"),
            ("a\nb\r\n", "a\\nb\\r\\n"),
            // C1: a terminal may take it for the start of a sequence.
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{7f}\0", "\\x7f\\x00"),
            // Bidirectional overrides and isolates, zero width, a byte order mark.
            (
                "a\u{202e}b\u{2066}c\u{200b}d\u{feff}",
                "a\\u{202e}b\\u{2066}c\\u{200b}d\\u{feff}",
            ),
            ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
            ("\u{e0041}\u{61c}\u{ad}", "\\u{e0041}\\u{61c}\\u{ad}"),
        ] {
            assert_eq!(inert(text), expected);
        }
        assert_eq!(inert_lines("a\n\tb\u{1b}\r"), "a\n\tb\\x1b\\r");
    }

    #[test]
    fn a_command_to_a_ci_service_is_none_any_more() {
        for (lines, expected) in [
            ("a :: b # ## [c]", "a :: b # ## [c]"),
            ("::error::x", "\\x3a:error::x"),
            (
                "a\n  \t::set-env name=PATH::x\n:: b",
                "a\n  \t\\x3a:set-env name=PATH::x\n\\x3a: b",
            ),
            // White space that is not ASCII.
            ("\u{a0}\u{3000}::debug::x", "\u{a0}\u{3000}\\x3a:debug::x"),
            ("\n\n::a", "\n\n\\x3a:a"),
            ("x ##[error]y ##[z]", "x \\x23#[error]y \\x23#[z]"),
            ("###[error]", "#\\x23#[error]"),
            ("##vso[task.x]", "\\x23#vso[task.x]"),
            ("##teamcity[x]", "\\x23#teamcity[x]"),
        ] {
            assert_eq!(without_commands(lines), expected);
        }
        for text in ["##[error]x", "###", "####[", "\\##[", "\"##["] {
            let json = serde_json::to_string(text).unwrap();
            let inert = json_without_commands(&json);
            assert!(!inert.contains("##"), "{inert}");
            assert_eq!(serde_json::from_str::<String>(&inert).unwrap(), text);
        }
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(clip(&"x".repeat(SHOWN)).chars().count(), SHOWN);
        assert_eq!(clip(&"x".repeat(SHOWN + 1)).chars().count(), SHOWN + 1);
        assert_eq!(clip_to("äöü", 2), "äö…");
        // Never in the middle of an escape.
        assert_eq!(clip_to("\u{1b}[0m", 1), "\\x1b…");
    }

    #[test]
    fn a_word_is_quoted_only_where_a_shell_needs_it() {
        for (word, expected) in [
            (&b"/usr/bin/node-20.1"[..], "/usr/bin/node-20.1"),
            (b"v8=/usr/bin/node", "v8=/usr/bin/node"),
            (b"=x", "'=x'"),
            (b"", "''"),
            (b"it's", "\"it's\""),
            (b"a b", "'a b'"),
            (b"$HOME", "'$HOME'"),
            (b"a\xff'\\", "$'a\\377\\'\\\\'"),
            (b"\x1b[2J", "$'\\033[2J'"),
            ("a\u{202e}".as_bytes(), "$'a\\342\\200\\256'"),
        ] {
            assert_eq!(shell_word(OsString::from_vec(word.into())), expected);
        }
        assert_eq!(command_line(["test", "a b", "/x"]), "test 'a b' /x");
    }

    #[test]
    fn a_shell_reads_back_the_same_bytes() {
        let bytes: Vec<u8> = (1..=255).collect();
        for word in [bytes, b"-n $(x) `y` \"z\" ! ~ * ?".to_vec(), "ü\u{202e}".into()] {
            let word = OsString::from_vec(word);
            let script = format!("printf %s {}", shell_word(&word));
            let Ok(output) = std::process::Command::new("bash").args(["-c", &script]).output() else {
                return;
            };
            assert_eq!(OsString::from_vec(output.stdout), word, "{script}");
        }
    }
}
