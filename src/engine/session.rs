//! A network that can predict: the one being trained, or a checkpoint of a run that is over.

use std::path::PathBuf;
use std::sync::Arc;

use super::keeper::Keeper;
use super::outbox::Outbox;
use super::protocol::{Predicting, RunInfo, SavedCheckpoint, Summary};
use super::run::Run;
use crate::data::{DataError, Project};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::ModelConfig;
use crate::infer::Predictor;
use crate::model::Net;
use crate::train::folder;

/// A network that can predict, and the run that trains it, if one does.
pub(super) struct Session {
    pub(super) predictor: Predictor,
    pub(super) project: Arc<Project>,
    pub(super) step: u64,
    /// The run in progress.
    pub(super) run: Option<Run>,
    /// The checkpoints of a run that is over.
    pub(super) checkpoints: Option<FinishedCheckpoints>,
    /// A run that is over but could not be saved.
    pub(super) unsaved: Option<UnsavedRun>,
}

/// A run that is over but could not be saved, with all it takes to try again.
pub(super) struct UnsavedRun {
    keeper: Keeper,
    net: Net,
    summary: Box<Summary>,
    checkpoints: FinishedCheckpoints,
}

/// The checkpoints of a run that is over.
pub(super) struct FinishedCheckpoints {
    pub(super) folder: PathBuf,
    pub(super) model: ModelConfig,
    pub(super) classes: usize,
    pub(super) choices: Vec<SavedCheckpoint>,
}

impl Session {
    /// The run is over. If it could not be saved, what is missing is kept until there is room.
    pub(super) fn end(&mut self, summary: &Summary) {
        let Some(run) = self.run.take() else { return };
        let checkpoints = FinishedCheckpoints::of(run.info(), summary);
        if summary.unsaved.is_some() {
            run.refresh(&mut self.predictor);
            let (keeper, net) = run.into_unsaved();
            self.unsaved = Some(UnsavedRun { keeper, net, summary: Box::new(summary.clone()), checkpoints });
        } else if summary.steps > 0 {
            self.checkpoints = Some(checkpoints);
        }
    }

    /// Tries again to save a run that is over. Returns its summary; `None` if there was nothing to save.
    ///
    /// # Errors
    /// If the disk is still full or the folder is gone.
    pub(super) fn save(&mut self, outbox: &Outbox) -> Result<Option<Box<Summary>>, DataError> {
        let Some(mut unsaved) = self.unsaved.take() else { return Ok(None) };
        match unsaved.save(outbox) {
            Ok(()) => {
                self.checkpoints = (unsaved.summary.steps > 0).then_some(unsaved.checkpoints);
                Ok(Some(unsaved.summary))
            }
            Err(error) => {
                self.unsaved = Some(unsaved);
                Err(error)
            }
        }
    }

    /// Makes a checkpoint predict. Returns `None` if there is no checkpoint.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub(super) fn show(&mut self, checkpoint: Checkpoint) -> Result<Option<Predicting>, DataError> {
        let Some(finished) = &self.checkpoints else { return Ok(None) };
        let device = self.predictor.device().clone();
        let net = Net::new(&finished.model, finished.classes, &device);
        self.predictor.set_net(folder::load_checkpoint(&finished.folder, net, checkpoint)?);
        let predicting = finished.predicting(checkpoint);
        self.step = predicting.shown.step.unwrap_or(self.step);
        Ok(Some(predicting))
    }
}

impl UnsavedRun {
    fn save(&mut self, outbox: &Outbox) -> Result<(), DataError> {
        if self.summary.steps > 0 {
            self.keeper.save_at_end(&self.net, false, outbox)?;
        }
        let summary = Summary { unsaved: None, ..(*self.summary).clone() };
        self.keeper.write_summary(&summary)?;
        *self.summary = summary;
        Ok(())
    }
}

impl FinishedCheckpoints {
    /// The checkpoints of a run that has just ended.
    pub(super) fn of(info: &RunInfo, summary: &Summary) -> Self {
        let choices = vec![
            SavedCheckpoint { checkpoint: Checkpoint::Best, step: summary.best_step },
            SavedCheckpoint { checkpoint: Checkpoint::Last, step: Some(summary.steps) },
        ];
        Self { folder: info.folder.clone(), model: info.config.model, classes: info.classes.len(), choices }
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
}
