//! What changes when labels do.

use super::Run;
use crate::domain::Notice;
use crate::engine::ending::Ending;
use crate::engine::opened_run::OpenedRun;
use crate::engine::outbox::Outbox;

impl Run {
    /// Reads new labels from the journal.
    pub(in crate::engine) fn follow_labels(&mut self, outbox: &Outbox) {
        let OpenedRun { journal, learner, recorder, .. } = &mut self.opened;
        let changed = match learner.follow(journal) {
            Ok(changed) => changed,
            Err(error) => {
                let notice = Notice::new("New labels cannot be read").cause(error.to_string());
                return recorder.warn(outbox, notice);
            }
        };
        if !changed.is_empty() {
            self.labels_changed();
            self.go_on_with_new_labels(outbox);
        }
    }

    /// What was measured with other labels is not compared with what is to come.
    pub(super) fn labels_changed(&mut self) {
        self.best.labels_changed();
        self.early_stop.labels_changed();
    }

    /// A run that was about to end early has more to learn than its scores knew.
    fn go_on_with_new_labels(&mut self, outbox: &Outbox) {
        if self.ending.take_if(|ending| matches!(ending, Ending::Early { .. })).is_some() {
            self.inform(outbox, "Training goes on: the labels have changed".to_owned());
        }
    }

    /// Networks that learned from earlier pseudo-labels are not compared with those to come by their loss.
    pub(super) fn follow_pseudo_labels(&mut self, outbox: &Outbox) {
        let OpenedRun { learner, recorder, .. } = &mut self.opened;
        if learner.has_new_pseudo_labels() {
            self.best.labels_changed();
        }
        if let Some(why) = learner.take_trouble() {
            recorder.warn(outbox, Notice::new("Pseudo-labels stay as they are from now on").cause(why));
        }
    }
}
