//! Sets of the lines of a run, by offset: which positions in it a transcript may have come to.

use crate::case::expected_line::ExpectedLine;
use std::collections::HashMap;

/// Lines of a run, a bit each.
#[derive(Debug, Clone)]
pub struct LineSet(Vec<u64>);

/// The lines of a run that are like one of them. Where these are many, as bits.
#[derive(Debug)]
pub enum Equal {
    Few(Vec<usize>),
    Many(LineSet),
}

/// For each line of a run the lines that are like it. It takes no more than some words a line.
#[derive(Debug)]
pub struct EqualLines {
    groups: Vec<Equal>,
    group_of: Vec<usize>,
}

impl EqualLines {
    /// Lines of the same text are alike.
    pub fn of(lines: &[ExpectedLine]) -> EqualLines {
        EqualLines::of_texts(lines.iter().map(|line| line.text.as_str()))
    }

    fn of_texts<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> EqualLines {
        let room = texts.len() + 1;
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut offsets: Vec<Vec<usize>> = Vec::new();
        let mut group_of = Vec::with_capacity(texts.len());
        for (offset, text) in texts.enumerate() {
            let group = *known.entry(text).or_insert(offsets.len());
            if group == offsets.len() {
                offsets.push(Vec::new());
            }
            offsets[group].push(offset);
            group_of.push(group);
        }
        let groups = offsets.into_iter().map(|offsets| Equal::of(offsets, room)).collect();
        EqualLines { groups, group_of }
    }

    /// The lines that are like the line at this offset, which is one of them.
    pub fn to(&self, offset: usize) -> &Equal {
        &self.groups[self.group_of[offset]]
    }
}

impl Equal {
    /// Bits only where there are at least as many lines as words: so at most 64 groups have bits, and
    /// none takes more steps than there are words.
    fn of(offsets: Vec<usize>, room: usize) -> Equal {
        let mut bits = LineSet::new(room);
        if offsets.len() < bits.0.len() {
            return Equal::Few(offsets);
        }
        offsets.into_iter().for_each(|offset| bits.insert(offset));
        Equal::Many(bits)
    }
}

impl LineSet {
    /// The empty set, with room for the numbers below this one.
    pub fn new(room: usize) -> LineSet {
        LineSet(vec![0; room.div_ceil(64)])
    }

    /// The words of 64 lines each.
    pub fn words(&self) -> u64 {
        self.0.len() as u64
    }

    pub fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Makes it the same as another one with as much room.
    pub fn copy(&mut self, other: &LineSet) {
        self.0.copy_from_slice(&other.0);
    }

    pub fn insert(&mut self, number: usize) {
        self.0[number / 64] |= 1 << (number % 64);
    }

    pub fn has(&self, number: usize) -> bool {
        self.0[number / 64] >> (number % 64) & 1 == 1
    }

    pub fn lowest(&self) -> Option<usize> {
        let word = self.0.iter().position(|word| *word != 0)?;
        Some(word * 64 + self.0[word].trailing_zeros() as usize)
    }

    pub fn highest(&self) -> Option<usize> {
        let word = self.0.iter().rposition(|word| *word != 0)?;
        Some(word * 64 + self.0[word].ilog2() as usize)
    }

    /// The highest number that is in both.
    pub fn highest_of(&self, equal: &Equal) -> Option<usize> {
        match equal {
            Equal::Few(offsets) => offsets.iter().copied().rev().find(|offset| self.has(*offset)),
            Equal::Many(bits) => {
                let both = |word: usize| self.0[word] & bits.0[word];
                let word = (0..self.0.len()).rev().find(|word| both(*word) != 0)?;
                Some(word * 64 + both(word).ilog2() as usize)
            }
        }
    }

    pub fn remove(&mut self, equal: &Equal) {
        match equal {
            Equal::Few(offsets) => offsets
                .iter()
                .for_each(|offset| self.0[offset / 64] &= !(1 << (offset % 64))),
            Equal::Many(bits) => self.0.iter_mut().zip(&bits.0).for_each(|(word, bits)| *word &= !bits),
        }
    }

    /// Adds the successor of each number that is in both of these.
    pub fn insert_after(&mut self, one: &LineSet, equal: &Equal) {
        match equal {
            Equal::Few(offsets) => offsets
                .iter()
                .filter(|offset| one.has(**offset))
                .for_each(|offset| self.insert(offset + 1)),
            Equal::Many(bits) => {
                let mut carry = 0;
                for (word, (one, bits)) in self.0.iter_mut().zip(one.0.iter().zip(&bits.0)) {
                    let both = one & bits;
                    *word |= both << 1 | carry;
                    carry = both >> 63;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(set: &LineSet) -> Vec<usize> {
        (0..set.0.len() * 64).filter(|number| set.has(*number)).collect()
    }

    fn set(room: usize, numbers: &[usize]) -> LineSet {
        let mut set = LineSet::new(room);
        numbers.iter().for_each(|number| set.insert(*number));
        set
    }

    #[test]
    fn few_and_many_equal_lines_are_alike() {
        let room = 200;
        let matched = set(room, &[0, 3, 63, 64, 127, 150]);
        for offsets in [
            vec![3],
            vec![0, 1, 2],
            vec![63, 127],
            vec![5, 64, 150, 198],
            vec![7, 8, 9, 10],
        ] {
            let many = Equal::Many(set(room, &offsets));
            let few = Equal::Few(offsets.clone());
            let [after_few, after_many] = [&few, &many].map(|equal| {
                let mut next = set(room, &[0]);
                next.insert_after(&matched, equal);
                numbers(&next)
            });
            let mut wanted: Vec<usize> = offsets
                .iter()
                .filter(|offset| matched.has(**offset))
                .map(|offset| offset + 1)
                .collect();
            wanted.insert(0, 0);
            assert_eq!(after_few, wanted, "{offsets:?}");
            assert_eq!(after_many, wanted, "{offsets:?}");
            assert_eq!(matched.highest_of(&few), matched.highest_of(&many), "{offsets:?}");
            let [left_few, left_many] = [&few, &many].map(|equal| {
                let mut left = matched.clone();
                left.remove(equal);
                numbers(&left)
            });
            assert_eq!(left_few, left_many, "{offsets:?}");
            assert!(!left_few.iter().any(|number| offsets.contains(number)));
        }
    }

    #[test]
    fn equal_lines_of_any_run_take_some_words_each() {
        let words_of = |equal: &Equal| match equal {
            Equal::Few(offsets) => offsets.len() as u64,
            Equal::Many(bits) => bits.words(),
        };
        let words = |lines: &EqualLines| -> u64 { lines.groups.iter().map(words_of).sum() };
        let count = 10_000;
        for different in [1, 2, 63, 64, 65, 100, 5_000, count] {
            let texts: Vec<String> = (0..count).map(|number| (number % different).to_string()).collect();
            let lines = EqualLines::of_texts(texts.iter().map(String::as_str));
            assert!(words(&lines) <= count as u64 + 64, "{different}: {}", words(&lines));
            assert!(
                matches!(
                    (lines.to(different - 1), different <= 63),
                    (Equal::Many(_), true) | (Equal::Few(_), false)
                ),
                "{different}"
            );
        }
    }
}
