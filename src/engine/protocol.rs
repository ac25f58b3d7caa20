//! What the engine is told and what it tells. Everything here can be serialised, so a worker may live in this process,
//! in a child process, or at the far end of a pipe.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::config::Length;
use crate::domain::geometry::PixelRect;
use crate::domain::{ClassDef, Confusion, Mask, RunConfig, Scores};
pub use crate::train::folder::Checkpoint;

/// Tells runs apart; events of an earlier run are dropped on arrival.
pub type RunId = u64;

/// What the engine is asked to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Begin a run. Refused with [`EventKind::Failed`] while another one trains.
    Start {
        /// The id its events will carry.
        run: RunId,
        /// Everything that determines it.
        config: Box<RunConfig>,
        /// The run folder to create.
        out: PathBuf,
    },
    /// Open a finished run: its network predicts from now on.
    Open {
        /// The id its events will carry.
        run: RunId,
        /// The run folder.
        folder: PathBuf,
        /// The project whose tiles are predicted; the run's own if absent.
        data: Option<PathBuf>,
    },
    /// Hold still after the current step.
    Pause,
    /// Go on.
    Resume,
    /// End the run after the current step; its checkpoints and summary are written.
    Stop,
    /// Use this learning rate for the next step; the schedule goes on from there.
    SetLearningRate(f64),
    /// The label journal has grown: labels count from the next batch on.
    LabelsChanged,
    /// Predict this tile, again and again while training; `None` predicts nothing.
    View(Option<ViewRequest>),
    /// Have this checkpoint of the run that ended, or was opened, predict.
    Show(Checkpoint),
    /// Evaluate now.
    Evaluate,
    /// Write the last checkpoint now; or what a run that is over could not write when it ended.
    Save,
    /// End the thread, finishing a run cleanly.
    Shutdown,
}

/// The tile in view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewRequest {
    /// Tile id.
    pub tile: String,
    /// The part of the tile on screen is predicted first.
    pub visible: Option<PixelRect>,
}

/// Something the engine did or found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// The run it belongs to.
    pub run: RunId,
    /// What it is.
    pub kind: EventKind,
}

/// What an event says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum EventKind {
    /// What the engine is doing now.
    Phase(Phase),
    /// The run is ready to train (or an opened run to predict).
    Started(Box<RunInfo>),
    /// Optimiser steps were taken (throttled to 20 a second; the loss is the mean of the steps since the last report).
    Step(StepReport),
    /// The validation tiles were scored.
    Evaluated(Box<Evaluation>),
    /// A preview lies in the slot.
    PreviewReady,
    /// A checkpoint was written.
    Checkpoint {
        /// Its file.
        path: PathBuf,
        /// Whether it is the best so far.
        best: bool,
    },
    /// The learning rate of the next step, after somebody set one.
    LearningRate(f64),
    /// A checkpoint predicts from now on.
    Predicting(Predicting),
    /// Worth knowing.
    Info(String),
    /// Something went wrong, and the run goes on.
    Warning(String),
    /// The run is over and everything is on disk.
    Finished(Box<Summary>),
    /// The run is over, or did not start. What was on disk stays; the engine can start again.
    Failed(String),
    /// Somebody stopped the run before its first step; nothing was written.
    Cancelled,
}

/// What the engine is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing; previews are still computed if a model is loaded.
    #[default]
    Idle,
    /// Reading tiles, or readying the device.
    Preparing {
        /// What is being prepared, in words.
        what: String,
        /// Items done.
        done: usize,
        /// Items in all; 0 if unknown.
        total: usize,
    },
    /// Taking steps.
    Training,
    /// Holding still.
    Paused,
    /// Scoring the validation tiles.
    Evaluating {
        /// Tiles scored.
        done: usize,
        /// Tiles in all.
        total: usize,
    },
    /// Writing the last checkpoint and summary.
    Stopping,
}

impl Phase {
    /// Whether a run is under way.
    pub fn is_running(&self) -> bool {
        !matches!(self, Self::Idle)
    }
}

/// Where a run computes, and why there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Adapter name, or the CPU with its thread count.
    pub name: String,
    /// Graphics API, or `Flex` for the CPU.
    pub backend: String,
    /// True for anything but the CPU backend.
    pub is_gpu: bool,
    /// Why this one, in a sentence.
    pub why: String,
}

/// What is known of a run once it is ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Its folder.
    pub folder: PathBuf,
    /// Its configuration, with every default filled in.
    pub config: RunConfig,
    /// The classes the network tells apart, in index order.
    pub classes: Vec<ClassDef>,
    /// Where it computes.
    pub device: DeviceInfo,
    /// Ids of the tiles learned from.
    pub train_tiles: Vec<String>,
    /// Ids of the tiles scored.
    pub val_tiles: Vec<String>,
    /// Trainable parameters.
    pub parameters: usize,
    /// Whether its network is loaded: a run that ended before its first checkpoint has none.
    pub predicts: bool,
    /// Which checkpoint predicts; absent while the network is being trained.
    pub predicting: Option<Predicting>,
    /// Steps in an epoch.
    pub steps_per_epoch: u64,
    /// Steps in all.
    pub total_steps: u64,
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

/// Which checkpoint predicts, and which others could.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predicting {
    /// The one that does.
    pub shown: Saved,
    /// All there are.
    pub choices: Vec<Saved>,
}

/// A checkpoint on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Which one.
    pub checkpoint: Checkpoint,
    /// Steps it had taken, if that is known.
    pub step: Option<u64>,
}

/// Progress of training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Steps taken, from 1.
    pub step: u64,
    /// The epoch the step belongs to, from 1.
    pub epoch: u32,
    /// Mean loss of the steps since the last report.
    pub loss: f32,
    /// Learning rate of the step.
    pub lr: f64,
    /// Wall time per step since the last report, seconds, previews and waiting left out.
    pub step_secs: f32,
    /// Share of the time since the last report spent waiting for the loader.
    pub waiting: f32,
    /// Labelled pixels in the step's batch.
    pub labelled: u64,
}

/// Scores of the validation tiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Steps taken before.
    pub step: u64,
    /// Epochs finished before (the current one counts when it ends here).
    pub epoch: u32,
    /// Mean training loss since the last evaluation, NaN if there was no step.
    #[serde(with = "crate::domain::nan::single")]
    pub train_loss: f32,
    /// The scores, against full masks at native resolution.
    pub scores: Scores,
    /// Where they come from.
    pub confusion: Confusion,
    /// Mean IoU of each tile, by id.
    #[serde(with = "crate::domain::nan::named")]
    pub tiles: Vec<(String, f64)>,
    /// How it was measured: split, tiles, pixels.
    pub measured_on: String,
    /// Seconds since the last evaluation ended (an epoch's time).
    pub secs: f32,
    /// Whether it is the best so far.
    pub best: bool,
}

/// How a run ended. `summary.json` in a run folder is this.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Run folder.
    pub folder: PathBuf,
    /// `completed`, `stopped` or `failed`.
    pub outcome: Outcome,
    /// Why it failed, if it did.
    pub why: Option<String>,
    /// Why its last checkpoint could not be written, if so.
    pub unsaved: Option<String>,
    /// Steps taken.
    pub steps: u64,
    /// Epochs finished.
    pub epochs: u32,
    /// Best mean IoU; absent if nothing could be scored.
    pub best_miou: Option<f64>,
    /// The step of the best checkpoint.
    pub best_step: Option<u64>,
    /// The last evaluation.
    pub last: Option<Evaluation>,
    /// Seconds from start to end, pauses included.
    pub secs: f64,
    /// Share of the training time spent waiting for the loader.
    pub waiting: f64,
    /// Where it ran.
    pub device: DeviceInfo,
    /// Trainable parameters.
    pub parameters: usize,
    /// Version of this program.
    pub version: String,
}

/// Whether a run got to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All steps were taken.
    Completed,
    /// Somebody stopped it.
    #[default]
    Stopped,
    /// It broke off.
    Failed,
}

/// A prediction over one tile. Crosses through a latest-wins slot, never through the event queue.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The run whose network predicted.
    pub run: RunId,
    /// Tile id.
    pub tile: String,
    /// Steps the network had taken.
    pub step: u64,
    /// Predicted class per pixel, at the tile's size or at the training size in a resized run; unlabelled where
    /// nothing has been predicted yet.
    pub classes: Mask,
    /// Probability of the predicted class, 0–255, one per pixel of `classes`.
    pub confidence: Vec<u8>,
    /// Whether every pixel is predicted.
    pub complete: bool,
}
