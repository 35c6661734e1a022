//! The shared state that every part of a command needs.

use crate::base::directories::Directories;
use crate::run::interrupt::Interrupt;
use crate::run::progress::Progress;
use crate::run::spares::Spares;
use anyhow::Result;
use std::sync::{Arc, Once};

/// The directories, the interrupt and the progress lines of a command.
#[derive(Debug)]
pub struct Session {
    pub directories: Directories,
    pub interrupt: Interrupt,
    pub progress: Progress,
    /// Removes once what killed commands left behind.
    pub sweep: Once,
    /// Directories for stages to come.
    pub spares: Arc<Spares>,
}

impl Session {
    /// Begins the run of a command: from here on, signals are handled.
    pub fn begin(interrupt: &Interrupt) -> Result<Session> {
        let progress = Progress::default();
        interrupt.listen(&progress)?;
        Ok(Session {
            directories: Directories::find()?,
            interrupt: interrupt.clone(),
            progress,
            sweep: Once::new(),
            spares: Arc::default(),
        })
    }

    /// Whether a signal has arrived.
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.signal().is_some()
    }
}
