//! Writes modules, each beside the one that reports, with what a script needs to run both: for `.ci/differential`.
//!
//! ```sh
//! cargo run --release -p wasm-leaks-instrument --example pairs -- OUT COUNT [DIRECTORY]...
//! ```
//!
//! Below `OUT` each module gets a directory with `plain.wasm`, `reporting.wasm` and `types.js`: those below each
//! `DIRECTORY`, once each, and `COUNT` that are drawn at random. Where no allocator is found, some functions stand in for
//! one; a module that has none is left out.

mod checks;
mod described;
mod runnable;

use checks::random::Random;
use checks::stand_in::given;
use instrument::{Instrumented, instrument};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

/// What was written.
#[derive(Debug, Default)]
struct Tally {
    found: usize,
    standing_in: usize,
    left_out: usize,
    differing: usize,
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let (Some(out), Some(Ok(count))) = (arguments.next(), arguments.next().map(|count| count.parse::<u64>())) else {
        eprintln!("usage: pairs OUT COUNT [DIRECTORY]...");
        return ExitCode::from(2);
    };
    let mut paths = Vec::new();
    arguments.for_each(|directory| collect(Path::new(&directory), &mut paths));
    paths.sort();
    match write_all(Path::new(&out), count, &paths) {
        Ok(tally) => {
            let Tally {
                found,
                standing_in,
                left_out,
                differing,
            } = tally;
            println!(
                "{found} modules with an allocator, {standing_in} with functions that stand in for one; {left_out} have none that could"
            );
            ExitCode::from(u8::from(differing > 0))
        }
        Err(error) => {
            eprintln!("failed to write below `{out}`: {error}");
            ExitCode::from(2)
        }
    }
}

/// How many are drawn at most for one that has functions like an allocator's.
const TRIES: u64 = 10;

fn write_all(out: &Path, count: u64, paths: &[PathBuf]) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut known = HashSet::new();
    for path in paths {
        let Ok(bytes) = fs::read(path) else { continue };
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        // Packages have the same module in several forms.
        if !known.insert(hasher.finish()) {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let directory = out.join(format!("{:03}-{name}", known.len()));
        tally.left_out += usize::from(!write_pair(&directory, &bytes, &mut tally)?);
    }
    let mut drawn = 0;
    for number in 0..count * TRIES {
        if drawn < count
            && let Some(bytes) = runnable::draw(&mut Random(number))
        {
            drawn += u64::from(write_pair(&out.join(format!("drawn-{number:03}")), &bytes, &mut tally)?);
        }
    }
    Ok(tally)
}

/// Returns whether there is such a pair.
fn write_pair(directory: &Path, bytes: &[u8], tally: &mut Tally) -> io::Result<bool> {
    let made = match instrument(bytes, &[]) {
        Ok(made) => {
            tally.found += 1;
            made
        }
        Err(_) => match instrument(bytes, &given(bytes, &mut Random(1))) {
            Ok(made) => {
                tally.standing_in += 1;
                made
            }
            Err(_) => return Ok(false),
        },
    };
    tally.differing += told_differences(directory, bytes, &made);
    fs::create_dir_all(directory)?;
    fs::write(directory.join("plain.wasm"), bytes)?;
    fs::write(directory.join("reporting.wasm"), &made.module)?;
    fs::write(directory.join("types.js"), described::script(bytes))?;
    Ok(true)
}

fn told_differences(directory: &Path, bytes: &[u8], made: &Instrumented) -> usize {
    let differences = checks::differences(bytes, made);
    for found in &differences {
        println!("{}: {found}", directory.display());
    }
    differences.len()
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "wasm") {
            found.push(path);
        }
    }
}
