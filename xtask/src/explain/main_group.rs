//! Which of the groups of a leak stands for it: the one of which the path is shown.

use crate::explain::leaks::{Finding, NewGroup, TEXT, representative};
use crate::explain::sources::Sources;

/// Of the groups of a leak, one that is less than one in so many of another does not stand for all.
const BESIDE: usize = 10;

impl Finding<'_> {
    /// The group that stands for a leak: of a class that the program defines, else of one that was counted to grow and is not
    /// the language's own, else of one that a package defines, else an element, else of any other; and of those the nearest
    /// one, for what hangs on it is farther away.
    pub(super) fn main<'g>(&self, groups: &'g [NewGroup]) -> Option<&'g NewGroup> {
        let is_own = |group: &&NewGroup| self.program.sources.class(&group.class).is_some();
        let is_counted = |group: &&NewGroup| self.counted.contains(&group.class.as_str());
        let is_of_program = |group: &&NewGroup| !Sources::is_built_in(&group.class);
        let is_function_s = |group: &&NewGroup| self.functions.contains(group.class.as_str());
        // As V8 and WebKit call it: `<div>`.
        let is_element = |group: &&NewGroup| group.class.starts_with('<');
        let first_counted = || {
            let named = |class: &&str| {
                groups
                    .iter()
                    .find(|group| group.class == **class && group.class != TEXT)
            };
            self.counted.iter().find_map(named)
        };
        self.nearest(groups.iter().filter(is_own))
            .or_else(|| self.nearest(groups.iter().filter(is_counted).filter(is_of_program)))
            .or_else(|| self.nearest(groups.iter().filter(is_function_s).filter(is_of_program)))
            .or_else(first_counted)
            .or_else(|| self.nearest(groups.iter().filter(is_element)))
            .or_else(|| self.nearest(groups.iter().filter(is_of_program)))
            .or_else(|| groups.iter().find(|group| group.class != TEXT))
            .or(groups.first())
    }

    /// The group with the shortest path, but for those that are small beside the others. Of two that are alike, which one has
    /// an object more is chance.
    fn nearest<'g>(&self, groups: impl Iterator<Item = &'g NewGroup>) -> Option<&'g NewGroup> {
        let groups: Vec<&NewGroup> = groups.collect();
        let largest = groups.iter().map(|group| group.nodes.len()).max()?;
        let large = groups.into_iter().filter(|group| group.nodes.len() * BESIDE >= largest);
        large.min_by_key(|group| {
            let depth = self.depth(representative(group), self.paths);
            (depth, largest / group.nodes.len(), &group.class)
        })
    }
}
