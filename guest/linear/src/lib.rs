//! The guest: objects in linear memory, each of which holds one number, the
//! handle of a JavaScript callback. JavaScript makes and frees the objects and
//! keeps the table that the handles index; to the engine's garbage collector
//! an object here is only a number.
//!
//! Built for wasm32 this is a module of five exports, three imports from `rt`
//! and an imported memory. Built for any other machine it is an ordinary
//! library, and the tests record its imports.

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[cfg_attr(target_arch = "wasm32", path = "imports.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "recorder.rs")]
mod rt;

#[cfg(target_arch = "wasm32")]
mod wasm32;

use alloc::alloc::{Layout, alloc, dealloc};

/// The index of a callback in JavaScript's table.
pub type Handle = i32;

/// The handle that stands for "no callback".
pub const NO_CALLBACK: Handle = -1;

/// An object in linear memory.
pub struct Obj {
    callback: Handle,
}

impl Obj {
    /// Puts `callback` into the object, and releases the one it held.
    fn attach(&mut self, callback: Handle) {
        let old = core::mem::replace(&mut self.callback, callback);
        if old != NO_CALLBACK {
            rt::release(old);
        }
    }
}

/// Makes an object without a callback and returns its address. Null if the
/// memory could not grow and `rt.out_of_memory` returned, which JavaScript's
/// never does: it throws.
#[unsafe(no_mangle)]
pub extern "C" fn make_obj() -> *mut Obj {
    // SAFETY: `Obj` is not zero-sized.
    let obj = unsafe { alloc(Layout::new::<Obj>()) }.cast::<Obj>();
    if obj.is_null() {
        rt::out_of_memory();
        return obj;
    }
    // SAFETY: `obj` is fresh, aligned, and large enough for an `Obj`.
    unsafe {
        obj.write(Obj { callback: NO_CALLBACK });
    }
    obj
}

/// Releases the object's callback, if it has one, and frees the object.
///
/// # Safety
///
/// `obj` came from [`make_obj`] and was not freed since.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free_obj(obj: *mut Obj) {
    // SAFETY: The caller says that `obj` is live; nothing else refers to it while this runs.
    unsafe {
        (*obj).attach(NO_CALLBACK);
        dealloc(obj.cast(), Layout::new::<Obj>());
    }
}

/// Gives the object a callback; one that it already held is released.
///
/// # Safety
///
/// As for [`free_obj`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn attach_callback(obj: *mut Obj, callback: Handle) {
    // SAFETY: The caller says that `obj` is live; nothing else refers to it while this runs.
    unsafe { (*obj).attach(callback) }
}

/// Calls the object's callback, if it has one.
///
/// # Safety
///
/// As for [`free_obj`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn invoke_callback(obj: *mut Obj) {
    // SAFETY: The caller says that `obj` is live. The handle is copied out first, because the callback may change or free the object.
    let callback = unsafe { (*obj).callback };
    if callback != NO_CALLBACK {
        rt::invoke(callback);
    }
}

/// The handle of the object's callback, or [`NO_CALLBACK`]: no collector can
/// see it, so `js/lib/explain.js` queries it here.
///
/// # Safety
///
/// As for [`free_obj`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn handle_of_callback(obj: *const Obj) -> Handle {
    // SAFETY: The caller says that `obj` is live.
    unsafe { (*obj).callback }
}

#[cfg(test)]
mod tests;
