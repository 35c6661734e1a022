//! A list of listeners, as an event target of a page has: each is a closure in Rust.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The page's clock, in JavaScript.
    pub type Clock;

    #[wasm_bindgen(method)]
    fn listen(this: &Clock, listener: &js_sys::Function);

    #[wasm_bindgen(method)]
    fn unlisten(this: &Clock, listener: &js_sys::Function);
}

/// Counts the ticks of a clock as long as it lives.
#[wasm_bindgen]
pub struct Counter {
    clock: Clock,
    listener: Option<Closure<dyn FnMut(u32)>>,
}

#[wasm_bindgen]
impl Counter {
    /// Listens to the clock.
    #[wasm_bindgen(constructor)]
    pub fn new(clock: Clock) -> Counter {
        let mut ticks = vec![0u32; 16];
        let listener = Closure::new(move |now: u32| ticks[(now % 16) as usize] += 1);
        clock.listen(js_sys::Function::unchecked_from_js_ref(listener.as_ref()));
        Counter {
            clock,
            listener: Some(listener),
        }
    }

    /// Stops listening, and keeps the closure for ever, as examples in the web do it.
    pub fn forget(mut self) {
        if let Some(listener) = self.listener.take() {
            self.clock.unlisten(js_sys::Function::unchecked_from_js_ref(listener.as_ref()));
            listener.forget();
        }
    }

    /// Stops listening, and lets go of the closure.
    pub fn stop(mut self) {
        if let Some(listener) = self.listener.take() {
            self.clock.unlisten(js_sys::Function::unchecked_from_js_ref(listener.as_ref()));
        }
    }
}
