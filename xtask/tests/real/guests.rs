//! Guests that are built from a user's own directory, by the tools of this machine.

use crate::own::Own;
use crate::required;
use crate::world::{World, repository};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const NO_CLANG: &str = "there is no clang for C and C++ here";
const NO_RUST: &str = "no Rust toolchain here can build the guest";

/// A script that loads `module`, and calls its `take` for each of n.
fn script(module: &str) -> String {
    format!(
        "const guest = new WebAssembly.Instance(new WebAssembly.Module(readbuffer('{module}')), {{ env: {{ seen() {{}} }} }});
function test(n) {{ for (let i = 0; i < n; i++) guest.exports.take(); }}
"
    )
}

/// It takes memory by the size in a header, and imports `seen`.
const WIDGET_C: &str = "#include \"size.h\"
extern unsigned char __heap_base;
static unsigned long top;
void seen(int);
int bump(int);
void *take(void) {
  if (!top) top = (unsigned long)&__heap_base;
  char *at = (char *)top;
  top = bump(top);
  if (top > __builtin_wasm_memory_size(0) * 65536) __builtin_wasm_memory_grow(0, 1);
  *at = 42;
  seen(1);
  return at;
}
";
const BUMP_CPP: &str = "struct Bump { int by; Bump(int by) : by(by) {} virtual int of(int at) { return at + by; } };
extern \"C\" int bump(int at) { static Bump bump{SIZE}; return bump.of(at); }
";

/// The profile of the repository's guests, for which the standard library is there.
const PROFILE: &str = "[profile.guest]
inherits = \"release\"
opt-level = \"z\"
lto = true
codegen-units = 1
panic = \"abort\"
strip = true
[package.metadata.wasm-leaks]
profile = \"guest\"
";

fn manifest(dependencies: &str) -> String {
    format!(
        "[package]\nname = \"a-widget\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"cdylib\"]\n\
         [dependencies]\n{dependencies}\n{PROFILE}"
    )
}

const PLAIN: &str = "#[no_mangle]
pub extern \"C\" fn take() -> usize { std::mem::forget(vec![1u8; size::SIZE]); size::SIZE }
";
const BOUND: &str = "use wasm_bindgen::prelude::*;
#[wasm_bindgen]
pub struct Widget { pub size: u32 }
#[wasm_bindgen]
impl Widget {
    #[wasm_bindgen(constructor)]
    pub fn new(size: u32) -> Widget { Widget { size } }
}
";

fn plain_crate() -> Own {
    Own::new(&[
        ("expected.txt", "#: verdict = leaks\n#: guest = crate/\n"),
        ("test.js", &script("crate/a_widget.wasm")),
        ("crate/Cargo.toml", &manifest("size = { path = \"../../size\" }")),
        ("crate/src/lib.rs", PLAIN),
        // Outside of what the script can refer to.
        (
            "../size/Cargo.toml",
            "[package]\nname = \"size\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
        ),
        ("../size/src/lib.rs", "pub const SIZE: usize = 64;\n"),
    ])
}

pub fn a_guest_in_c_is_run(engine: &str) {
    let own = Own::new(&[
        (
            "expected.txt",
            "#: verdict = leaks\n#: guest = widget.c bump.cpp\n#: clang = -Iinclude -DSIZE=64\n",
        ),
        ("test.js", &script("widget.wasm")),
        ("widget.c", WIDGET_C),
        ("include/size.h", ""),
        ("bump.cpp", BUMP_CPP),
    ]);
    if own.module(NO_CLANG, "a_guest_in_c_is_run").is_none() {
        return;
    }
    let cell = own.cell(engine);
    assert_eq!(
        (&cell["outcome"], &cell["verdict"]),
        (&"ok".into(), &"leaks".into()),
        "{cell}"
    );
    assert_eq!(cell["guest"], "widget.c bump.cpp");
    assert!(cell["census"].to_string().contains("widget.wasm"), "{cell}");
}

pub fn a_guest_in_rust_is_run(engine: &str) {
    let own = plain_crate();
    if own.module(NO_RUST, "a_guest_in_rust_is_run").is_none() {
        return;
    }
    let cell = own.cell(engine);
    assert_eq!(
        (&cell["outcome"], &cell["verdict"]),
        (&"ok".into(), &"leaks".into()),
        "{cell}"
    );
}

pub fn a_guest_of_wasm_bindgen_is_run(engine: &str) {
    let own = Own::new(&[
        ("expected.txt", "#: verdict = leaks\n#: guest = crate\n"),
        ("crate/Cargo.toml", &manifest("wasm-bindgen = \"=0.2.130\"")),
        ("crate/src/lib.rs", BOUND),
    ]);
    for (name, text) in [
        (
            "test.mjs",
            "import init, { Widget } from './crate/pkg/a_widget.js';\nawait init();\nconst all = [];
export function test(n) { for (let i = 0; i < n; i++) all.push(new Widget(i)); }\n",
        ),
        (
            "test.js",
            "load('crate/pkg/a_widget.js');
const all = [];
function setup() { wasm_bindgen.initSync({ module: readbuffer('crate/pkg/a_widget_bg.wasm') }); }
function test(n) { for (let i = 0; i < n; i++) all.push(new wasm_bindgen.Widget(i)); }\n",
        ),
    ] {
        own.write(name, text);
        if own.module(NO_RUST, "a_guest_of_wasm_bindgen_is_run").is_none() {
            return;
        }
        let cell = own.cell(engine);
        assert_eq!(
            (&cell["outcome"], &cell["verdict"]),
            (&"ok".into(), &"leaks".into()),
            "{cell}"
        );
        fs::remove_file(own.directory.join(name)).unwrap();
    }
}

/// Modules of features that some engines lack.
const FEATURES: &[(&str, &str)] = &[
    ("memory64", "(module (memory i64 1) (func (export \"take\")))"),
    ("simd", "(module (func (export \"take\") (local v128)))"),
    (
        "tail-calls",
        "(module (func $take (export \"take\")) (func (return_call $take)))",
    ),
    ("wasm-gc", "(module (type (struct)) (func (export \"take\")))"),
];

pub fn a_module_that_cannot_be_compiled_is_skipped(engine: &str) {
    for (feature, text) in FEATURES {
        let own = Own::new(&[
            (
                "expected.txt",
                "#: guest = widget.wat\n#: objects = 7\n#: rounds = 20\n",
            ),
            ("test.js", &script("widget.wasm")),
            ("widget.wat", text),
        ]);
        let answer = own.world.run(&["engines", "--json"]);
        let engines: Value = serde_json::from_str(&answer.stdout).unwrap();
        let rows = engines["programs"].as_array().unwrap();
        let row = rows.iter().find(|row| row["engine"] == engine).unwrap();
        let has = row["features"].as_array().unwrap().contains(&Value::from(*feature));
        let cell = own.cell(engine);
        match has {
            true => assert_eq!(cell["outcome"], "ok", "{feature}: {cell}"),
            false => assert_eq!(
                (&cell["outcome"], cell["reason"].as_str().unwrap()),
                (&"skipped".into(), format!("no {feature}").as_str()),
                "{feature}: {cell}"
            ),
        }
    }
    // Else it is an error.
    let own = Own::new(&[(
        "test.js",
        "new WebAssembly.Module(new Uint8Array([0]));\nfunction test() {}\n",
    )]);
    let cell = own.cell(engine);
    assert_eq!(cell["outcome"], "FAILED", "{cell}");
    assert!(cell["reason"].as_str().unwrap().contains("CompileError"), "{cell}");
}

pub fn an_import_that_is_not_given_is_named(engine: &str) {
    let own = Own::new(&[
        ("expected.txt", "#: guest = widget.wat\n"),
        ("test.js", &script("widget.wasm")),
        (
            "widget.wat",
            "(module (import \"env\" \"seen\" (func)) (import \"env\" \"forgotten\" (func)))",
        ),
    ]);
    let cell = own.cell(engine);
    assert_eq!(cell["outcome"], "FAILED", "{cell}");
    let reason = cell["reason"].as_str().unwrap();
    assert!(reason.contains("LinkError") && reason.contains("forgotten"), "{reason}");
}

#[test]
fn text_is_built_into_a_directory_that_cannot_be_written() {
    let own = Own::new(&[
        ("expected.txt", "#: guest = widget.wat\n"),
        ("test.js", ""),
        ("widget.wat", "(module)"),
    ]);
    fs::set_permissions(&own.directory, fs::Permissions::from_mode(0o555)).unwrap();
    let first = own.builds();
    assert!(first.ends_with("widget.wasm"), "{first:?}");
    assert_eq!(own.builds(), first);
    // Another source is another module; a damaged one is made again.
    own.write("widget.wat", "(module (memory 1))");
    let second = own.builds();
    assert_ne!(second, first);
    let whole = fs::read(&second).unwrap();
    fs::write(&second, &whole[..9]).unwrap();
    own.builds();
    assert_eq!(fs::read(&second).unwrap(), whole);
    fs::set_permissions(&own.directory, fs::Permissions::from_mode(0o755)).unwrap();
    own.write("widget.wat", "(module\n  (fun))");
    own.run(&["build"])
        .expect(2, &["failed to assemble the guest `widget.wat`", "leak/widget.wat:2:4"]);
}

#[test]
fn what_lies_there_under_the_name_of_a_guest_is_told_of() {
    let own = Own::new(&[
        ("expected.txt", "#: guest = widget.wat\n"),
        ("test.js", ""),
        ("widget.wat", "(module)"),
        ("widget.wasm", "another"),
    ]);
    let answer = own.run(&["build"]);
    let warning = "leak/widget.wasm` is not used: what is built from `widget.wat` stands in for it";
    answer.expect(0, &[warning]);
    fs::copy(answer.stdout.trim_end(), own.directory.join("widget.wasm")).unwrap();
    let answer = own.run(&["build"]);
    assert!(!answer.stderr.contains("is not used"), "{}", answer.stderr);
}

#[test]
fn a_wrong_word_for_a_guest_is_no_answer() {
    let own = Own::new(&[("test.js", ""), ("x.rs", ""), ("x.wasm", ""), ("empty/x", "")]);
    for (words, error) in [
        ("", "expected.txt:1: the directive `guest`: it names no file"),
        (
            "widget.c",
            "expected.txt: there is no guest `widget.c`: failed to look at `",
        ),
        ("x.rs", "leak/x.rs` is no source of a guest: name a file that ends with"),
        ("x.wasm", "leak/x.wasm` is a module already: the script loads it itself"),
        ("empty", "leak/empty` is no guest: it has no `Cargo.toml`"),
        ("../other.wat", "leak/../other.wat` lies outside of `"),
    ] {
        own.write("../other.wat", "");
        own.write("expected.txt", &format!("#: guest = {words}\n"));
        own.run(&["test"]).expect(2, &[error]);
    }
    own.write("expected.txt", "");
    own.run(&["build"]).expect(0, &["there is no guest to build"]);
}

#[test]
fn c_is_built_again_when_a_header_changes() {
    let own = Own::new(&[
        ("expected.txt", "#: guest = widget.c\n"),
        ("test.js", ""),
        ("size.h", "#define SIZE 64\n"),
        ("widget.c", "#include \"size.h\"\nint size(void) { return SIZE; }\n"),
    ]);
    let Some(first) = own.module(NO_CLANG, "c_is_built_again_when_a_header_changes") else {
        return;
    };
    let whole = fs::read(&first).unwrap();
    assert_eq!(own.builds(), first);
    own.write("size.h", "#define SIZE 65\n");
    let second = own.builds();
    assert_ne!(fs::read(&second).unwrap(), whole);
    own.write("size.h", "#define SIZE 64\n");
    fs::write(&first, "damaged").unwrap();
    assert_eq!(own.builds(), first);
    assert_eq!(fs::read(&first).unwrap(), whole);
    // The compiler's words come first.
    own.write("widget.c", "#include \"size.h\"\nint size(void) { return nothing; }\n");
    let answer = own.run(&["build"]);
    answer.expect(
        2,
        &[
            "widget.c:2:25: error: ",
            "error: failed to build the guest `widget.c` by `",
        ],
    );
    own.write("widget.c", "#include \"none.h\"\n");
    own.run(&["build"])
        .expect(2, &["widget.c:1:10: fatal error: 'none.h' file not found"]);
}

#[test]
fn a_crate_is_built_again_when_its_sources_change() {
    let own = plain_crate();
    let Some(first) = own.module(NO_RUST, "a_crate_is_built_again_when_its_sources_change") else {
        return;
    };
    assert!(first.ends_with("a_widget.wasm"), "{first:?}");
    assert_eq!(own.builds(), first);
    own.write("../size/src/lib.rs", "pub const SIZE: usize = 65;\n");
    let second = own.builds();
    assert_ne!(second, first);
    fs::write(&second, "damaged").unwrap();
    assert_eq!(own.builds(), second);
    assert!(fs::read(&second).unwrap().starts_with(b"\0asm"));
    // The compiler's words come first.
    own.write("crate/src/lib.rs", "pub fn take() -> usize { nothing }\n");
    let error = "error: failed to build the guest `crate/` with `";
    let answer = own.run(&["build"]);
    answer.expect(2, &["cannot find value `nothing`", "src/lib.rs:1:26", error]);
    own.write("crate/src/lib.rs", "");
    own.write("crate/Cargo.toml", &manifest("").replace("cdylib", "rlib"));
    own.write("crate/Cargo.lock", "");
    own.run(&["build"]).expect(
        2,
        &["makes no module: its Cargo.toml needs the lines `[lib]` and `crate-type"],
    );
    own.write("crate/Cargo.toml", "[package\n");
    own.run(&["build"])
        .expect(2, &["Cargo.toml:1:9", "failed to read the manifest of the crate `"]);
    own.write("crate/Cargo.toml", "[workspace]\n");
    own.run(&["build"]).expect(2, &["` is no crate, but a workspace"]);
}

/// A Rust guest that is dropped into a checkout needs no change of the program.
#[test]
fn a_crate_of_the_checkout_is_found_by_its_name() {
    let world = World::new().with_this_machine();
    let world = world.set("CARGO_TARGET_DIR", repository().join("target"));
    world.write("Cargo.toml", "[workspace]\nmembers = [\"guest/*\"]\nresolver = \"3\"\n");
    for name in ["linear", "bindgen"] {
        fs::remove_dir_all(world.checkout.join("guest").join(name)).unwrap();
    }
    world.write(
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"a-widget\"\nversion = \"0.1.0\"\n",
    );
    let (profile, metadata) = PROFILE.split_once("[package.metadata").unwrap();
    let manifest = manifest("").replace(PROFILE, &format!("[package.metadata{metadata}"));
    world.write("guest/mine/Cargo.toml", &manifest);
    world.write(
        "guest/mine/src/lib.rs",
        "#[no_mangle]\npub extern \"C\" fn take() -> i32 { 1 }\n",
    );
    let workspace = fs::read_to_string(world.checkout.join("Cargo.toml")).unwrap();
    world.write("Cargo.toml", &format!("{workspace}{profile}"));
    world.write("expected/m0.txt", "#: verdict = leaks\n#: guest = mine\n");
    let answer = world.run(&["build", "m0"]);
    if answer.stderr.contains(NO_RUST) {
        assert!(required().is_empty(), "{}", answer.stderr);
        return;
    }
    answer.expect(0, &[]);
    let module = Path::new(answer.stdout.trim_end());
    assert!(module.ends_with("a_widget.wasm"), "{module:?}");
    assert!(fs::read(module).unwrap().starts_with(b"\0asm"));
}
