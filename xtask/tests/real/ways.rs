//! Each way to get at a module leads to one that reports its blocks.

use crate::blocks::{GUEST, NO_CLANG, grown};
use crate::own::Own;

/// A name, and an expression for the exports of the guest. `bytes` is what the module is made of.
const WAYS: &[(&str, &str)] = &[
    (
        "constructors",
        "new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports",
    ),
    (
        "instantiated",
        "(await WebAssembly.instantiate(bytes)).instance.exports",
    ),
    (
        "compiled",
        "(await WebAssembly.instantiate(await WebAssembly.compile(bytes))).exports",
    ),
    (
        "streamed",
        "(await WebAssembly.instantiateStreaming(fetch('guest.wasm'))).instance.exports",
    ),
    (
        "streamedLater",
        "new WebAssembly.Instance(await WebAssembly.compileStreaming(await fetch('guest.wasm'))).exports",
    ),
    (
        "ownResponse",
        "(await WebAssembly.instantiateStreaming(new Response(bytes, { headers: { 'content-type': 'application/wasm' } }))).instance.exports",
    ),
    (
        "compiledResponse",
        "(await WebAssembly.instantiate(await WebAssembly.compileStreaming(Promise.resolve(new Response(bytes, { headers: { 'content-type': 'application/wasm' } }))))).exports",
    ),
    (
        "base64",
        "new WebAssembly.Instance(new WebAssembly.Module(decoded(encoded))).exports",
    ),
    (
        "dataUrl",
        "(await WebAssembly.instantiateStreaming(fetch(`data:application/wasm;base64,${encoded}`))).instance.exports",
    ),
    ("keptInstantiate", "(await instantiate(bytes)).instance.exports"),
    ("keptCompile", "(await instantiate(await compile(bytes))).exports"),
    (
        "keptStreaming",
        "(await instantiateStreaming(fetch('guest.wasm'))).instance.exports",
    ),
    ("keptConstructors", "new Instance(new Module(bytes)).exports"),
    ("view", "new Instance(new Module(within(bytes))).exports"),
];

const BEFORE: &str = "const { instantiate, compile, instantiateStreaming, Module, Instance } = WebAssembly;
const bytes = await (await fetch('guest.wasm')).arrayBuffer();
const encoded = btoa(Array.from(new Uint8Array(bytes), byte => String.fromCharCode(byte)).join(''));
const decoded = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
const within = bytes => {
  const larger = new Uint8Array(bytes.byteLength + 32);
  larger.set(new Uint8Array(bytes), 16);
  return larger.subarray(16, 16 + bytes.byteLength);
};
";

/// A script that forgets a block in each way, in a function of its own.
fn script() -> String {
    let mut text = BEFORE.to_owned();
    for (name, exports) in WAYS {
        text.push_str(&format!(
            "const {name}Guest = {exports};\nfunction {name}() {{ {name}Guest.forget({name}Guest.make()); }}\n"
        ));
    }
    let calls: Vec<String> = WAYS.iter().map(|(name, _)| format!("    {name}();\n")).collect();
    text + &format!(
        "export function test(n) {{\n  for (let i = 0; i < n; i++) {{\n{}  }}\n}}\n",
        calls.concat()
    )
}

pub fn each_way_to_a_module_is_seen(engine: &str) {
    let own = Own::new(&[
        ("expected.txt", "#: verdict = leaks\n#: guest = guest.c\n"),
        ("test.mjs", &script()),
        ("guest.c", GUEST),
    ]);
    if own.module(NO_CLANG, "each_way_to_a_module_is_seen").is_none() {
        return;
    }
    let cell = own.cell(engine);
    assert_eq!(cell["outcome"], "ok", "{cell}");
    let grown = grown(&cell, "block-bytes");
    for (name, _) in WAYS {
        let found: Vec<&String> = grown
            .iter()
            .filter(|line| line.contains(&format!("< {name} (")))
            .collect();
        assert!(
            matches!(found[..], [line] if line.starts_with("24.00 name_of (guest.c:")),
            "{name}: {grown:#?}"
        );
    }
    assert_eq!(grown.len(), WAYS.len(), "{grown:#?}");
}
