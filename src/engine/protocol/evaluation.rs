//! Progress of training: steps and scores.

use serde::{Deserialize, Serialize};

use crate::domain::{Confusion, FurtherScores, Scores};

/// Steps since the last report.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Steps taken, from 1.
    pub step: u64,
    /// The epoch the step belongs to, from 1.
    pub epoch: u32,
    /// Mean loss of the steps since the last report.
    #[serde(with = "crate::domain::nan::single")]
    pub loss: f32,
    /// Learning rate of the step.
    pub lr: f64,
    /// Seconds per step since the last report, waiting for the loader included, previews excluded.
    pub step_secs: f32,
    /// Share of that time spent waiting for the loader, 0 to 1.
    pub waiting: f32,
    /// Labelled pixels in the step's batch.
    pub labelled: u64,
}

/// Scores of the validation tiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Steps taken.
    pub step: u64,
    /// Epochs completed.
    pub epoch: u32,
    /// Mean training loss since the last evaluation, NaN if there was no step.
    #[serde(with = "crate::domain::nan::single")]
    pub train_loss: f32,
    /// Scores against full masks at native resolution.
    pub scores: Scores,
    /// What stands beside them; absent where only the table of an earlier run is left.
    #[serde(default)]
    pub further: Option<FurtherScores>,
    /// Mean IoU of the weights without averaging, 0 to 1; absent if they are not averaged, or not scored.
    #[serde(default)]
    pub raw_miou: Option<f64>,
    /// Confusion matrix of the labelled pixels.
    pub confusion: Confusion,
    /// Mean IoU of each tile, by id.
    #[serde(with = "crate::domain::nan::named")]
    pub tiles: Vec<(String, f64)>,
    /// How the scores were measured: split, tiles, pixels.
    pub measured_on: String,
    /// Seconds since the last evaluation ended, usually the time of an epoch.
    pub secs: f32,
    /// Whether it is the best so far.
    pub best: bool,
}
