//! What has to be there before a cell can run: guests, and engines that are fit to be judged.

use crate::base::directories::Checkout;
use crate::base::output;
use crate::case::places::Case;
use crate::engine::canary;
use crate::engine::search::{self as find, Found};
use crate::guest::crates::Work;
use crate::guest::guests::{self as guest, Guests};
use crate::install::installer::hint;
use crate::install::recipe::Need;
use crate::run::interrupt::Interrupt;
use crate::run::progress::Progress;
use anyhow::{Result, bail};
use std::ffi::OsString;
use std::thread;

/// Builds the guests and finds the engines, side by side, and has the canary test the engines.
pub fn prepare(
    checkout: &Checkout,
    cases: &[Case],
    engines: &[OsString],
    progress: &Progress,
    interrupt: &Interrupt,
) -> Result<(Guests, Found)> {
    let (guests, found) = thread::scope(|scope| {
        let found = scope.spawn(|| {
            let mut found = find::find(checkout, engines, interrupt)?;
            canary::test(&mut found.programs, checkout, interrupt)?;
            Ok(found)
        });
        let work = Work {
            checkout,
            progress,
            interrupt,
        };
        let guests = guest::build(cases, work);
        (
            guests,
            found
                .join()
                .unwrap_or_else(|_| bail!("the search for engines panicked")),
        )
    });
    // What is wrong with the command line is more to the point than what is wrong with a guest.
    let found = found?;
    found.passed_over.iter().for_each(|word| output::warn(word));
    enough(&found, engines, interrupt)?;
    Ok((guests?, found))
}

/// An engine that was asked for by name has to be there, and there has to be one at all.
fn enough(found: &Found, engines: &[OsString], interrupt: &Interrupt) -> Result<()> {
    let named = !engines.is_empty();
    if found.missing.is_empty() || !(named || found.programs.is_empty()) {
        return Ok(());
    }
    let names: Vec<&str> = found.missing.iter().map(|engine| engine.title).collect();
    let needs: Vec<Need> = found.missing.iter().map(|engine| Need::Shell(engine)).collect();
    bail!(
        "no engine was found for {}{}",
        names.join(", "),
        hint(&needs, interrupt)
    );
}
