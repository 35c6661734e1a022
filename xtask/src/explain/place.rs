//! A place in a script.

/// Where our own scripts are on a stage.
pub const LIBRARY: &str = "js/lib/";

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its path in the checkout, except for the guest's glue; of a user's own program, from its script.
    pub file: String,
    /// From 1.
    pub line: usize,
}

impl Place {
    /// Whether it is in one of our own scripts.
    pub fn is_in_library(&self) -> bool {
        self.file.starts_with(LIBRARY)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
