//! Ends of real browsers that nobody asked for: crashes, kills; and what is left then.

use crate::browsers::{in_each, path_of, processes_of, run, world_with};
use crate::world::{World, pids, repository, wait, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::net::TcpListener;
use std::process::Command;

/// What the command line of a page's process has, by browser.
const PAGES: &[(&str, &str)] = &[
    ("chromium", "--type=renderer"),
    ("firefox", "-isForBrowser"),
    ("webkitgtk", "WebKitWebProcess"),
];

/// A script that tells this listener that it runs, and never ends.
fn telling(listener: &TcpListener) -> String {
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let tell = format!("fetch('http://127.0.0.1:{port}/', {{ mode: 'no-cors' }}).catch(() => {{}});");
    format!("print('before');\n{tell}\n")
}

fn kill_it(process: i32) {
    // It may have ended.
    let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
}

/// The processes of pages below this one.
fn pages_below(process: i32, browser: &str) -> Vec<i32> {
    let (_, word) = PAGES.iter().find(|(name, _)| *name == browser).unwrap();
    let is_page = |id: &i32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(word)
    };
    below(process).into_iter().filter(is_page).collect()
}

fn below(process: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let children: Vec<i32> = children
        .flat_map(|line| {
            line.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect();
    let deeper = children.iter().flat_map(|child| below(*child));
    children.iter().copied().chain(deeper).collect()
}

#[test]
fn a_page_whose_process_is_killed_is_said_to_have_crashed() {
    in_each(|browser, place| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let world = world_with(&format!("{}main(() => new Promise(() => {{}}));\n", telling(&listener)));
        let output = world.file("output");
        let mut command = world.xtask(&["test", "m0", "--engine", browser, "--in", place]);
        // Failures are told there.
        command.stderr(fs::File::create(&output).unwrap());
        let mut child = command.spawn().unwrap();
        wait_until("the page runs", || listener.accept().is_ok());
        let pages = pages_below(child.id().cast_signed(), browser);
        assert!(!pages.is_empty(), "{browser}, {place}");
        pages.into_iter().for_each(kill_it);
        assert_eq!(wait(&mut child), Some(1));
        let printed = fs::read_to_string(output).unwrap();
        // MiniBrowser at times ends with its pages.
        let with_it = browser == "webkitgtk" && printed.contains("WebKitGTK: the browser ended");
        assert!(
            printed.contains(": the page crashed") || with_it,
            "{browser}, {place}: {printed}"
        );
        assert_eq!(processes_of(&world), [] as [i32; 0]);
    });
}

/// Nobody guards it then.
#[test]
fn a_browser_that_was_started_by_hand_ends_with_its_command() {
    in_each(|browser, place| {
        let world = World::new().with_this_machine();
        let stage = world.checkout.join("stage");
        fs::create_dir_all(stage.join("js")).unwrap();
        let copied = Command::new("cp")
            .arg("-r")
            .arg(repository().join("js/lib"))
            .arg(stage.join("js"))
            .status();
        assert!(copied.unwrap().success());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        fs::write(stage.join("told.js"), telling(&listener)).unwrap();
        let program = path_of(&world, browser);
        let words = [
            "browse",
            browser,
            program.to_str().unwrap(),
            "--in",
            place,
            "--",
            "js/lib/shell.js",
            "none",
            "told.js",
        ];
        let mut child = world.xtask(&words).current_dir(&stage).spawn().unwrap();
        wait_until("the page runs", || listener.accept().is_ok());
        let all = below(child.id().cast_signed());
        assert!(!all.is_empty(), "{browser}, {place}");
        child.kill().unwrap();
        wait(&mut child);
        wait_until("all processes are gone", || {
            !all.iter().any(|id| crate::world::lives(*id))
        });
    });
}

#[test]
fn a_page_that_crashes_is_said_to_have() {
    in_each(|browser, place| {
        if browser == "chromium" {
            let world = world_with("const all = [];\nfor (;;) all.push(new Array(1e5).fill(all.length));\n");
            let program = path_of(&world, browser);
            let file = format!(
                "[program.small]\npath = \"{}\"\nflags = [\"--js-flags=--max-old-space-size=40\"]\n",
                program.display()
            );
            world.write("wasm-leaks.toml", &file);
            run(&world, "small", place, &[]).expect(1, &["Chromium: the page crashed"]);
        }
    });
}

#[test]
fn a_browser_that_is_killed_is_said_to_have_ended() {
    in_each(|browser, place| {
        let world = world_with("print('before');\nmain(() => new Promise(() => {}));\n");
        let program = path_of(&world, browser);
        // Its first start is the probe's, its second the canary's.
        let wrapper = world.bin.join(program.file_name().unwrap());
        let ids = world.file("ids");
        let text = format!(
            "#!/bin/sh\necho $$ >> '{}'\nexec '{}' \"$@\"\n",
            ids.display(),
            program.display()
        );
        fs::write(&wrapper, text).unwrap();
        world.open(&wrapper, 0o111);
        let option = format!("{browser}={}", wrapper.display());
        let mut command = world.xtask(&["test", "m0", "--engine", &option, "--in", place]);
        let output = world.file("output");
        command.stderr(fs::File::create(&output).unwrap());
        let mut child = command.spawn().unwrap();
        wait_until("the case runs", || pids(&ids).len() == 3);
        let browser_id = pids(&ids)[2];
        kill(Pid::from_raw(browser_id), Signal::SIGKILL).unwrap();
        assert_eq!(wait(&mut child), Some(1));
        let printed = fs::read_to_string(output).unwrap();
        let told = match browser {
            "chromium" => "Chromium: ",
            "firefox" => "Firefox: ",
            _ => "WebKitGTK: ",
        };
        assert!(printed.contains(told), "{printed}");
        world.assert_clean();
        assert_eq!(processes_of(&world), [] as [i32; 0]);
    });
}

#[test]
fn nothing_is_left_of_a_browser_whose_command_is_killed() {
    in_each(|browser, place| {
        let world = world_with("print('before');\nmain(() => new Promise(() => {}));\n");
        let mut command = world.xtask(&["test", "m0", "--engine", browser, "--in", place]);
        let mut child = command.spawn().unwrap();
        // The command, its guard, and what that started.
        wait_until("the browser runs", || processes_of(&world).len() > 4);
        child.kill().unwrap();
        wait(&mut child);
        wait_until("all processes are gone", || processes_of(&world).is_empty());
        let stages = world.checkout.join("target/wasm-leaks/stages");
        wait_until("the stages are gone", || {
            fs::read_dir(&stages).map_or(0, |entries| entries.count()) == 0
        });
    });
}
