//! The crate as a caller sees it: modules in, modules out.

#[path = "../../examples/checks/mod.rs"]
mod checks;
mod custom_sections;
mod damaged;
#[path = "../../examples/drawn/mod.rs"]
mod drawn;
mod finding;
mod given;
mod places;
mod proposals;
mod wrappers;

use instrument::{Instrumented, instrument};

/// What is made of a module in WebAssembly text; nothing may differ that should not.
fn made(text: &str) -> Instrumented {
    let bytes = wat::parse_str(text).expect("the text is a module");
    let made = instrument(&bytes, &[]).unwrap_or_else(|why| panic!("{why}\n{text}"));
    checks::validate(&bytes).expect("the module is valid");
    assert_eq!(checks::differences(&bytes, &made), [] as [String; 0], "{text}");
    made
}

/// One of the modules of `tests/modules`.
macro_rules! module {
    ($name:literal) => {
        &include_bytes!(concat!("../modules/", $name, ".wasm"))[..]
    };
}
pub(crate) use module;
