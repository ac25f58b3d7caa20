//! The right to go on with a run: as long as one process has it, no other one writes into the folder.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::state_file::StateFile;
use crate::data::DataError;
use crate::data::files::lock::lock;
use crate::train::trainer_state::TrainerState;

/// What is said where a run that is in progress is started or resumed again.
pub(super) const TAKEN: &str = "this run is in progress, in another window or on the command line: stop it there first";

/// A run folder that is locked, and not written to yet.
pub struct Claim {
    path: PathBuf,
    lock: File,
}

impl Claim {
    /// Locks the folder of a run.
    ///
    /// # Errors
    /// If the run is in progress, or the folder cannot be written.
    pub fn take(path: &Path) -> Result<Self, DataError> {
        Ok(Self { path: path.to_owned(), lock: lock(path, TAKEN)? })
    }

    /// Writes where the run stands. The previous state stays intact until the new one is on the disk.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone.
    pub fn save_state(&self, progress: &impl Serialize, trainer: &TrainerState) -> Result<(), DataError> {
        StateFile::in_folder(&self.path).write(progress, trainer)
    }

    /// The folder and its lock.
    pub(super) fn into_parts(self) -> (PathBuf, File) {
        (self.path, self.lock)
    }
}
