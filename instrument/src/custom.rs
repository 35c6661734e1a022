//! Custom sections that hold indices of functions: names, and hints for compilers.

use crate::leb::{self, LebReader};
use crate::origins::Origins;
use crate::renumbering::Renumbering;
use std::ops::Range;

/// Hints of this kind hold functions that are called.
const CALL_TARGETS: &str = "metadata.code.call_targets";
/// All other hints for compilers begin so.
const HINTS: &str = "metadata.code.";

/// What a custom section becomes, from its name on; none if it stays as it is. `bodies` are where
/// the module's own bodies lay.
pub(crate) fn rewritten(
    contents: &[u8],
    numbers: &Renumbering,
    origins: &Origins,
    bodies: &[Range<usize>],
) -> Option<Vec<u8>> {
    let mut reader = LebReader::new(contents);
    let name = std::str::from_utf8(reader.counted()?).ok()?;
    let data = reader.rest();
    let head = &contents[..contents.len() - data.len()];
    let new = if name == "name" {
        names(data, numbers)
    } else if name.starts_with(HINTS) {
        let mapped = HintMap {
            numbers,
            origins,
            bodies,
            is_targets: name == CALL_TARGETS,
        };
        mapped.rewritten(data)?
    } else {
        return None;
    };
    Some([head, &new].concat())
}

/// The ids of the parts of the name section that have functions in them.
mod part {
    pub(super) const FUNCTIONS: u8 = 1;
    pub(super) const LOCALS: u8 = 2;
    pub(super) const LABELS: u8 = 3;
}

/// The name section. What cannot be read of it is left out: its indices would lie.
fn names(data: &[u8], numbers: &Renumbering) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + data.len() / 8);
    let mut reader = LebReader::new(data);
    while let Some(id) = reader.bytes(1) {
        let Some(contents) = reader.counted() else {
            break;
        };
        let new = match id[0] {
            part::FUNCTIONS => function_names(contents, numbers),
            part::LOCALS | part::LABELS => names_within(contents, numbers),
            _ => contents.to_vec(),
        };
        out.extend(id);
        put_counted(&mut out, &new);
    }
    out
}

fn put_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    leb::put(out, bytes.len() as u32, 0);
    out.extend(bytes);
}

/// What is said of each function, and of the copies at the end.
struct ByFunction<'a> {
    stay: Vec<(u32, &'a [u8])>,
    copies: Vec<(u32, &'a [u8])>,
}

impl<'a> ByFunction<'a> {
    /// Reads entries of an index and what `skip` reads, as long as there are any.
    fn read(contents: &'a [u8], numbers: &Renumbering, skip: fn(&mut LebReader<'a>) -> Option<()>) -> ByFunction<'a> {
        let mut reader = LebReader::new(contents);
        let count = reader.number().unwrap_or_default();
        let (mut stay, mut copies) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let Some(function) = reader.number() else { break };
            let before = reader.rest();
            let Some(()) = skip(&mut reader) else { break };
            let text = &before[..before.len() - reader.rest().len()];
            stay.push((function, text));
            if let Some(copy) = numbers.copy(function) {
                copies.push((copy, text));
            }
        }
        copies.sort_by_key(|(copy, _)| *copy);
        ByFunction { stay, copies }
    }

    /// Writes what stays, under new indices, and what is said of copies.
    fn write(self, numbers: &Renumbering) -> Vec<u8> {
        let mut out = Vec::new();
        leb::put(&mut out, (self.stay.len() + self.copies.len()) as u32, 0);
        for (function, text) in self.stay {
            leb::put(&mut out, numbers.outside(function), 0);
            out.extend(text);
        }
        for (copy, text) in self.copies {
            leb::put(&mut out, copy, 0);
            out.extend(text);
        }
        out
    }
}

/// A copy is called what the function is called.
fn function_names(contents: &[u8], numbers: &Renumbering) -> Vec<u8> {
    ByFunction::read(contents, numbers, |reader| reader.counted().map(|_| ())).write(numbers)
}

/// The locals and labels of a function go with its body: to the copy, if there is one. The wrapper,
/// which takes its place, has none; a function that is copied beside keeps its own.
fn names_within(contents: &[u8], numbers: &Renumbering) -> Vec<u8> {
    let skip: fn(&mut LebReader<'_>) -> Option<()> = |reader| {
        for _ in 0..reader.number()? {
            reader.number()?;
            reader.counted()?;
        }
        Some(())
    };
    let mut entries = ByFunction::read(contents, numbers, skip);
    entries.stay.retain(|(function, _)| !numbers.is_wrapped(*function));
    entries.write(numbers)
}

/// Where hints for compilers go: <https://github.com/WebAssembly/tool-conventions/blob/main/CodeMetadata.md>.
struct HintMap<'a> {
    numbers: &'a Renumbering,
    origins: &'a Origins,
    bodies: &'a [Range<usize>],
    is_targets: bool,
}

impl HintMap<'_> {
    /// None if the hints cannot be read: engines do not read them either.
    fn rewritten(&self, data: &[u8]) -> Option<Vec<u8>> {
        let mut reader = LebReader::new(data);
        let (mut stay, mut moved) = (Vec::new(), Vec::new());
        for _ in 0..reader.number()? {
            let function = reader.number()?;
            // Those of a wrapper's function are true of the copy, which is not where they were.
            let (target, list) = match self.numbers.is_wrapped(function) {
                true => (self.numbers.copy(function)?, &mut moved),
                false => (self.numbers.outside(function), &mut stay),
            };
            list.push((target, self.hints(&mut reader, function, target)?));
        }
        moved.sort_by_key(|(function, _)| *function);
        let mut out = Vec::with_capacity(data.len());
        leb::put(&mut out, (stay.len() + moved.len()) as u32, 0);
        for (function, hints) in stay.into_iter().chain(moved) {
            leb::put(&mut out, function, 0);
            out.extend(hints);
        }
        Some(out)
    }

    /// The hints of one function, which goes from one index to another.
    fn hints(&self, reader: &mut LebReader<'_>, function: u32, target: u32) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let count = reader.number()?;
        leb::put(&mut out, count, 0);
        for _ in 0..count {
            let offset = reader.number()?;
            leb::put(&mut out, self.offset(offset, function, target).unwrap_or(offset), 0);
            let hint = reader.counted()?;
            match self.is_targets {
                true => put_counted(&mut out, &self.targets(hint).unwrap_or(hint.to_vec())),
                false => put_counted(&mut out, hint),
            }
        }
        Some(out)
    }

    /// Offsets are counted from where the body begins.
    fn offset(&self, offset: u32, function: u32, target: u32) -> Option<u32> {
        let body = self.bodies.get(function.checked_sub(self.numbers.imported)? as usize)?;
        let own = target.checked_sub(self.numbers.imported + self.numbers.added)? as usize;
        let position = (body.start as u32).checked_add(offset)?;
        let start = self.origins.forward(own, body.start as u32)?;
        self.origins.forward(own, position)?.checked_sub(start)
    }

    /// Functions that are called, each with how often.
    fn targets(&self, hint: &[u8]) -> Option<Vec<u8>> {
        let mut reader = LebReader::new(hint);
        let mut out = Vec::new();
        while !reader.rest().is_empty() {
            leb::put(&mut out, self.numbers.outside(reader.number()?), 0);
            leb::put(&mut out, reader.number()?, 0);
        }
        Some(out)
    }
}
