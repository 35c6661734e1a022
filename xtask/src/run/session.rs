//! The shared state that every part of a command needs.

use crate::base::directories::Directories;
use crate::run::interrupt::Interrupt;
use crate::run::progress::Progress;
use crate::run::spares::Spares;
use crate::run::stage_root::StageRoot;
use anyhow::Result;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The directories, the interrupt and the progress lines of a command.
#[derive(Debug)]
pub struct Session {
    pub directories: Directories,
    pub interrupt: Interrupt,
    pub progress: Progress,
    /// Directories for stages to come.
    pub spares: Arc<Spares>,
    /// Made with the first stage. Dropped last.
    stage_root: Mutex<Option<StageRoot>>,
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
            spares: Arc::default(),
            stage_root: Mutex::default(),
        })
    }

    /// The directory of this command's stages. It is made again if somebody has removed it, as `cargo clean` does while
    /// `watch` runs.
    pub fn stage_root(&self) -> Result<PathBuf> {
        let mut root = self.stage_root.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(root) = root.as_ref().filter(|root| root.path().is_dir()) {
            return Ok(root.path().to_owned());
        }
        Ok(root.insert(StageRoot::make(&self.directories)?).path().to_owned())
    }

    /// Whether a signal has arrived.
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.signal().is_some()
    }
}
