//! A module that `instrument` wrote, with its half in JavaScript, in the shells and hosts of this machine.

use crate::world::{World, repository};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a program is called with an ES module, by its shell.
const CALLS: &[(&str, &[&str])] = &[
    ("d8", &["--module"]),
    ("jsc", &["-m"]),
    ("js", &["--module"]),
    ("node", &[]),
    ("deno", &["run", "--quiet"]),
    ("bun", &["run"]),
];

/// What each script begins with. No call here is the last of a function: JavaScriptCore leaves no frame of its caller.
const HEAD: &str = "import { watchBlocks } from './out.blocks.mjs';
import { bytes } from './bytes.mjs';
const say = value => (globalThis.print ?? console.log)(JSON.stringify(value));
const module = new WebAssembly.Module(bytes);
const watched = options => {
  const blocks = watchBlocks(options);
  const { exports } = new WebAssembly.Instance(module, { ...blocks.imports });
  return { blocks, ...exports };
};
";

/// The instrumented guest of the crate's tests, with its script.
struct Written {
    world: World,
    program: PathBuf,
    call: &'static [&'static str],
}

impl Written {
    /// To be run by the program of an engine that is found.
    fn new(engine: &str) -> Written {
        Written::with(engine, &[])
    }

    /// The same with these flags of `instrument`.
    fn with(engine: &str, flags: &[&str]) -> Written {
        let world = World::new().with_this_machine();
        let answer = world.run(&["engines", "--json", "--engine", engine]);
        let json: Value = serde_json::from_str(&answer.stdout).unwrap();
        let row = &json["programs"][0];
        Written::of(
            world,
            row["program"].as_str().unwrap(),
            row["shell"].as_str().unwrap(),
            flags,
        )
    }

    fn of(world: World, program: &str, shell: &str, flags: &[&str]) -> Written {
        let guest = repository().join("instrument/tests/modules/pool-names.wasm");
        let answer = world.run(&[&["instrument", guest.to_str().unwrap(), "out.wasm"], flags].concat());
        answer.expect(0, &[]);
        // Each shell reads files in a way of its own.
        let bytes = fs::read(world.checkout.join("out.wasm")).unwrap();
        world.write(
            "bytes.mjs",
            &format!("export const bytes = new Uint8Array({bytes:?});\n"),
        );
        let (_, call) = CALLS.iter().find(|(name, _)| *name == shell).unwrap();
        Written {
            world,
            program: program.into(),
            call,
        }
    }

    /// What a script says, each a value of JSON.
    #[track_caller]
    fn said(&self, script: &str) -> Vec<Value> {
        self.world.write("test.mjs", &format!("{HEAD}{script}"));
        let mut command = Command::new(&self.program);
        let output = command
            .args(self.call)
            .arg("test.mjs")
            .current_dir(&self.world.checkout)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let said = text.lines().map(|line| serde_json::from_str(line).ok());
        said.collect::<Option<Vec<Value>>>()
            .filter(|_| output.status.success())
            .unwrap_or_else(|| panic!("{} {output:?}", self.program.display()))
    }

    /// Whether this stack begins in the guest, with this function, and has these of the script; and none of ours.
    #[track_caller]
    fn assert_stack(&self, stack: &Value, guest: &str, script: &[&str]) {
        let stack = stack.as_str().unwrap();
        assert!(!stack.contains("blocks.mjs"), "{stack}");
        let first = stack.lines().next().unwrap();
        match self.call {
            // Bun names no function of a guest.
            ["run"] => assert_eq!(first.trim(), "at unknown", "{stack}"),
            _ => assert!(first.contains(guest) && first.contains("wasm-function["), "{stack}"),
        }
        for name in script {
            let frame = stack
                .lines()
                .find(|line| line.contains(name) && line.contains("test.mjs:"));
            assert!(frame.is_some(), "no frame of `{name}`: {stack}");
        }
    }
}

const FORGET: &str = "const { blocks, widget_new, widget_free, widget_free_badly } = watched();
const kept = widget_new(100);
const before = blocks.mark();
const forget = () => { widget_free_badly(widget_new(24)); return 1; };
for (const release of ['free', 'free', 'RELEASE']) {
  if (release === 'free') widget_free(widget_new(24));
  else forget();
}
say(blocks.since(before));
widget_free(kept);
say(blocks.living());
say(blocks.mistakes());
say(blocks.unseen());
";

pub fn one_forgotten_block_of_three_is_found(engine: &str) {
    finds_the_forgotten_block(&Written::new(engine));
}

#[track_caller]
fn finds_the_forgotten_block(written: &Written) {
    let said = written.said(&FORGET.replace("RELEASE", "forget"));
    let [since, living, mistakes, unseen] = &said[..] else {
        panic!("{said:?}")
    };
    for rows in [since, living] {
        let [row] = &rows.as_array().unwrap()[..] else {
            panic!("{rows}")
        };
        assert_eq!((&row["blocks"], &row["bytes"]), (&1.into(), &24.into()), "{row}");
        written.assert_stack(&row["stack"], "calloc", &["forget"]);
    }
    assert_eq!((mistakes, unseen), (&Value::Array(Vec::new()), &0.into()));
    // If none is forgotten, there is none.
    let said = written.said(&FORGET.replace("RELEASE", "free"));
    let none = Value::Array(Vec::new());
    assert_eq!(said, [none.clone(), none.clone(), none, 0.into()]);
}

pub fn an_address_that_is_no_block_s_is_a_mistake(engine: &str) {
    let written = Written::new(engine);
    let said = written.said(
        "const { blocks, widget_new, widget_free, widget_free_badly } = watched();
const widget = widget_new(24);
const once = () => { widget_free(widget); return 1; };
const again = () => { widget_free_badly(widget); return 1; };
once();
say(blocks.mistakes());
again();
const stray = () => { widget_free_badly(8192); return 1; };
stray();
say(blocks.mistakes());
say(blocks.living());
",
    );
    let none = Value::Array(Vec::new());
    assert_eq!((&said[0], &said[2]), (&none, &none));
    let [twice, stray] = &said[1].as_array().unwrap()[..] else {
        panic!("{said:?}")
    };
    assert_eq!((&twice["twice"], &stray["twice"]), (&true.into(), &false.into()));
    written.assert_stack(&twice["stack"], "free", &["again"]);
    written.assert_stack(&twice["first"], "free", &["once"]);
    written.assert_stack(&stray["stack"], "free", &["stray"]);
    assert_eq!(stray["first"], Value::Null);
}

pub fn stacks_are_taken_of_some_blocks_and_all_are_counted(engine: &str) {
    let written = Written::new(engine);
    let said = written.said(
        "for (const every of [0, 1, 4]) {
  const { blocks, aligned } = watched({ every });
  const take = () => { const address = aligned(8, 16); return address; };
  for (let i = 0; i < 2000; i++) take();
  say(blocks.living());
}
for (const every of [-1, 0.5, NaN, '1', null]) {
  try {
    watchBlocks({ every });
    say(every);
  } catch (error) {
    say(error instanceof RangeError && error.message.includes('a whole number'));
  }
}
",
    );
    let counts = |rows: &Value| -> Vec<(bool, u64, u64)> {
        let rows = rows.as_array().unwrap().iter();
        let row = |row: &Value| {
            (
                row["stack"].is_null(),
                row["blocks"].as_u64().unwrap(),
                row["bytes"].as_u64().unwrap(),
            )
        };
        rows.map(row).collect()
    };
    assert_eq!(counts(&said[0]), [(true, 2000, 32000)]);
    assert!(counts(&said[1]).iter().all(|row| !row.0), "{}", said[1]);
    for rows in [&said[1], &said[2]] {
        assert_eq!(
            counts(rows)
                .iter()
                .map(|row| (row.1, row.2))
                .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)),
            (2000, 32000)
        );
    }
    // Drawn from the same numbers each time.
    let taken: u64 = counts(&said[2]).iter().filter(|row| !row.0).map(|row| row.1).sum();
    assert!((400..600).contains(&taken), "{taken} of 2000");
    assert!(
        said[3..].iter().all(|refused| *refused == Value::Bool(true)),
        "{said:?}"
    );
}

pub fn blocks_whose_end_is_not_reported_come_to_light(engine: &str) {
    // As if `free` had no name.
    let written = Written::with(engine, &["--allocator", "malloc"]);
    let said = written.said(
        "const { blocks, widget_new, widget_free } = watched();
widget_free(widget_new(24));
say(blocks.unseen());
widget_free(widget_new(24));
say(blocks.unseen());
let living = 0;
for (const row of blocks.living()) living += row.blocks;
say(living);
",
    );
    assert_eq!(said, [0, 2, 2].map(Value::from));
}

/// Node.js is no engine of its own in the table, if there is a d8: it is looked for itself.
#[test]
fn one_forgotten_block_of_three_is_found_by_node() {
    let Some(node) = on_path("node") else {
        return;
    };
    let world = World::new().with_this_machine();
    finds_the_forgotten_block(&Written::of(world, node.to_str().unwrap(), "node", &[]));
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        crate::skipped(name);
    }
    found
}

/// The fenced blocks of a page: what follows the fence, and the text.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((_, block)) = rest.split_once("\n```") {
        let (information, block) = block.split_once('\n').expect("a fence ends its line");
        let (text, after) = block.split_once("```\n").expect("a block has an end");
        found.push((information, text));
        rest = after;
    }
    found
}

/// What differs from machine to machine: places of functions in the module, and the directory.
fn without_places(text: &str) -> String {
    let places = regex::Regex::new(r"wasm://wasm/\w+:wasm-function\[\d+\]:0x[0-9a-f]+").unwrap();
    let directories = regex::Regex::new(r"file://\S*/").unwrap();
    let text = places.replace_all(text, "wasm://");
    directories.replace_all(&text, "file:///").into_owned()
}

#[test]
fn the_page_on_instrument_is_true() {
    if ["node", "clang", "wasm-ld"]
        .into_iter()
        .any(|name| on_path(name).is_none())
    {
        return;
    }
    let world = World::new().with_this_machine();
    let page = fs::read_to_string(repository().join("docs/instrument.md")).unwrap();
    let directory = world.file("an empty directory");
    fs::create_dir_all(&directory).unwrap();
    let mut ran = 0;
    for (information, text) in blocks(&page) {
        if let Some((_, name)) = information.split_once(' ') {
            fs::write(directory.join(name), text).unwrap();
        }
        if information == "console" {
            ran += 1;
            follow(&world, &directory, text);
        }
    }
    assert_eq!(ran, 4);
}

/// Runs the command of a block, and compares what it prints.
fn follow(world: &World, directory: &Path, text: &str) {
    let (command, printed) = text.split_once('\n').unwrap();
    let words: Vec<&str> = command.strip_prefix("$ ").unwrap().split(' ').collect();
    let mut command = match words[0] {
        "wasm-leaks" => world.installed(&words[1..]),
        program => Command::new(program),
    };
    if words[0] != "wasm-leaks" {
        command.args(&words[1..]).current_dir(directory);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let actual = String::from_utf8_lossy(&output.stdout);
    assert_eq!(without_places(&actual), without_places(printed), "{words:?}");
}
