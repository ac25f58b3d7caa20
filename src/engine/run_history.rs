//! The figures of a run that is over, as its folder has them.

use super::outbox::Outbox;
use super::protocol::{Evaluation, EventKind, Outcome, StepReport, Summary};
use crate::domain::{Confusion, Notice, Scores};
use crate::train::folder::{FinishedRun, MetricsRow, StepRow};

/// Steps, scores and the summary of a run.
pub(super) struct RunHistory {
    steps: Vec<StepRow>,
    metrics: Vec<MetricsRow>,
    /// Absent if the run was killed.
    pub(super) summary: Option<Summary>,
}

impl RunHistory {
    /// Reads the figures, and a sentence for each part of the summary that was not understood.
    pub(super) fn read(run: &FinishedRun) -> (Self, Vec<String>) {
        let (summary, notes) = run.summary::<Summary>().unzip();
        let (steps, metrics) = run.history();
        (Self { steps, metrics, summary }, notes.unwrap_or_default())
    }

    /// Whether any evaluation has a score.
    pub(super) fn is_scored(&self) -> bool {
        self.metrics.iter().any(|row| !row.miou.is_nan())
    }

    /// The step of the best network, if known. A killed run did not record it, but its evaluations did.
    pub(super) fn best_step(&self) -> Option<u64> {
        let scored = self.metrics.iter().filter(|row| !row.miou.is_nan());
        let best_row = || scored.max_by(|a, b| a.miou.total_cmp(&b.miou)).map(|row| row.step);
        self.summary.as_ref().map_or_else(best_row, |summary| summary.best_step)
    }

    /// Reports the figures again. What the folder does not contain stays empty: confusion matrices and scores of tiles.
    pub(super) fn report(self, outbox: &Outbox) {
        for &StepRow { step, epoch, loss, lr } in &self.steps {
            let report = StepReport { step, epoch, loss, lr, step_secs: 0.0, waiting: 0.0, labelled: 0 };
            outbox.send(EventKind::Step(report));
        }
        let (best, last) = (self.best_step(), self.summary.as_ref().and_then(|summary| summary.last.as_ref()));
        for row in &self.metrics {
            let recorded = last.filter(|last| last.step == row.step).cloned();
            let evaluation = recorded.unwrap_or_else(|| evaluation(row, Some(row.step) == best));
            outbox.send(EventKind::Evaluated(Box::new(evaluation)));
        }
        let Some(summary) = self.summary else { return };
        if let Some(why) = summary.why.as_ref().filter(|_| summary.outcome == Outcome::Failed) {
            outbox.warn(Notice::new("The run failed").cause(why.as_str()));
        }
        outbox.send(EventKind::Finished(Box::new(summary)));
    }
}

fn evaluation(row: &MetricsRow, best: bool) -> Evaluation {
    let scores = Scores {
        miou: row.miou,
        pixel_accuracy: row.pixel_accuracy,
        f1: row.iou.iter().map(|iou| 2.0 * iou / (1.0 + iou)).collect(),
        iou: row.iou.clone(),
        pixels: row.pixels,
    };
    Evaluation {
        step: row.step,
        epoch: row.epoch,
        train_loss: row.train_loss,
        raw_miou: row.raw_miou,
        further: None,
        confusion: Confusion::new(row.iou.len()),
        tiles: Vec::new(),
        measured_on: format!("validation tiles of the run, {:.2} Mpx", row.pixels as f64 / 1e6),
        scores,
        secs: row.secs,
        best,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::transport::{UserEnd as _, in_process};

    #[test]
    fn only_a_run_that_failed_is_told_as_a_failure() {
        let warnings = |outcome| {
            let (user, end) = in_process::connect(Arc::new(|| {}));
            let summary = Summary { outcome, why: Some("the score fell".to_owned()), ..Summary::default() };
            let history = RunHistory { steps: Vec::new(), metrics: Vec::new(), summary: Some(summary) };
            history.report(&Outbox::new(Arc::new(end)));
            let warns = |event: &crate::engine::Event| matches!(event.kind, EventKind::Warning(_));
            std::iter::from_fn(|| user.try_event()).filter(warns).count()
        };
        assert_eq!([warnings(Outcome::Early), warnings(Outcome::Failed)], [0, 1]);
    }
}
