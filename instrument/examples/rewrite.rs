//! Writes a module whose allocator reports each block; or says where a frame of it, as an engine prints it, was before.
//!
//! ```sh
//! cargo run -p wasm-leaks-instrument --example rewrite -- IN.wasm OUT.wasm
//! cargo run -p wasm-leaks-instrument --example rewrite -- IN.wasm 'wasm-function[11]:0x2a2'
//! ```

use instrument::{Instrumented, Places, instrument};
use std::error::Error;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(input), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("usage: rewrite IN.wasm OUT.wasm|FRAME".into());
    };
    let module = fs::read(input)?;
    let made = instrument(&module, &[]).map_err(|why| why.to_string())?;
    if let Some((function, offset)) = parsed(&output) {
        println!("{}", described(&module, &made, function, offset)?);
        return Ok(());
    }
    for each in &made.wrapped {
        println!(
            "{}: {} (function {}, {:?})",
            each.role, each.readable, each.function, each.found_by
        );
    }
    let reports: Vec<&str> = made.reports.iter().map(|report| report.name()).collect();
    println!("imports {}; frees: {:?}", reports.join(", "), made.frees);
    fs::write(output, made.module)?;
    Ok(())
}

/// `wasm-function[11]:0x2a2`, or without the offset.
fn parsed(frame: &str) -> Option<(u32, Option<u32>)> {
    let (function, rest) = frame.strip_prefix("wasm-function[")?.split_once(']')?;
    let offset = rest.strip_prefix(":0x").map(|offset| u32::from_str_radix(offset, 16));
    Some((function.parse().ok()?, offset.transpose().ok()?))
}

fn described(module: &[u8], made: &Instrumented, function: u32, offset: Option<u32>) -> Result<String, Box<dyn Error>> {
    let before = made.origins.function(function).ok_or("there was no such function")?;
    let places = Places::new(module)?;
    let offset = offset.and_then(|offset| made.origins.offset(offset));
    let frame = places.place(before, offset).ok_or("there was no such function")?;
    let inlined = frame.inlined.iter().map(|each| (&each.function, &each.place));
    let lines = inlined
        .chain([(&frame.function, &frame.place)])
        .map(|(function, place)| {
            let place = place.as_ref().map(|place| place.to_string());
            format!(
                "{} ({})",
                function.as_deref().unwrap_or("?"),
                place.as_deref().unwrap_or("?")
            )
        });
    Ok(lines.collect::<Vec<String>>().join("\n"))
}
