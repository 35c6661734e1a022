//! Where in the sources a function of a module and a position in it are: by DWARF, or by names alone.

use crate::demangle::readable_name;
use crate::leb::LebReader;
use crate::module::{Module, section};
use crate::names::FunctionNames;
use crate::not_instrumented::NotInstrumented;
use addr2line::{Context, Location};
use gimli::{Dwarf, EndianSlice, LittleEndian};
use std::fmt;

/// The most inlined functions that are listed of one position.
const MOST_INLINED: usize = 64;
/// The most bytes of a path that are kept.
const LONGEST_PATH: usize = 4096;

type Text<'a> = EndianSlice<'a, LittleEndian>;

/// Where functions of a module are in its sources.
pub struct Places<'a> {
    module: Module<'a>,
    names: FunctionNames<'a>,
    exports: FunctionNames<'a>,
    dwarf: Option<Context<Text<'a>>>,
}

/// A function, and a place in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// Its name, as people read it: of the section of names, of DWARF, of its export, or of its
    /// import (`module.name`). None if it has none.
    pub function: Option<String>,
    /// The place in this function.
    pub place: Option<FilePosition>,
    /// Functions that were inlined at this position, the innermost first. `place` is then where the
    /// outermost of them was called.
    pub inlined: Vec<InlinedFrame>,
    /// Whether the place is that of the position; else it is where the function begins.
    pub is_exact: bool,
}

/// A function that was inlined into another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InlinedFrame {
    /// Its name, as people read it.
    pub function: Option<String>,
    /// The place in this function.
    pub place: Option<FilePosition>,
}

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FilePosition {
    /// The file, as the compiler named it, with its directory.
    pub file: String,
    /// The line, from 1 on; 0 if only the file is known.
    pub line: u32,
    /// The column, from 1 on; 0 if the compiler wrote none.
    pub column: u32,
}

impl<'a> Places<'a> {
    /// Those of a module, as it was before it was instrumented.
    ///
    /// # Errors
    ///
    /// If it is no module, or cannot be decoded. DWARF that cannot be decoded is left aside.
    pub fn new(module: &'a [u8]) -> Result<Places<'a>, NotInstrumented> {
        let module = Module::read(module)?;
        Ok(Places {
            names: FunctionNames::of_section(&module),
            exports: FunctionNames::of_exports(&module),
            dwarf: dwarf(&module),
            module,
        })
    }

    /// Whether there is DWARF, and so lines.
    pub fn has_lines(&self) -> bool {
        self.dwarf.is_some()
    }

    /// The place of a function, and of a position in it: its offset in bytes from the start of the
    /// module. None if there is no such function.
    ///
    /// Index and offset are those of the module before it was instrumented: [`crate::Origins`] has them.
    pub fn place(&self, function: u32, offset: Option<u32>) -> Option<Frame> {
        if function >= self.module.function_count() {
            return None;
        }
        let mut frame = self.by_dwarf(function, offset).unwrap_or_default();
        if let Some(name) = self.name(function) {
            frame.function = Some(name);
        }
        Some(frame)
    }

    /// The function of the module's own that has this position in its body, in bytes from the start of the module.
    pub fn function_at(&self, offset: u32) -> Option<u32> {
        let offset = offset as usize;
        let own = self.module.imported()..self.module.function_count();
        // Bodies are in the order of the functions.
        let (mut low, mut high) = (own.start, own.end);
        while low < high {
            let middle = low + (high - low) / 2;
            let body = self.module.body(middle)?;
            match () {
                () if offset < body.start => high = middle,
                () if offset >= body.end => low = middle + 1,
                () => return Some(middle),
            }
        }
        None
    }

    /// The name of a function, by what the module itself says.
    fn name(&self, function: u32) -> Option<String> {
        let name = self.names.name(function).or_else(|| self.exports.name(function));
        if let Some(name) = name {
            return Some(readable_name(&name).into_owned());
        }
        let import = self.module.imports.get(function as usize)?;
        Some(format!("{}.{}", import.module, import.name))
    }

    /// Addresses in DWARF are counted from where the contents of the code section begin:
    /// <https://yurydelendik.github.io/webassembly-dwarf/#pc>.
    fn by_dwarf(&self, function: u32, offset: Option<u32>) -> Option<Frame> {
        let context = self.dwarf.as_ref()?;
        let body = self.module.body(function)?;
        let code = self.module.section(section::CODE)?.contents.start;
        let exact = offset
            .map(|offset| offset as usize)
            .filter(|offset| body.contains(offset));
        let address = exact.unwrap_or(body.start) - code;
        let mut frames = context.find_frames(address as u64).skip_all_loads().ok()?;
        let mut found = Vec::new();
        while let Ok(Some(frame)) = frames.next() {
            if found.len() > MOST_INLINED {
                break;
            }
            let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            found.push(InlinedFrame {
                function: name.map(|name| readable_name(&name).into_owned()),
                place: frame.location.as_ref().and_then(position),
            });
        }
        // The last is the function itself, into which the others were inlined.
        let outer = found.pop()?;
        if exact.is_none() {
            // What was inlined at its beginning is not where it is called from.
            found.clear();
        }
        Some(Frame {
            function: outer.function,
            is_exact: exact.is_some() && outer.place.is_some(),
            place: outer.place,
            inlined: found,
        })
    }
}

fn position(location: &Location<'_>) -> Option<FilePosition> {
    let file = location.file?;
    Some(FilePosition {
        file: file.chars().take(LONGEST_PATH).collect(),
        line: location.line.unwrap_or_default(),
        column: location.column.unwrap_or_default(),
    })
}

/// The DWARF of a module; none if there is none, or if it cannot be decoded.
fn dwarf<'a>(module: &Module<'a>) -> Option<Context<Text<'a>>> {
    let customs = module.sections.iter().filter(|section| section.id == section::CUSTOM);
    let named = customs.filter_map(|section| {
        let mut contents = LebReader::new(&module.bytes[section.contents.clone()]);
        let name = std::str::from_utf8(contents.counted()?).ok()?;
        name.starts_with(".debug_").then_some((name, contents.rest()))
    });
    let named: Vec<(&str, &'a [u8])> = named.collect();
    let data = |name: &str| named.iter().find(|(each, _)| *each == name).map(|(_, data)| *data);
    data(".debug_info")?;
    let load = |id: gimli::SectionId| -> Result<Text<'a>, gimli::Error> {
        Ok(EndianSlice::new(data(id.name()).unwrap_or_default(), LittleEndian))
    };
    Context::from_dwarf(Dwarf::load(load).ok()?).ok()
}

impl fmt::Debug for Places<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Places")
            .field("functions", &self.module.function_count())
            .field("names", &self.names.count())
            .field("has_lines", &self.has_lines())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for FilePosition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.file)?;
        for number in [self.line, self.column].into_iter().take_while(|number| *number > 0) {
            write!(out, ":{number}")?;
        }
        Ok(())
    }
}
