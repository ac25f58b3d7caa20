//! A run that failed: why, where and when.

use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::data::DataError;
use crate::data::files::write;

/// What is noted of a run that failed. It is tried again by the next worker that begins later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// Name of the run.
    pub run: String,
    /// Why, and what to do about it.
    pub why: String,
    /// Seconds since 1970.
    pub at: u64,
}

impl Failure {
    /// A failure now.
    pub fn now(run: &str, why: &str) -> Self {
        Self { run: run.to_owned(), why: why.to_owned(), at: seconds() }
    }

    /// Writes the note.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), DataError> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| DataError::content(error.to_string(), path))?;
        write::atomically(path, &text)
    }

    /// Reads a note, if there is one.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }
}

/// Seconds since 1970, now.
pub(super) fn seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}
