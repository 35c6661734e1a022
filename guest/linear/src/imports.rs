//! What the guest imports from JavaScript.

use crate::Handle;

#[link(wasm_import_module = "rt")]
unsafe extern "C" {
    /// The guest no longer refers to this callback: its slot may be reused.
    pub safe fn release(callback: Handle);

    /// Calls the callback.
    pub safe fn invoke(callback: Handle);

    /// Linear memory could not grow.
    pub safe fn out_of_memory();
}
