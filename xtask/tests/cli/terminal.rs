//! What a terminal shows, and what keys and signals ask for. `setsid` of util-linux makes a
//! pseudo-terminal that of the command; without it these tests are skipped, and say so.

use crate::world::{Answer, D8, JS, JSC, M0, World, pids, wait, wait_until};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

/// A command on a terminal of its own.
struct OnTerminal {
    child: Child,
    /// The end of the person who looks at it.
    person: File,
    command: OwnedFd,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl OnTerminal {
    /// Runs the command on a terminal of so many columns; `None` without `setsid`.
    fn run(world: &World, columns: u16, arguments: &[&str]) -> Option<OnTerminal> {
        let Ok(setsid) = which::which("setsid") else {
            eprintln!("skipped: there is no setsid here");
            assert!(std::env::var_os("CI").is_none(), "CI needs setsid");
            return None;
        };
        let size = Winsize {
            ws_row: 50,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let both = openpty(&size, None).unwrap();
        let end = || Stdio::from(both.slave.try_clone().unwrap());
        let words = [&["--ctty", "--wait", env!("CARGO_BIN_EXE_wasm-leaks")], arguments].concat();
        let mut command = world.command(setsid, &words);
        let child = command
            .env("TERM", "xterm")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let person = File::from(both.master);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, notes) = (person.try_clone().unwrap(), Arc::clone(&seen));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // At the end there is an error: nobody has the other end any more.
            while let Ok(count) = reader.read(&mut bytes) {
                notes.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Some(OnTerminal {
            child,
            person,
            command: both.slave,
            seen,
        })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }

    fn wait_for(&self, what: &str) {
        wait_until(what, || self.text().contains(what));
    }

    fn press(&mut self, key: u8) {
        self.person.write_all(&[key]).unwrap();
    }

    /// Whether the terminal passes on lines and shows what is typed, as at first.
    fn is_plain(&self) -> bool {
        let flags = tcgetattr(&self.command).unwrap().local_flags;
        flags.contains(LocalFlags::ICANON | LocalFlags::ECHO)
    }
}

#[test]
fn the_table_is_as_wide_as_the_terminal() {
    let world = World::new();
    world.engine("d8", D8, M0);
    world.engine("jsc", JSC, M0);
    world.engine("js", JS, M0);
    for (columns, line) in [
        (120, "case  v8: d8 10.0.1"),
        (50, "case  d8 "),
        (40, "m0\r\n  v8: d8 10.0.1 "),
    ] {
        let Some(mut terminal) = OnTerminal::run(&world, columns, &["test", "m0"]) else {
            return;
        };
        terminal.wait_for("3 cells: 3 ok");
        assert_eq!(wait(&mut terminal.child), Some(0));
        let text = console::strip_ansi_codes(&terminal.text()).into_owned();
        assert!(text.contains(line), "{columns}: {text}");
    }
}

#[test]
fn a_key_prints_what_runs_and_the_terminal_is_as_before() {
    let world = World::new();
    let (pid, go) = (world.file("pid"), world.file("go"));
    world.engine("d8", D8, M0);
    let note = format!("note-pid {}", pid.display());
    let wait_for_it = format!("wait-for-lines 1 {}", go.display());
    world.engine("jsc", JSC, &[&[note.as_str(), &wait_for_it], M0].concat());
    let words = ["test", "m0", "--engine", "v8", "--engine", "jsc", "--jobs", "1"];
    let Some(mut terminal) = OnTerminal::run(&world, 100, &words) else {
        return;
    };
    wait_until("the second cell runs", || pids(&pid).len() == 1);
    assert!(!terminal.is_plain());
    terminal.press(b'x');
    terminal.press(b't');
    terminal.wait_for("1 of 2 cells ended; now run");
    terminal.wait_for("  m0 on jsc ");
    std::fs::write(&go, "go\n").unwrap();
    terminal.wait_for("2 cells: 2 ok");
    assert_eq!(wait(&mut terminal.child), Some(0));
    assert!(terminal.is_plain());
}

#[test]
fn the_terminal_is_as_before_after_an_interrupt() {
    let world = World::new();
    let pid = world.file("pid");
    world.engine("d8", D8, &[&format!("note-pid {}", pid.display()), "hang"]);
    let Some(mut terminal) = OnTerminal::run(&world, 100, &["test", "m0", "--engine", "v8"]) else {
        return;
    };
    wait_until("the cell runs", || pids(&pid).len() == 1);
    assert!(!terminal.is_plain());
    // Ctrl-C is still a signal.
    terminal.press(3);
    assert_eq!(wait(&mut terminal.child), Some(130));
    terminal.wait_for("interrupted: 0 of 1 runs of cells ended");
    assert!(terminal.is_plain());
    world.assert_clean();
}

#[test]
fn a_signal_prints_what_runs() {
    let world = World::new();
    let (pid, go) = (world.file("pid"), world.file("go"));
    let note = format!("note-pid {}", pid.display());
    let wait_for_it = format!("wait-for-lines 1 {}", go.display());
    world.engine("d8", D8, &[&[note.as_str(), &wait_for_it], M0].concat());
    let log = world.file("log");
    let mut child = world
        .xtask(&["test", "m0", "--engine", "v8"])
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    wait_until("the cell runs", || pids(&pid).len() == 1);
    let id = Pid::from_raw(child.id().try_into().unwrap());
    kill(id, Signal::SIGUSR1).unwrap();
    let printed = || std::fs::read_to_string(&log).unwrap();
    wait_until("it is printed", || {
        printed().contains("0 of 1 cells ended; now run\n  m0 on v8 ")
    });
    std::fs::write(&go, "go\n").unwrap();
    assert_eq!(wait(&mut child), Some(0));
    Answer::of(child.wait_with_output().unwrap()).expect(0, &[]);
}
