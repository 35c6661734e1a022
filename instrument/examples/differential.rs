//! Instruments each module below a directory, and says of each whether the result is as valid as the module, exports
//! the same, and keeps what is in other sections. Where no allocator is found, some functions stand in for one.
//!
//! ```sh
//! cargo run --release -p wasm-leaks-instrument --example differential -- DIRECTORY
//! ```

mod checks;

use checks::random::Random;
use checks::stand_in::given;
use instrument::{Instrumented, NotInstrumented, instrument};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

fn main() -> ExitCode {
    let Some(directory) = env::args_os().nth(1) else {
        eprintln!("usage: differential DIRECTORY");
        return ExitCode::from(2);
    };
    let mut modules = Vec::new();
    collect(Path::new(&directory), &mut modules);
    modules.sort();
    let (mut found, mut differing) = (0, 0);
    for path in &modules {
        let Ok(bytes) = fs::read(path) else { continue };
        let begin = Instant::now();
        let made = instrument(&bytes, &[]);
        println!("{} ({} bytes, {:.1?})", path.display(), bytes.len(), begin.elapsed());
        differing += match made {
            Ok(made) => {
                found += 1;
                report(&bytes, &made)
            }
            Err(why) => {
                println!("  left as it is: {}", shortened(&why));
                let stand_in = given(&bytes, &mut Random(0));
                instrument(&bytes, &stand_in).map_or(0, |made| report(&bytes, &made))
            }
        };
    }
    println!(
        "{} modules, {found} with an allocator, {differing} differences",
        modules.len()
    );
    ExitCode::from(u8::from(differing > 0))
}

/// Prints what was made of a module. Returns how many differences there are that should not be.
fn report(bytes: &[u8], made: &Instrumented) -> usize {
    let more = made.module.len() - bytes.len();
    let (wrapped, copies) = (made.wrapped.len(), made.copies);
    println!(
        "  {wrapped} wrapped, {copies} copies, {more} bytes more, frees {:?}",
        made.frees
    );
    for each in &made.wrapped {
        println!("    {}: {} ({:?})", each.role, each.readable, each.found_by);
    }
    let differences = checks::differences(bytes, made);
    for found in &differences {
        println!("  DIFFERS: {found}");
    }
    differences.len()
}

fn shortened(why: &NotInstrumented) -> String {
    why.to_string().chars().take(400).collect()
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
