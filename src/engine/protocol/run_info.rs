//! What is known about a run before its first step.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::{Length, Precision};
use crate::domain::{ClassDef, RunConfig};
use crate::quick::method::QuickMethod;

/// Where a run computes, and why there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Adapter name, or the CPU with its thread count.
    pub name: String,
    /// Graphics API, or `Flex` for the CPU.
    pub backend: String,
    /// True for anything but the CPU backend.
    pub is_gpu: bool,
    /// Why this device was chosen, as part of a sentence.
    pub why: String,
    /// In which numbers a network learns there: `f32` or `mixed`, or `auto` where that was not decided.
    #[serde(default)]
    pub precision: Precision,
}

impl DeviceInfo {
    /// Its graphics API, and whether a network learns there in mixed precision.
    pub fn how(&self) -> String {
        match self.precision {
            Precision::Mixed => format!("{}, mixed precision", self.backend),
            Precision::Auto | Precision::F32 => self.backend.clone(),
        }
    }
}

/// A run that is ready to train or, once opened, to predict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The run folder.
    pub folder: PathBuf,
    /// The configuration in effect, every default filled in.
    pub config: RunConfig,
    /// The classes the network tells apart, in index order.
    pub classes: Vec<ClassDef>,
    /// Where the run computes.
    pub device: DeviceInfo,
    /// Ids of the tiles learned from.
    pub train_tiles: Vec<String>,
    /// Ids of the tiles scored.
    pub val_tiles: Vec<String>,
    /// Trainable parameters.
    pub parameters: usize,
    /// Whether a network is loaded: a run that ended before its first checkpoint has none.
    pub predicts: bool,
    /// Which checkpoint predicts; absent while the network is being trained.
    pub predicting: Option<Predicting>,
    /// Steps in an epoch.
    pub steps_per_epoch: u64,
    /// Steps in all.
    pub total_steps: u64,
    /// Steps taken before, by a run that is resumed.
    #[serde(default)]
    pub steps_before: u64,
    /// The quick head that was saved; absent for a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick: Option<SavedQuick>,
}

/// A quick head that was saved as a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedQuick {
    /// What learned.
    pub method: QuickMethod,
    /// What it was learned from.
    pub learned: QuickLearned,
}

/// What a quick head was learned from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QuickLearned {
    /// Clicks or strokes.
    pub clicks: usize,
    /// Classes it tells apart.
    pub classes: usize,
    /// Tiles the clicks lie on.
    pub tiles: usize,
    /// Of how many clicks a head that has not seen them gets how many right, `[right, of]`; absent if that is unknown.
    pub left_out: Option<[usize; 2]>,
}

impl RunInfo {
    /// Epochs in all, for "epoch 3/20".
    pub fn epochs(&self) -> u32 {
        match self.config.train.length {
            Length::Epochs(epochs) => epochs,
            Length::Steps(steps) => steps.div_ceil(self.steps_per_epoch.max(1)) as u32,
        }
    }
}

/// Which checkpoint predicts, and which ones there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predicting {
    /// The checkpoint in use.
    pub shown: SavedCheckpoint,
    /// All checkpoints of the run.
    pub choices: Vec<SavedCheckpoint>,
}

/// A checkpoint on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedCheckpoint {
    /// Which of the two.
    pub checkpoint: Checkpoint,
    /// Steps the network had taken, if known.
    pub step: Option<u64>,
}
