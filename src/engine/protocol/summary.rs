//! The end of a run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::evaluation::Evaluation;
use super::run_info::DeviceInfo;

/// How a run ended. `summary.json` in a run folder is this.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// The run folder.
    pub folder: PathBuf,
    /// Whether it reached its end.
    pub outcome: Outcome,
    /// Why it failed or ended early; absent if it did neither.
    pub why: Option<String>,
    /// Why its last checkpoint could not be written; absent if it was.
    pub unsaved: Option<String>,
    /// Steps taken.
    pub steps: u64,
    /// Epochs completed.
    pub epochs: u32,
    /// Best mean IoU, 0 to 1; absent if nothing could be scored.
    pub best_miou: Option<f64>,
    /// The step of the best checkpoint.
    pub best_step: Option<u64>,
    /// The last evaluation; absent if there was none.
    pub last: Option<Evaluation>,
    /// Seconds from start to end, pauses included.
    pub secs: f64,
    /// Share of the training time spent waiting for the loader, 0 to 1.
    pub waiting: f64,
    /// Where it computed.
    pub device: DeviceInfo,
    /// Trainable parameters.
    pub parameters: usize,
    /// Version of this program.
    pub version: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All steps were taken.
    Completed,
    /// Its score had stopped rising.
    Early,
    /// It was stopped by the user.
    #[default]
    Stopped,
    /// An error ended it.
    Failed,
    /// Its network was trained elsewhere, and came from a file.
    Imported,
}
