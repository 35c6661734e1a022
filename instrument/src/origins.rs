//! From functions and positions in an instrumented module to those in the module before.

use crate::renumbering::Renumbering;
use std::ops::Range;

/// Code that was not there before.
const NEW: u32 = u32::MAX;

/// A run of code that was copied, or that is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CodePiece {
    /// Its position in the new module.
    new: u32,
    /// Its position before, or [`NEW`].
    before: u32,
}

/// From functions and positions in an instrumented module to those in the module before.
///
/// Engines print a frame of WebAssembly as `wasm-function[INDEX]:0xOFFSET`, the offset counted from
/// the start of the module; JavaScriptCore prints the index alone.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    imported: u32,
    added: u32,
    before: u32,
    copied: Vec<u32>,
    /// By position in the new module.
    pieces: Vec<CodePiece>,
    /// Which piece each body begins with, copies too.
    bodies: Vec<u32>,
    /// Where the code ends in the new module.
    end: u32,
}

impl Origins {
    pub(crate) fn new(numbers: &Renumbering) -> Origins {
        Origins {
            imported: numbers.imported,
            added: numbers.added,
            before: numbers.before,
            copied: numbers.copied.clone(),
            ..Origins::default()
        }
    }

    /// The index that a function had: a copy's is that of the function it was copied from. None if
    /// there was no such function: it reports a block, or the index is too large.
    pub fn function(&self, function: u32) -> Option<u32> {
        let own = self.imported + self.added;
        if function < self.imported {
            return Some(function);
        }
        let before = function.checked_sub(self.added).filter(|_| function >= own)?;
        match before.checked_sub(self.before) {
            None => Some(before),
            Some(copy) => self.copied.get(copy as usize).copied(),
        }
    }

    /// The position that an instruction had, in bytes from the start of the module. None if it is no
    /// position in code, or that of a wrapper.
    pub fn offset(&self, offset: u32) -> Option<u32> {
        let after = self.pieces.partition_point(|piece| piece.new <= offset);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        (piece.before != NEW && offset < self.end).then(|| piece.before + (offset - piece.new))
    }

    /// Where a position of a body went; of the body at this place among the new module's own.
    pub(crate) fn forward(&self, body: usize, before: u32) -> Option<u32> {
        let pieces = self.pieces_of(body);
        let after = pieces.partition_point(|piece| piece.before <= before);
        let piece = pieces.get(after.checked_sub(1)?)?;
        (piece.before != NEW).then(|| piece.new + (before - piece.before))
    }

    fn pieces_of(&self, body: usize) -> &[CodePiece] {
        let bound = |body: usize| self.bodies.get(body).map_or(self.pieces.len(), |first| *first as usize);
        let bounds: Range<usize> = bound(body)..bound(body + 1);
        &self.pieces[bounds]
    }

    /// A body begins: what follows is its first piece.
    pub(crate) fn begin_body(&mut self) {
        self.bodies.push(self.pieces.len() as u32);
    }

    /// Code that was copied from here.
    pub(crate) fn copied_from(&mut self, new: usize, before: usize) {
        let (new, before) = (new as u32, before as u32);
        self.pieces.push(CodePiece { new, before });
    }

    /// Code that was not there before.
    pub(crate) fn added(&mut self, new: usize) {
        self.copied_from(new, NEW as usize);
    }

    /// Where the first body begins in the new module.
    pub(crate) fn start(&self) -> Option<usize> {
        Some(self.pieces.first()?.new as usize)
    }

    /// All code lies so many bytes later.
    pub(crate) fn move_by(&mut self, bytes: usize) {
        let bytes = bytes as u32;
        self.end += bytes;
        for piece in &mut self.pieces {
            piece.new += bytes;
        }
    }

    /// All code ends here.
    pub(crate) fn end(&mut self, new: usize) {
        self.end = new as u32;
        self.pieces.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_positions_lead_back() {
        let mut origins = Origins::new(&Renumbering::new(1, 3, 2, &[2], &[]));
        let functions: Vec<Option<u32>> = (0..8).map(|function| origins.function(function)).collect();
        assert_eq!(functions, [Some(0), None, None, Some(1), Some(2), Some(2), None, None]);
        origins.begin_body();
        origins.copied_from(20, 10);
        origins.copied_from(25, 14);
        origins.begin_body();
        origins.added(30);
        origins.begin_body();
        origins.copied_from(40, 16);
        origins.end(44);
        let found: Vec<Option<u32>> = [19, 20, 24, 25, 29, 30, 39, 40, 43, 44]
            .into_iter()
            .map(|offset| origins.offset(offset))
            .collect();
        let expected = [
            None,
            Some(10),
            Some(14),
            Some(14),
            Some(18),
            None,
            None,
            Some(16),
            Some(19),
            None,
        ];
        assert_eq!(found, expected);
        assert_eq!(origins.forward(0, 12), Some(22));
        assert_eq!(origins.forward(0, 15), Some(26));
        assert_eq!(origins.forward(1, 15), None);
        assert_eq!(origins.forward(2, 17), Some(41));
        assert_eq!(origins.forward(9, 17), None);
        assert_eq!(origins.start(), Some(20));
        origins.move_by(100);
        assert_eq!((origins.offset(124), origins.offset(143)), (Some(14), Some(19)));
        assert_eq!((origins.offset(24), origins.offset(144)), (None, None));
    }
}
