//! The checkpoints of a run that is over.

use std::path::PathBuf;

use burn::tensor::Device;

use super::protocol::{Predicting, RunInfo, SavedCheckpoint, Summary};
use super::run_history::RunHistory;
use crate::data::DataError;
use crate::domain::Classes;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::ModelConfig;
use crate::model::Net;
use crate::train::folder::{self, FinishedRun};
use crate::train::snapshot::Snapshot;

/// Where the checkpoints are, and what it takes to load one.
pub(super) struct FinishedCheckpoints {
    folder: PathBuf,
    model: ModelConfig,
    classes: Classes,
    choices: Vec<SavedCheckpoint>,
}

impl FinishedCheckpoints {
    /// The checkpoints of a run that has just ended.
    pub(super) fn of(info: &RunInfo, classes: &Classes, summary: &Summary) -> Self {
        let choices = vec![
            SavedCheckpoint { checkpoint: Checkpoint::Best, step: summary.best_step },
            SavedCheckpoint { checkpoint: Checkpoint::Last, step: Some(summary.steps) },
        ];
        Self { folder: info.folder.clone(), model: info.config.model.clone(), classes: classes.clone(), choices }
    }

    /// The checkpoints in a run folder.
    pub(super) fn in_folder(run: &FinishedRun, history: &RunHistory) -> Self {
        let last_step = history.summary.as_ref().map(|summary| summary.steps);
        let saved = [
            SavedCheckpoint { checkpoint: Checkpoint::Best, step: history.best_step() },
            SavedCheckpoint { checkpoint: Checkpoint::Last, step: last_step },
        ];
        Self {
            folder: run.path.clone(),
            model: run.config.model.clone(),
            classes: run.classes.clone(),
            choices: saved.into_iter().filter(|saved| run.has(saved.checkpoint)).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.choices.is_empty()
    }

    /// The checkpoint that predicts by default: the best one if there is a score. Without scores the best one is that of the
    /// lowest training loss, often from before the last corrections, so the last one is better.
    pub(super) fn default_of(scored: bool) -> Checkpoint {
        if scored { Checkpoint::Best } else { Checkpoint::Last }
    }

    /// What to report when this checkpoint predicts.
    pub(super) fn predicting(&self, checkpoint: Checkpoint) -> Predicting {
        let unknown = SavedCheckpoint { checkpoint, step: None };
        let shown = self.choices.iter().find(|saved| saved.checkpoint == checkpoint).copied().unwrap_or(unknown);
        Predicting { shown, choices: self.choices.clone() }
    }

    /// Loads the network of a checkpoint.
    ///
    /// # Errors
    /// If the file is missing or damaged.
    pub(super) fn load(&self, checkpoint: Checkpoint, device: &Device) -> Result<Snapshot, DataError> {
        let net = Net::new(&self.model, self.classes.len(), device);
        folder::load_checkpoint(&self.folder, net, &self.classes, checkpoint)
    }
}
