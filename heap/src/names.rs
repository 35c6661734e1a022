//! The names in a heap, each kept once.

use rustc_hash::FxHashMap as HashMap;

/// How many characters of a name are kept: the program's strings are names, too.
const NAME: usize = 200;

/// Names, each kept once.
#[derive(Debug, Default)]
pub struct Names {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
}

impl Names {
    /// The text of a name; empty if there is none of this number.
    pub fn get(&self, name: u32) -> &str {
        self.texts.get(name as usize).map_or("", |text| text)
    }

    /// The number of a name that is already there.
    pub fn known(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The number of a name, which is added if it is new.
    pub fn number(&mut self, text: &str) -> u32 {
        let text = shortened(text);
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }
}

/// No more of a text than is kept.
pub fn shortened(text: &str) -> &str {
    match text.char_indices().nth(NAME) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}
