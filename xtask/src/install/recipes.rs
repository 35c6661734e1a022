//! The recipe for each need, by system: a table.

use crate::engine::places::version_key;
use crate::engine::wanted::WantedEngine;
use crate::guest::toolchain::TARGET;
use regex::Regex;

/// Something that may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// A Rust that can build for wasm32.
    Wasm32,
    /// A clang that can build for wasm32, and wasm-ld.
    Clang,
    /// What bundles scripts.
    Esbuild,
    /// The shell of an engine, perhaps of one version.
    Shell(WantedEngine),
}

impl Need {
    /// Its name in the table.
    pub fn name(&self) -> String {
        match self {
            Need::Wasm32 => "wasm32".to_owned(),
            Need::Clang => "clang".to_owned(),
            Need::Esbuild => "esbuild".to_owned(),
            Need::Shell(wanted) => match wanted.version {
                Some(_) => format!("{}@", wanted.engine.name),
                None => wanted.name(),
            },
        }
    }

    /// The wanted version, if one is.
    pub fn version(&self) -> Option<&str> {
        match self {
            Need::Shell(wanted) => wanted.version.as_deref(),
            Need::Wasm32 | Need::Clang | Need::Esbuild => None,
        }
    }
}

/// A system's package manager.
#[derive(Debug)]
pub struct Manager {
    /// Its program; a system with this program uses this manager.
    pub program: &'static str,
    /// Updates its package lists; empty where it does so by itself.
    pub refresh: &'static [&'static str],
    /// Lists packages, a name first on each line; `{regex}` and `{prefix}` stand for the pattern.
    pub search: &'static [&'static str],
    pub install: &'static [&'static str],
    /// It needs root.
    pub root: bool,
}

pub static MANAGERS: &[Manager] = &[
    Manager {
        program: "apt-get",
        refresh: &["apt-get", "update"],
        search: &["apt-cache", "search", "--names-only", "^{regex}$"],
        install: &["apt-get", "install", "--yes", "--no-install-recommends"],
        root: true,
    },
    Manager {
        program: "dnf",
        refresh: &[],
        search: &["dnf", "--quiet", "repoquery", "--queryformat=%{name}\\n", "{prefix}*"],
        install: &["dnf", "install", "--assumeyes"],
        root: true,
    },
    Manager {
        program: "pacman",
        refresh: &["pacman", "--sync", "--refresh"],
        search: &["pacman", "--sync", "--search", "--quiet", "^{regex}$"],
        install: &["pacman", "--sync", "--noconfirm", "--needed"],
        root: true,
    },
    Manager {
        program: "brew",
        refresh: &[],
        search: &["brew", "search", "--formula", "/^{regex}$/"],
        install: &["brew", "install"],
        root: false,
    },
];

/// How to meet a need.
#[derive(Debug)]
pub enum Recipe {
    /// Packages of a manager, by regexes that match whole names (POSIX's, because the managers read them too); of several, the highest version.
    Packages(&'static str, &'static [&'static str]),
    /// A command that needs no root. `{esbuild}` stands for the directory of our own, `{version}` for the wanted version.
    Command(&'static [&'static str]),
    /// Packages of a host, for systems without a package of the shell.
    Host(&'static str, &'static [&'static str]),
}

/// The recipes for each need, by its name, the best first. System packages come before downloads.
pub static RECIPES: &[(&str, Recipe)] = &[
    ("wasm32", Recipe::Command(&["rustup", "target", "add", TARGET])),
    // Debian 12, whose plain rustc is too old.
    (
        "wasm32",
        Recipe::Packages("apt-get", &["rustc-web", "rust-web-src", "rust-web-llvm", "lld-[0-9]+"]),
    ),
    (
        "wasm32",
        Recipe::Packages("apt-get", &["rustc", "libstd-rust-dev-wasm32", "lld"]),
    ),
    (
        "wasm32",
        Recipe::Packages("dnf", &["rust-std-static-wasm32-unknown-unknown", "lld"]),
    ),
    ("wasm32", Recipe::Packages("pacman", &["rust-wasm", "lld"])),
    ("clang", Recipe::Packages("apt-get", &["clang", "lld"])),
    ("clang", Recipe::Packages("dnf", &["clang", "lld"])),
    ("clang", Recipe::Packages("pacman", &["clang", "lld"])),
    ("clang", Recipe::Packages("brew", &["llvm", "lld"])),
    (
        "esbuild",
        Recipe::Command(&[
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--prefix",
            "{esbuild}",
            "esbuild@0.28",
        ]),
    ),
    ("v8", Recipe::Packages("brew", &["v8"])),
    (
        "v8",
        Recipe::Command(&["npx", "--yes", "jsvu", "--os=default", "--engines=v8"]),
    ),
    // Of V8 also the first parts of a version; of JavaScriptCore it is a revision of WebKit.
    (
        "v8@",
        Recipe::Command(&["npx", "--yes", "jsvu", "--os=default", "v8@{version}"]),
    ),
    (
        "jsc@",
        Recipe::Command(&["npx", "--yes", "jsvu", "--os=default", "javascriptcore@{version}"]),
    ),
    (
        "spidermonkey@",
        Recipe::Command(&["npx", "--yes", "jsvu", "--os=default", "spidermonkey@{version}"]),
    ),
    ("v8", Recipe::Host("apt-get", &["nodejs"])),
    ("v8", Recipe::Host("dnf", &["nodejs"])),
    ("v8", Recipe::Host("pacman", &["nodejs"])),
    (
        "jsc",
        Recipe::Packages("apt-get", &["libjavascriptcoregtk-([0-9.]+-)?bin"]),
    ),
    ("jsc", Recipe::Packages("dnf", &["javascriptcoregtk[0-9.]+-devel"])),
    ("jsc", Recipe::Packages("pacman", &["webkit2gtk-[0-9.]+"])),
    (
        "jsc",
        Recipe::Command(&["npx", "--yes", "jsvu", "--os=default", "--engines=javascriptcore"]),
    ),
    ("spidermonkey", Recipe::Packages("apt-get", &["libmozjs-[0-9]+-dev"])),
    ("spidermonkey", Recipe::Packages("dnf", &["mozjs[0-9]+-devel"])),
    ("spidermonkey", Recipe::Packages("pacman", &["js[0-9]+"])),
    ("spidermonkey", Recipe::Packages("brew", &["spidermonkey"])),
    (
        "spidermonkey",
        Recipe::Command(&["npx", "--yes", "jsvu", "--os=default", "--engines=spidermonkey"]),
    ),
    // Ubuntu's packages of the first two only fetch a snap, which may not read what is on a stage.
    ("chromium", Recipe::Packages("apt-get", &["chromium"])),
    ("chromium", Recipe::Packages("dnf", &["chromium"])),
    ("chromium", Recipe::Packages("pacman", &["chromium"])),
    (
        "chromium",
        Recipe::Command(&["brew", "install", "--cask", "google-chrome"]),
    ),
    ("firefox", Recipe::Packages("apt-get", &["firefox-esr"])),
    ("firefox", Recipe::Packages("dnf", &["firefox"])),
    ("firefox", Recipe::Packages("pacman", &["firefox"])),
    ("firefox", Recipe::Command(&["brew", "install", "--cask", "firefox"])),
    // MiniBrowser is among the libraries.
    (
        "webkitgtk",
        Recipe::Packages("apt-get", &["libwebkit2gtk-4[.]1-0", "xvfb"]),
    ),
    (
        "webkitgtk",
        Recipe::Packages("dnf", &["webkit2gtk4[.]1-devel", "xorg-x11-server-Xvfb"]),
    ),
    (
        "webkitgtk",
        Recipe::Packages("pacman", &["webkit2gtk-4[.]1", "xorg-server-xvfb"]),
    ),
];

/// The recipes for a need, the best first.
pub fn recipes_for(need: &Need) -> impl Iterator<Item = &'static Recipe> {
    let wanted = need.name();
    RECIPES
        .iter()
        .filter(move |(name, _)| *name == wanted)
        .map(|(_, recipe)| recipe)
}

impl Manager {
    pub fn of_program(program: &str) -> Option<&'static Manager> {
        MANAGERS.iter().find(|manager| manager.program == program)
    }

    /// The command that lists the packages for a pattern.
    pub fn search_for(&self, pattern: &str) -> Vec<String> {
        let end = pattern.find(['[', '(']).unwrap_or(pattern.len());
        self.search
            .iter()
            .map(|word| word.replace("{regex}", pattern).replace("{prefix}", &pattern[..end]))
            .collect()
    }

    /// The command that installs packages.
    pub fn install(&self, packages: &[String]) -> Vec<String> {
        let words = self.install.iter().map(|word| (*word).to_owned());
        words.chain(packages.iter().cloned()).collect()
    }
}

/// The matching package with the highest version in a manager's listing.
pub fn choose(pattern: &str, listing: &str) -> Option<String> {
    let regex = Regex::new(&format!("^(?:{pattern})$")).ok()?;
    listing
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        // dnf and pacman may put a repository before the name.
        .map(|name| name.rsplit('/').next().unwrap_or(name))
        .filter(|name| regex.is_match(name))
        .max_by_key(|name| version_key(name))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::shell::SHELLS;
    use crate::engine::table::ENGINES;

    /// The listing of each manager, with some other packages.
    const LISTINGS: &[(&str, &str)] = &[
        (
            "apt-get",
            "rustc-web - Rust systems programming language\nrust-web-src - sources\nrust-web-llvm - LLVM\n\
             rustc - Rust\nlibstd-rust-dev-wasm32 - Rust library\nclang - compiler\nlld - linker\nlld-16 - linker\nlld-22 - linker\n\
             liblld-22 - library\nnodejs - JavaScript\nlibjavascriptcoregtk-4.0-bin - JavaScript\n\
             libjavascriptcoregtk-4.0-dev - headers\nlibmozjs-78-dev - old\nlibmozjs-102-dev - new\n\
             libmozjs-102-0 - library\nchromium - browser\nfirefox-esr - browser\n\
             libwebkit2gtk-4.1-0 - library\nxvfb - display\n",
        ),
        (
            "dnf",
            "rust-std-static-wasm32-unknown-unknown\nclang\nlld\nnodejs\njavascriptcoregtk4.1-devel\n\
             javascriptcoregtk6.0-devel\njavascriptcoregtk6.0\nmozjs115-devel\nmozjs128-devel\nmozjs128\n\
             chromium\nfirefox\nwebkit2gtk4.1-devel\nxorg-x11-server-Xvfb\n",
        ),
        (
            "pacman",
            "rust-wasm\nclang\nlld\nextra/nodejs\nwebkit2gtk-4.1\njs115\njs128\njson-c\nchromium\nfirefox\nxorg-server-xvfb\n",
        ),
        ("brew", "v8\nllvm\nlld\nspidermonkey\n"),
    ];

    /// The command of every row of the table on a system whose manager lists the above.
    fn commands() -> Vec<String> {
        let command = |(need, recipe): &(&str, Recipe)| {
            let words = match recipe {
                Recipe::Command(words) => words.iter().map(|word| (*word).to_owned()).collect(),
                Recipe::Packages(manager, patterns) | Recipe::Host(manager, patterns) => {
                    let (_, listing) = LISTINGS.iter().find(|(name, _)| name == manager).unwrap();
                    let packages: Vec<String> = patterns
                        .iter()
                        .map(|pattern| choose(pattern, listing).unwrap())
                        .collect();
                    Manager::of_program(manager).unwrap().install(&packages)
                }
            };
            format!("{need}: {}", words.join(" "))
        };
        RECIPES.iter().map(command).collect()
    }

    #[test]
    fn every_row_runs_its_command() {
        let expected = "\
wasm32: rustup target add wasm32-unknown-unknown
wasm32: apt-get install --yes --no-install-recommends rustc-web rust-web-src rust-web-llvm lld-22
wasm32: apt-get install --yes --no-install-recommends rustc libstd-rust-dev-wasm32 lld
wasm32: dnf install --assumeyes rust-std-static-wasm32-unknown-unknown lld
wasm32: pacman --sync --noconfirm --needed rust-wasm lld
clang: apt-get install --yes --no-install-recommends clang lld
clang: dnf install --assumeyes clang lld
clang: pacman --sync --noconfirm --needed clang lld
clang: brew install llvm lld
esbuild: npm install --no-audit --no-fund --prefix {esbuild} esbuild@0.28
v8: brew install v8
v8: npx --yes jsvu --os=default --engines=v8
v8@: npx --yes jsvu --os=default v8@{version}
jsc@: npx --yes jsvu --os=default javascriptcore@{version}
spidermonkey@: npx --yes jsvu --os=default spidermonkey@{version}
v8: apt-get install --yes --no-install-recommends nodejs
v8: dnf install --assumeyes nodejs
v8: pacman --sync --noconfirm --needed nodejs
jsc: apt-get install --yes --no-install-recommends libjavascriptcoregtk-4.0-bin
jsc: dnf install --assumeyes javascriptcoregtk6.0-devel
jsc: pacman --sync --noconfirm --needed webkit2gtk-4.1
jsc: npx --yes jsvu --os=default --engines=javascriptcore
spidermonkey: apt-get install --yes --no-install-recommends libmozjs-102-dev
spidermonkey: dnf install --assumeyes mozjs128-devel
spidermonkey: pacman --sync --noconfirm --needed js128
spidermonkey: brew install spidermonkey
spidermonkey: npx --yes jsvu --os=default --engines=spidermonkey
chromium: apt-get install --yes --no-install-recommends chromium
chromium: dnf install --assumeyes chromium
chromium: pacman --sync --noconfirm --needed chromium
chromium: brew install --cask google-chrome
firefox: apt-get install --yes --no-install-recommends firefox-esr
firefox: dnf install --assumeyes firefox
firefox: pacman --sync --noconfirm --needed firefox
firefox: brew install --cask firefox
webkitgtk: apt-get install --yes --no-install-recommends libwebkit2gtk-4.1-0 xvfb
webkitgtk: dnf install --assumeyes webkit2gtk4.1-devel xorg-x11-server-Xvfb
webkitgtk: pacman --sync --noconfirm --needed webkit2gtk-4.1 xorg-server-xvfb";
        assert_eq!(commands().join("\n"), expected);
    }

    #[test]
    fn every_manager_has_its_own_search_command() {
        let search = |manager| {
            Manager::of_program(manager)
                .unwrap()
                .search_for("javascriptcoregtk[0-9.]+-devel")
                .join(" ")
        };
        assert_eq!(
            search("apt-get"),
            r"apt-cache search --names-only ^javascriptcoregtk[0-9.]+-devel$"
        );
        assert_eq!(
            search("dnf"),
            r"dnf --quiet repoquery --queryformat=%{name}\n javascriptcoregtk*"
        );
        assert_eq!(
            search("pacman"),
            r"pacman --sync --search --quiet ^javascriptcoregtk[0-9.]+-devel$"
        );
        assert_eq!(
            search("brew"),
            r"brew search --formula /^javascriptcoregtk[0-9.]+-devel$/"
        );
    }

    #[test]
    fn every_need_has_a_recipe_and_every_row_is_used() {
        let needs: Vec<Need> = ENGINES
            .iter()
            .flat_map(|engine| [WantedEngine::any(engine), WantedEngine::of_version(engine, "1")])
            .chain(SHELLS.iter().filter_map(WantedEngine::of_browser))
            .map(Need::Shell)
            .chain([Need::Wasm32, Need::Clang, Need::Esbuild])
            .collect();
        for need in &needs {
            assert!(recipes_for(need).next().is_some(), "{need:?}");
        }
        for (name, _) in RECIPES {
            assert!(needs.iter().any(|need| need.name() == *name), "{name}");
        }
    }

    #[test]
    fn an_unlisted_package_is_not_chosen() {
        assert_eq!(choose("libmozjs-[0-9]+-dev", "libmozjs-102-0 - library\n"), None);
        assert_eq!(choose("v8", ""), None);
    }
}
