//! The browsers, and where each is found: a table.

/// A browser that can be told what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BrowserKind {
    Chromium,
    Firefox,
    WebKitGtk,
}

/// What is known of a browser before it is started.
#[derive(Debug)]
struct BrowserFacts {
    kind: BrowserKind,
    title: &'static str,
    /// Names on PATH, the best first.
    names: &'static [&'static str],
    /// Patterns of paths off PATH, the highest version first.
    off_path: &'static [&'static str],
}

const BROWSERS: &[BrowserFacts] = &[
    BrowserFacts {
        kind: BrowserKind::Chromium,
        title: "Chromium",
        names: &[
            "chromium",
            "chromium-browser",
            "google-chrome",
            "google-chrome-stable",
            "chrome",
            "Google Chrome",
            "Chromium",
        ],
        off_path: &[
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        ],
    },
    BrowserFacts {
        kind: BrowserKind::Firefox,
        title: "Firefox",
        names: &["firefox", "firefox-esr"],
        off_path: &["/Applications/Firefox.app/Contents/MacOS/firefox"],
    },
    BrowserFacts {
        kind: BrowserKind::WebKitGtk,
        title: "WebKitGTK",
        names: &["MiniBrowser"],
        // Debian and Arch, Fedora.
        off_path: &[
            "/usr/lib/*/webkit*gtk-*/MiniBrowser",
            "/usr/lib/webkit*gtk-*/MiniBrowser",
            "/usr/libexec/webkit*gtk-*/MiniBrowser",
        ],
    },
];

impl BrowserKind {
    /// All browsers, in the order in which they are shown.
    pub fn all() -> impl Iterator<Item = BrowserKind> {
        BROWSERS.iter().map(|facts| facts.kind)
    }

    /// The browser of this name: `chromium`.
    pub fn named(name: &str) -> Option<BrowserKind> {
        BrowserKind::all().find(|kind| kind.name() == name)
    }

    /// The browser whose program has this file name: `google-chrome`.
    pub fn of_program(file_name: &str) -> Option<BrowserKind> {
        let found = BROWSERS.iter().find(|facts| facts.names.contains(&file_name));
        found.map(|facts| facts.kind)
    }

    /// The name on the command line: `webkitgtk`.
    pub const fn name(self) -> &'static str {
        match self {
            BrowserKind::Chromium => "chromium",
            BrowserKind::Firefox => "firefox",
            BrowserKind::WebKitGtk => "webkitgtk",
        }
    }

    /// The name as its makers write it.
    pub fn title(self) -> &'static str {
        self.facts().map_or("", |facts| facts.title)
    }

    /// Names of its program on PATH, the best first.
    pub fn programs(self) -> &'static [&'static str] {
        self.facts().map_or(&[], |facts| facts.names)
    }

    /// Patterns of paths off PATH where its program is.
    pub fn off_path(self) -> &'static [&'static str] {
        self.facts().map_or(&[], |facts| facts.off_path)
    }

    fn facts(self) -> Option<&'static BrowserFacts> {
        BROWSERS.iter().find(|facts| facts.kind == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_browser_has_a_row() {
        for kind in [BrowserKind::Chromium, BrowserKind::Firefox, BrowserKind::WebKitGtk] {
            assert_eq!(BrowserKind::named(kind.name()), Some(kind));
            assert!(!kind.title().is_empty() && !kind.programs().is_empty());
            for program in kind.programs() {
                assert_eq!(BrowserKind::of_program(program), Some(kind), "{program}");
            }
        }
        assert_eq!(BrowserKind::all().count(), 3);
        assert_eq!(BrowserKind::named("opera"), None);
        assert_eq!(BrowserKind::of_program("d8"), None);
    }
}
