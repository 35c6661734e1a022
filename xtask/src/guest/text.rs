//! Guests in WebAssembly text. That takes milliseconds: what is in place is only compared.

use crate::base::file;
use crate::case::guest_source::GuestSource;
use crate::guest::built::{BuiltGuest, GuestPlace, MadeFiles};
use crate::run::session::Session;
use anyhow::{Context, Result};

/// Assembles the guest.
pub fn assemble(source: &GuestSource, session: &Session) -> Result<BuiltGuest> {
    let path = source.first();
    let shown = session.directories.show(&path);
    let text = String::from_utf8(file::read(&path)?).with_context(|| format!("`{shown}` is not UTF-8"))?;
    let bytes = wat::parse_str(&text)
        .map_err(|mut error| {
            error.set_path(&shown);
            anyhow::Error::msg(error.to_string())
        })
        .with_context(|| format!("failed to assemble the guest `{}`", source.name))?;
    let place = GuestPlace::new(&source.stem(), &bytes, session)?;
    let files = MadeFiles::from([(format!("{}.wasm", source.stem()).into(), bytes)]);
    match place.built() {
        Some(built) => Ok(built),
        None => place.put(&files),
    }
}
