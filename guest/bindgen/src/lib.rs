//! A guest as Rust users write it: a struct that holds a JavaScript function, and
//! that JavaScript makes and drops through the class that wasm-bindgen generates,
//! with its finalizer. Like all such guests, it traps where memory cannot grow.

mod watch;

use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen::convert::IntoWasmAbi;
use wasm_bindgen::prelude::wasm_bindgen;

/// The handle of a JavaScript value: its index in wasm-bindgen's table of them.
fn handle(value: &JsValue) -> i32 {
    value.into_abi() as i32
}

#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Obj {
    callback: Option<Function>,
}

#[wasm_bindgen]
impl Obj {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Obj {
        Obj::default()
    }

    /// Gives the object a callback; one that it already held is released.
    pub fn attach(&mut self, callback: Function) {
        self.callback = Some(callback);
    }

    /// Calls the callback, if there is one.
    pub fn invoke(&self) {
        if let Some(callback) = &self.callback {
            // Exceptions from the callback are ignored.
            let _ = callback.call0(&JsValue::NULL);
        }
    }

    /// The handle of the callback, or -1: no collector can see it, so
    /// `js/lib/explain.js` queries it here.
    pub fn handle_of_callback(&self) -> i32 {
        self.callback.as_ref().map_or(-1, |callback| handle(callback))
    }
}
