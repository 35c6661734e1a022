//! What every stage of a run needs, as one thing.

use crate::base::directories::Directories;
use crate::run::interrupt::Interrupt;
use crate::run::progress::Progress;
use anyhow::Result;

/// Where files go, whether the command was asked to end, and what is shown meanwhile.
#[derive(Debug)]
pub struct Session {
    pub directories: Directories,
    pub interrupt: Interrupt,
    pub progress: Progress,
}

impl Session {
    /// Begins the run of a command: from here on, signals are handled.
    pub fn begin(interrupt: &Interrupt) -> Result<Session> {
        interrupt.listen()?;
        Ok(Session {
            directories: Directories::find()?,
            interrupt: interrupt.clone(),
            progress: Progress::default(),
        })
    }

    /// Whether a signal has asked the command to end.
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.signal().is_some()
    }
}
