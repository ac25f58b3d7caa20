//! How a run ends, and what it leaves behind.

use std::sync::Arc;

use super::Run;
use crate::data::DataError;
use crate::domain::Notice;
use crate::engine::ending::Ending;
use crate::engine::outbox::Outbox;
use crate::engine::progress::SavedState;
use crate::engine::protocol::{EventKind, Outcome, Phase, Summary};
use crate::engine::recorder::Recorder;
use crate::engine::report;
use crate::train::snapshot::Snapshot;

impl Run {
    pub(super) fn finish(&mut self, ending: Ending, outbox: &Outbox) -> Summary {
        outbox.send(EventKind::Phase(Phase::Stopping));
        self.at_end = Some(self.progress());
        self.add_last_row(outbox);
        let unsaved = if self.step > 0 { self.save_at_end(outbox).err() } else { None };
        let mut summary = self.summary(ending.outcome(), ending.into_why());
        summary.unsaved = unsaved.map(|error| error.to_string());
        self.tell_skipped(outbox);
        let recorder = &mut self.opened.recorder;
        recorder.log(&report::closing_line(&summary), outbox);
        summary.unsaved.iter().for_each(|why| recorder.log(&format!("[ERROR] {}", report::unsaved_line(why)), outbox));
        let written = recorder.write_summary(&summary).and_then(|()| recorder.sync());
        if let Err(error) = written {
            summary.unsaved.get_or_insert(error.to_string());
        }
        summary
    }

    /// Says how many steps of a run in mixed precision changed no weight.
    fn tell_skipped(&mut self, outbox: &Outbox) {
        let skipped = self.opened.learner.skipped();
        if skipped > 0 {
            let steps = self.step;
            self.inform(
                outbox,
                format!("{skipped} of {steps} steps changed no weight: their gradients overflowed in 16 bits"),
            );
        }
    }

    /// Ends the run after an error. Its figures and the reason are written, so that it can be opened. The checkpoints stay as
    /// they are: the current network may be the cause.
    pub(in crate::engine) fn fail(&mut self, why: &Notice, outbox: &Outbox) -> Result<(), DataError> {
        self.add_last_row(outbox);
        self.wait_for_state(outbox);
        self.opened.recorder.log(&format!("[ERROR] {why}"), outbox);
        let summary = self.summary(Outcome::Failed, Some(why.to_string()));
        self.opened.recorder.write_summary(&summary)?;
        self.opened.recorder.sync()
    }

    fn summary(&self, outcome: Outcome, why: Option<String>) -> Summary {
        Summary {
            folder: self.opened.info.folder.clone(),
            outcome,
            why,
            unsaved: None,
            steps: self.step,
            epochs: (self.step / self.opened.info.steps_per_epoch) as u32,
            best_miou: self.best.miou(),
            best_step: self.best.step(),
            last: self.last.clone(),
            secs: self.secs(),
            waiting: self.meter.waiting_share(),
            device: self.opened.info.device.clone(),
            parameters: self.opened.info.parameters,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// What is needed to save a run that is over.
    pub(in crate::engine) fn into_unsaved(mut self, outbox: &Outbox) -> (Recorder, Snapshot, Option<Arc<SavedState>>) {
        let (net, state) = (self.opened.learner.snapshot(), self.state(outbox));
        (self.opened.recorder, net, state)
    }
}
