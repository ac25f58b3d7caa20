//! Where a run stands, and saving it.

use std::sync::Arc;
use std::time::Instant;

use super::Run;
use crate::data::DataError;
use crate::domain::Notice;
use crate::engine::opened_run::OpenedRun;
use crate::engine::outbox::Outbox;
use crate::engine::progress::{Progress, SavedState};

impl Run {
    pub(super) fn progress(&self) -> Progress {
        if let Some(progress) = &self.at_end {
            return progress.clone();
        }
        Progress {
            step: self.step,
            batches: self.opened.learner.batches_taken(),
            steps_per_epoch: self.opened.info.steps_per_epoch,
            set_rate: self.set_rate,
            last_rate: self.last_rate,
            meter: self.meter.clone(),
            best: self.best.clone(),
            neighbours_agree: self.opened.learner.neighbours_agree(),
            early_stop: self.early_stop.clone(),
            evaluated_at_step: self.evaluated_at_step,
            last: self.last.clone(),
            left_out: self.left_out.clone(),
            labels: self.opened.learner.fingerprint(),
            secs: self.secs(),
            evaluation_secs: self.evaluation_secs(),
        }
    }

    /// All it takes to resume the run from here. If that cannot be put together the user is told.
    pub(super) fn state(&mut self, outbox: &Outbox) -> Option<Arc<SavedState>> {
        self.wait_for_state(outbox); // There is room for one.
        let began = Instant::now();
        let made = self.opened.learner.trainer_state();
        self.opened.recorder.state_made_in(began.elapsed());
        match made {
            Ok(trainer) => Some(Arc::new(SavedState { progress: self.progress(), trainer })),
            Err(error) => {
                let notice = Notice::new("The run cannot be resumed from here").cause(error.to_string());
                self.opened.recorder.warn(outbox, notice);
                None
            }
        }
    }

    /// Writes the last checkpoint and the state of the run at the user's request, and waits for both. Each failure is reported, unlike
    /// those of regular saves.
    pub(in crate::engine) fn save(&mut self, outbox: &Outbox) {
        if let Err(error) = self.save_all(true, outbox) {
            outbox.warn(Notice::new("The checkpoint was not written").cause(error.to_string()));
        }
        self.wait_for_state(outbox);
    }

    /// Waits until the state that is being written is on the disk, or has failed to get there.
    pub(in crate::engine) fn wait_for_state(&mut self, outbox: &Outbox) {
        self.opened.recorder.wait_for_state(outbox);
    }

    /// Writes the last checkpoint and, if wanted, begins to write the state of the run.
    pub(super) fn save_all(&mut self, with_state: bool, outbox: &Outbox) -> Result<(), DataError> {
        let state = if with_state { self.state(outbox) } else { None };
        let OpenedRun { recorder, learner, .. } = &mut self.opened;
        recorder.save(&learner.snapshot(), state, outbox)
    }

    pub(super) fn save_at_end(&mut self, outbox: &Outbox) -> Result<(), DataError> {
        let why_best = self.best.end(self.step);
        why_best.iter().for_each(|why| self.inform(outbox, (*why).to_owned()));
        let state = self.state(outbox);
        let OpenedRun { recorder, learner, .. } = &mut self.opened;
        recorder.save_at_end(&learner.snapshot(), state, why_best.is_some(), outbox)
    }
}
