//! The names of functions: the section of names, as far as it can be read, and exports.

use crate::leb::LebReader;
use crate::module::Module;
use std::borrow::Cow;

/// The part of the name section that has the names of functions.
const FUNCTIONS: u8 = 1;

/// Names by function; each function's first.
#[derive(Debug, Clone, Default)]
pub(crate) struct FunctionNames<'a> {
    by_function: Vec<(u32, &'a [u8])>,
}

impl<'a> FunctionNames<'a> {
    /// Those of a module's section of names; of functions that exist.
    pub(crate) fn of_section(module: &Module<'a>) -> FunctionNames<'a> {
        let data = module.names.clone().map_or(&[][..], |range| &module.bytes[range]);
        let mut found = Vec::new();
        let mut parts = LebReader::new(data);
        while let (Some(id), Some(contents)) = (parts.bytes(1), parts.counted()) {
            if id[0] == FUNCTIONS {
                let mut entries = LebReader::new(contents);
                let count = entries.number().unwrap_or_default();
                for _ in 0..count {
                    let (Some(function), Some(name)) = (entries.number(), entries.counted()) else {
                        break;
                    };
                    if function < module.function_count() {
                        found.push((function, name));
                    }
                }
            }
        }
        FunctionNames::sorted(found)
    }

    /// Those of a module's exports.
    pub(crate) fn of_exports(module: &Module<'a>) -> FunctionNames<'a> {
        let exports = module.exports.iter();
        FunctionNames::sorted(exports.map(|(name, function)| (*function, name.as_bytes())).collect())
    }

    /// The sort is stable: of several names the first is kept.
    fn sorted(mut by_function: Vec<(u32, &'a [u8])>) -> FunctionNames<'a> {
        by_function.sort_by_key(|(function, _)| *function);
        by_function.dedup_by_key(|(function, _)| *function);
        FunctionNames { by_function }
    }

    /// How many functions have a name.
    pub(crate) fn count(&self) -> u32 {
        self.by_function.len() as u32
    }

    /// The name of a function. What is no UTF-8 in it is replaced.
    pub(crate) fn name(&self, function: u32) -> Option<Cow<'a, str>> {
        let place = self
            .by_function
            .binary_search_by_key(&function, |(each, _)| *each)
            .ok()?;
        Some(String::from_utf8_lossy(self.by_function[place].1))
    }

    /// All of them that are text.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, &'a str)> + '_ {
        let all = self.by_function.iter();
        all.filter_map(|(function, name)| Some((*function, std::str::from_utf8(name).ok()?)))
    }
}
