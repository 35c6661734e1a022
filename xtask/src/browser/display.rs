//! A display for a browser that needs one: an X server of our own, which shows nothing to anybody.

use crate::run::guard::die_with_parent;
use anyhow::{Context, Result, anyhow, bail};
use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// The X server without a screen.
const PROGRAM: &str = "Xvfb";

/// Flags of the server, each with what for. It tells the number of the first display that is free on standard output,
/// and, told so, writes no lock.
const FLAGS: &[(&str, &str)] = &[
    ("-displayfd", "tells the display on this descriptor"),
    ("1", ""),
    ("-screen", "a screen"),
    ("0", ""),
    ("1280x1024x24", ""),
    ("-nolisten", "none but this machine"),
    ("tcp", ""),
    ("-nolisten", "no file: the name of its socket is an abstract one"),
    ("unix", ""),
    ("-noreset", "stays the same when its last client leaves"),
];

/// The time until it tells its display.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most bytes of the line with the number.
const LONGEST: u64 = 32;

/// A display, which ends with this.
#[derive(Debug)]
pub struct Display {
    server: Option<Child>,
    name: String,
}

impl Display {
    /// Starts a server in `directory`; where there is none on PATH, the user's display is taken.
    pub fn start(directory: &Path) -> Result<Display> {
        match which::which(PROGRAM) {
            Ok(program) => Display::of_server(&program, directory),
            Err(_) => of_user(env::var("DISPLAY").ok()),
        }
    }

    /// What `DISPLAY` has to be.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn of_server(program: &Path, directory: &Path) -> Result<Display> {
        let mut command = Command::new(program);
        die_with_parent(&mut command);
        let mut server = command
            .args(FLAGS.iter().map(|(flag, _)| flag))
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("failed to start `{}`", program.display()))?;
        let number = server.stdout.take().context("a pipe is missing").and_then(number_from);
        let mut display = Display {
            server: Some(server),
            name: String::new(),
        };
        // An error ends the server.
        display.name = format!(":{}", number.map_err(|error| anyhow!("`{PROGRAM}` {error}"))?);
        Ok(display)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// The user's own display, by the value of its variable.
fn of_user(name: Option<String>) -> Result<Display> {
    match name.filter(|name| !name.is_empty()) {
        Some(name) => Ok(Display { server: None, name }),
        None => bail!("it needs a display: install `{PROGRAM}` (Debian's package `xvfb`), or set DISPLAY"),
    }
}

/// Waits for the number. A thread reads it, which ends with the server at the latest.
fn number_from(output: ChildStdout) -> Result<u32> {
    let (sender, receiver) = channel();
    let read = move || {
        let mut line = String::new();
        // Without a line there is no number.
        let _ = BufReader::new(output.take(LONGEST)).read_line(&mut line);
        let _ = sender.send(line);
    };
    thread::Builder::new().spawn(read).context("found no thread")?;
    let line = receiver.recv_timeout(PATIENCE);
    number_in(&line.map_err(|_| anyhow!("did not tell its display within {} s", PATIENCE.as_secs()))?)
}

fn number_in(line: &str) -> Result<u32> {
    let number = line.strip_suffix('\n').and_then(|number| number.parse().ok());
    number.context("ended before it told its display")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_a_whole_line() {
        assert_eq!(number_in("99\n").unwrap(), 99);
        for line in ["", "9", "\n", "-1\n", "a\n"] {
            let error = number_in(line).unwrap_err().to_string();
            assert_eq!(error, "ended before it told its display", "{line:?}");
        }
    }

    #[test]
    fn the_user_s_display_is_taken_where_there_is_no_server() {
        assert_eq!(of_user(Some(":7".to_owned())).unwrap().name(), ":7");
        for none in [None, Some(String::new())] {
            let error = of_user(none).unwrap_err().to_string();
            assert_eq!(
                error,
                "it needs a display: install `Xvfb` (Debian's package `xvfb`), or set DISPLAY"
            );
        }
    }

    #[test]
    fn a_server_that_does_not_run_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let error = Display::of_server(Path::new("/bin/true"), directory.path()).unwrap_err();
        assert_eq!(error.to_string(), "`Xvfb` ended before it told its display");
        let error = Display::of_server(Path::new("/nowhere/Xvfb"), directory.path()).unwrap_err();
        assert_eq!(error.to_string(), "failed to start `/nowhere/Xvfb`");
    }
}
