//! `instrument`: the two files that it writes, and where it writes nothing.

use crate::world::{Answer, World, odd_name};
use std::fs;
use std::path::{Path, PathBuf};

const MALLOC: &str = r#"(func $malloc (export "malloc") (param i32) (result i32) (i32.const 8))"#;
const FREE: &str = r#"(func $free (export "free") (param i32))"#;

/// A world with a module of this text, `in.wasm`.
fn world(text: &str) -> World {
    let world = World::new();
    module(&world, "in.wasm", text);
    world
}

fn module(world: &World, name: &str, text: &str) {
    fs::write(world.checkout.join(name), wat::parse_str(text).unwrap()).unwrap();
}

/// Asserts that the command writes both files, and prints this.
#[track_caller]
fn made(world: &World, arguments: &[&str], printed: &[&str]) -> Answer {
    let answer = world.run(&[&["instrument"], arguments].concat());
    answer.expect(0, &[]);
    for part in printed {
        assert!(answer.stdout.contains(part), "`{part}` is not printed: {answer:?}");
    }
    answer
}

/// The files of the checkout's own directory.
fn files(world: &World) -> Vec<String> {
    let entries = fs::read_dir(&world.checkout).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.path().is_file());
    let mut names: Vec<String> = files
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect();
    names.retain(|name| !name.starts_with("Cargo."));
    names.sort();
    names
}

/// The names that a module imports from `wasm-leaks`.
fn reports(path: &Path) -> Vec<String> {
    let text = fs::read(path).unwrap();
    let names = ["allocated", "freed", "reallocating", "reallocated"];
    let imported = |name: &str| {
        let import = [b"\x0awasm-leaks", &[name.len() as u8][..], name.as_bytes()].concat();
        text.windows(import.len()).any(|window| window == import)
    };
    names
        .into_iter()
        .filter(|name| imported(name))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_module_and_its_script_are_written() {
    let world = world(&format!("(module {MALLOC} {FREE})"));
    let answer = made(
        &world,
        &["in.wasm", "out.wasm"],
        &[
            "made out.wasm, in which these functions report blocks:\n  allocate  malloc (function 0, found by its export)\n  \
             free      free (function 1, found by its export)\nand out.blocks.mjs, which counts them",
            "  import { watchBlocks } from \"./out.blocks.mjs\";\n",
            "docs/instrument.md has the rest",
        ],
    );
    assert_eq!(answer.stderr, "");
    assert_eq!(files(&world), ["in.wasm", "out.blocks.mjs", "out.wasm"]);
    assert_eq!(reports(&world.checkout.join("out.wasm")), ["allocated", "freed"]);
    let script = fs::read_to_string(world.checkout.join("out.blocks.mjs")).unwrap();
    assert!(script.contains("export function watchBlocks("), "{script}");
    let imports = script.lines().filter(|line| line.starts_with("import "));
    assert_eq!(imports.count(), 0, "it needs no other script");
    // Both are replaced, and the script may lie elsewhere.
    made(
        &world,
        &["in.wasm", "out.wasm", "--script", "js/half.mjs"],
        &["./half.mjs"],
    );
    assert_eq!(fs::read_to_string(world.checkout.join("js/half.mjs")).unwrap(), script);
    world.assert_clean();
}

#[test]
fn an_installed_program_writes_the_same() {
    let world = world(&format!("(module {MALLOC} {FREE})"));
    world.run(&["instrument", "in.wasm", "out.wasm"]).expect(0, &[]);
    let input = world.checkout.join("in.wasm");
    let output = world
        .installed(&["instrument", input.to_str().unwrap(), "out.wasm"])
        .output()
        .unwrap();
    Answer::of(output).expect(0, &[]);
    for name in ["out.wasm", "out.blocks.mjs"] {
        let installed = world.file("an empty directory").join(name);
        assert_eq!(
            fs::read(installed).unwrap(),
            fs::read(world.checkout.join(name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn a_file_may_have_any_name() {
    let world = world(&format!("(module {MALLOC} {FREE})"));
    let output: PathBuf = world.directory().join(odd_name());
    let words = ["instrument".as_ref(), "in.wasm".as_ref(), output.as_os_str()];
    Answer::of(world.xtask(&words).output().unwrap()).expect(0, &[]);
    assert!(output.exists());
}

#[test]
fn the_allocator_can_be_named() {
    let world = world(
        r#"(module (func $take (param i32) (result i32) (i32.const 8)) (func (export "cell") (result i32) (i32.const 8))
            (func (export "give") (param f64 i32)))"#,
    );
    let flags = [
        "--allocator",
        "allocate=take allocate=cell:64",
        "--allocator",
        "free=#2(-p)",
    ];
    let answer = made(
        &world,
        &[&["in.wasm", "out.wasm"], &flags[..]].concat(),
        &[
            "  allocate  take (function 0, as given)\n  allocate  cell (function 1, as given)\n  free      function 2 (as given)\n",
        ],
    );
    assert_eq!(answer.stderr, "");
    assert_eq!(reports(&world.checkout.join("out.wasm")), ["allocated", "freed"]);
}

#[test]
fn what_may_be_missing_is_a_warning() {
    let world = world(&format!("(module {MALLOC})"));
    let answer = world.run(&["instrument", "in.wasm", "out.wasm"]);
    answer.expect(0, &["no function was found that frees"]);
    assert!(answer.stderr.starts_with("warning: "), "{answer:?}");
}

#[test]
fn a_module_that_does_not_report_is_refused_with_what_to_do() {
    let world = World::new();
    for (text, flags, printed) in [
        (
            r#"(module (func (export "take") (param i32) (result i32) (i32.const 0)))"#,
            &[][..],
            &[
                "`in.wasm` stays as it is: no allocator was found: no function has the name of an allocator's",
                "`-g2` or `--profiling-funcs`",
                "`debug = 1`",
                "`wasm-bindgen --keep-debug`",
                "`-Wl,--export=malloc,--export=free`",
                "`--allocator 'allocate=take free=#12'`",
                "it exports the functions `take`",
            ][..],
        ),
        (
            r#"(module (import "env" "malloc" (func (param i32) (result i32))))"#,
            &[],
            &["the allocator is in another module: imported `env.malloc`; take the module that exports them"],
        ),
        (
            r#"(module (func $__new (export "__new") (param i32 i32) (result i32) (i32.const 0)))"#,
            &[],
            &["a collector of its own takes blocks back"],
        ),
        (
            r#"(module (import "wasm-leaks" "freed" (func (param f64))))"#,
            &[],
            &["the module reports its blocks already; take the module that it was made from"],
        ),
        (
            "(module)",
            &["--allocator", "allocate=take"],
            &[
                "`take` cannot be wrapped: no function is exported by this name",
                "`wasm-tools print in.wasm`",
            ],
        ),
        (
            r#"(module (func (export "take")))"#,
            &["--allocator", "allocate=take"],
            &["to allocate, it would need other parameters or results"],
        ),
        (
            "(module)",
            &["--allocator", "take"],
            &["`--allocator take`: what `take` does is not known by its name: write `ROLE=take`"],
        ),
        (
            "(module)",
            &["--allocator", ""],
            &["`--allocator `: no function is named"],
        ),
    ] {
        module(&world, "in.wasm", text);
        let arguments = [&["instrument", "in.wasm", "out.wasm"], flags].concat();
        world.run(&arguments).expect(2, printed);
        assert_eq!(files(&world), ["in.wasm"], "{text}");
    }
    world.assert_clean();
}

#[test]
fn what_is_no_whole_module_is_refused() {
    let world = world(&format!("(module {MALLOC} {FREE})"));
    let whole = fs::read(world.checkout.join("in.wasm")).unwrap();
    for (bytes, printed) in [
        (&b""[..], "it is no WebAssembly module"),
        (b"(module)", "it is no WebAssembly module"),
        (
            b"\0asm\x0d\0\x01\0",
            "the modules in it can be instrumented; `wasm-tools component unbundle in.wasm` takes them out",
        ),
        (&whole[..whole.len() / 2], "the module cannot be decoded at offset"),
    ] {
        fs::write(world.checkout.join("in.wasm"), bytes).unwrap();
        world.run(&["instrument", "in.wasm", "out.wasm"]).expect(2, &[printed]);
        assert_eq!(files(&world), ["in.wasm"]);
    }
    for (name, printed) in [
        ("gone.wasm", "failed to read `gone.wasm`"),
        ("js", "it is a directory, not a file"),
    ] {
        world.run(&["instrument", name, "out.wasm"]).expect(2, &[printed]);
    }
    assert_eq!(files(&world), ["in.wasm"]);
}

#[test]
fn nothing_is_written_over_what_is_wanted() {
    let world = world(&format!("(module {MALLOC} {FREE})"));
    std::os::unix::fs::symlink("in.wasm", world.checkout.join("link.wasm")).unwrap();
    let before = fs::read(world.checkout.join("in.wasm")).unwrap();
    for (flags, printed) in [
        (
            &["in.wasm"][..],
            "`in.wasm` is the module itself, and nothing was written: name another file, or add `--overwrite`",
        ),
        (&["js/../in.wasm"], "is the module itself"),
        (&["link.wasm"], "is the module itself"),
        (
            &["out.wasm", "--script", "in.wasm"],
            "the script `in.wasm` would be the module itself",
        ),
        (
            &["out.wasm", "--script", "js/../out.wasm"],
            "would be the module that is made",
        ),
        (&["-"], "`-` names no file"),
        (&["out.wasm", "--script", "-"], "`-` names no file"),
        (&["/dev/stdout"], "`/dev/stdout` is no regular file"),
        (&["out.wasm", "--script", "/dev/null"], "`/dev/null` is no regular file"),
        (&["gone/out.wasm"], "the directory `gone` does not exist"),
        (
            &["out.wasm", "--script", "gone/out.mjs"],
            "the directory `gone` does not exist",
        ),
        (&["js"], "`js` cannot be written: it is a directory"),
        (&[], "required arguments were not provided"),
    ] {
        let arguments = [&["instrument", "in.wasm"], flags].concat();
        world.run(&arguments).expect(2, &[printed]);
        assert_eq!(files(&world), ["in.wasm", "link.wasm"], "{flags:?}");
    }
    assert_eq!(fs::read(world.checkout.join("in.wasm")).unwrap(), before);
    // If it is wanted.
    made(&world, &["in.wasm", "in.wasm", "--overwrite"], &["made in.wasm"]);
    assert_eq!(reports(&world.checkout.join("in.wasm")), ["allocated", "freed"]);
}

#[test]
fn where_one_cannot_be_written_neither_is() {
    let world = world(&format!("(module {MALLOC} {FREE})"));
    let locked = world.file("locked");
    fs::create_dir_all(&locked).unwrap();
    let open = world.file("open");
    fs::create_dir_all(&open).unwrap();
    world.open(&open, 0o777);
    let path = |directory: &Path, name: &str| directory.join(name).to_str().unwrap().to_owned();
    for (module, script) in [(&locked, &open), (&open, &locked)] {
        let arguments = [
            "instrument",
            "in.wasm",
            &path(module, "a.wasm"),
            "--script",
            &path(script, "a.mjs"),
        ];
        let answer = Answer::of(world.xtask_without_root(&arguments).output().unwrap());
        answer.expect(2, &["Permission denied"]);
        assert_eq!(
            [&locked, &open].map(|directory| fs::read_dir(directory).unwrap().count()),
            [0, 0]
        );
    }
}
