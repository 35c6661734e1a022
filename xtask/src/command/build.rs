//! `build`: builds the guests of the cases, and prints their paths.

use crate::base::output;
use crate::base::status::Status;
use crate::command::flags::BuildFlags;
use crate::command::plan;
use crate::run::session::Session;
use anyhow::Result;

pub fn build(flags: &BuildFlags, session: &Session) -> Result<Status> {
    let cases = plan::cases("build", &flags.cases, session)?;
    let guests = plan::build_guests(&cases, session)?;
    let paths: String = guests
        .modules()
        .map(|module| format!("{}\n", module.display()))
        .collect();
    if paths.is_empty() {
        output::note("there is no guest to build: no line `#: guest = …` names one");
    }
    output::print_data(&paths)?;
    Ok(Status::Expected)
}
