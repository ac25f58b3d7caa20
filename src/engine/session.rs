//! A network that can predict: the one being trained, or a checkpoint of a run that is over.

use std::path::PathBuf;
use std::sync::Arc;

use super::keeper::Keeper;
use super::outbox::Outbox;
use super::protocol::{Predicting, RunInfo, Saved, Summary};
use super::run::Run;
use crate::data::{DataError, Project};
use crate::domain::config::ModelConfig;
use crate::infer::Predictor;
use crate::model::Net;
use crate::train::folder::{self, Checkpoint};

/// A network that can predict, and the run that trains it, if one does.
pub(super) struct Session {
    pub(super) predictor: Predictor,
    pub(super) project: Arc<Project>,
    pub(super) step: u64,
    pub(super) run: Option<Run>,
    /// What a run that is over left to choose from.
    pub(super) kept: Option<Kept>,
    /// A run that is over and not on the disk.
    pub(super) owed: Option<Owed>,
}

/// A run that is over and could not be saved: all it takes to try again.
pub(super) struct Owed {
    pub(super) keeper: Keeper,
    pub(super) net: Net,
    pub(super) summary: Box<Summary>,
    pub(super) kept: Kept,
}

/// The checkpoints of a run that is over.
pub(super) struct Kept {
    pub(super) folder: PathBuf,
    pub(super) model: ModelConfig,
    pub(super) classes: usize,
    pub(super) choices: Vec<Saved>,
}

impl Session {
    /// The run is over. What could not be saved is kept, so that it can be saved when there is room.
    pub(super) fn end(&mut self, summary: &Summary) {
        let Some(run) = self.run.take() else { return };
        let kept = Kept::of(run.info(), summary);
        if summary.unsaved.is_some() {
            run.refresh(&mut self.predictor);
            let (keeper, net) = run.into_unsaved();
            self.owed = Some(Owed { keeper, net, summary: Box::new(summary.clone()), kept });
        } else if summary.steps > 0 {
            self.kept = Some(kept);
        }
    }

    /// Tries again to save a run that is over. Its summary, if there was one to save and that was done.
    ///
    /// # Errors
    /// If the disk is still full, or the folder gone.
    pub(super) fn save(&mut self, outbox: &Outbox) -> Result<Option<Box<Summary>>, DataError> {
        let Some(mut owed) = self.owed.take() else { return Ok(None) };
        match owed.save(outbox) {
            Ok(()) => {
                self.kept = (owed.summary.steps > 0).then_some(owed.kept);
                Ok(Some(owed.summary))
            }
            Err(error) => {
                self.owed = Some(owed);
                Err(error)
            }
        }
    }

    /// Has a checkpoint predict. `None` if there is nothing to choose from.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub(super) fn show(&mut self, checkpoint: Checkpoint) -> Result<Option<Predicting>, DataError> {
        let Some(kept) = &self.kept else { return Ok(None) };
        let device = self.predictor.device().clone();
        let net = Net::new(&kept.model, kept.classes, &device);
        self.predictor.set_net(folder::load_checkpoint(&kept.folder, net, checkpoint)?);
        let predicting = kept.predicting(checkpoint);
        self.step = predicting.shown.step.unwrap_or(self.step);
        Ok(Some(predicting))
    }
}

impl Owed {
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

impl Kept {
    /// What a run that has just ended left.
    pub(super) fn of(info: &RunInfo, summary: &Summary) -> Self {
        let choices = vec![
            Saved { checkpoint: Checkpoint::Best, step: summary.best_step },
            Saved { checkpoint: Checkpoint::Last, step: Some(summary.steps) },
        ];
        Self { folder: info.folder.clone(), model: info.config.model, classes: info.classes.len(), choices }
    }

    /// The checkpoint shown unless somebody chooses: the best one if a score says so. The lowest training loss speaks for
    /// a network from before the last corrections, so without a score it is the last one.
    pub(super) fn default_of(scored: bool) -> Checkpoint {
        if scored { Checkpoint::Best } else { Checkpoint::Last }
    }

    /// What is to be told when this checkpoint predicts.
    pub(super) fn predicting(&self, checkpoint: Checkpoint) -> Predicting {
        let unknown = Saved { checkpoint, step: None };
        let shown = self.choices.iter().find(|saved| saved.checkpoint == checkpoint).copied().unwrap_or(unknown);
        Predicting { shown, choices: self.choices.clone() }
    }
}
