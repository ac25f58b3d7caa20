//! Maps written by the network that predicts.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data::export::maps::ExportReport;
use crate::domain::Notice;

/// Which maps to write, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRequest {
    /// Ids of the tiles.
    pub tiles: Vec<String>,
    /// The folder for the maps; it is created if it is missing.
    pub folder: PathBuf,
    /// What makes the maps, for their legends.
    pub by: String,
    /// Whether files that exist may be replaced.
    pub overwrite: bool,
}

/// How an export goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportNews {
    /// It is in progress.
    Progress {
        /// Tiles finished.
        done: usize,
        /// Tiles in all.
        total: usize,
        /// How much of all is done, 0 to 100.
        percent: u8,
    },
    /// It did not begin, because files exist that may not be replaced.
    Exists {
        /// How many.
        count: usize,
        /// The first of them.
        first: PathBuf,
    },
    /// It did not begin.
    Refused(Notice),
    /// It is over, or was cancelled before all were written.
    Ended(ExportReport),
}
