//! Puts the new module together: the bytes of the old one, other indices of functions, and what is added.

use crate::custom;
use crate::leb;
use crate::module::{LARGEST_MODULE, Module, ModuleSection, section};
use crate::not_instrumented::NotInstrumented;
use crate::origins::Origins;
use crate::references::{FunctionReference, FunctionReferences};
use crate::renumbering::Renumbering;
use crate::report::{BlockReport, REPORT_MODULE};
use std::ops::Range;

/// The most functions, types or imports that engines take, and the most bytes of one body:
/// <https://webassembly.github.io/spec/js-api/#limits>.
const MOST: usize = 1_000_000;
const LARGEST_BODY: usize = 7_654_321;

/// What is made of a module.
#[derive(Debug)]
pub(crate) struct Splice<'a> {
    /// The module.
    pub(crate) module: &'a Module<'a>,
    /// Where its function indices stand.
    pub(crate) references: &'a FunctionReferences,
    /// What they become.
    pub(crate) numbers: &'a Renumbering,
    /// The imports that are added.
    pub(crate) reports: &'a [BlockReport],
    /// The bodies of the functions that get a wrapper, in the order of their copies.
    pub(crate) wrappers: Vec<Vec<u8>>,
}

impl Splice<'_> {
    /// The new module, and how its positions lead back.
    ///
    /// # Errors
    ///
    /// If it would be larger than engines take.
    pub(crate) fn make(&self) -> Result<(Vec<u8>, Origins), NotInstrumented> {
        let more = self.reports.len();
        check("functions", self.numbers.after() as usize, MOST)?;
        check("types", self.module.type_count() as usize + more, MOST)?;
        check("imports", self.module.import_count + more, MOST)?;
        let mut origins = Origins::new(self.numbers);
        let bytes = self.module.bytes;
        let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
        out.extend(&bytes[..8]);
        let mut custom: Vec<(usize, &ModuleSection)> = Vec::new();
        for each in &self.module.sections {
            match each.id {
                section::CUSTOM => custom.push((out.len(), each)),
                section::TYPE => {
                    put_section(&mut out, each, &self.appended(each, self.types()));
                    if self.module.section(section::IMPORT).is_none() {
                        self.put_first_imports(&mut out);
                    }
                }
                section::IMPORT => put_section(&mut out, each, &self.appended(each, self.imports())),
                section::FUNCTION => put_section(&mut out, each, &self.appended(each, self.functions()?)),
                section::CODE => self.put_code(&mut out, each, &mut origins)?,
                _ => self.put_renumbered(&mut out, each),
            }
        }
        check("bytes", out.len(), LARGEST_MODULE)?;
        let out = self.with_custom(&out, &custom, &mut origins);
        check("bytes", out.len(), LARGEST_MODULE)?;
        Ok((out, origins))
    }

    /// The contents of a section that is a list, with more at its end: how many, and their bytes.
    fn appended(&self, old: &ModuleSection, (more, added): (u32, Vec<u8>)) -> Vec<u8> {
        let contents = &self.module.bytes[old.contents.clone()];
        let (count, width) = leb::read(contents).unwrap_or_default();
        let mut new = Vec::with_capacity(contents.len() + added.len() + 1);
        leb::put(&mut new, count.saturating_add(more), width);
        new.extend(&contents[width..]);
        new.extend(added);
        new
    }

    /// The types of the imports.
    fn types(&self) -> (u32, Vec<u8>) {
        let mut added = Vec::new();
        for report in self.reports {
            added.extend([0x60, report.parameters() as u8]);
            // `f64`, each.
            added.extend(vec![0x7c; report.parameters()]);
            added.push(0);
        }
        (self.reports.len() as u32, added)
    }

    fn imports(&self) -> (u32, Vec<u8>) {
        let mut added = Vec::new();
        for (index, report) in (0..).zip(self.reports) {
            for name in [REPORT_MODULE, report.name()] {
                leb::put(&mut added, name.len() as u32, 0);
                added.extend(name.as_bytes());
            }
            added.push(0);
            leb::put(&mut added, self.module.type_count() + index, 0);
        }
        (self.reports.len() as u32, added)
    }

    fn put_first_imports(&self, out: &mut Vec<u8>) {
        let (count, imports) = self.imports();
        let mut contents = Vec::new();
        leb::put(&mut contents, count, 0);
        contents.extend(imports);
        out.push(section::IMPORT);
        leb::put(out, contents.len() as u32, 0);
        out.extend(contents);
    }

    /// The types of the copies.
    fn functions(&self) -> Result<(u32, Vec<u8>), NotInstrumented> {
        let mut added = Vec::new();
        for function in &self.numbers.copied {
            let missing = || NotInstrumented::undecodable("a function has no type", 0);
            leb::put(&mut added, self.module.type_index(*function).ok_or_else(missing)?, 0);
        }
        Ok((self.numbers.copied.len() as u32, added))
    }

    fn put_renumbered(&self, out: &mut Vec<u8>, old: &ModuleSection) {
        let references = self.references.within(&old.contents);
        if references.is_empty() {
            out.extend(&self.module.bytes[old.start..old.contents.end]);
            return;
        }
        let mut contents = Vec::with_capacity(old.contents.len() + references.len());
        let outside = |reference: FunctionReference| self.numbers.outside(reference.function);
        renumber(
            &mut contents,
            self.module.bytes,
            &old.contents,
            references,
            outside,
            |_, _| {},
        );
        put_section(out, old, &contents);
    }

    fn put_code(&self, out: &mut Vec<u8>, old: &ModuleSection, origins: &mut Origins) -> Result<(), NotInstrumented> {
        let bodies = self.bodies();
        let (_, count_width) = leb::read(&self.module.bytes[old.contents.clone()]).unwrap_or_default();
        let mut start = Vec::new();
        leb::put(&mut start, bodies.len() as u32, count_width);
        let mut total = start.len();
        for body in &bodies {
            check("bytes in one function", body.size, LARGEST_BODY)?;
            total += leb::width(body.size as u32).max(body.size_width) + body.size;
        }
        check("bytes", total, LARGEST_MODULE)?;
        out.push(section::CODE);
        leb::put(out, total as u32, old.contents.start - old.start - 1);
        out.reserve(total);
        out.extend(start);
        for body in bodies {
            leb::put(out, body.size as u32, body.size_width);
            origins.begin_body();
            match body.code {
                BodyCode::Wrapper(code) => {
                    origins.added(out.len());
                    out.extend(code);
                }
                BodyCode::Former { place, is_copy } => {
                    let references = self.references.within(&place);
                    origins.copied_from(out.len(), place.start);
                    let new = |reference| self.new_index(reference, is_copy);
                    let moved = |new, before| origins.copied_from(new, before);
                    renumber(out, self.module.bytes, &place, references, new, moved);
                }
            }
        }
        origins.end(out.len());
        Ok(())
    }

    /// What an index in a body becomes. A copy calls copies; but where it takes a reference to a function,
    /// that stays what others know the function by.
    fn new_index(&self, reference: FunctionReference, is_copy: bool) -> u32 {
        match is_copy && reference.is_call(self.module.bytes) {
            true => self.numbers.inside(reference.function),
            false => self.numbers.outside(reference.function),
        }
    }

    /// All bodies of the new module, in order.
    fn bodies(&self) -> Vec<NewBody<'_>> {
        let first = self.module.imported();
        let mut bodies = Vec::with_capacity(self.module.bodies.len() + self.numbers.copied.len());
        let mut before = self.first_body();
        for (function, place) in (first..).zip(&self.module.bodies) {
            let wrapper = match self.numbers.is_wrapped(function) {
                true => self.numbers.copied.iter().position(|each| *each == function),
                false => None,
            };
            let size_width = place.start - before;
            before = place.end;
            bodies.push(match wrapper.and_then(|index| self.wrappers.get(index)) {
                Some(code) => NewBody {
                    size: code.len(),
                    size_width: 1,
                    code: BodyCode::Wrapper(code),
                },
                None => self.former(place, size_width, false),
            });
        }
        let copies = self
            .numbers
            .copied
            .iter()
            .filter_map(|function| self.module.body(*function));
        bodies.extend(copies.map(|place| self.former(&place, 1, true)));
        bodies
    }

    /// Where the first body is, with its size.
    fn first_body(&self) -> usize {
        let Some(code) = self.module.section(section::CODE) else {
            return 0;
        };
        let (_, width) = leb::read(&self.module.bytes[code.contents.clone()]).unwrap_or_default();
        code.contents.start + width
    }

    fn former(&self, place: &Range<usize>, size_width: usize, is_copy: bool) -> NewBody<'_> {
        let grown = self.references.within(place).iter().map(|reference| {
            let new = leb::width(self.new_index(*reference, is_copy));
            new.saturating_sub(old_width(self.module.bytes, *reference))
        });
        NewBody {
            size: place.len() + grown.sum::<usize>(),
            size_width,
            code: BodyCode::Former {
                place: place.clone(),
                is_copy,
            },
        }
    }

    /// The new module, with the custom sections where they were. They need to know where all code went.
    fn with_custom(&self, made: &[u8], custom: &[(usize, &ModuleSection)], origins: &mut Origins) -> Vec<u8> {
        let kept = custom.iter().map(|(_, each)| each.contents.end - each.start);
        let mut out = Vec::with_capacity(made.len() + kept.sum::<usize>() + 64);
        let code = origins.start();
        let mut before_code = 0;
        let mut at = 0;
        for (position, each) in custom {
            out.extend(&made[at..*position]);
            at = *position;
            let start = out.len();
            let contents = &self.module.bytes[each.contents.clone()];
            match custom::rewritten(contents, self.numbers, origins, &self.module.bodies) {
                Some(contents) => put_section(&mut out, each, &contents),
                None => out.extend(&self.module.bytes[each.start..each.contents.end]),
            }
            if code.is_some_and(|code| *position <= code) {
                before_code += out.len() - start;
            }
        }
        out.extend(&made[at..]);
        origins.move_by(before_code);
        out
    }
}

/// A body of the new module.
struct NewBody<'a> {
    size: usize,
    /// The least bytes of its size.
    size_width: usize,
    code: BodyCode<'a>,
}

enum BodyCode<'a> {
    Wrapper(&'a [u8]),
    Former { place: Range<usize>, is_copy: bool },
}

/// Writes a section with other contents; its size takes no fewer bytes than before.
fn put_section(out: &mut Vec<u8>, old: &ModuleSection, contents: &[u8]) {
    out.push(old.id);
    leb::put(out, contents.len() as u32, old.contents.start - old.start - 1);
    out.extend(contents);
}

/// How many bytes an index takes where it stands.
fn old_width(bytes: &[u8], reference: FunctionReference) -> usize {
    leb::read(&bytes[reference.at as usize..]).map_or(0, |(_, width)| width)
}

/// Copies a part of the module with other indices in it. They take no fewer bytes than before, so that
/// what follows moves as little as possible; `moved` learns the new and the old position of what follows
/// one that takes more.
fn renumber(
    out: &mut Vec<u8>,
    bytes: &[u8],
    range: &Range<usize>,
    references: &[FunctionReference],
    new: impl Fn(FunctionReference) -> u32,
    mut moved: impl FnMut(usize, usize),
) {
    let mut at = range.start;
    for reference in references {
        let place = reference.at as usize;
        let width = old_width(bytes, *reference);
        out.extend(&bytes[at..place]);
        let index = new(*reference);
        leb::put(out, index, width);
        at = place + width;
        if leb::width(index) > width {
            moved(out.len(), at);
        }
    }
    out.extend(&bytes[at..range.end]);
}

fn check(what: &'static str, count: usize, limit: usize) -> Result<(), NotInstrumented> {
    match count <= limit {
        true => Ok(()),
        false => Err(NotInstrumented::TooLarge { what, count, limit }),
    }
}
