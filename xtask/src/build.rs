//! `cargo xtask build`: builds the guests of the cases, and says where they are.

use crate::case;
use crate::checkout::Checkout;
use crate::flags::BuildFlags;
use crate::guest;
use crate::guest_crate::Work;
use crate::interrupt::Interrupt;
use crate::output::{self, Status};
use crate::progress::Progress;
use anyhow::Result;

pub fn build(flags: BuildFlags, interrupt: &Interrupt) -> Result<Status> {
    interrupt.listen()?;
    let checkout = Checkout::find()?;
    let cases = case::read(&checkout, &flags.cases)?;
    let work = Work {
        checkout: &checkout,
        progress: &Progress::default(),
        interrupt,
    };
    let guests = guest::build(&cases, work)?;
    let paths: String = guests
        .modules()
        .map(|module| format!("{}\n", module.display()))
        .collect();
    output::print(&paths)?;
    Ok(Status::Expected)
}
