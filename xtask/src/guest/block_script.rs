//! The JavaScript half of a module that reports its blocks, for those who want it in a page or a server of their own.

use crate::base::directories::Directories;
use crate::base::file;
use crate::engine::library::{self, LEDGER};
use anyhow::{Context, Result};

/// The half without the ledger: its place in a checkout, and its text as of the build of the program.
const WATCH_BLOCKS: (&str, &str) = (
    "js/instrument/watch_blocks.mjs",
    include_str!("../../instrument/watch_blocks.mjs"),
);

/// The line in place of which the ledger stands.
const LEDGER_LINE: &str = "// js/lib/ledger.js\n";

/// The script: an ES module that needs no other.
pub fn block_script(directories: &Directories) -> Result<String> {
    let (name, text) = WATCH_BLOCKS;
    let text = match directories.checkout() {
        Some(root) => String::from_utf8(file::read(&root.join(name))?).context(name)?,
        None => text.to_owned(),
    };
    let ledger = library::script(directories, LEDGER)?;
    let ledger = str::from_utf8(&ledger).context(LEDGER)?;
    let (before, after) = text
        .split_once(LEDGER_LINE)
        .with_context(|| format!("`{name}` has no line `{}`", LEDGER_LINE.trim_end()))?;
    Ok(format!("{before}{ledger}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_script_of_the_checkout_is_the_one_in_the_program() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let (name, text) = WATCH_BLOCKS;
        assert_eq!(std::fs::read_to_string(root.join(name)).unwrap(), text);
        assert_eq!(text.matches(LEDGER_LINE).count(), 1);
    }
}
