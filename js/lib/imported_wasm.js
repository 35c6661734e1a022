// Stands in for a WebAssembly module that a script imports, as bundlers let it: wasm-bindgen's
// target `bundler` does so. What it imports and exports is added by its names.
const response = await fetch(import.meta.url);
const { instance } = await WebAssembly.instantiate(await response.arrayBuffer(), imported);
