//! Instruments modules that are drawn at random, and damaged ones: none may make it panic, and what is made of one that
//! is valid has to be valid, and to differ only where it should.
//!
//! ```sh
//! cargo run --release -p wasm-leaks-instrument --example fuzz -- COUNT [FIRST]
//! ```
//!
//! Each module is drawn from a number: those of `FIRST` and the `COUNT - 1` after it, from 0 on if none is given.

mod checks;
mod drawn;

use checks::random::Random;
use drawn::draw;
use instrument::{GivenAllocator, Places, instrument};
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

/// What came of the modules.
#[derive(Debug, Default)]
struct Tally {
    drawn: u64,
    valid: u64,
    made: u64,
    given: u64,
    wrapped: u64,
    damaged: u64,
    damaged_made: u64,
    damaged_valid: u64,
    places: u64,
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Some(Ok(count)), first) = (arguments.next(), arguments.next().transpose()) else {
        eprintln!("usage: fuzz COUNT [FIRST]");
        return ExitCode::from(2);
    };
    let first = first.ok().flatten().unwrap_or_default();
    let begin = Instant::now();
    let mut tally = Tally::default();
    for number in first..first + count {
        if let Err(why) = one(number, &mut tally) {
            println!("number {number}: {why}");
            return ExitCode::FAILURE;
        }
    }
    println!("{tally:?}");
    println!("{count} modules and as many damaged ones in {:.1?}", begin.elapsed());
    ExitCode::SUCCESS
}

fn one(number: u64, tally: &mut Tally) -> Result<(), String> {
    let mut random = Random(number);
    let Some((bytes, given)) = draw(&mut random) else {
        return Ok(());
    };
    tally.drawn += 1;
    let is_valid = checks::validate(&bytes).is_ok();
    tally.valid += u64::from(is_valid);
    if let Some(wrapped) = try_one(&bytes, &given)? {
        tally.made += u64::from(is_valid);
        tally.given += u64::from(is_valid && !given.is_empty());
        tally.wrapped += wrapped;
    }
    let mut damaged = bytes;
    for _ in 0..1 + random.below(4) {
        damage(&mut damaged, &mut random);
    }
    tally.damaged += 1;
    if try_one(&damaged, &given)?.is_some() {
        tally.damaged_made += 1;
        tally.damaged_valid += u64::from(checks::validate(&damaged).is_ok());
    }
    try_places(&mut random, tally)
}

/// A module with damaged DWARF.
fn try_places(random: &mut Random, tally: &mut Tally) -> Result<(), String> {
    let mut bytes = include_bytes!("../tests/modules/pool-debug.wasm").to_vec();
    for _ in 0..1 + random.below(8) {
        let at = random.below(bytes.len());
        bytes[at] = random.next() as u8;
    }
    let offset = random.below(bytes.len()) as u32;
    let tried = catch_unwind(|| {
        let places = Places::new(&bytes).ok()?;
        let of_all =
            (0..16).filter_map(|function| places.place(function, Some(offset)).or(places.place(function, None)));
        Some(of_all.filter(|frame| frame.place.is_some()).count() as u64)
    });
    tally.places += tried.map_err(|_| "places panicked".to_owned())?.unwrap_or_default();
    Ok(())
}

/// How many functions were wrapped, if any could be; an error if something is wrong.
fn try_one(bytes: &[u8], given: &[GivenAllocator]) -> Result<Option<u64>, String> {
    let tried = catch_unwind(AssertUnwindSafe(|| {
        let made = instrument(bytes, given).ok()?;
        let is_valid = checks::validate(bytes).is_ok();
        let found = if is_valid {
            checks::differences(bytes, &made)
        } else {
            Vec::new()
        };
        Some((made.wrapped.len() as u64, found))
    }));
    match tried {
        Err(_) => Err("it panicked".to_owned()),
        Ok(Some((_, found))) if !found.is_empty() => Err(found.join("; ")),
        Ok(made) => Ok(made.map(|(wrapped, _)| wrapped)),
    }
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(12) {
        0 => bytes.truncate(at),
        1 => {
            let byte = random.next() as u8;
            bytes.insert(at, byte);
        }
        2 if at < bytes.len() => drop(bytes.remove(at)),
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.next() as u8;
            }
        }
    }
}
