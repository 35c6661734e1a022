//! What a function passes on to those that it calls: its own parameters, as it got them.

use crate::module::Module;
use std::collections::BTreeSet;
use wasmparser::{FunctionBody, Operator};

/// What is passed to a function that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PassedArgument {
    /// A parameter of the caller's, as it got it; a local that is none, as it was at first.
    Parameter(u32),
    /// A parameter or local that got another value, here or on another way through the body.
    Changed(u32),
    /// Always the same number.
    Constant,
    /// Something else.
    Other,
}

/// A direct call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallSite {
    /// The function that is called.
    pub(crate) callee: u32,
    /// What it is called with.
    pub(crate) arguments: Vec<PassedArgument>,
    /// Whether it returns: nothing can be reached after a call that does not.
    pub(crate) returns: bool,
}

/// A body, as far as it passes on its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PassingBody {
    /// Its direct calls, in the order of the code.
    pub(crate) calls: Vec<CallSite>,
    /// How many instructions it has.
    pub(crate) instructions: usize,
}

/// What a function's body passes on; none if it is not the module's own, or cannot be decoded.
pub(crate) fn passing_body(module: &Module<'_>, function: u32) -> Option<PassingBody> {
    let body = FunctionBody::new(module.reader(module.body(function)?));
    let mut reading = BodyReading::default();
    for operator in body.get_operators_reader().ok()? {
        reading.take(module, &operator.ok()?)?;
    }
    let mut body = reading.body;
    if reading.has_loop {
        // What is changed further down may come back.
        for argument in body.calls.iter_mut().flat_map(|call| &mut call.arguments) {
            if let PassedArgument::Parameter(local) = *argument
                && reading.changed.contains(&local)
            {
                *argument = PassedArgument::Changed(local);
            }
        }
    }
    Some(body)
}

/// A body that is being read.
#[derive(Default)]
struct BodyReading {
    body: PassingBody,
    /// Locals that were given another value.
    changed: BTreeSet<u32>,
    has_loop: bool,
    /// What the instructions just before have put on the stack.
    pushed: Vec<PassedArgument>,
    /// Whether the instruction before was a call.
    is_behind_call: bool,
}

impl BodyReading {
    fn take(&mut self, module: &Module<'_>, operator: &Operator<'_>) -> Option<()> {
        self.body.instructions += 1;
        let is_behind_call = std::mem::take(&mut self.is_behind_call);
        match *operator {
            Operator::LocalGet { local_index } => {
                self.pushed.push(match self.changed.contains(&local_index) {
                    true => PassedArgument::Changed(local_index),
                    false => PassedArgument::Parameter(local_index),
                });
                return Some(());
            }
            Operator::I32Const { .. } | Operator::I64Const { .. } => {
                self.pushed.push(PassedArgument::Constant);
                return Some(());
            }
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                self.changed.insert(local_index);
            }
            Operator::Loop { .. } => self.has_loop = true,
            Operator::Call { function_index } => {
                self.add_call(module, function_index, true)?;
                self.is_behind_call = true;
            }
            Operator::ReturnCall { function_index } => self.add_call(module, function_index, true)?,
            Operator::Unreachable if is_behind_call => {
                if let Some(call) = self.body.calls.last_mut() {
                    call.returns = false;
                }
            }
            _ => {}
        }
        self.pushed.clear();
        Some(())
    }

    fn add_call(&mut self, module: &Module<'_>, callee: u32, returns: bool) -> Option<()> {
        let count = module.signature(callee)?.params().len();
        let known = self.pushed.len().min(count);
        let mut arguments = vec![PassedArgument::Other; count - known];
        arguments.extend(&self.pushed[self.pushed.len() - known..]);
        self.body.calls.push(CallSite {
            callee,
            arguments,
            returns,
        });
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PassedArgument::{Changed, Constant, Other, Parameter};

    fn calls(body: &str) -> Vec<(Vec<PassedArgument>, bool)> {
        let text = format!(
            r#"(module (func $f (param i32 i32) (local i32) {body})
                (func $g (param i32 i32) (result i32) (i32.const 0)) (func $h (param i32)))"#
        );
        let bytes = wat::parse_str(&text).unwrap();
        let module = Module::read(&bytes).unwrap();
        let calls = passing_body(&module, 0).unwrap().calls;
        calls.into_iter().map(|call| (call.arguments, call.returns)).collect()
    }

    #[test]
    fn parameters_are_followed_as_long_as_they_stay_the_same() {
        let (one, two) = (Parameter(0), Parameter(1));
        for (body, expected) in [
            ("(call $h (local.get 1))", vec![(vec![two], true)]),
            (
                "(drop (call $g (local.get 1) (local.get 0)))",
                vec![(vec![two, one], true)],
            ),
            (
                "(drop (call $g (i32.const 1) (local.get 0)))",
                vec![(vec![Constant, one], true)],
            ),
            (
                "(drop (call $g (i32.clz (local.get 1)) (local.get 0)))",
                vec![(vec![Other, one], true)],
            ),
            (
                "(local.set 0 (i32.const 1)) (call $h (local.get 0))",
                vec![(vec![Changed(0)], true)],
            ),
            (
                "(call $h (local.get 0)) (local.set 0 (i32.const 1))",
                vec![(vec![one], true)],
            ),
            (
                "(loop (call $h (local.get 0)) (local.set 0 (i32.const 1)) (br 0))",
                vec![(vec![Changed(0)], true)],
            ),
            ("(call $h (local.get 0)) unreachable", vec![(vec![one], false)]),
            ("(call $h (local.get 0)) nop unreachable", vec![(vec![one], true)]),
            (
                "(call $h (call $g (local.get 0) (local.get 1)))",
                vec![(vec![one, two], true), (vec![Other], true)],
            ),
        ] {
            assert_eq!(calls(body), expected, "{body}");
        }
    }

    #[test]
    fn only_bodies_are_read() {
        let bytes = wat::parse_str(r#"(module (import "a" "b" (func)) (func (call 0)))"#).unwrap();
        let module = Module::read(&bytes).unwrap();
        assert_eq!(passing_body(&module, 0), None);
        assert_eq!(passing_body(&module, 1).unwrap().calls.len(), 1);
        assert_eq!(passing_body(&module, 2), None);
    }
}
