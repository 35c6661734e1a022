//! Large JSON, read as it comes: an object of whose values some are long rows.

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::fmt;
use std::io::BufRead;

/// How long a value may be that is not a row, in bytes.
const SMALL: usize = 1 << 20;

/// Reads an object, and gives each key with its value to `take`.
pub fn stream(input: impl BufRead, mut take: impl FnMut(&str, Row<'_, '_>) -> Result<()>) -> Result<()> {
    let ours = KeptError::default();
    let mut deserializer = serde_json::Deserializer::from_reader(input);
    let keys = Keys {
        take: &mut take,
        ours: &ours,
    };
    let read = deserializer.deserialize_map(keys).and_then(|()| deserializer.end());
    match (read, ours.0.into_inner()) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(error)) => Err(error),
        (Err(error), None) if error.is_eof() => Err(anyhow!("it is cut off: {error}")),
        (Err(error), None) => Err(anyhow!("it is not the JSON that was expected: {error}")),
    }
}

/// Our own error that ended the reading: serde keeps only its text.
#[derive(Default)]
struct KeptError(RefCell<Option<anyhow::Error>>);

impl KeptError {
    fn keep<E: serde::de::Error>(&self, error: anyhow::Error) -> E {
        let text = error.to_string();
        self.0.borrow_mut().get_or_insert(error);
        E::custom(text)
    }
}

struct Keys<'a> {
    take: &'a mut dyn FnMut(&str, Row<'_, '_>) -> Result<()>,
    ours: &'a KeptError,
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let mut serdes = None;
            let mut next = |how: ValueReader<'_>| -> Result<()> {
                map.next_value_seed(Seed { how, ours: self.ours }).map_err(|error| {
                    let text = error.to_string();
                    serdes = Some(error);
                    anyhow!(text)
                })
            };
            let taken = (self.take)(&key, Row { next: &mut next });
            if let Some(error) = serdes {
                return Err(error);
            }
            taken.map_err(|error| self.ours.keep(error))?;
        }
        Ok(())
    }
}

/// A value that is still to be read, and has to be, once.
pub struct Row<'a, 'b> {
    next: &'a mut (dyn FnMut(ValueReader<'_>) -> Result<()> + 'b),
}

/// What a row is made of.
pub enum Item<'a> {
    Number(u64),
    Text(&'a str),
}

/// How a value is read.
enum ValueReader<'a> {
    Skip,
    Items(&'a mut dyn FnMut(Item<'_>) -> Result<()>),
    Small(&'a mut dyn FnMut(&str) -> Result<()>),
}

impl Row<'_, '_> {
    pub fn skip(self) -> Result<()> {
        (self.next)(ValueReader::Skip)
    }

    /// A row of whole numbers and texts.
    pub fn items(self, mut take: impl FnMut(Item<'_>) -> Result<()>) -> Result<()> {
        (self.next)(ValueReader::Items(&mut take))
    }

    pub fn numbers(self, mut take: impl FnMut(u64) -> Result<()>) -> Result<()> {
        self.items(|item| match item {
            Item::Number(number) => take(number),
            Item::Text(_) => bail!("expected a number, found a text"),
        })
    }

    pub fn strings(self, mut take: impl FnMut(&str) -> Result<()>) -> Result<()> {
        self.items(|item| match item {
            Item::Text(text) => take(text),
            Item::Number(_) => bail!("expected a text, found a number"),
        })
    }

    /// A value that is small.
    pub fn small<T: DeserializeOwned>(self) -> Result<T> {
        let mut found = None;
        (self.next)(ValueReader::Small(&mut |text| {
            ensure!(text.len() <= SMALL, "a value is too long");
            found = Some(serde_json::from_str(text).context("it has an unknown version")?);
            Ok(())
        }))?;
        found.context("a value is missing")
    }
}

struct Seed<'a, 'b> {
    how: ValueReader<'a>,
    ours: &'b KeptError,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.how {
            ValueReader::Skip => IgnoredAny::deserialize(deserializer).map(|_| ()),
            ValueReader::Small(take) => {
                let text = Box::<RawValue>::deserialize(deserializer)?;
                take(text.get()).map_err(|error| self.ours.keep(error))
            }
            ValueReader::Items(_) => deserializer.deserialize_seq(self),
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<(), A::Error> {
        let ValueReader::Items(take) = self.how else {
            return IgnoredAny.visit_seq(row).map(|_| ());
        };
        while row
            .next_element_seed(One {
                take: &mut *take,
                ours: self.ours,
            })?
            .is_some()
        {}
        Ok(())
    }
}

/// One item of a row.
struct One<'a, 'b> {
    take: &'a mut (dyn FnMut(Item<'_>) -> Result<()> + 'a),
    ours: &'b KeptError,
}

impl<'de> DeserializeSeed<'de> for One<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for One<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number or a text")
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        (self.take)(Item::Number(number)).map_err(|error| self.ours.keep(error))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        (self.take)(Item::Text(text)).map_err(|error| self.ours.keep(error))
    }
}
