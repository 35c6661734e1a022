//! A program that does as it is told: an engine, a host, or a tool.
//!
//! Its orders lie beside it, in a file of its name with `.orders` behind. Each
//! line is `WHEN: ORDER`, where WHEN is `probe` if it is asked who it is,
//! `case` if it is to run a case, and `tool` if it is called with anything else.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, abort};
use std::{env, thread};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if arguments == ["deaf-child"] {
        // Whoever asks it to end by SIGTERM waits for ever.
        let flag = std::sync::Arc::default();
        signal_hook::flag::register(signal_hook::consts::SIGTERM, flag).expect("SIGTERM can be caught");
        // It is out of reach of whoever kills only the process group.
        nix::unistd::setsid().expect("a child leads no group yet");
        hang();
    }
    let when = match &arguments {
        all if all.iter().any(|word| word == "js/probe.js") => "probe: ",
        all if all.iter().any(|word| word == "js/shell.js") => "case: ",
        _ => "tool: ",
    };
    let program = env::current_exe().expect("it knows where it is");
    let Ok(orders) = fs::read_to_string(orders_of(&program)) else {
        eprintln!("it has no orders");
        return ExitCode::from(9);
    };
    for order in orders.lines().filter_map(|line| line.strip_prefix(when)) {
        if let Some(status) = obey(order, &arguments) {
            return status;
        }
    }
    ExitCode::SUCCESS
}

/// Carries an order out; returns the status to exit with, if that was the order.
fn obey(order: &str, arguments: &[String]) -> Option<ExitCode> {
    let (verb, rest) = order.split_once(' ').unwrap_or((order, ""));
    match verb {
        "say" => say(format!("{rest}\n").as_bytes()),
        "complain" => eprintln!("{rest}"),
        "say-byte" => say(&[rest.parse().expect("a byte"), b'\n']),
        "flood" => flood(rest.parse().expect("a number of bytes")),
        "rounds" => rounds(rest == "leak"),
        "hang" => hang(),
        "hang-with-deaf-child" => {
            let program = env::current_exe().expect("it knows where it is");
            // It is not waited for, but killed: that is what is tested.
            #[expect(clippy::zombie_processes)]
            let child = Command::new(program)
                .arg("deaf-child")
                .spawn()
                .expect("the child starts");
            append(rest, &format!("{}\n", child.id()));
            hang();
        }
        "crash" => abort(),
        "note-pid" => append(rest, &format!("{}\n", std::process::id())),
        "note-arguments" => append(rest, &format!("{}\n", arguments.join(" "))),
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

/// Prints what m0's 100 rounds of 1000 objects print, or such rounds of which nothing is ever collected.
fn rounds(leak: bool) {
    for round in 1..=100 {
        let allocated = round * 1000;
        let live = if leak { allocated } else { 1000 };
        let text = format!(
            "Callback after {} allocated.\n{allocated} total allocated, {live} still live.\n\
             @ {{\"type\":\"round\",\"round\":{round},\"allocated\":{allocated},\"live\":{live}}}\n",
            allocated - 999
        );
        say(text.as_bytes());
    }
    let live = if leak { 100_000 } else { 0 };
    say(format!("@ {{\"type\":\"final\",\"allocated\":100000,\"live\":{live}}}\n").as_bytes());
    say(b"Success; max 1000 objects live.\n");
}

/// Prints; nobody may be there to read it.
fn say(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

fn flood(bytes: u64) {
    let chunk = [b'x'; 64 << 10];
    for _ in 0..bytes / chunk.len() as u64 {
        say(&chunk);
    }
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
