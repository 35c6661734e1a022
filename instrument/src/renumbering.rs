//! Which index each function has afterwards.

use rustc_hash::FxHashMap as HashMap;

/// The new indices of functions: imports are added after those of the module, so that its own
/// functions move up; and copies of some come after all.
#[derive(Debug)]
pub(crate) struct Renumbering {
    /// How many functions were imported.
    pub(crate) imported: u32,
    /// How many imports are added.
    pub(crate) added: u32,
    /// How many functions there were.
    pub(crate) before: u32,
    /// The functions that are copied, by index, in the order of the copies: those that get a wrapper first.
    pub(crate) copied: Vec<u32>,
    /// How many of them get a wrapper.
    wrapped: u32,
    /// The place of each among them.
    copies: HashMap<u32, u32>,
}

impl Renumbering {
    /// Of a module that had so many functions, and of them so many imported. Those that get a wrapper, and
    /// others that are copied, are among its own.
    pub(crate) fn new(imported: u32, before: u32, added: u32, wrapped: &[u32], others: &[u32]) -> Renumbering {
        let copied = [wrapped, others].concat();
        let copies = copied.iter().copied().zip(0..).collect();
        Renumbering {
            imported,
            added,
            before,
            copied,
            wrapped: wrapped.len() as u32,
            copies,
        }
    }

    /// The index that a function has for all that is no copy. One that does not exist does not
    /// exist afterwards either.
    pub(crate) fn outside(&self, function: u32) -> u32 {
        if function < self.imported {
            function
        } else if function < self.before {
            function + self.added
        } else {
            function.saturating_add(self.added + self.copied.len() as u32)
        }
    }

    /// The index of a function's copy, if there is one.
    pub(crate) fn copy(&self, function: u32) -> Option<u32> {
        let place = self.copies.get(&function)?;
        Some(self.before + self.added + place)
    }

    /// Whether a function gets a wrapper, so that its copy is all that is left of its body.
    pub(crate) fn is_wrapped(&self, function: u32) -> bool {
        self.copies.get(&function).is_some_and(|place| *place < self.wrapped)
    }

    /// The index that a function has for a copy that calls it.
    pub(crate) fn inside(&self, function: u32) -> u32 {
        self.copy(function).unwrap_or_else(|| self.outside(function))
    }

    /// How many functions there are afterwards.
    pub(crate) fn after(&self) -> u32 {
        self.before + self.added + self.copied.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_move_up_and_copies_come_last() {
        let numbers = Renumbering::new(2, 5, 3, &[4], &[2]);
        let outside: Vec<u32> = (0..7).map(|function| numbers.outside(function)).collect();
        assert_eq!(outside, [0, 1, 5, 6, 7, 10, 11]);
        let inside: Vec<u32> = (0..5).map(|function| numbers.inside(function)).collect();
        assert_eq!(inside, [0, 1, 9, 6, 8]);
        assert_eq!(numbers.after(), 10);
        let wrapped: Vec<bool> = (0..5).map(|function| numbers.is_wrapped(function)).collect();
        assert_eq!(wrapped, [false, false, false, false, true]);
        assert_eq!(numbers.outside(u32::MAX), u32::MAX);
    }
}
