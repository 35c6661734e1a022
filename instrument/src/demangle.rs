//! Names of functions as people read them: demangled, without what compilers add to keep them apart.

use cpp_demangle::DemangleOptions;
use rustc_demangle::try_demangle;
use std::borrow::Cow;
use std::fmt::{self, Write};

/// Names that are longer are not demangled, and no more is written of any: a short one can stand for
/// gigabytes of text.
const LONGEST: usize = 4096;
/// How deep a name of C++ may be nested.
const DEEPEST: u32 = 96;

/// What Rust's legacy mangling writes for what an identifier may not hold, if a demangler for C++ has read it.
const ESCAPES: &[(&str, &str)] = &[
    ("$LT$", "<"),
    ("$GT$", ">"),
    ("$RF$", "&"),
    ("$BP$", "*"),
    ("$C$", ","),
    ("$LP$", "("),
    ("$RP$", ")"),
    ("$SP$", "@"),
    ("$u20$", " "),
    ("$u27$", "'"),
    ("$u5b$", "["),
    ("$u5d$", "]"),
    ("$u7b$", "{"),
    ("$u7d$", "}"),
    ("$u3b$", ";"),
    ("$u2b$", "+"),
    ("$u22$", "\""),
    ("..", "::"),
];

/// A name as people read it: of C++ and Rust demangled, and without the hashes that Rust adds.
///
/// ```
/// assert_eq!(instrument::readable_name("_Znwm"), "operator new(unsigned long)");
/// assert_eq!(instrument::readable_name("_ZN3std2io5stdio6_print17h0123456789abcdefE"), "std::io::stdio::_print");
/// assert_eq!(instrument::readable_name("widget::make::h0123456789abcdef"), "widget::make");
/// assert_eq!(instrument::readable_name("malloc"), "malloc");
/// ```
pub fn readable_name(name: &str) -> Cow<'_, str> {
    if name.len() > LONGEST {
        return Cow::Borrowed(name);
    }
    if let Ok(rust) = try_demangle(name) {
        let mut text = Limited::default();
        // Without a hash.
        let _ = write!(text, "{rust:#}");
        return Cow::Owned(text.0);
    }
    if (name.starts_with("_Z") || name.starts_with("__Z"))
        && let Some(text) = cpp_name(name)
    {
        return Cow::Owned(text);
    }
    let plain = without_crate_hashes(without_hash(name));
    match plain.contains('$') && plain.contains("::") {
        true => Cow::Owned(unescaped(&plain)),
        false => plain,
    }
}

fn cpp_name(name: &str) -> Option<String> {
    let limits = cpp_demangle::ParseOptions::default().recursion_limit(DEEPEST);
    let symbol = cpp_demangle::Symbol::new_with_options(name, &limits).ok()?;
    let mut text = Limited::default();
    let options = DemangleOptions::new().recursion_limit(DEEPEST);
    symbol.structured_demangle(&mut text, &options).ok()?;
    Some(text.0)
}

/// Text that refuses to get longer than [`LONGEST`].
#[derive(Default)]
struct Limited(String);

impl Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.0.len() + text.len() <= LONGEST {
            true => {
                self.0.push_str(text);
                Ok(())
            }
            false => Err(fmt::Error),
        }
    }
}

/// `widget::make::h0123456789abcdef` is `widget::make`.
fn without_hash(name: &str) -> &str {
    let is_hash = |word: &str| word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    match name.rsplit_once("::h") {
        Some((before, hash)) if is_hash(hash) => before,
        _ => name,
    }
}

/// `__rustc[73e1bb3b3c4f6f9b]::__rust_alloc` is `__rustc::__rust_alloc`.
fn without_crate_hashes(name: &str) -> Cow<'_, str> {
    let Some(first) = name.find("]::") else {
        return Cow::Borrowed(name);
    };
    let mut out = String::with_capacity(name.len());
    let (mut rest, mut end) = (name, Some(first));
    while let Some(at) = end {
        let (before, after) = rest.split_at(at);
        match before.rsplit_once('[') {
            Some((before, hash)) if !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                out.push_str(before);
            }
            _ => {
                out.push_str(before);
                out.push(']');
            }
        }
        rest = &after[1..];
        end = rest.find("]::");
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn unescaped(name: &str) -> String {
    ESCAPES
        .iter()
        .fold(name.to_owned(), |name, (escape, text)| name.replace(escape, text))
}

/// A name without what is generic in it, so that a table can have it: `<a::B<C>>::d` is `a::B::d`, and
/// so is `a::B<C>::d`; `<a::B as c::D<E>>::f` is `a::B as c::D::f`.
pub(crate) fn without_generics(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    // Whether each bracket that is open is the one that a path begins with: what is in it counts.
    let mut open: Vec<bool> = Vec::new();
    let mut before = '\0';
    for letter in name.chars() {
        let is_kept = open.iter().all(|begins| *begins);
        match letter {
            '<' => {
                let begins = is_kept && (out.is_empty() || out.ends_with([' ', ',', '(', '&']));
                open.push(begins);
            }
            // Not of `->`.
            '>' if before != '-' => {
                open.pop();
            }
            _ if is_kept => out.push(letter),
            _ => {}
        }
        before = letter;
    }
    // `a::b::<C>::d` has an empty place where `<C>` was.
    out.replace("::::", "::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_demangled_and_lose_their_hashes() {
        for (name, readable) in [
            ("_RNvCsfgHYwM92fyn_7___rustc12___rust_alloc", "__rustc::__rust_alloc"),
            ("__rustc[73e1bb3b3c4f6f9b]::__rust_alloc", "__rustc::__rust_alloc"),
            ("a[12]::b[no]::c", "a::b[no]::c"),
            ("_ZdlPvm", "operator delete(void*, unsigned long)"),
            ("operator new(unsigned long)", "operator new(unsigned long)"),
            (
                "dlmalloc::dlmalloc::Dlmalloc$LT$A$GT$::malloc::h2abbe1e4f19cf5f1",
                "dlmalloc::dlmalloc::Dlmalloc<A>::malloc",
            ),
            (
                "_ZN8dlmalloc8dlmalloc17Dlmalloc$LT$A$GT$6malloc17h2abbe1e4f19cf5f1E",
                "dlmalloc::dlmalloc::Dlmalloc<A>::malloc",
            ),
            (
                "_RNvMs0_NtCsiDSYZHWTVtf_8dlmalloc8dlmallocINtB5_8DlmallocNtNtB7_3sys6SystemE4freeCseGbXVuc339j_3std",
                "<dlmalloc::dlmalloc::Dlmalloc<dlmalloc::sys::System>>::free",
            ),
            ("_Z", "_Z"),
            ("_ZN", "_ZN"),
            ("~lib/rt/tlsf/__alloc", "~lib/rt/tlsf/__alloc"),
            ("café::h0123", "café::h0123"),
        ] {
            assert_eq!(readable_name(name), readable, "{name}");
        }
    }

    #[test]
    fn what_is_generic_is_left_out() {
        for (name, plain) in [
            (
                "<dlmalloc::dlmalloc::Dlmalloc<dlmalloc::sys::System>>::free",
                "dlmalloc::dlmalloc::Dlmalloc::free",
            ),
            (
                "dlmalloc::dlmalloc::Dlmalloc<A>::free",
                "dlmalloc::dlmalloc::Dlmalloc::free",
            ),
            ("<a::B<C> as d::E<F>>::g", "a::B as d::E::g"),
            ("a::b::<C>::d", "a::b::d"),
            ("f<fn(A) -> B>", "f"),
            ("operator new(unsigned long)", "operator new(unsigned long)"),
            ("a>b<c", "ab"),
        ] {
            assert_eq!(without_generics(name), plain, "{name}");
        }
    }

    #[test]
    fn a_name_that_would_be_endless_is_cut() {
        // Each `S_` doubles what is before it.
        let pairs: String = (0..60).map(|_| "St4pairI").collect();
        let name = format!("_Z1f{pairs}ii{}", "E".repeat(60));
        assert!(readable_name(&name).len() <= LONGEST);
        let mut name = String::from("_Z1fSt4pairIiiE");
        for index in 0..40 {
            name.push_str(&format!("St4pairIS{index}_S{index}_E"));
        }
        assert!(readable_name(&name).len() <= LONGEST.max(name.len()));
        let long = "a".repeat(LONGEST + 1);
        assert_eq!(readable_name(&long), long);
    }
}
