//! `cargo xtask build`: builds the guests of the cases, and says where they are.

use crate::case;
use crate::checkout::Checkout;
use crate::flags::BuildFlags;
use crate::guest;
use crate::interrupt::Interrupt;
use crate::output::{self, Status};
use crate::progress::Progress;
use anyhow::{Context, Result};
use std::fs;

pub fn build(flags: BuildFlags, interrupt: &Interrupt) -> Result<Status> {
    interrupt.listen()?;
    let checkout = Checkout::find()?;
    case::choose(case::all(&checkout)?, &flags.cases, &checkout)?;
    let module = guest::build(&checkout, &Progress::default(), interrupt)?;
    let size = fs::metadata(&module)
        .with_context(|| format!("failed to read `{}`", module.display()))?
        .len();
    output::print(&format!("{} ({size} bytes)\n", checkout.show(&module)))?;
    Ok(Status::Expected)
}
