//! The expectations of a case: one for all programs, and those that are for some alone.

use crate::case::expectation::Expectation;
use crate::case::scope::{ExpectationScope, ProgramIdentity};

/// The expectations of a case.
#[derive(Debug)]
pub struct Expectations {
    shared: Expectation,
    /// The narrowest first.
    narrower: Vec<(ExpectationScope, Expectation)>,
}

impl Expectations {
    /// One for all programs, and others.
    pub fn of(shared: Expectation, mut narrower: Vec<(ExpectationScope, Expectation)>) -> Expectations {
        narrower.sort_by_key(|(scope, _)| scope.rank());
        Expectations { shared, narrower }
    }

    /// The one for a program.
    pub fn of_program(&self, program: ProgramIdentity<'_>) -> &Expectation {
        self.narrower
            .iter()
            .find(|(scope, _)| scope.has(program))
            .map_or(&self.shared, |(_, expectation)| expectation)
    }

    /// The scope of the one for a program; `None` if that is the one for all.
    pub fn scope(&self, program: ProgramIdentity<'_>) -> Option<&ExpectationScope> {
        let found = self.narrower.iter().find(|(scope, _)| scope.has(program));
        found.map(|(scope, _)| scope)
    }

    /// The one with this scope, if there is one.
    pub fn of_scope(&self, wanted: &ExpectationScope) -> Option<&Expectation> {
        let found = self.narrower.iter().find(|(scope, _)| scope == wanted);
        found.map(|(_, expectation)| expectation)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Expectation> {
        std::iter::once(&self.shared).chain(self.narrower.iter().map(|(_, expectation)| expectation))
    }

    /// The one for all programs that have none of their own.
    pub fn shared(&self) -> &Expectation {
        &self.shared
    }
}
