//! The shared state that every part of a command needs.

use crate::base::directories::Directories;
use crate::run::interrupt::Interrupt;
use crate::run::progress::Progress;
use anyhow::Result;
use std::sync::Once;

/// The directories, the interrupt and the progress lines of a command.
#[derive(Debug)]
pub struct Session {
    pub directories: Directories,
    pub interrupt: Interrupt,
    pub progress: Progress,
    /// Removes once what killed commands left behind.
    pub sweep: Once,
}

impl Session {
    /// Begins the run of a command: from here on, signals are handled.
    pub fn begin(interrupt: &Interrupt) -> Result<Session> {
        interrupt.listen()?;
        Ok(Session {
            directories: Directories::find()?,
            interrupt: interrupt.clone(),
            progress: Progress::default(),
            sweep: Once::new(),
        })
    }

    /// Whether a signal has arrived.
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.signal().is_some()
    }
}
