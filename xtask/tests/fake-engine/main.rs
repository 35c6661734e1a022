//! A program that follows orders: an engine, a host, or a tool.
//!
//! Its orders are in a file next to it, with its name and `.orders`. Each line is
//! `WHEN: ORDER`, where WHEN is the script that it is called with (`probe`,
//! `canary`, `explain`, or `case` for a case), or `tool` for any other arguments.
//! Orders for `WHEN ARGUMENT` replace those for WHEN alone if it is called with
//! that argument too. Without orders the canary passes.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, abort};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, thread};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if arguments == ["deaf-child"] {
        // SIGTERM never ends it.
        let flag = std::sync::Arc::default();
        signal_hook::flag::register(signal_hook::consts::SIGTERM, flag).expect("SIGTERM can be caught");
        // Killing only the process group does not reach it; on macOS nothing else can be killed.
        if cfg!(target_os = "linux") {
            nix::unistd::setsid().expect("a child leads no group yet");
        }
        hang();
    }
    if arguments == ["burning-child"] {
        burn();
    }
    if let [first, mebibytes] = &arguments[..]
        && first == "greedy-child"
    {
        obey(&format!("take-memory {mebibytes}"), &[]);
        hang();
    }
    // A user's own script runs in its own directory, from which `js/lib` is found by its full path.
    let has = |script: &str| {
        arguments
            .iter()
            .any(|word| word == script || word.ends_with(&format!("/{script}")))
    };
    let when = ["probe", "canary", "explain"]
        .into_iter()
        .find(|name| has(&format!("js/lib/{name}.js")));
    let when = when.unwrap_or(if has("js/lib/shell.js") { "case" } else { "tool" });
    let program = env::current_exe().expect("it knows where it is");
    let Ok(text) = fs::read_to_string(orders_of(&program)) else {
        eprintln!("it has no orders");
        return ExitCode::from(9);
    };
    for order in orders(&text, when, &arguments) {
        if let Some(status) = obey(order, &arguments) {
            return status;
        }
    }
    ExitCode::SUCCESS
}

fn orders<'a>(text: &'a str, when: &str, arguments: &[String]) -> Vec<&'a str> {
    let of = |when: String| -> Vec<&str> { text.lines().filter_map(|line| line.strip_prefix(&when)).collect() };
    let special = arguments.iter().map(|argument| of(format!("{when} {argument}: ")));
    let mut found = special
        .chain([of(format!("{when}: "))])
        .find(|orders| !orders.is_empty())
        .unwrap_or_default();
    if found.is_empty() && when == "canary" {
        found.push(r#"say @ {"type":"canary","reason":null}"#);
    }
    found
}

/// Carries out an order; returns the exit status, if the order was to exit.
fn obey(order: &str, arguments: &[String]) -> Option<ExitCode> {
    let (verb, rest) = order.split_once(' ').unwrap_or((order, ""));
    match verb {
        "say" => say(format!("{rest}\n").as_bytes()),
        "complain" => eprintln!("{rest}"),
        "say-half" => say(rest.as_bytes()),
        "say-nul" => say(b"a\0b\n"),
        "say-long" => {
            // The text goes on after what is long, if it has `…`.
            let (count, text) = rest.split_once(' ').expect("COUNT TEXT");
            let (start, end) = text.split_once('…').unwrap_or((text, ""));
            let count = count.parse().expect("a number of bytes");
            say(format!("{start}{}{end}\n", "x".repeat(count)).as_bytes());
        }
        "say-byte" => say(&[rest.parse().expect("a byte"), b'\n']),
        "flood" => flood(rest.parse().expect("a number of bytes")),
        "rounds" => {
            let mut words = rest.split(' ');
            let leak = words.next() == Some("leak");
            let mut number = |usual| words.next().map_or(usual, |word| word.parse().expect("a number"));
            rounds(leak, number(1000), number(3));
        }
        "flood-lines" => flood_lines(rest.parse().expect("a number of lines")),
        "alternate" => {
            append(rest, "turn\n");
            rounds(lines(rest).is_multiple_of(2), 1000, 3);
        }
        "note" => {
            let (word, path) = rest.split_once(' ').expect("WORD PATH");
            append(path, &format!("{word}\n"));
        }
        "wait-for-lines" => {
            let (count, path) = rest.split_once(' ').expect("COUNT PATH");
            let count = count.parse().expect("a number of lines");
            while lines(path) < count {
                thread::sleep(Duration::from_millis(2));
            }
        }
        "vanish" => {
            let program = env::current_exe().expect("it knows where it is");
            fs::remove_file(program).expect("it can remove itself");
        }
        "hang" => hang(),
        "hang-with-deaf-child" => {
            append(rest, &format!("{}\n", start("deaf-child")));
            hang();
        }
        "take-memory" => {
            // Written to, or it would be no memory yet.
            let taken = vec![1_u8; rest.parse::<usize>().expect("a number of MiB") << 20];
            std::hint::black_box(taken).leak();
        }
        "take-memory-in-child" => {
            let program = env::current_exe().expect("it knows where it is");
            let child = Command::new(program).args(["greedy-child", rest]).spawn();
            child.expect("the child starts").wait().expect("the child ends");
        }
        "burn" => burn(),
        "burn-in-child" => {
            start("burning-child");
            hang();
        }
        "children" => {
            for _ in 0..rest.parse().expect("a number of children") {
                start("deaf-child");
            }
        }
        "fork-and-exit" => {
            append(rest, &format!("{}\n", start("deaf-child")));
            return Some(ExitCode::SUCCESS);
        }
        "close" => {
            nix::unistd::close(1).expect("standard output is open");
            nix::unistd::close(2).expect("standard error is open");
        }
        "remove" => fs::remove_dir_all(rest).expect("it can remove a directory"),
        "make-pipe" => {
            let mode = nix::sys::stat::Mode::from_bits_truncate(0o600);
            nix::unistd::mkfifo(rest, mode).expect("it can make a pipe");
        }
        "crash" => abort(),
        "note-variable" => {
            let (name, path) = rest.split_once(' ').expect("NAME PATH");
            append(path, &format!("{}\n", env::var(name).unwrap_or_default()));
        }
        "note-pid" => append(rest, &format!("{}\n", std::process::id())),
        "note-arguments" => append(rest, &format!("{}\n", arguments.join(" "))),
        "copy" => {
            let (from, to) = rest.split_once(" to ").expect("FROM to TO");
            fs::copy(from, to).expect("it can copy");
        }
        "write" => {
            let (name, text) = rest.split_once(' ').expect("NAME TEXT");
            fs::write(name, text).expect("it can write");
        }
        "grow" => {
            let (name, bytes) = rest.split_once(' ').expect("NAME BYTES");
            let file = fs::File::create(name).expect("it can create");
            file.set_len(bytes.parse().expect("a number of bytes"))
                .expect("it can grow");
        }
        "link" => {
            let (from, to) = rest.split_once(" to ").expect("FROM to TO");
            // A package manager may be called more than once.
            let _ = fs::hard_link(from, to);
        }
        "exit" => return Some(ExitCode::from(rest.parse::<u8>().expect("a status"))),
        _ => panic!("unknown order `{order}`"),
    }
    None
}

/// Starts a child, and returns its process id. Nothing waits for it: the test is that it is killed.
fn start(what: &str) -> u32 {
    let program = env::current_exe().expect("it knows where it is");
    #[expect(clippy::zombie_processes)]
    let child = Command::new(program).arg(what).spawn().expect("the child starts");
    child.id()
}

/// Uses a processor, for ever.
fn burn() -> ! {
    loop {
        std::hint::spin_loop();
    }
}

/// Prints the output of m0's 100 rounds of 1000 objects, after which so many live (if nothing is ever collected, all), and
/// linear memory has so many pages.
fn rounds(leak: bool, living: u64, pages: u64) {
    say(b"@ {\"type\":\"start\",\"objects\":1000,\"initial\":2,\"maximum\":10}\n");
    for round in 1..=100 {
        let allocated = round * 1000;
        let live = if leak { allocated } else { living.min(allocated) };
        let text = format!(
            "Callback after {} allocated.\n{allocated} total allocated, {live} still live.\n\
             @ {{\"type\":\"round\",\"round\":{round},\"allocated\":{allocated},\"live\":{live},\"pages\":{pages}}}\n",
            allocated - 999
        );
        say(text.as_bytes());
    }
    let live = if leak { 100_000 } else { 0 };
    say(format!("@ {{\"type\":\"settled\",\"allocated\":100000,\"live\":{live},\"pages\":{pages}}}\n").as_bytes());
    say(b"Success; max 1000 objects live.\n");
}

/// Prints; the reader may be gone.
fn say(bytes: &[u8]) {
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let marked = mark(line);
        print_bytes(marked.as_deref().unwrap_or(line));
    }
}

/// Puts the key of the run and the line's number into telemetry, as `js/lib/watch.js` does.
fn mark(line: &[u8]) -> Option<Vec<u8>> {
    static LINES: AtomicUsize = AtomicUsize::new(0);
    let key = env::args_os().find_map(|word| Some(word.to_str()?.strip_prefix("key=")?.to_owned()))?;
    let rest = line.strip_prefix(b"@ {")?;
    let number = LINES.fetch_add(1, Ordering::Relaxed) + 1;
    let mark = format!("@ {{\"key\":\"{key}\",\"n\":{number},");
    Some([mark.as_bytes(), rest].concat())
}

fn print_bytes(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

fn flood(bytes: u64) {
    let chunk = [b'x'; 64 << 10];
    for _ in 0..bytes / chunk.len() as u64 {
        say(&chunk);
    }
}

fn flood_lines(lines: u64) {
    let chunk = [b'\n'; 64 << 10];
    for _ in 0..lines / chunk.len() as u64 {
        say(&chunk);
    }
}

/// The number of lines in a file; 0 if it does not exist.
fn lines(path: &str) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

fn hang() -> ! {
    loop {
        thread::park();
    }
}

fn append(path: &str, text: &str) {
    let file = OpenOptions::new().create(true).append(true).open(PathBuf::from(path));
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .expect("the file can be written");
}

fn orders_of(program: &Path) -> PathBuf {
    let mut name = program.as_os_str().to_owned();
    name.push(".orders");
    name.into()
}
