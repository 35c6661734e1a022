//! A scratch checkout with its own PATH, and the results of commands in it.

// Each test program uses a part of it.
#![allow(dead_code)]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The longest time that a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The answer of an engine to the probe.
pub const D8: &str =
    r#"say @ {"type":"probe","engine":"v8","shell":"d8","version":"10.0.1","features":["gc","finalization-registry"]}"#;
pub const JSC: &str =
    r#"say @ {"type":"probe","engine":"jsc","shell":"jsc","version":"2.1","features":["gc","finalization-registry"]}"#;
pub const JS: &str = r#"say @ {"type":"probe","engine":"spidermonkey","shell":"js","version":"102.1","features":["gc","finalization-registry"]}"#;
pub const NODE: &str = r#"say @ {"type":"probe","engine":"v8","shell":"node","version":"20.1.0","engineVersion":"11.3.4","features":["gc","finalization-registry"]}"#;

/// The orders of an engine that is ok in m0.
pub const M0: &[&str] = &["rounds collect", r#"say @ {"type":"quit","status":0}"#];

/// The checkout that contains the tests.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the checkout")
}

pub struct World {
    // Dropped last, when nothing uses it.
    directory: TempDir,
    pub checkout: PathBuf,
    pub bin: PathBuf,
    variables: Vec<(OsString, OsString)>,
}

impl World {
    /// A checkout with the single case m0, its guest built, and nothing on PATH.
    pub fn new() -> World {
        World::at("checkout", "bin")
    }

    /// The same, with these names for the checkout and the directory on PATH.
    pub fn at(checkout: impl AsRef<OsStr>, bin: impl AsRef<OsStr>) -> World {
        let directory = tempfile::tempdir().unwrap();
        let world = World {
            checkout: directory.path().join(checkout.as_ref()),
            bin: directory.path().join(bin.as_ref()),
            directory,
            variables: Vec::new(),
        };
        fs::create_dir_all(&world.bin).unwrap();
        for name in [
            "Cargo.toml",
            "Cargo.lock",
            ".cargo/config.toml",
            "guest",
            "js/lib",
            "js/new",
            "js/instrument",
        ] {
            world.copy(name);
        }
        for name in ["js/cases/m0", "expected/m0.txt"] {
            world.copy(name);
        }
        world.bring_guests(built(&["build", "m0"], &M0_GUEST));
        world
    }

    /// With all guests built, not only that of m0.
    pub fn with_guests(self) -> World {
        self.bring_guests(built(&["build"], &ALL_GUESTS));
        self
    }

    fn bring_guests(&self, modules: &[PathBuf]) {
        for module in modules {
            // With its glue and its digests.
            let directory = module.parent().unwrap();
            copy(
                directory,
                &self.checkout.join(directory.strip_prefix(repository()).unwrap()),
            );
        }
    }

    /// Copies a file or directory of the repository.
    pub fn copy(&self, name: &str) {
        copy(&repository().join(name), &self.checkout.join(name));
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file in the checkout.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.checkout.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Puts a fake engine on PATH, with its answer to the probe and its orders for a case.
    pub fn engine(&self, name: &str, answer: &str, orders: &[&str]) -> PathBuf {
        let orders = orders.iter().map(|order| format!("case: {order}"));
        let orders: Vec<String> = [format!("probe: {answer}")].into_iter().chain(orders).collect();
        self.fake(&self.bin.join(name), &orders)
    }

    /// Puts a fake engine on PATH, with orders for `explain`.
    pub fn explainer(&self, name: &str, answer: &str, orders: &[&str]) -> PathBuf {
        let orders = orders.iter().map(|order| format!("explain: {order}"));
        let orders: Vec<String> = [format!("probe: {answer}")].into_iter().chain(orders).collect();
        self.fake(&self.bin.join(name), &orders)
    }

    /// Puts a fake tool on PATH.
    pub fn tool(&self, name: &str, orders: &[String]) -> PathBuf {
        let orders: Vec<String> = orders.iter().map(|order| format!("tool: {order}")).collect();
        self.fake(&self.bin.join(name), &orders)
    }

    /// Puts a program with these orders at a path.
    pub fn fake(&self, path: &Path, orders: &[String]) -> PathBuf {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Replaces the file, never writes into it: a link there leads to the program to be copied.
        let _ = fs::remove_file(path);
        let fake = fake_engine();
        // A hard link is as good as a copy, unless the directories lie on two file systems.
        fs::hard_link(fake, path).unwrap_or_else(|_| copy_program(fake, path));
        fs::write(orders_of(path), orders.join("\n")).unwrap();
        path.to_owned()
    }

    /// A file for an order to write to.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// With this machine's own programs, and the variables that locate them.
    pub fn with_this_machine(self) -> World {
        let names = [
            "PATH",
            "HOME",
            "V8",
            "D8",
            "JSC",
            "SPIDERMONKEY",
            "ESVU_PATH",
            "XDG_DATA_HOME",
        ];
        names
            .into_iter()
            .fold(self, |world, name| match std::env::var_os(name) {
                Some(value) => world.set(name, value),
                None => world,
            })
    }

    pub fn set(mut self, variable: &str, value: impl AsRef<OsStr>) -> World {
        self.variables.push((variable.into(), value.as_ref().into()));
        self
    }

    /// The command, ready to run in the checkout, with nothing of this machine's on PATH.
    pub fn command(&self, program: impl AsRef<OsStr>, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.checkout)
            .env_clear()
            // As `cargo xtask` sets it.
            .env("CARGO_PKG_NAME", env!("CARGO_PKG_NAME"))
            .env("PATH", &self.bin)
            .env("HOME", self.directory.path())
            .stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The command in an empty directory, as `cargo install` installs it.
    pub fn installed(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let directory = self.file("an empty directory");
        fs::create_dir_all(&directory).unwrap();
        let mut command = self.xtask(arguments);
        command.env_remove("CARGO_PKG_NAME").current_dir(directory);
        command
    }

    pub fn xtask(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        self.command(env!("CARGO_BIN_EXE_wasm-leaks"), arguments)
    }

    /// The command as a user who can write only to files of the world that are open to
    /// all: permissions do not stop root. The program is copied to a place where such a
    /// user can run it, unlike a target directory below `/root`.
    pub fn xtask_without_root(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        if !nix::unistd::geteuid().is_root() {
            return self.xtask(arguments);
        }
        let program = self.file("xtask");
        copy_program(Path::new(env!("CARGO_BIN_EXE_wasm-leaks")), &program);
        self.open(self.directory.path(), 0o055);
        let mut command = self.command(&program, arguments);
        command.uid(65534);
        command
    }

    /// Adds to the permissions of a file or directory.
    pub fn open(&self, path: &Path, bits: u32) {
        let mode = fs::metadata(path).unwrap().permissions().mode();
        fs::set_permissions(path, fs::Permissions::from_mode(mode | bits)).unwrap();
    }

    /// Runs the command to its end.
    pub fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Answer {
        Answer::of(self.xtask(arguments).output().unwrap())
    }

    /// Asserts that no stage and no temporary file remain in the checkout.
    pub fn assert_clean(&self) {
        let stages = self.checkout.join("target/wasm-leaks/stages");
        assert_eq!(entries(&stages), [] as [PathBuf; 0]);
        let temporary = |path: &PathBuf| path.file_name().unwrap().as_bytes().starts_with(b".tmp");
        let left: Vec<PathBuf> = walk(&self.checkout).into_iter().filter(temporary).collect();
        assert_eq!(left, [] as [PathBuf; 0]);
    }
}

/// The fake engine, built once: an example is not built by `cargo test --test NAME`.
pub fn fake_engine() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--example", "fake-engine", "--profile", profile])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(status.success(), "the tests need the fake engine");
        let program = Path::new(env!("CARGO_BIN_EXE_wasm-leaks"));
        program.parent().unwrap().join("examples/fake-engine")
    })
}

static M0_GUEST: OnceLock<Vec<PathBuf>> = OnceLock::new();
static ALL_GUESTS: OnceLock<Vec<PathBuf>> = OnceLock::new();

/// The guests of the repository, built once.
fn built(arguments: &[&str], once: &'static OnceLock<Vec<PathBuf>>) -> &'static [PathBuf] {
    once.get_or_init(|| {
        let output = Command::new(env!("CARGO_BIN_EXE_wasm-leaks"))
            .args(arguments)
            .current_dir(repository())
            .env_remove("CARGO_TARGET_DIR")
            // They are part of the guests' names, and are not set in a world.
            .env_remove("CARGO")
            .env_remove("RUSTC")
            .output()
            .unwrap();
        let answer = Answer::of(output);
        assert_eq!(answer.status, Some(0), "the tests need guests:\n{}", answer.stderr);
        answer.stdout.lines().map(PathBuf::from).collect()
    })
}

/// The exit status and the output of a command.
#[derive(Debug)]
pub struct Answer {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    pub fn of(output: Output) -> Answer {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Answer {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Asserts the exit status, and that standard error contains each of these.
    #[track_caller]
    pub fn expect(&self, status: i32, printed: &[&str]) -> &Answer {
        let whole = format!("exit status {:?}\n{}\n{}", self.status, self.stdout, self.stderr);
        assert_eq!(self.status, Some(status), "{whole}");
        for text in printed {
            assert!(self.stderr.contains(text), "`{text}` is not printed:\n{whole}");
        }
        assert!(!self.stderr.contains("panicked"), "{whole}");
        self
    }
}

/// Waits until the condition holds.
#[track_caller]
pub fn wait_until(what: &str, so: impl Fn() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < PATIENCE, "it never came to be that {what}");
        thread::yield_now();
        thread::sleep(Duration::from_millis(5));
    }
}

/// The process ids that orders have written to a file.
pub fn pids(path: &Path) -> Vec<i32> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Whether a process is alive; a zombie is not.
pub fn lives(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    match stat {
        Ok(stat) => !stat
            .rsplit_once(')')
            .is_some_and(|(_, rest)| rest.trim_start().starts_with('Z')),
        // Outside of Linux: ask the kernel.
        Err(_) => {
            !Path::new("/proc/self").exists() && nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None).is_ok()
        }
    }
}

/// Waits for a child, with a time limit.
#[track_caller]
pub fn wait(child: &mut Child) -> Option<i32> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(started.elapsed() < PATIENCE, "the command does not end");
        thread::sleep(Duration::from_millis(5));
    }
}

/// An odd name, which is not UTF-8 where file systems allow it: not on macOS.
pub fn odd_name() -> OsString {
    let name = match cfg!(target_os = "macos") {
        true => &b"odd 'name\" $HOME"[..],
        false => b"odd \xff 'name\" $HOME",
    };
    OsString::from_vec(name.into())
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for path in entries(from) {
            copy(&path, &to.join(path.file_name().unwrap()));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}

pub fn walk(directory: &Path) -> Vec<PathBuf> {
    let (directories, files): (Vec<PathBuf>, Vec<PathBuf>) =
        entries(directory).into_iter().partition(|path| path.is_dir());
    files
        .into_iter()
        .chain(directories.iter().flat_map(|path| walk(path)))
        .collect()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    match fs::read_dir(directory) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => panic!("{}: {error}", directory.display()),
    }
}

/// Copies a program by another process: a child that a test beside this one starts meanwhile would hold a file that
/// is being written here, and nobody can run a program that somebody can write ("text file busy").
pub fn copy_program(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg(from).arg(to).status().unwrap();
    assert!(copied.success(), "failed to copy `{}`", from.display());
}

fn orders_of(program: &Path) -> PathBuf {
    let mut name = program.as_os_str().to_owned();
    name.push(".orders");
    name.into()
}
