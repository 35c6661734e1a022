//! What a module consists of: where its sections and bodies lie, and which functions there are.

use crate::not_instrumented::NotInstrumented;
use std::ops::Range;
use wasmparser::{
    BinaryReader, CompositeInnerType, Encoding, ExternalKind, FuncType, FunctionBody, Parser, Payload, TypeRef,
    WasmFeatures,
};

/// The largest module that engines take, in bytes:
/// <https://webassembly.github.io/spec/js-api/#limits>.
pub(crate) const LARGEST_MODULE: usize = 1 << 30;

/// The ids of the sections that something is done to.
pub(crate) mod section {
    pub(crate) const CUSTOM: u8 = 0;
    pub(crate) const TYPE: u8 = 1;
    pub(crate) const IMPORT: u8 = 2;
    pub(crate) const FUNCTION: u8 = 3;
    pub(crate) const CODE: u8 = 10;
}

/// A section, by positions in the module.
#[derive(Debug, Clone)]
pub(crate) struct ModuleSection {
    /// What it holds; see [`section`].
    pub(crate) id: u8,
    /// Where its header begins.
    pub(crate) start: usize,
    /// Where its contents lie: what follows its size.
    pub(crate) contents: Range<usize>,
}

/// A function that the module imports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ImportedFunction<'a> {
    /// The module that it is imported from.
    pub(crate) module: &'a str,
    /// Its name there.
    pub(crate) name: &'a str,
}

/// A memory, as far as it matters to its pointers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PointerMemory {
    /// Whether its addresses have 64 bits.
    pub(crate) is_64: bool,
}

/// A module, taken apart; nothing is copied.
#[derive(Debug)]
pub(crate) struct Module<'a> {
    /// All of it.
    pub(crate) bytes: &'a [u8],
    /// Its sections, in the order of the file.
    pub(crate) sections: Vec<ModuleSection>,
    /// What is defined as a type: the signature, if it is one of functions that scripts can call.
    types: Vec<Option<FuncType>>,
    /// The type of each function, those imported first.
    functions: Vec<u32>,
    /// The functions that are imported.
    pub(crate) imports: Vec<ImportedFunction<'a>>,
    /// How much is imported, functions and all else.
    pub(crate) import_count: usize,
    /// The functions that are exported, by name.
    pub(crate) exports: Vec<(&'a str, u32)>,
    /// Its first memory.
    pub(crate) memory: Option<PointerMemory>,
    /// The bodies of its own functions, without their sizes.
    pub(crate) bodies: Vec<Range<usize>>,
    /// The custom section of names, after its own name.
    pub(crate) names: Option<Range<usize>>,
}

impl<'a> Module<'a> {
    /// Takes a module apart. Instructions are not looked at.
    ///
    /// # Errors
    ///
    /// If it is no module, a component, or cannot be decoded.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Module<'a>, NotInstrumented> {
        check_header(bytes)?;
        let mut module = Module {
            bytes,
            sections: Vec::new(),
            types: Vec::new(),
            functions: Vec::new(),
            imports: Vec::new(),
            import_count: 0,
            exports: Vec::new(),
            memory: None,
            bodies: Vec::new(),
            names: None,
        };
        let mut parser = Parser::new(0);
        parser.set_features(WasmFeatures::all());
        let mut end = 8;
        for payload in parser.parse_all(bytes) {
            let payload = payload?;
            if let Some((id, range)) = payload.as_section() {
                let contents = range.start as usize..range.end as usize;
                // The code section is seen before its bodies are.
                end = module.add_section(id, end, contents)?;
            }
            module.take(payload)?;
        }
        match module.functions.len() - module.imports.len() == module.bodies.len() {
            true => Ok(module),
            false => Err(NotInstrumented::undecodable(
                "the function and the code section have lengths that differ",
                bytes.len(),
            )),
        }
    }

    fn add_section(&mut self, id: u8, start: usize, contents: Range<usize>) -> Result<usize, NotInstrumented> {
        let is_double = id != section::CUSTOM && self.section(id).is_some();
        if is_double {
            return Err(NotInstrumented::undecodable("a section comes twice", start));
        }
        let end = contents.end;
        self.sections.push(ModuleSection { id, start, contents });
        Ok(end)
    }

    fn take(&mut self, payload: Payload<'a>) -> Result<(), NotInstrumented> {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups {
                    let types = group?.into_types().map(|each| match each.composite_type.inner {
                        // A shared function may not call one that is not.
                        CompositeInnerType::Func(signature) if !each.composite_type.shared => Some(signature),
                        _ => None,
                    });
                    self.types.extend(types);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    self.import_count += 1;
                    match import.ty {
                        TypeRef::Func(index) | TypeRef::FuncExact(index) => {
                            self.functions.push(index);
                            let (module, name) = (import.module, import.name);
                            self.imports.push(ImportedFunction { module, name });
                        }
                        TypeRef::Memory(memory) => self.add_memory(memory.memory64),
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(indices) => {
                for index in indices {
                    self.functions.push(index?);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    self.add_memory(memory?.memory64);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.exports.push((export.name, export.index));
                    }
                }
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(range_of(&body)),
            Payload::CustomSection(custom) if custom.name() == "name" && self.names.is_none() => {
                let start = custom.data_offset() as usize;
                self.names = Some(start..start + custom.data().len());
            }
            _ => {}
        }
        Ok(())
    }

    fn add_memory(&mut self, is_64: bool) {
        self.memory.get_or_insert(PointerMemory { is_64 });
    }

    /// How many functions are imported.
    pub(crate) fn imported(&self) -> u32 {
        self.imports.len() as u32
    }

    /// How many functions there are, imported ones and its own.
    pub(crate) fn function_count(&self) -> u32 {
        self.functions.len() as u32
    }

    /// How many types there are.
    pub(crate) fn type_count(&self) -> u32 {
        self.types.len() as u32
    }

    /// The index of a function's type; none if there is no such function.
    pub(crate) fn type_index(&self, function: u32) -> Option<u32> {
        self.functions.get(function as usize).copied()
    }

    /// What a function takes and returns; none if there is no such function, or if it is one that may
    /// not call a script.
    pub(crate) fn signature(&self, function: u32) -> Option<&FuncType> {
        let index = self.type_index(function)?;
        self.types.get(index as usize)?.as_ref()
    }

    /// The body of a function; none if there is no such function, or if it is imported.
    pub(crate) fn body(&self, function: u32) -> Option<Range<usize>> {
        let index = function.checked_sub(self.imported())?;
        self.bodies.get(index as usize).cloned()
    }

    /// The one section of this id that is not custom.
    pub(crate) fn section(&self, id: u8) -> Option<&ModuleSection> {
        self.sections.iter().find(|section| section.id == id)
    }

    /// Reads from a part of the module, with the positions of the whole.
    pub(crate) fn reader(&self, range: Range<usize>) -> BinaryReader<'a> {
        let start = range.start as u64;
        BinaryReader::new_features(&self.bytes[range], start, WasmFeatures::all())
    }
}

/// Where a body lies, from its locals on.
pub(crate) fn range_of(body: &FunctionBody<'_>) -> Range<usize> {
    let range = body.range();
    range.start as usize..range.end as usize
}

/// It is a module, and of a size that engines take.
fn check_header(bytes: &[u8]) -> Result<(), NotInstrumented> {
    if bytes.len() > LARGEST_MODULE {
        return Err(NotInstrumented::TooLarge {
            what: "bytes",
            count: bytes.len(),
            limit: LARGEST_MODULE,
        });
    }
    match Parser::new(0).parse_all(bytes).next() {
        Some(Ok(Payload::Version {
            encoding: Encoding::Component,
            ..
        })) => Err(NotInstrumented::Component),
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(NotInstrumented::NoModule { why: error.to_string() }),
        None => Err(NotInstrumented::NoModule {
            why: "it is empty".to_owned(),
        }),
    }
}
