//! A closure that requests a call for each frame, and for that captures the cell
//! that contains it. The pattern is that of a leak reported for floating-ui's
//! `auto_update`
//! (<https://github.com/RustForWeb/floating-ui/issues/349>), written anew.

use crate::handle;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// A part of a page that calls back once for the next frame.
    #[derive(Debug)]
    pub type Element;

    #[wasm_bindgen(method, setter)]
    fn set_onframe(this: &Element, callback: &JsValue);
}

/// The cell of the closure: here it can be dropped.
type Frame = Rc<RefCell<Option<Closure<dyn FnMut()>>>>;

/// Watches an element, frame by frame.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Watch {
    frame: Frame,
    element: i32,
}

#[wasm_bindgen]
impl Watch {
    #[wasm_bindgen(constructor)]
    pub fn new(element: Element) -> Watch {
        let frame = Frame::default();
        let watched = handle(element.as_ref());
        // The closure holds the cell that holds the closure: only `stop` breaks this cycle.
        let again = Rc::clone(&frame);
        let closure = Closure::new(move || ask(&again, &element));
        *frame.borrow_mut() = Some(closure);
        Watch {
            frame,
            element: watched,
        }
    }

    /// Requests the first frame; the closure requests all later ones itself.
    pub fn start(&self, element: &Element) {
        ask(&self.frame, element);
    }

    /// Drops the closure, and with it all that it holds: the element, and the cell.
    pub fn stop(&self) {
        self.frame.take();
    }

    /// The handle of the element, which the closure holds, or -1: no collector can
    /// see it, so `js/lib/explain.js` queries it here.
    pub fn handle_of_element_in_closure(&self) -> i32 {
        match *self.frame.borrow() {
            Some(_) => self.element,
            None => -1,
        }
    }
}

fn ask(frame: &Frame, element: &Element) {
    if let Some(closure) = &*frame.borrow() {
        element.set_onframe(closure.as_ref());
    }
}
