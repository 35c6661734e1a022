//! Every place of a module where the index of a function stands, in the order of the file; custom
//! sections aside.

use crate::module::Module;
use crate::not_instrumented::NotInstrumented;
use std::ops::Range;
use wasmparser::{
    BinaryReader, ConstExpr, DataKind, DataSectionReader, ElementItems, ElementKind, ElementSectionReader,
    ExternalKind, GlobalSectionReader, Operator, OperatorsReader, OperatorsReaderAllocations, TableInit,
    TableSectionReader,
};

/// A place where the index of a function stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FunctionReference {
    /// The position of its first byte in the module.
    pub(crate) at: u32,
    /// The index.
    pub(crate) function: u32,
}

/// The opcode of `ref.func`.
const REF_FUNC: u8 = 0xd2;

/// The places of function indices.
#[derive(Debug, Default)]
pub(crate) struct FunctionReferences {
    /// All of them, by position.
    all: Vec<FunctionReference>,
    /// Which of the module's own functions call what they cannot name: a table's entry, a reference.
    calls_indirectly: Vec<bool>,
}

impl FunctionReferences {
    /// Those of a module.
    ///
    /// # Errors
    ///
    /// If something cannot be decoded: where, in the decoder's words.
    pub(crate) fn find(module: &Module<'_>) -> Result<FunctionReferences, NotInstrumented> {
        let mut found = FunctionReferences::default();
        for section in &module.sections {
            let reader = module.reader(section.contents.clone());
            match section.id {
                4 => found.in_tables(reader)?,
                6 => found.in_globals(reader)?,
                7 => found.in_exports(reader)?,
                8 => found.add_next(&mut reader.clone())?,
                9 => found.in_elements(reader)?,
                10 => found.in_bodies(module)?,
                11 => found.in_data(reader)?,
                _ => {}
            }
        }
        Ok(found)
    }

    /// Those in a part of the module.
    pub(crate) fn within(&self, range: &Range<usize>) -> &[FunctionReference] {
        let before = |position: usize| {
            self.all
                .partition_point(move |reference| (reference.at as usize) < position)
        };
        &self.all[before(range.start)..before(range.end).max(before(range.start))]
    }

    /// Whether one of the module's own functions, counted from 0, calls what it cannot name.
    pub(crate) fn calls_indirectly(&self, own: usize) -> bool {
        self.calls_indirectly.get(own).copied().unwrap_or_default()
    }

    fn add(&mut self, at: u64, function: u32) {
        let at = at as u32;
        self.all.push(FunctionReference { at, function });
    }

    /// The index that is read next.
    fn add_next(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), NotInstrumented> {
        let at = reader.original_position();
        let function = reader.read_var_u32()?;
        self.add(at, function);
        Ok(())
    }

    fn in_tables(&mut self, reader: BinaryReader<'_>) -> Result<(), NotInstrumented> {
        for table in TableSectionReader::new(reader)? {
            if let TableInit::Expr(expression) = table?.init {
                self.in_expression(&expression)?;
            }
        }
        Ok(())
    }

    fn in_globals(&mut self, reader: BinaryReader<'_>) -> Result<(), NotInstrumented> {
        for global in GlobalSectionReader::new(reader)? {
            self.in_expression(&global?.init_expr)?;
        }
        Ok(())
    }

    fn in_exports(&mut self, mut reader: BinaryReader<'_>) -> Result<(), NotInstrumented> {
        for _ in 0..reader.read_var_u32()? {
            reader.skip_string()?;
            match reader.read::<ExternalKind>()? {
                ExternalKind::Func | ExternalKind::FuncExact => self.add_next(&mut reader)?,
                _ => {
                    reader.read_var_u32()?;
                }
            }
        }
        Ok(())
    }

    fn in_elements(&mut self, reader: BinaryReader<'_>) -> Result<(), NotInstrumented> {
        for element in ElementSectionReader::new(reader)? {
            let element = element?;
            if let ElementKind::Active { offset_expr, .. } = element.kind {
                self.in_expression(&offset_expr)?;
            }
            match element.items {
                ElementItems::Functions(functions) => {
                    for function in functions.into_iter_with_offsets() {
                        let (at, function) = function?;
                        self.add(at, function);
                    }
                }
                ElementItems::Expressions(_, expressions) => {
                    for expression in expressions {
                        self.in_expression(&expression?)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn in_data(&mut self, reader: BinaryReader<'_>) -> Result<(), NotInstrumented> {
        for data in DataSectionReader::new(reader)? {
            if let DataKind::Active { offset_expr, .. } = data?.kind {
                self.in_expression(&offset_expr)?;
            }
        }
        Ok(())
    }

    fn in_expression(&mut self, expression: &ConstExpr<'_>) -> Result<(), NotInstrumented> {
        let mut operators = expression.get_operators_reader();
        while !operators.eof() {
            let (operator, at) = operators.read_with_offset()?;
            self.in_operator(&operator, at);
        }
        Ok(())
    }

    fn in_bodies(&mut self, module: &Module<'_>) -> Result<(), NotInstrumented> {
        let mut kept = OperatorsReaderAllocations::default();
        for body in &module.bodies {
            let body = wasmparser::FunctionBody::new(module.reader(body.clone()));
            let mut operators = OperatorsReader::new_with_allocs(body.get_binary_reader_for_operators()?, kept);
            let mut is_indirect = false;
            while !operators.eof() {
                let (operator, at) = operators.read_with_offset()?;
                is_indirect |= self.in_operator(&operator, at);
            }
            operators.finish()?;
            kept = operators.into_allocations();
            self.calls_indirectly.push(is_indirect);
        }
        Ok(())
    }

    /// Notes the index in an instruction, which follows its one byte of opcode. Returns whether it
    /// calls what it cannot name.
    fn in_operator(&mut self, operator: &Operator<'_>, at: u64) -> bool {
        match operator {
            Operator::Call { function_index }
            | Operator::ReturnCall { function_index }
            | Operator::RefFunc { function_index } => {
                self.add(at + 1, *function_index);
                false
            }
            Operator::CallIndirect { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Resume { .. }
            | Operator::ResumeThrow { .. }
            | Operator::ResumeThrowRef { .. }
            | Operator::Switch { .. } => true,
            _ => false,
        }
    }
}

impl FunctionReference {
    /// Whether it is that of a call. Only for those in bodies.
    pub(crate) fn is_call(self, module: &[u8]) -> bool {
        module[self.at as usize - 1] != REF_FUNC
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instructions of the decoder that hold the index of a function are those that are looked for.
    #[test]
    fn no_instruction_with_a_function_is_missed() {
        let mut found = Vec::new();
        macro_rules! list {
            ($(@$proposal:ident $op:ident $({ $($field:ident: $type:ty),* })? => $visit:ident ($($rest:tt)*))*) => {
                $($($(if stringify!($field).contains("func") {
                    found.push(stringify!($op));
                })*)?)*
            };
        }
        wasmparser::for_each_operator!(list);
        assert_eq!(found, ["Call", "RefFunc", "ReturnCall"]);
    }

    #[test]
    fn every_place_is_found() {
        let text = r#"(module
            (import "a" "b" (func $imported))
            (table $t 4 funcref)
            (table 1 (ref null func) (ref.func $f))
            (global funcref (ref.func $f))
            (export "f" (func $f))
            (export "t" (table $t))
            (start $f)
            (elem (i32.const 0) func $f $imported)
            (elem funcref (ref.func $g) (ref.null func))
            (func $f (call $imported) (drop (ref.func $g)))
            (func $g (return_call $f))
            (func (call_indirect $t (i32.const 0))))"#;
        let bytes = wat::parse_str(text).unwrap();
        let module = Module::read(&bytes).unwrap();
        let found = FunctionReferences::find(&module).unwrap();
        let functions: Vec<u32> = found.all.iter().map(|reference| reference.function).collect();
        assert_eq!(functions, [1, 1, 1, 1, 1, 0, 2, 0, 2, 1]);
        for reference in &found.all {
            assert_eq!(u32::from(bytes[reference.at as usize]), reference.function);
        }
        let body = module.body(1).unwrap();
        let calls: Vec<bool> = found.within(&body).iter().map(|each| each.is_call(&bytes)).collect();
        assert_eq!(calls, [true, false]);
        let indirectly: Vec<bool> = (0..4).map(|own| found.calls_indirectly(own)).collect();
        assert_eq!(indirectly, [false, false, true, false]);
    }

    #[test]
    fn code_that_cannot_be_decoded_is_refused_with_its_place() {
        let mut bytes = wat::parse_str("(module (func nop) (func nop))").unwrap();
        let last = bytes.len() - 2;
        bytes[last] = 0xff;
        let module = Module::read(&bytes).unwrap();
        let NotInstrumented::Undecodable { offset, why } = FunctionReferences::find(&module).unwrap_err() else {
            panic!("another refusal");
        };
        assert_eq!((offset, why.as_str()), (last as u64, "illegal opcode: 0xff"));
    }
}
