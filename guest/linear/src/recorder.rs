//! Stands in for JavaScript where the guest is not WebAssembly: it records
//! each call of an import for the tests.

use crate::Handle;
use std::cell::RefCell;

/// A call of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Release(Handle),
    Invoke(Handle),
    OutOfMemory,
}

thread_local! {
    static CALLS: RefCell<Vec<Call>> = const { RefCell::new(Vec::new()) };
}

fn record(call: Call) {
    CALLS.with_borrow_mut(|calls| calls.push(call));
}

pub fn release(callback: Handle) {
    record(Call::Release(callback));
}

pub fn invoke(callback: Handle) {
    record(Call::Invoke(callback));
}

pub fn out_of_memory() {
    record(Call::OutOfMemory);
}

/// The calls since the last query, on this thread.
#[cfg(test)]
pub fn take() -> Vec<Call> {
    CALLS.take()
}
