//! `cargo xtask build`: builds the guests of the cases, and says where they are.

use crate::base::directories::Checkout;
use crate::base::output::{self, Status};
use crate::case::places as case;
use crate::command::flags::BuildFlags;
use crate::guest::crates::Work;
use crate::guest::guests as guest;
use crate::run::interrupt::Interrupt;
use crate::run::progress::Progress;
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
