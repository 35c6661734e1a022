//! A user's own directory with a case, for the tests of what is made of its files.

use crate::required;
use crate::world::{Answer, World, repository, walk};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

/// A user's directory, which is read-only in spirit: its files have to stay as they are.
pub struct Own {
    pub world: World,
    pub directory: PathBuf,
}

impl Own {
    /// A case with these files; its guests are kept with those of the repository.
    pub fn new(files: &[(&str, &str)]) -> Own {
        let world = World::new().with_this_machine();
        let world = world.set("CARGO_TARGET_DIR", repository().join("target"));
        let own = Own {
            directory: world.file("own").join("leak"),
            world,
        };
        fs::create_dir_all(&own.directory).unwrap();
        files.iter().for_each(|(name, text)| own.write(name, text));
        own
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs a command with the directory, in which nothing changes.
    pub fn run(&self, arguments: &[&str]) -> Answer {
        let before = self.everything();
        let mut arguments = arguments.to_vec();
        arguments.insert(1, self.directory.to_str().unwrap());
        let answer = self.world.run(&arguments);
        assert_eq!(self.everything(), before, "nothing is written into the directory");
        answer
    }

    /// The files of the directory, and those beside it.
    pub fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut paths = walk(self.directory.parent().unwrap());
        paths.sort();
        let read = |path: PathBuf| (path.clone(), fs::read(&path).unwrap());
        paths.into_iter().map(read).collect()
    }

    /// The path of the module; `None` if this machine lacks the tools, which is reported.
    pub fn module(&self, lack: &str, test: &str) -> Option<PathBuf> {
        let answer = self.run(&["build"]);
        if answer.status == Some(2) && answer.stderr.contains(lack) {
            assert!(required().is_empty(), "{lack}, but WASM_LEAKS_REQUIRE_ENGINES is set");
            let _ = writeln!(std::io::stderr(), "skipped guests::{test}: {lack}");
            return None;
        }
        answer.expect(0, &[]);
        Some(answer.stdout.trim_end().into())
    }

    pub fn builds(&self) -> PathBuf {
        let answer = self.run(&["build"]);
        answer.expect(0, &[]);
        answer.stdout.trim_end().into()
    }

    /// Its cell on an engine.
    pub fn cell(&self, engine: &str) -> Value {
        self.cell_with(engine, &[])
    }

    /// The same, with more flags.
    pub fn cell_with(&self, engine: &str, flags: &[&str]) -> Value {
        let json = self.world.file("results.json");
        self.run(&[&["test", "--engine", engine, "--json", json.to_str().unwrap()], flags].concat());
        let results: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
        results["cells"][0].clone()
    }
}
