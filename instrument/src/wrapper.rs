//! The bodies that the functions of an allocator get: they call the former body, and report.

use crate::leb;
use crate::report::BlockReport;
use crate::role::{AllocatorParameters, Role};
use wasmparser::{FuncType, ValType};

/// What a wrapper needs to know.
#[derive(Debug)]
pub(crate) struct Wrapper<'a> {
    /// What the function does.
    pub(crate) role: Role,
    /// What its parameters mean.
    pub(crate) parameters: AllocatorParameters,
    /// What it takes and returns.
    pub(crate) signature: &'a FuncType,
    /// The new index of the function that has the former body.
    pub(crate) former: u32,
    /// Whether an address that is written to memory has 64 bits.
    pub(crate) memory_64: bool,
}

/// The reports that the wrapper of such a function makes.
pub(crate) fn reports(role: Role) -> &'static [BlockReport] {
    match role {
        Role::Allocate | Role::AllocateZeroed | Role::AllocateAligned | Role::AllocateInto => &[BlockReport::Allocated],
        Role::Reallocate => &[BlockReport::Reallocating, BlockReport::Reallocated],
        Role::Free => &[BlockReport::Freed],
    }
}

/// The opcodes that wrappers are made of.
mod op {
    pub(super) const IF: u8 = 0x04;
    pub(super) const END: u8 = 0x0b;
    pub(super) const CALL: u8 = 0x10;
    pub(super) const SELECT: u8 = 0x1b;
    pub(super) const LOCAL_GET: u8 = 0x20;
    pub(super) const LOCAL_SET: u8 = 0x21;
    pub(super) const I32_LOAD: u8 = 0x28;
    pub(super) const I64_LOAD: u8 = 0x29;
    pub(super) const I32_EQZ: u8 = 0x45;
    pub(super) const I64_EQZ: u8 = 0x50;
    pub(super) const F64_CONST: u8 = 0x44;
    pub(super) const F64_ADD: u8 = 0xa0;
    pub(super) const F64_MUL: u8 = 0xa2;
    pub(super) const F64_CONVERT_I32_U: u8 = 0xb8;
    pub(super) const F64_CONVERT_I64_U: u8 = 0xba;
    /// The type of a block without results.
    pub(super) const NOTHING: u8 = 0x40;
    pub(super) const I32: u8 = 0x7f;
    pub(super) const I64: u8 = 0x7e;
}

impl Wrapper<'_> {
    /// The body, without its size. `report` is the index of each report's import.
    pub(crate) fn body(&self, report: impl Fn(BlockReport) -> u32) -> Vec<u8> {
        let mut code = WrapperCode::default();
        let result = self.signature.results().first().copied();
        match result {
            // One local more, for the result.
            Some(result) => code
                .bytes
                .extend([1, 1, if result == ValType::I64 { op::I64 } else { op::I32 }]),
            None => code.bytes.push(0),
        }
        let kept = self.signature.params().len() as u32;
        match self.role {
            Role::Allocate | Role::AllocateZeroed | Role::AllocateAligned => {
                self.call_former(&mut code, Some(kept));
                self.begin_unless_null(&mut code, kept);
                self.block(&mut code, kept);
                self.size(&mut code);
                code.call(report(BlockReport::Allocated));
                code.bytes.push(op::END);
                code.local(op::LOCAL_GET, kept);
            }
            Role::AllocateInto => {
                self.call_former(&mut code, Some(kept));
                code.local(op::LOCAL_GET, kept);
                code.bytes.extend([op::I32_EQZ, op::IF, op::NOTHING]);
                code.local(op::LOCAL_GET, self.parameters.pointer.unwrap_or_default());
                match self.memory_64 {
                    true => code.bytes.extend([op::I64_LOAD, 3, 0, op::F64_CONVERT_I64_U]),
                    false => code.bytes.extend([op::I32_LOAD, 2, 0, op::F64_CONVERT_I32_U]),
                }
                self.size(&mut code);
                code.call(report(BlockReport::Allocated));
                code.bytes.push(op::END);
                code.local(op::LOCAL_GET, kept);
            }
            Role::Reallocate => {
                let pointer = self.parameters.pointer.unwrap_or_default();
                self.block(&mut code, pointer);
                code.call(report(BlockReport::Reallocating));
                self.call_former(&mut code, Some(kept));
                self.block(&mut code, pointer);
                self.block(&mut code, kept);
                self.size(&mut code);
                code.call(report(BlockReport::Reallocated));
                code.local(op::LOCAL_GET, kept);
            }
            Role::Free => {
                // Reported first: once it is free, another thread may get it.
                let pointer = self.parameters.pointer.unwrap_or_default();
                self.begin_unless_null(&mut code, pointer);
                self.block(&mut code, pointer);
                code.call(report(BlockReport::Freed));
                code.bytes.push(op::END);
                self.call_former(&mut code, None);
            }
        }
        code.bytes.push(op::END);
        code.bytes
    }

    /// Calls the former body with the same arguments, and keeps its result.
    fn call_former(&self, code: &mut WrapperCode, kept: Option<u32>) {
        for parameter in 0..self.signature.params().len() as u32 {
            code.local(op::LOCAL_GET, parameter);
        }
        code.call(self.former);
        if let Some(kept) = kept {
            code.local(op::LOCAL_SET, kept);
        }
    }

    fn is_64(&self, local: u32) -> bool {
        let kept = self.signature.results().first();
        self.signature.params().get(local as usize).or(kept) == Some(&ValType::I64)
    }

    /// What follows is done unless this parameter, or the result, is zero.
    fn begin_unless_null(&self, code: &mut WrapperCode, local: u32) {
        code.local(op::LOCAL_GET, local);
        if self.is_64(local) {
            code.bytes.extend([op::I64_EQZ, op::I32_EQZ]);
        }
        code.bytes.extend([op::IF, op::NOTHING]);
    }

    /// A parameter, or the result, as a number of JavaScript.
    fn number(&self, code: &mut WrapperCode, local: u32) {
        code.local(op::LOCAL_GET, local);
        code.bytes.push(match self.is_64(local) {
            true => op::F64_CONVERT_I64_U,
            false => op::F64_CONVERT_I32_U,
        });
    }

    /// The first byte of the block that a parameter, or the result, is the pointer of; 0 of null, which has no header.
    fn block(&self, code: &mut WrapperCode, local: u32) {
        self.number(code, local);
        if self.parameters.header != 0 {
            code.constant(0);
            code.constant(self.parameters.header);
            code.local(op::LOCAL_GET, local);
            code.bytes.push(match self.is_64(local) {
                true => op::I64_EQZ,
                false => op::I32_EQZ,
            });
            code.bytes.extend([op::SELECT, op::F64_ADD]);
        }
    }

    /// The size of the block: the product, if it is one of several elements.
    fn size(&self, code: &mut WrapperCode) {
        match self.parameters.size {
            Some(size) => self.number(code, size),
            None => code.constant(self.parameters.fixed_size.unwrap_or_default()),
        }
        if let Some(count) = self.parameters.count {
            self.number(code, count);
            code.bytes.push(op::F64_MUL);
        }
    }
}

/// Instructions.
#[derive(Debug, Default)]
struct WrapperCode {
    bytes: Vec<u8>,
}

impl WrapperCode {
    fn call(&mut self, function: u32) {
        self.bytes.push(op::CALL);
        leb::put(&mut self.bytes, function, 0);
    }

    fn constant(&mut self, number: u32) {
        self.bytes.push(op::F64_CONST);
        self.bytes.extend(f64::from(number).to_le_bytes());
    }

    fn local(&mut self, opcode: u8, local: u32) {
        self.bytes.push(opcode);
        leb::put(&mut self.bytes, local, 0);
    }
}
