//! Without names: the module has nothing but what runs.
//! The profile keeps them, for a guest of wasm-bindgen, which shares it so that the standard library is compiled once.

#[path = "../link.rs"]
mod link;

fn main() {
    link::link(&["--strip-all"]);
}
