//! With names: wasm-bindgen needs them, and drops them itself.

#[path = "../link.rs"]
mod link;

fn main() {
    link::link(&[]);
}
