//! Programs that set timers, and programs whose finalizers free memory: what is due has run when what is alive is counted.

use crate::world::World;
use std::fs;

/// A name, the script, and the verdict.
const PROGRAMS: &[(&str, &str, &str)] = &[
    // As many timers are due after a round as it has calls.
    (
        "timers-run",
        "class Job { constructor(i) { this.i = i; } }\nlet done = 0;
function test(n) { for (let i = 0; i < n; i++) { const job = new Job(i); setTimeout(() => { done += job.i; }, 0); } }",
        "collected | bounded",
    ),
    (
        "timers-in-a-day",
        "class Job { constructor(i) { this.i = i; } }\nlet done = 0;
function test(n) { for (let i = 0; i < n; i++) { const job = new Job(i); setTimeout(() => { done += job.i; }, 86400000); } }",
        "leaks",
    ),
    (
        "timers-cleared",
        "class Job { constructor(i) { this.i = i; } }\nlet timer;\nlet done = 0;
function test(n) {
  for (let i = 0; i < n; i++) { const job = new Job(i); clearTimeout(timer); timer = setTimeout(() => { done += job.i; }, 60000); }
}",
        "collected | bounded",
    ),
    (
        "intervals-stay",
        "class Job { constructor() { this.ticks = 0; } tick() { this.ticks++; } }
function test(n) { for (let i = 0; i < n; i++) { const job = new Job(); setInterval(() => job.tick(), 1000); } }",
        "leaks",
    ),
    (
        "timers-awaited",
        "const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
async function test(n) { for (let i = 0; i < n; i++) { const job = { i }; await wait(2); job.i++; } }",
        "collected | bounded",
    ),
    // What finalizers free is needed again after some thousand calls, whatever leaks beside it.
    (
        "finalizers-free",
        "const free = [];\nlet top = 0;
function take() {
  if (free.length > 0) return free.pop();
  if (top === 4096) throw new Error('all is taken');
  return top++;
}
const registry = new FinalizationRegistry(slot => free.push(slot));\nconst handlers = [];
class Handle { constructor() { this.slot = take(); registry.register(this, this.slot); } }
function test(n) { for (let i = 0; i < n; i++) { new Handle(); if (i % 4 === 0) handlers.push(() => i); } }",
        "leaks",
    ),
];

/// The lines of the longest script.
const LINES: usize = 11;

pub fn what_is_due_has_run(engine: &str) {
    let world = World::new().with_this_machine();
    for (name, script, verdict) in PROGRAMS {
        let directory = world.file("programs").join(name);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("test.js"), script).unwrap();
        fs::write(
            directory.join("expected.txt"),
            format!("#: verdict = {verdict}\n#: rounds = 40\n"),
        )
        .unwrap();
    }
    let answer = world.run(&["test", world.file("programs").to_str().unwrap(), "--engine", engine]);
    answer.expect(0, &[&format!("{0} cells: {0} ok", PROGRAMS.len())]);
    // A function of ours that a timer of the user's calls is at no place in his script.
    for (before, after) in answer
        .stdout
        .match_indices("test.js:")
        .map(|(at, found)| answer.stdout.split_at(at + found.len()))
    {
        let line: String = after.chars().take_while(char::is_ascii_digit).collect();
        let told = before.lines().last().unwrap();
        assert!(
            line.parse::<usize>().unwrap() <= LINES,
            "{told}{line}:\n{}",
            answer.stdout
        );
    }
}
