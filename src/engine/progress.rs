//! Where a run stands: what it takes, beside weights and moments, to go on as if it had never been stopped.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::best_network::BestNetwork;
use super::early_stop::EarlyStop;
use super::meter::Meter;
use super::protocol::Evaluation;
use crate::data::DataError;
use crate::domain::config::TrainConfig;
use crate::train::folder::{Kept, MetricsRow, StateFile};
use crate::train::schedule::{Anchor, Course};
use crate::train::trainer_state::TrainerState;

/// More steps than any run takes.
const MOST_STEPS: u64 = 1 << 32;

/// Where a run stands after a step. The order of the tiles, the crops and their turns and colours follow from the number of batches.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Steps taken.
    pub(super) step: u64,
    /// Batches taken.
    pub(super) batches: usize,
    /// Steps in an epoch: labels that were added later do not change it.
    pub(super) steps_per_epoch: u64,
    /// The learning rate set last.
    pub(super) set_rate: Anchor,
    /// The learning rate of the last step.
    #[serde(with = "crate::domain::bits")]
    pub(super) last_rate: f64,
    pub(super) meter: Meter,
    pub(super) best: BestNetwork,
    /// Whether neighbours have to agree by now (gated CRF). Of a state that does not say so, its step tells.
    #[serde(default)]
    pub(super) neighbours_agree: bool,
    pub(super) early_stop: EarlyStop,
    pub(super) evaluated_at_step: Option<u64>,
    /// The last evaluation.
    pub(super) last: Option<Evaluation>,
    /// Ids of tiles that turned out to be unreadable.
    pub(super) left_out: BTreeSet<String>,
    /// The fingerprint of the labels.
    pub(super) labels: u64,
    /// Seconds since the start.
    pub(super) secs: f64,
    /// Seconds since the last evaluation ended.
    pub(super) evaluation_secs: f64,
}

impl Progress {
    /// The rows of the run's tables that belong to what it has done.
    pub(super) fn kept(&self) -> Kept {
        // The last row of a run that was stopped sums up steps that count for the next row as well.
        let steps = self.step.checked_sub(u64::from(self.meter.since_row.count()));
        Kept { steps, metrics: self.evaluated_at_step }
    }

    /// What of it no run can have; `None` if a run can go on from here.
    pub(super) fn problem(&self, train: &TrainConfig) -> Option<&'static str> {
        let batches = self.step.checked_mul(train.accumulate as u64);
        let wrong = [
            (!(1..=MOST_STEPS).contains(&self.steps_per_epoch), "an impossible number of steps in an epoch"),
            (self.step > MOST_STEPS, "an impossible number of steps"),
            (batches != Some(self.batches as u64), "other batches than its steps have taken"),
            (!self.set_rate.is_sound(), "a learning rate that is no finite number"),
        ];
        wrong.into_iter().find(|(is_wrong, _)| *is_wrong).map(|(_, what)| what)
    }

    /// The run is to go on beyond what was its end.
    pub(super) fn lengthened(&mut self) {
        self.early_stop.extended();
        self.set_rate = self.set_rate.for_another_length();
    }

    /// Sets the rate of the next step; the schedule continues from there.
    pub(super) fn set_learning_rate(&mut self, train: &TrainConfig, rate: f64) {
        let total = train.length.steps(self.steps_per_epoch);
        self.set_rate = Course::new(train, self.steps_per_epoch, total).set(self.set_rate, self.step, rate);
    }

    /// Takes in the evaluations that came after this state was written: the best checkpoint may be of one of them.
    pub(super) fn adopt_best(&mut self, metrics: &[MetricsRow]) {
        let is_later = |row: &&MetricsRow| self.evaluated_at_step.is_none_or(|step| row.step > step);
        for row in metrics.iter().filter(is_later) {
            self.best.rate(row.step, row.miou, row.train_loss);
        }
    }
}

/// All that `last.state` holds.
pub(super) struct SavedState {
    pub(super) progress: Progress,
    pub(super) trainer: TrainerState,
}

impl SavedState {
    /// Writes it.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone.
    pub(super) fn write(&self, file: &StateFile) -> Result<(), DataError> {
        file.write(&self.progress, &self.trainer)
    }
}
