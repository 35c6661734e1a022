//! The shells and hosts, and how each is called: a table.

use crate::browser::kind::BrowserKind;
use crate::engine::feature::Feature;

/// A program that contains an engine and runs scripts.
#[derive(Debug, PartialEq, Eq)]
pub struct Shell {
    /// The name that `js/lib/probe.js` reports.
    pub name: &'static str,
    /// The name of its engine.
    pub engine: &'static str,
    /// It is no engine's own shell, and the output says so where it stands in for one.
    pub host: bool,
    /// The browser that it is, in a page or a worker of which scripts run.
    pub browser: Option<BrowserKind>,
    /// Arguments before all others.
    pub first: &'static [&'static str],
    /// The separator between the script and the script's own arguments.
    pub separator: Option<&'static str>,
    /// Flags that enable a feature in some versions. Each is passed only where a
    /// probe shows that it is needed and works.
    pub flags: &'static [(Feature, &'static str)],
    /// The flag that it needs to write a heap snapshot.
    pub snapshot_flag: Option<&'static str>,
    /// Flags that it needs for the census, each from a version of the engine on.
    pub census_flags: &'static [(&'static str, u32)],
    /// Whether `js/lib/read_*.js` can count what is alive in it.
    pub counts_alive: bool,
    /// The argument that makes it print its version, where scripts have no access to it.
    pub version_flag: Option<&'static str>,
    /// A run that ends with 7 exits with 7; false if it exits with 0: `quit(7)` does so in jsc,
    /// and d8 is not told to quit, because it then tells of no rejected promise.
    pub keeps_exit_status: bool,
}

const V8_FLAGS: &[(Feature, &str)] = &[
    (Feature::Gc, "--expose-gc"),
    (Feature::FinalizationRegistry, "--harmony-weak-refs"),
    (Feature::ExternrefTables, "--experimental-wasm-reftypes"),
    (Feature::WasmGc, "--experimental-wasm-gc"),
];

/// Inlined functions are not among the callers that V8's sampling profiler reports. And the collector leaves objects where
/// they are made: V8 notes by address where an object was made, and forgets it of one that is moved and has a number
/// (`HeapProfiler::ObjectMoveEvent`). Hosts with a loop of events give all a number each 50 ms.
const V8_CENSUS_FLAGS: &[(&str, u32)] = &[
    ("--no-turbo-inlining", 0),
    ("--no-maglev-inlining", 12),
    ("--no-compact", 0),
    ("--page-promotion-threshold=0", 0),
    ("--min-semi-space-size=16", 0),
];

const CHROMIUM_CENSUS_FLAGS: &[(&str, u32)] = &[(
    "--js-flags=--no-turbo-inlining --no-maglev-inlining --no-compact --page-promotion-threshold=0 --min-semi-space-size=16",
    0,
)];

pub static SHELLS: &[Shell] = &[
    Shell {
        name: "d8",
        engine: "v8",
        host: false,
        browser: None,
        first: &[],
        separator: Some("--"),
        flags: V8_FLAGS,
        snapshot_flag: Some("--allow-natives-syntax"),
        census_flags: &[
            ("--enable-inspector", 0),
            ("--no-turbo-inlining", 0),
            ("--no-maglev-inlining", 12),
        ],
        counts_alive: true,
        version_flag: None,
        keeps_exit_status: false,
    },
    Shell {
        name: "node",
        engine: "v8",
        host: true,
        browser: None,
        first: &[],
        separator: None,
        flags: V8_FLAGS,
        snapshot_flag: None,
        census_flags: V8_CENSUS_FLAGS,
        counts_alive: true,
        version_flag: None,
        keeps_exit_status: true,
    },
    Shell {
        name: "deno",
        engine: "v8",
        host: true,
        browser: None,
        first: &["run", "--quiet", "--no-config", "--no-lock", "--allow-read"],
        separator: None,
        flags: &[(Feature::Gc, "--v8-flags=--expose-gc")],
        snapshot_flag: Some("--allow-write"),
        census_flags: &[
            ("--v8-flags=--no-turbo-inlining,--no-maglev-inlining", 12),
            ("--allow-sys", 0),
            ("--allow-env", 0),
        ],
        counts_alive: true,
        version_flag: None,
        keeps_exit_status: true,
    },
    Shell {
        name: "jsc",
        engine: "jsc",
        host: false,
        browser: None,
        first: &[],
        separator: Some("--"),
        flags: &[
            (Feature::FinalizationRegistry, "--useWeakRefs=true"),
            (Feature::WasmGc, "--useWebAssemblyGC=true"),
        ],
        snapshot_flag: None,
        census_flags: &[],
        counts_alive: true,
        version_flag: None,
        keeps_exit_status: false,
    },
    Shell {
        name: "bun",
        engine: "jsc",
        host: true,
        browser: None,
        first: &["run"],
        separator: None,
        flags: &[],
        snapshot_flag: None,
        census_flags: &[],
        counts_alive: true,
        version_flag: None,
        keeps_exit_status: true,
    },
    Shell {
        name: "js",
        engine: "spidermonkey",
        host: false,
        browser: None,
        first: &[],
        separator: None,
        flags: &[
            (Feature::FinalizationRegistry, "--enable-weak-refs"),
            (Feature::WasmGc, "--wasm-gc"),
        ],
        snapshot_flag: None,
        census_flags: &[],
        counts_alive: true,
        version_flag: Some("--version"),
        keeps_exit_status: true,
    },
    browser("v8", BrowserKind::Chromium, CHROMIUM_CENSUS_FLAGS),
    browser("spidermonkey", BrowserKind::Firefox, &[]),
    browser("jsc", BrowserKind::WebKitGtk, &[]),
];

/// The row of a browser: it is started with what it needs by its driver.
const fn browser(engine: &'static str, browser: BrowserKind, census_flags: &'static [(&'static str, u32)]) -> Shell {
    Shell {
        name: browser.name(),
        engine,
        host: true,
        browser: Some(browser),
        first: &[],
        separator: None,
        flags: &[],
        snapshot_flag: None,
        census_flags,
        counts_alive: true,
        version_flag: None,
        keeps_exit_status: true,
    }
}

/// The shell of this name.
pub fn shell_named(name: &str) -> Option<&'static Shell> {
    SHELLS.iter().find(|shell| shell.name == name)
}

/// The row of a browser.
pub fn shell_of_browser(browser: BrowserKind) -> Option<&'static Shell> {
    SHELLS.iter().find(|shell| shell.browser == Some(browser))
}

impl Shell {
    /// The arguments that run a script with these flags and arguments.
    pub fn arguments(&self, flags: &[String], script: &str, arguments: &[&str]) -> Vec<String> {
        let mut all: Vec<String> = self.first.iter().map(|word| (*word).to_owned()).collect();
        all.extend(flags.iter().cloned());
        all.push(script.to_owned());
        all.extend(self.separator.filter(|_| !arguments.is_empty()).map(str::to_owned));
        all.extend(arguments.iter().map(|word| (*word).to_owned()));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its flags of V8 are one word.
    #[test]
    fn a_census_in_chromium_has_the_flags_of_other_hosts_of_v8() {
        let (word, _) = CHROMIUM_CENSUS_FLAGS[0];
        let flags: Vec<&str> = word.strip_prefix("--js-flags=").unwrap().split(' ').collect();
        assert_eq!(flags, V8_CENSUS_FLAGS.iter().map(|(flag, _)| *flag).collect::<Vec<_>>());
    }

    #[test]
    fn each_shell_is_called_in_its_own_way() {
        for (shell, flags, expected) in [
            ("d8", &["--expose-gc"][..], "--expose-gc s.js -- a b"),
            ("jsc", &[], "s.js -- a b"),
            ("js", &[], "s.js a b"),
            ("node", &["--expose-gc"], "--expose-gc s.js a b"),
            (
                "deno",
                &["--v8-flags=--expose-gc"],
                "run --quiet --no-config --no-lock --allow-read --v8-flags=--expose-gc s.js a b",
            ),
            ("bun", &[], "run s.js a b"),
            ("chromium", &[], "s.js a b"),
        ] {
            let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
            let arguments = shell_named(shell).unwrap().arguments(&flags, "s.js", &["a", "b"]);
            assert_eq!(arguments.join(" "), expected);
        }
    }

    #[test]
    fn every_browser_has_a_row() {
        for browser in BrowserKind::all() {
            assert_eq!(shell_of_browser(browser).unwrap().name, browser.name());
        }
    }

    #[test]
    fn every_shell_has_an_engine() {
        for shell in SHELLS {
            assert!(
                crate::engine::table::engine_named(shell.engine).is_ok(),
                "{}",
                shell.name
            );
        }
    }
}
