//! How many steps an epoch had, from what a run folder says of steps and epochs.

use crate::engine::protocol::Summary;
use crate::train::folder::{MetricsRow, StepRow};

/// Between which numbers it lies, both included.
#[derive(Clone, Copy)]
struct Bounds {
    least: u64,
    most: u64,
}

impl Bounds {
    /// A row of a table names the epoch that a step belongs to, from 1: that epoch may have just begun, or may be over.
    fn narrow(&mut self, step: u64, epoch: u64) {
        if step == 0 || epoch == 0 {
            return;
        }
        self.least = self.least.max(step.div_ceil(epoch));
        if epoch > 1 {
            self.most = self.most.min((step - 1) / (epoch - 1));
        }
    }

    /// A summary tells how many epochs are complete.
    fn narrow_complete(&mut self, steps: u64, epochs: u64) {
        self.least = self.least.max(steps / (epochs + 1) + 1);
        self.most = self.most.min(steps.checked_div(epochs).unwrap_or(u64::MAX));
    }
}

/// Steps of an epoch; `None` where the folder leaves several numbers possible, as of a run that ended within its first epoch.
pub(super) fn of(steps: &[StepRow], metrics: &[MetricsRow], summary: Option<&Summary>) -> Option<u64> {
    let mut bounds = Bounds { least: 1, most: u64::MAX };
    let rows = metrics.iter().map(|row| (row.step, row.epoch)).chain(steps.iter().map(|row| (row.step, row.epoch)));
    rows.for_each(|(step, epoch)| bounds.narrow(step, u64::from(epoch)));
    if let Some(summary) = summary.filter(|summary| summary.steps > 0) {
        bounds.narrow_complete(summary.steps, u64::from(summary.epochs));
    }
    (bounds.least == bounds.most).then_some(bounds.least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(last: u64, per_epoch: u64) -> Vec<StepRow> {
        let row = |step: u64| StepRow { step, epoch: step.div_ceil(per_epoch) as u32, loss: 1.0, lr: 1e-3 };
        (1..=last).map(row).collect()
    }

    fn summary(steps: u64, epochs: u32) -> Summary {
        Summary { steps, epochs, ..Summary::default() }
    }

    #[test]
    fn a_part_of_an_epoch_is_no_epoch() {
        assert_eq!(of(&rows(200, 1000), &[], Some(&summary(200, 0))), None, "200 steps of 1000");
        assert_eq!(of(&rows(200, 1000), &[], None), None);
    }

    #[test]
    fn whole_epochs_are_told_by_the_first_step_of_the_next_or_by_the_summary() {
        assert_eq!(of(&rows(101, 100), &[], None), Some(100));
        assert_eq!(of(&rows(250, 100), &[], Some(&summary(250, 2))), Some(100));
        assert_eq!(of(&rows(100, 100), &[], Some(&summary(100, 1))), Some(100));
        assert_eq!(of(&rows(100, 100), &[], None), None, "the epoch may go on");
    }

    #[test]
    fn rows_that_contradict_each_other_tell_nothing() {
        let continued = [rows(100, 10), rows(200, 50)].concat();
        assert_eq!(of(&continued, &[], None), None, "labels were added between");
    }
}
