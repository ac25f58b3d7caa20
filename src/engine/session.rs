//! A network that can predict: the one being trained, or a checkpoint of a run that is over.

use std::path::Path;
use std::sync::Arc;

use super::export::ExportJob;
use super::finished_checkpoints::FinishedCheckpoints;
use super::outbox::Outbox;
use super::progress::SavedState;
use super::protocol::{EventKind, ExportNews, ExportRequest, Predicting, Summary};
use super::recorder::Recorder;
use super::run::Run;
use crate::data::{DataError, Project};
use crate::domain::Notice;
use crate::domain::checkpoint::Checkpoint;
use crate::infer::Predictor;
use crate::train::snapshot::Snapshot;

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
    /// Maps that are being written.
    pub(super) export: Option<ExportJob>,
}

/// A run that is over but could not be saved, with all it takes to try again.
pub(super) struct UnsavedRun {
    recorder: Recorder,
    net: Snapshot,
    state: Option<Arc<SavedState>>,
    summary: Box<Summary>,
    checkpoints: FinishedCheckpoints,
}

impl Session {
    /// A network that has taken no step, without a run.
    pub(super) fn new(predictor: Predictor, project: Arc<Project>) -> Self {
        Self { predictor, project, step: 0, run: None, checkpoints: None, unsaved: None, export: None }
    }

    /// Plans maps by the network that predicts now. Returns how it goes on.
    ///
    /// # Errors
    /// If the project has no such tile, or a name is too long for the file system.
    pub(super) fn plan_export(&mut self, request: &ExportRequest) -> Result<ExportNews, Notice> {
        let job = ExportJob::new(request, self.predictor.clone(), Arc::clone(&self.project));
        let job = job.map_err(|error| Notice::new("The map cannot be exported").cause(error.to_string()))?;
        let existing = job.files().existing();
        if let Some(first) = existing.first().filter(|_| !request.overwrite) {
            return Ok(ExportNews::Exists { count: existing.len(), first: first.to_path_buf() });
        }
        Ok(self.export.insert(job).progress())
    }

    /// A slice of an export, if there is one.
    pub(super) fn continue_export(&mut self, outbox: &Outbox) {
        let Some(job) = &mut self.export else { return };
        let before = job.progress();
        if !job.advance() {
            self.end_export(outbox);
        } else if job.progress() != before {
            outbox.send(EventKind::Export(job.progress()));
        }
    }

    /// Ends an export, complete or not, and reports it.
    pub(super) fn end_export(&mut self, outbox: &Outbox) {
        if let Some(job) = self.export.take() {
            outbox.send(EventKind::Export(ExportNews::Ended(job.report().clone())));
        }
    }

    /// The run is over. If it could not be saved, what is missing is kept until there is room.
    pub(super) fn end(&mut self, summary: &Summary, outbox: &Outbox) {
        let Some(run) = self.run.take() else { return };
        let checkpoints = FinishedCheckpoints::of(run.info(), &self.project.classes, summary);
        if summary.unsaved.is_some() {
            run.refresh(&mut self.predictor);
            let (recorder, net, state) = run.into_unsaved(outbox);
            self.unsaved = Some(UnsavedRun { recorder, net, state, summary: Box::new(summary.clone()), checkpoints });
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

    /// Whether this run is over and could not be saved.
    pub(super) fn has_unsaved(&self, folder: &Path) -> bool {
        self.unsaved.as_ref().is_some_and(|unsaved| unsaved.summary.folder == folder)
    }

    /// Makes a checkpoint predict. Returns `None` if there is no checkpoint.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub(super) fn show(&mut self, checkpoint: Checkpoint) -> Result<Option<Predicting>, DataError> {
        let Some(finished) = &self.checkpoints else { return Ok(None) };
        let Some(device) = self.predictor.device() else { return Ok(None) };
        let snapshot = finished.load(checkpoint, device)?;
        self.predictor.show(snapshot);
        let predicting = finished.predicting(checkpoint);
        self.step = predicting.shown.step.unwrap_or(self.step);
        Ok(Some(predicting))
    }
}

impl UnsavedRun {
    fn save(&mut self, outbox: &Outbox) -> Result<(), DataError> {
        if self.summary.steps > 0 {
            self.recorder.save_at_end(&self.net, self.state.clone(), false, outbox)?;
        }
        let summary = Summary { unsaved: None, ..(*self.summary).clone() };
        self.recorder.write_summary(&summary)?;
        *self.summary = summary;
        Ok(())
    }
}
