//! The engines, and where their shells are found: a table. A new engine is a new row.

use crate::base::suggest::did_you_mean;
use anyhow::{Context, Result};
use heap::SnapshotFormat;

/// A JavaScript engine.
#[derive(Debug, PartialEq, Eq)]
pub struct Engine {
    /// The name on the command line and in file names.
    pub name: &'static str,
    /// The name as its makers write it.
    pub title: &'static str,
    /// Environment variables that name its shell, the first set one first.
    pub variables: &'static [&'static str],
    /// Names of its shell on PATH.
    pub names: &'static [&'static str],
    /// A pattern for names on PATH with a version, the highest first.
    pub numbered: Option<&'static str>,
    /// Names that jsvu and esvu install it under, also with a version at the end (`v8-13.6.10`).
    pub managed: &'static [&'static str],
    /// Patterns of paths off PATH where systems keep it, the highest version first.
    pub off_path: &'static [&'static str],
    /// The format of its heap snapshots.
    pub snapshot: SnapshotFormat,
    /// Names of hosts on PATH that can stand in.
    pub hosts: &'static [&'static str],
}

pub static ENGINES: &[Engine] = &[
    Engine {
        name: "v8",
        title: "V8",
        variables: &["V8", "D8"],
        names: &["d8", "v8"],
        numbered: None,
        managed: &["v8"],
        off_path: &[],
        snapshot: SnapshotFormat::V8,
        hosts: &["node", "deno"],
    },
    Engine {
        name: "jsc",
        title: "JavaScriptCore",
        variables: &["JSC"],
        names: &["jsc", "javascriptcore"],
        numbered: None,
        managed: &["javascriptcore", "jsc"],
        off_path: &[
            "/System/Library/Frameworks/JavaScriptCore.framework/Versions/Current/Helpers/jsc",
            // Debian and Arch, Fedora.
            "/usr/lib/*/webkit*gtk-*/jsc",
            "/usr/lib/webkit*gtk-*/jsc",
            "/usr/libexec/webkit*gtk-*/jsc",
        ],
        snapshot: SnapshotFormat::Jsc,
        hosts: &["bun"],
    },
    Engine {
        name: "spidermonkey",
        title: "SpiderMonkey",
        variables: &["SPIDERMONKEY"],
        names: &["js", "spidermonkey", "sm"],
        numbered: Some(r"^js\d+$"),
        managed: &["spidermonkey", "sm"],
        // Debian 13 and Ubuntu.
        off_path: &["/usr/lib/*/mozjs-*/js[0-9]*"],
        snapshot: SnapshotFormat::SpiderMonkey,
        // gjs embeds SpiderMonkey, but finalizes nothing while a script runs.
        hosts: &[],
    },
];

/// The engine of this name.
pub fn engine_named(name: &str) -> Result<&'static Engine> {
    ENGINES.iter().find(|engine| engine.name == name).with_context(|| {
        format!(
            "there is no engine `{name}`{}",
            did_you_mean(name, ENGINES.iter().map(|engine| engine.name))
        )
    })
}
