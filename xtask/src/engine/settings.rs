//! The name of a program, and what it is called with, on its user's wish.

use std::collections::BTreeMap;

/// The flags and variables that tell a program from another one of the same path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ProgramSettings {
    /// Flags, as they are passed.
    pub flags: Vec<String>,
    /// Variables that are added to the environment, or replace those of it.
    pub environment: BTreeMap<String, String>,
}

/// The characters of a name, for errors.
pub const NAME_RULE: &str = "a name begins with a letter or digit, and has letters, digits, `-`, `_` and `.`";

/// Whether a program may have this name. It goes into tables, reports and commands.
pub fn is_name(name: &str) -> bool {
    name.starts_with(char::is_alphanumeric) && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
}
